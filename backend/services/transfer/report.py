"""What became of the tasks of a file, or would."""

from collections import Counter
from dataclasses import dataclass, field

from backend.services.transfer.reading import Tally

SKIPPED = SAME, CHANGED_HERE, UNDATED, IN_TRASH = "same", "changed_here", "undated", "in_trash"
"""Why a task of the file leaves the one that is here as it is."""


@dataclass
class Report:
    """The numbers of an import."""

    dry_run: bool
    made: int = 0
    changed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    left_out: Tally = field(default_factory=Tally)

    def add(self, more: "Report") -> None:
        """Count another part of the same file."""
        self.made += more.made
        self.changed += more.changed
        self.skipped += more.skipped
        self.left_out.add_all(more.left_out)
