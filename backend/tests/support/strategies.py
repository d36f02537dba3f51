"""Small pools of nasty values that collide, and what requests are made of them."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st

from backend.tests.support.model import PRIORITIES
from backend.tests.support.model_queries import CONDITIONS, SORT_KEYS, Condition, Filters, Query

TITLES = (
    "milk",
    "  MiLK ",
    "Größe",
    "GRO\u0308ẞE prüfen",
    "Straße 100 %",
    "STRASSE",
    "a_b",
    "a\\b%",
    'it\'s "x"; DROP TABLE tasks; --',
    "🦄 e\u0301clair",
    "É",
    "e",
    "İi ﬁſ ΣΣ",
    "ǰ α\u0345\u0301",
    "\u0301",
    "KADIKÖY İZMİR",
    "kadıköy\u200b soft\u00adly",
    "ü" * 200,
    "\uffff",
    "\U00010000",
)
DESCRIPTIONS = ("", "two\nlines", "milk %_\\", "straße", "é", " padded ")
WORDS = ("", " ", "MILK", "grö", "GROSSE", "STRASSE", "%", "_", "\\", "e", "É", "E\u0301", "\u0301")
WORDS_TOO = (
    "kadiköy",
    "İZM",
    "SOFTLY",
    "j",
    "ᾴ",
    "🦄",
    "fi",
    "i\u0307",
    "s σ",
    "milk lines",
    "milk  %",
    '"',
    "ü" * 200,
)
TAGS = ("home", "Home", " home ", "später", "spa\u0308ter", "a,b", "{x}", 'NULL"', "%", "\\")
ORDERS = (0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))

ENDED = ("FREQ=DAILY;COUNT=1", "FREQ=YEARLY;UNTIL=00010101")
"""Rules by which nothing follows."""

GOING_ON = (
    *("FREQ=DAILY", "FREQ=WEEKLY;COUNT=3", "FREQ=DAILY;COUNT=2;INTERVAL=3"),
    *("FREQ=WEEKLY;UNTIL=20991231;INTERVAL=2",),
)
"""Rules that the model knows (`model_series.py`)."""

DAYS_OF_ZONES = {
    "UTC": ("2026-03-29", "0001-01-01", "9999-12-31"),
    "Europe/Berlin": ("2026-03-28", "2026-03-29"),
    "America/New_York": ("2026-03-08", "0001-01-01"),
    "Asia/Kathmandu": ("2026-03-29", "9999-12-31"),
    "Pacific/Apia": ("2011-12-30", "2011-12-31"),  # it left the 30th out
    "America/Sao_Paulo": ("2018-02-17", "2018-11-04"),  # its clocks changed at midnight
}
DAYS = tuple(sorted({day for days in DAYS_OF_ZONES.values() for day in days}))
INSTANTS = (  # the last of a day, and the first of the next, somewhere
    "2026-03-28T22:59:59.999999Z",
    "2026-03-29T00:00:00+01:00",
    "2026-03-29T23:59:59.999999+02:00",
    "2026-03-29t22:00:00z",
    "2026-03-28T23:59:59.999999Z",
    "2026-03-29T00:00:00Z",
    "2026-03-29T05:44:59.999999+05:45",
    "2026-03-28T18:14:59.999999Z",
    "2026-03-29T00:00:00+05:45",
    "2026-03-08T04:59:59.999999Z",
    "2026-03-08T05:00:00Z",
    "2026-03-09T03:59:59.999999Z",
    "2026-03-09T04:00:00Z",
    "2011-12-30T09:59:59.999999Z",
    "2011-12-30T10:00:00Z",
    "2018-02-18T02:59:59.999999Z",
    "2018-02-18T03:00:00Z",
    "2018-11-04T02:59:59.999999Z",
    "2018-11-04T03:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
)
IGNORED = {"id": 1, "revision": "x", "url": None, "created_at": 0, "completed_at": [], "user_id": 1}


def _merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


_DUES: list[dict[str, Any]] = [
    *({} for _ in range(8)),
    *({"due_date": day} for day in DAYS),
    *({"due_at": instant} for instant in INSTANTS),
    *({"due_date": day, "due_at": None} for day in DAYS[:5]),
    *({"due_date": None, "due_at": instant} for instant in INSTANTS[:5]),
    {"due_date": DAYS[0], "due_at": INSTANTS[0]},
]
_simple = {
    "description": st.sampled_from((*DESCRIPTIONS, None)),
    "completed": st.booleans(),
    "priority": st.sampled_from(PRIORITIES),
    "tags": st.lists(st.sampled_from(TAGS), max_size=4),
    "order": st.sampled_from((*ORDERS, None)),
    "repeat": st.sampled_from((*ENDED, *GOING_ON, None)),
    "repeat_from": st.sampled_from(("due", "completion")),
    "repeat_zone": st.sampled_from((None, "UTC", "Asia/Kathmandu", "Europe/Berlin")),
}
_ignored = st.sampled_from(({}, {}, {}, IGNORED))
_titles = st.sampled_from(TITLES)


def _fields(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Any]:
    chosen = st.fixed_dictionaries(required, optional=optional)
    return st.tuples(_ignored, st.sampled_from(_DUES), chosen).map(_merged)


bodies: st.SearchStrategy[dict[str, Any]] = _fields({"title": _titles}, _simple)
"""Whole tasks; a few are due twice."""

beginnings = st.one_of(
    st.lists(bodies, max_size=2), *(st.lists(bodies, min_size=14, max_size=22) for _ in range(4))
)
"""Mostly long, yet they may shrink."""

_new_titles = {"title": st.sampled_from((*TITLES, None))}
patches: st.SearchStrategy[dict[str, Any]] = _fields(
    {}, {name: values | st.none() for name, values in _simple.items()} | _new_titles
)
"""Any fields, any of them null."""

_agendas: list[dict[str, Any]] = [
    {**{bound: date.fromisoformat(day) for bound in bounds}, "time_zone": zone}
    for zone, days in DAYS_OF_ZONES.items()
    for day in days
    for bounds in (("due_from",), ("due_to",), ("due_from", "due_to"))
]
_zones = st.sampled_from(({}, *({"time_zone": zone} for zone in DAYS_OF_ZONES)))
_days = {"due_from": date(2011, 12, 31), "due_to": date(2026, 3, 28)}
_due_filters = st.sampled_from((*_agendas, _days))
_text_filters = st.fixed_dictionaries({"q": st.sampled_from(WORDS + WORDS_TOO)})
_since = st.tuples(st.sampled_from(range(6)), st.sampled_from((-1, 0, 1)))
_other_filters = (
    st.fixed_dictionaries({"completed": st.booleans()}),
    st.fixed_dictionaries({"priority": st.lists(st.sampled_from(PRIORITIES), max_size=3)}),
    st.fixed_dictionaries({"tag": st.lists(st.sampled_from(TAGS), min_size=1, max_size=2)}),
    st.fixed_dictionaries({"updated_since": _since}),
    st.fixed_dictionaries({"completed_since": _since}),
    st.fixed_dictionaries({"untagged": st.booleans()}),
    st.fixed_dictionaries({"without_tag": st.lists(st.sampled_from(TAGS), min_size=1, max_size=2)}),
    st.fixed_dictionaries({"parent": st.sampled_from(("none", *range(6)))}),
    st.fixed_dictionaries(
        {"overdue": st.booleans(), "time_zone": st.sampled_from(sorted(DAYS_OF_ZONES))}
    ),
)
_filters = st.one_of(_due_filters, _text_filters, *_other_filters)
filters: st.SearchStrategy[Filters] = st.lists(_filters, min_size=1, max_size=2).map(_merged)
"""`…_since` is the place of a change, and microseconds from it; `parent` that of a parent
(`model_queries.at`)."""


def _key(term: str) -> str:
    return term.removeprefix("-")


_terms = st.tuples(st.sampled_from(("", "-")), st.sampled_from(SORT_KEYS)).map("".join)
_sorts = st.lists(_terms, min_size=1, max_size=3, unique_by=_key).map(tuple)
_limits = st.sampled_from((None, None, None, 1, 2, 5))
_counts = st.sampled_from((True, False, None))
_trash = st.sampled_from(({}, {}, {"deleted": False}, {"deleted": True}))
found = st.builds(Query, st.tuples(filters, _trash).map(_merged), st.just(()), _limits, _counts)
ordered = st.builds(Query, _trash, _sorts, _limits, _counts)
due = st.builds(Query, _due_filters, st.sampled_from(((), ("due",), ("-due",))), _limits)
texts = st.builds(Query, _text_filters, st.sampled_from(((), ("title",), ("-title",))), _limits)

anything: st.SearchStrategy[Query] = st.builds(
    Query,
    st.tuples(st.lists(_filters, max_size=4).map(_merged), _zones, _trash).map(_merged),
    st.lists(_terms, max_size=len(SORT_KEYS), unique_by=_key).map(tuple),
    st.sampled_from((None, 1, 2, 3, 5, 7, 20, 500)),
    _counts,
)
"""Any filters together, in any order, on pages of any size."""

changes = st.sampled_from(
    (
        *({} for _ in range(12)),
        {"title": "other"},
        {"description": "other"},
        {"completed": True},
        {"priority": "low"},
        {"due_date": DAYS[0], "due_at": None},
        {"due_date": None, "due_at": INSTANTS[0]},
        {"tags": ["other"]},
        {"order": 7},
        {"repeat": ENDED[0]},
        {"repeat_zone": "UTC"},
    )
)
"""Of a whole task: mostly none, else one field, which may have had that value."""

conditions = st.builds(Condition, st.sampled_from((*("none",) * 8, "current", *CONDITIONS)))
kinds = st.sampled_from((*("live",) * 6, "trashed", "foreign", "missing"))
parents = st.sampled_from((*("top",) * 6, "live", "trashed", "foreign", "missing", "none"))
"""Which task another one is put under, or beside; `top`: one that can have sub-tasks."""

keys = st.sampled_from((None, "k", "K", "~ !"))
gone = st.sampled_from((*("trashed",) * 6, "live", "foreign", "missing"))
unconditional = st.just(Condition("none"))
numbers = st.sampled_from(range(8))
many_numbers = st.sampled_from(range(60))
