"""The model machine with sub-tasks, the trash, and moves in the order of a list."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from backend.tests.support import strategies as draw
from backend.tests.support.list_machine import ListMachine, places
from backend.tests.support.model import Content, Refused, Task, patched
from backend.tests.support.model_machine import Aim, Place, task_of
from backend.tests.support.model_owner import Owner
from backend.tests.support.model_queries import Condition
from backend.tests.support.surfaces import FLAT, PRIMARY, Surface

aims = st.builds(Aim, places, draw.kinds, draw.numbers, draw.conditions)
parents = st.builds(Aim, places, draw.parents, draw.numbers, draw.unconditional)
more = st.sampled_from(({}, {}, {"completed": True}, {"title": "nested"}))


class FamilyMachine(ListMachine):
    """Tasks go under others, and with them to the trash and back."""

    def named(self, place: Place, aim: Aim) -> int | None:
        """The id of another task in a body, as the aim says; None for none."""
        if aim.kind == "none":
            return None
        tops = [one.id for one in self.owners[place.owner].tasks.values() if _is_top(one)]
        if aim.kind == "top" and tops:
            return sorted(tops)[aim.number % len(tops)]
        _, task_id, _ = self.target(aim._replace(place=place))
        return task_id

    @rule(place=places, body=draw.bodies, parent=parents, key=draw.keys)
    def create_child(self, place: Place, body: dict[str, Any], parent: Aim, key: Any) -> None:
        self.send_create(place, {**body, "parent_id": self.named(place, parent)}, key)

    @rule(aim=aims, parent=parents, body=more)
    def nest(self, aim: Aim, parent: Aim, body: dict[str, Any]) -> None:
        body = {**body, "parent_id": self.named(aim.place, parent)}
        self.write(aim, ("PATCH", "", body), lambda content: patched(content, body))

    @rule(aim=aims)
    def trash(self, aim: Aim) -> None:
        self.send_trash(aim)

    @rule(aim=st.builds(Aim, places, draw.gone, draw.numbers, draw.conditions))
    def restore(self, aim: Aim) -> None:
        self.send_restore(aim)

    @precondition(lambda self: any(one.parents() for one in self.owners.values()))
    @rule(number=draw.numbers, surface=st.sampled_from((PRIMARY, FLAT)))
    def go_and_come_back(self, number: int, surface: Surface) -> None:
        """A task that has sub-tasks."""
        there = [(own.number, parent) for own in self.owners.values() for parent in own.parents()]
        owner, parent = there[number % len(there)]
        live = self.owners[owner].ids()
        aim = Aim(Place(owner, surface), "live", live.index(parent), Condition("none"))
        self.send_trash(aim)
        gone = self.owners[owner].ids(trashed=True).index(parent)
        self.send_restore(aim._replace(kind="trashed", number=gone))

    @rule(aim=aims, anchor=parents, goes_before=st.booleans())
    def move(self, aim: Aim, anchor: Aim, goes_before: bool) -> None:
        beside = self.named(aim.place, anchor) or 1

        def find(owner: Owner, task_id: int) -> Task:
            if task_id == beside:
                raise Refused(400, "validation_error")
            return owner.live(task_id)

        def placed(content: Content) -> Content:
            if beside not in self.owners[aim.place.owner].ids():
                raise Refused(409, "conflict")
            return content

        request = ("POST", "/move", {"before" if goes_before else "after": beside})
        if plan := self.plan(aim, request, placed, find=find):
            response, owner, before, _ = plan
            line = [one for one in owner.line() if one != before.id]
            line.insert(line.index(beside) + (not goes_before), before.id)
            there = self.stored_tasks(owner, self.stored_ids(owner))
            changed = [one for one in there if one.revision != owner.tasks[one.id].revision]
            owner.rearrange(changed, task_of(response), line)
            self.service.seen["moved"] += bool(changed)
            self.service.seen["pushed"] += len(changed) > 1


def _is_top(task: Task) -> bool:
    return not task.trashed and task.content.parent_id is None
