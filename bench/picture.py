"""Bars and curves as SVG, without a plotting library."""

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH = 720
COLOURS = ("#c0392b", "#7f8c8d", "#27ae60", "#8e44ad", "#2980b9", "#2c3e50", "#d68910")
Point = tuple[float, float]


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(words)}</text>'


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _svg(height: float, parts: Sequence[str]) -> str:
    style = "<style>text{font:12px sans-serif;fill:#222} .title{font-weight:bold}</style>"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}">'
    ground = f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>'
    return "\n".join([head, style, ground, *parts, "</svg>"]) + "\n"


def _bar(y: float, label: str, value: float, most: float, colour: str) -> list[str]:
    length = 400 * value / most
    return [
        _text(200, y + 13, label, 'text-anchor="end"'),
        f'<rect x="208" y="{y:.1f}" width="{length:.1f}" height="16" fill="{colour}"/>',
        _text(214 + length, y + 13, f"{value:,.0f}"),
    ]


def bars(panels: Mapping[str, Mapping[str, float]]) -> str:
    """A panel of horizontal bars for each title, the first bar of each in another colour."""
    parts: list[str] = []
    y = 10.0
    for title, values in panels.items():
        parts.append(_text(208, y + 14, title, 'class="title"'))
        y += 24
        for place, (label, value) in enumerate(values.items()):
            parts += _bar(y, label, value, max(values.values()), COLOURS[min(place, 1)])
            y += 21
        y += 14
    return _svg(y, parts)


class _Axis:
    """Maps values to pixels; logarithmic where the values span two decades."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._logarithmic = min(values) > 0 and max(values) / min(values) >= 100
        self._low = min(values) if self._logarithmic else 0
        self._high = max(values)
        self._start, self._end = start, end

    def ticks(self) -> tuple[float, float, float]:
        """The values at the ends and in the middle."""
        if self._logarithmic:
            return self._low, math.sqrt(self._low * self._high), self._high
        return self._low, self._high / 2, self._high

    def place(self, value: float) -> float:
        if self._logarithmic:
            span = math.log(self._high / self._low) or 1
            part = math.log(value / self._low) / span
        else:
            part = (value - self._low) / ((self._high - self._low) or 1)
        return self._start + (self._end - self._start) * part


def _curve(points: Sequence[Point], x: _Axis, y: _Axis, colour: str) -> list[str]:
    places = [(x.place(across), y.place(up)) for across, up in points]
    line = " ".join(f"{across:.1f},{up:.1f}" for across, up in places)
    dots = [
        f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3" fill="{colour}"/>' for across, up in places
    ]
    return [f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def curves(title: str, across: str, series: Mapping[str, Sequence[Point]]) -> str:
    """A line for each series, and a legend."""
    points = [point for line in series.values() for point in line]
    x = _Axis([point[0] for point in points], 60, 500)
    y = _Axis([point[1] for point in points], 300, 50)
    parts = [_text(60, 24, title, 'class="title"')]
    parts.append('<path d="M60 50 V300 H500" fill="none" stroke="#999"/>')
    parts.append(_text(280, 336, across, 'text-anchor="middle"'))
    parts += [
        _text(x.place(value), 316, f"{value:,g}", 'text-anchor="middle"')
        for value in sorted({point[0] for point in points})
    ]
    parts += [
        _text(54, y.place(value) + 4, _figure(value), 'text-anchor="end"') for value in y.ticks()
    ]
    for number, (label, line) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts += _curve(line, x, y, colour)
        parts.append(_text(516, 62 + 20 * number, label, f'style="fill:{colour}"'))
    return _svg(350, parts)
