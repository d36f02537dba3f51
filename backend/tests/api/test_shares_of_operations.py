"""No operation of an owner takes connections that are not of the owner's share."""

import pytest

from backend.runtime import Runtime
from backend.tests.support.documented import Sample, operations
from backend.tests.support.recorder import RecordingClient

pytestmark = [pytest.mark.requirement("NFR-29"), pytest.mark.threat(69)]

POLLED_FOR_ALL = "/events"


def test_every_operation_of_an_owner_waits_for_its_share(
    client: RecordingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    runtime: Runtime = client.app.state.runtime
    take = runtime.gates.shares.take

    async def seen(owner: int) -> None:
        taken.append(owner)
        await take(owner)

    monkeypatch.setattr(runtime.gates.shares, "take", seen)
    task, other = (
        client.post("/api/1/tasks", json={"title": title}).json()["id"] for title in ("a", "b")
    )
    for operation in operations(client.app):
        if not operation.has_owner or operation.path.endswith(POLLED_FOR_ALL):
            continue
        taken.clear()
        Sample(operation, task, other).send(client)
        assert taken, operation.name
        assert set(taken) == {1}, operation.name
