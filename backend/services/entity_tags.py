"""The entity tags that a request's condition names (RFC 9110, 8.8.3 and 13.1)."""

from typing import NamedTuple


class EntityTags(NamedTuple):
    """What `If-Match` or `If-None-Match` lists: revisions, or `*` for whatever there is.

    A request without the header has none of these: the parameter is None.
    """

    revisions: tuple[int, ...] = ()
    is_any: bool = False
    timed: tuple[tuple[int, int], ...] = ()
    """Revisions of a summary, each with the moment until which it holds (`services/summary.py`)."""

    def include(self, revision: int) -> bool:
        """Whether a state of this revision is one of those that are listed."""
        return self.is_any or revision in self.revisions
