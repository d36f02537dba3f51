"""The SQL of a statement with slots, joined of parts that are compiled already."""

from collections.abc import Callable, Mapping, Sequence

from backend.database.compiled import PLACE, Compiled
from backend.queries.slots import PREFIX, Atom, Part

Slots = Mapping[str, Sequence[Part]]
Approve = Callable[[Atom], Compiled]


def assembled(skeleton: Compiled, slots: Slots, approve: Approve) -> Compiled:
    """Fill each slot of a compiled statement, all of them and no others.

    What fills one is a list of expressions, each of which is whole or in parentheses: it cannot
    reach beyond its place. `approve` gives the SQL of one; raises what that raises, and KeyError.
    """
    parameters = dict(skeleton.parameters)

    def sql_of(part: Part) -> str:
        if isinstance(part, Atom):
            approved = approve(part)
            parameters.update(approved.parameters)
            return approved.text
        return f"({f' {part.operator} '.join(map(whole, part.parts))})"

    def whole(part: Part) -> str:
        return f"({sql_of(part)})" if isinstance(part, Atom) else sql_of(part)

    filled = {PREFIX + name: ", ".join(map(sql_of, parts)) for name, parts in slots.items()}
    text = PLACE.sub(
        lambda place: filled[place[1]] if place[1].startswith(PREFIX) else place[0], skeleton.text
    )
    return Compiled(text, parameters)
