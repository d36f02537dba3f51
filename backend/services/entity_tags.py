"""The entity tags of what is answered, and those that a request's condition names (RFC 9110, 8.8.3
and 13.1).
"""

from typing import NamedTuple

LOOK = 1
"""What a task looks like: one more in each release that changes it.

So nobody keeps an old look on a 304. 1.0.0 had the look 0, and the revision alone in its tags.
"""

MAX_LOOK = 999


def tag_of(revision: int) -> str:
    """The entity tag of a task or list at this revision."""
    return f'"{revision}-{LOOK}"'


class EntityTags(NamedTuple):
    """What `If-Match` or `If-None-Match` lists, or `*` for whatever there is.

    `numbers` are revisions, each with a look, or with the moment until which a summary holds
    (`services/summary.py`). A request without the header has none of these: the parameter is None.
    """

    numbers: tuple[tuple[int, int], ...] = ()
    is_any: bool = False

    @property
    def revisions(self) -> list[int]:
        """The listed revisions, in whatever representation."""
        return [revision for revision, second in self.numbers if second <= MAX_LOOK]

    @property
    def seen(self) -> list[int]:
        """The listed revisions that the client has in today's representation."""
        return [revision for revision, second in self.numbers if second == LOOK]

    def match(self, revision: int) -> bool:
        """Whether this revision is listed."""
        return self.is_any or revision in self.revisions

    def have(self, revision: int) -> bool:
        """Whether the client has this revision in today's representation."""
        return self.is_any or revision in self.seen
