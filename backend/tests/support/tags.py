"""Entity tags of tasks and lists, as the contract has them: a revision, and what it looks like."""


def tag_of(revision: int) -> str:
    return f'"{revision}-1"'


def revision_of(tag: str) -> int:
    """The revision in a tag of ours."""
    number, look = tag.strip('"').split("-")
    assert look == "1"
    return int(number)
