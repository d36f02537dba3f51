"""One owner of the model: what there is, and what each write makes of it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from backend.tests.support.model import Content, Refused, Task


class Owner:
    """One owner's tasks (the trash among them), counter, clock and idempotency keys."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.tasks: dict[int, Task] = {}
        self.revision = 0
        self.clock = datetime.min.replace(tzinfo=UTC)
        self.first_uses: dict[str, tuple[Content, Task]] = {}

    def ids(self, *, trashed: bool = False) -> list[int]:
        return sorted(task.id for task in self.tasks.values() if task.trashed == trashed)

    def parents(self) -> list[int]:
        """Live tasks with live sub-tasks."""
        live = [task for task in self.tasks.values() if not task.trashed]
        return sorted({task.content.parent_id for task in live if task.content.parent_id})

    def live(self, task_id: int) -> Task:
        """A task out of the trash; any other is missing."""
        task = self.any(task_id)
        if task.trashed:
            raise Refused(404, "task_not_found")
        return task

    def any(self, task_id: int) -> Task:
        if task_id not in self.tasks:
            raise Refused(404, "task_not_found")
        return self.tasks[task_id]

    def replayed(self, key: str | None, content: Content) -> Task | None:
        """The first answer to this key; None if the key is free."""
        if key not in self.first_uses:
            return None
        first, task = self.first_uses[key]
        if first != content:
            raise Refused(422, "idempotency_key_reused")
        return task

    def create(self, content: Content, answer: Task, key: str | None) -> None:
        assert answer.id not in self.tasks
        done_at = answer.created_at if content.completed else None
        self._require(answer, replace(answer, content=content, completed_at=done_at))
        assert answer.created_at == answer.updated_at
        self._number([answer])
        if key is not None:
            self.first_uses[key] = (content, answer)

    def change(self, before: Task, content: Content, answer: Task) -> None:
        """A write was answered: it changed the task, or there was nothing to change."""
        if content == before.content and not before.trashed:
            assert answer == before
            return
        kept = before.completed_at if before.content.completed else answer.updated_at
        after = replace(
            before,
            content=content,
            completed_at=kept if content.completed else None,
            revision=answer.revision,
            updated_at=answer.updated_at,
            trashed=False,
        )
        self._require(answer, after)
        self._number([answer])

    def move(self, moved: Collection[Task], *, trashed: bool) -> None:
        """Tasks were moved to the trash, or out of it, where they are found now.

        What comes out of the trash, while its parent stays there, is no sub-task any more.
        """
        gone = {task.id for task in self.tasks.values() if task.trashed} - {one.id for one in moved}
        for task in moved:
            before = self.tasks[task.id]
            is_alone = not trashed and before.content.parent_id in gone
            content = replace(before.content, parent_id=None) if is_alone else before.content
            news = replace(before, revision=task.revision, updated_at=task.updated_at)
            self._require(task, replace(news, content=content, trashed=trashed))
        if moved:
            self._number(moved)

    def family(self, ids: Collection[int], *, trashed: bool) -> set[int]:
        """The sub-tasks that go to the trash with these, or came there with them: at once."""
        there = {task_id: self.tasks[task_id] for task_id in ids}
        return {
            task.id
            for task in self.tasks.values()
            if (parent := there.get(task.content.parent_id or 0))
            and (not task.trashed if trashed else task.trashed)
            and (trashed or task.updated_at == parent.updated_at)
        } - there.keys()

    def require_parent(self, task_id: int | None, parent_id: int | None) -> None:
        """Refuse to put a task, or a new one, under what can have no sub-tasks."""
        if parent_id is None:
            return
        parent = self.tasks.get(parent_id)
        has_children = any(one.content.parent_id == task_id for one in self.tasks.values())
        is_good = parent and not parent.trashed and parent.content.parent_id is None
        if not is_good or parent_id == task_id or (task_id is not None and has_children):
            raise Refused(409, "conflict")

    def is_followed(self, task_id: int) -> bool:
        return any(task.repeat_of == task_id for task in self.tasks.values())

    def follow(self, done: Task, content: Content, after: Task) -> None:
        """What follows a completed task has come to be."""
        at = done.updated_at
        news = replace(done, id=after.id, content=content, repeat_of=done.id, completed_at=None)
        self._require(after, replace(news, created_at=at, revision=done.revision + 1))
        self._number([after])

    def line(self) -> list[int]:
        """The live tasks by their order, and then by their ids."""

        def place(task: Task) -> tuple[bool, int, int]:
            order = task.content.order
            return order is None, order or 0, task.id

        return [task.id for task in sorted(self.tasks.values(), key=place) if not task.trashed]

    def rearrange(self, changed: Collection[Task], answer: Task, line: list[int]) -> None:
        """A task was moved: the list is this one now, and no task has changed but by its order."""
        if line == self.line():
            assert not changed
        for task in changed:
            before = self.tasks[task.id]
            content = replace(before.content, order=task.content.order)
            news = replace(before, revision=task.revision, updated_at=task.updated_at)
            self._require(task, replace(news, content=content))
        if changed:
            assert max(task.revision for task in changed) == answer.revision
            self._number(changed)
        assert answer == self.tasks[answer.id]
        assert line == self.line()

    def _require(self, answer: Task, expected: Task) -> None:
        assert answer == expected
        assert answer.user_id == self.number

    def _number(self, changed: Collection[Task]) -> None:
        """Each changed task has a number of its own, beyond all before; time runs forwards."""
        numbers = {task.revision for task in changed}
        assert len(numbers) == len(changed)
        assert min(numbers) > self.revision
        assert min(task.updated_at for task in changed) >= self.clock
        self.revision = max(numbers)
        self.clock = max(task.updated_at for task in changed)
        self.tasks |= {task.id: task for task in changed}
