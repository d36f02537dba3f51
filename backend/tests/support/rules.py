"""Random recurrence rules."""

from collections.abc import Mapping

from hypothesis import strategies as st

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")


def rules_of(parts: Mapping[str, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    """Rules of any frequency, each with some of these parts."""

    def text(frequency: str, chosen: Mapping[str, str]) -> str:
        return ";".join([f"FREQ={frequency}", *(f"{name}={chosen[name]}" for name in chosen)])

    optional = st.fixed_dictionaries({}, optional=dict(parts))
    return st.builds(text, st.sampled_from(FREQUENCIES), optional)
