"""What `/metrics` shows, as numbers."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

Sample = tuple[str, frozenset[tuple[str, str]]]


def scraped(client: Any) -> dict[Sample, float]:
    """Every number, by its name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def number(numbers: dict[Sample, float], name: str, **labels: str) -> float:
    """One of them; 0 where there is none yet."""
    return numbers.get((name, frozenset(labels.items())), 0.0)
