"""Literal search without regard to case, the same on every PostgreSQL, whatever its locale.

Text is folded here, on the way in and in the question, and compared byte by byte by the database.
"""

from sqlalchemy import ColumnElement, Text, all_, bindparam, literal_column
from sqlalchemy.dialects.postgresql import ARRAY

from backend.models.task import tasks
from backend.models.text import folded

FOLDED = {"title": "title_folded", "description": "description_folded"}
"""The searched columns, and where their folded text is."""


def fold(text: str | None) -> str:
    """Text of a searched column as the search compares it."""
    return folded(text or "")


def patterns(query: str) -> list[str]:
    """A LIKE pattern for each word, in which no character is special; none for no word."""
    return [f"%{_escaped(word)}%" for word in fold(query).split()]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def contains_all_words() -> ColumnElement[bool]:
    """Each of the bound patterns occurs in title or description; no word reaches across."""
    searched = tasks.c.title_folded + literal_column("'\n'") + tasks.c.description_folded
    return searched.like(all_(bindparam("filter_patterns", type_=ARRAY(Text))))
