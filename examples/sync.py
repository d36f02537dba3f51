"""A copy of one's tasks that works offline: first sync, changes, live, and a queue of own edits.

    copy = Copy("http://localhost:8000/api/1/tasks")
    copy.edit({"op": "create", "task": {"title": "Buy milk"}})
    copy.sync()       # sends what is queued, then reads what has changed; OSError when offline
    copy.live(print)  # tells each change until the stream ends; then sync() again

Keep `tasks`, `since`, `queue` and `conflicts` between two runs. A key counts for 24 hours.
"""

import json
import re
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

NEXT = re.compile(r'<([^>]+)>; rel="next"')


class Copy:
    """`tasks` is what the service had at the revision `since`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tasks: dict[int, Any] = {}
        self.since = 0
        self.queue: list[Any] = []
        """Edits that the service has not answered yet."""
        self.conflicts: list[Any] = []
        """Edits that it refused, each with its reason: for the user to look at."""

    def edit(self, operation: dict[str, Any]) -> None:
        """Queue an operation of `/batch`, on condition that nobody else has changed the task."""
        if task := self.tasks.get(operation.get("id", 0)):
            operation = {"revision": task["revision"], **operation}
        self.queue.append({"key": str(uuid.uuid4()), "operation": operation})

    def sync(self) -> None:
        self.push()
        self.pull()

    def push(self) -> None:
        """Send each edit once, however often it must be tried."""
        while self.queue:
            edit = self.queue[0]
            body, key = {"operations": [edit["operation"]]}, {"Idempotency-Key": edit["key"]}
            status, answer, _ = self.request("POST", f"{self.url}/batch", body, key)
            self.queue.pop(0)
            if status == 200:
                self._rebase(edit["operation"], answer["results"][0].get("task"))
            else:
                self.conflicts.append({**edit, "reason": answer})

    def _rebase(self, done: dict[str, Any], task: Any) -> None:
        """Later edits of the task are made on top of this one."""
        if task and task["revision"] > self.since:  # else the feed has told what came of it
            self.tasks[task["id"]] = task
        for edit in self.queue:
            if "id" in done and edit["operation"].get("id") == done["id"]:
                edit["operation"].pop("revision", None)
                if task:
                    edit["operation"]["revision"] = task["revision"]

    def pull(self) -> None:
        """Read what has changed; everything anew where the service no longer knows."""
        since, url = self.since, f"{self.url}/changes?since={self.since}"
        tasks = dict(self.tasks) if since else {}  # a first sync tells of no deletion
        while url:
            status, page, link = self.request("GET", url)
            if status == 410:
                tasks, url = {}, f"{self.url}/changes?since=0"
                continue
            for item in page["items"]:
                take(tasks, item)
            since, url = page["revision"], link
        self.tasks, self.since = tasks, since

    def live(self, tell: Callable[[Any], None]) -> None:
        """Take changes as they happen, until the stream ends."""
        event = data = ""
        with urllib.request.urlopen(f"{self.url}/events?since={self.since}") as stream:  # noqa: S310
            for line in stream:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    event = value
                elif name == "data":
                    data = value
                elif name == "id":
                    self.since = int(value)
                elif not name and data:
                    if event == "expired":
                        self.pull()
                        return
                    take(self.tasks, json.loads(data))
                    tell(json.loads(data))
                    data = ""

    def request(self, method: str, url: str, body: Any = None, headers: Any = None) -> Any:
        """Status, JSON, and the link to the next page. Raises OSError when it must be repeated."""
        sent = None if body is None else json.dumps(body).encode()
        json_type = {"Content-Type": "application/json"} if body is not None else {}
        asked = urllib.request.Request(url, sent, {**json_type, **(headers or {})}, method=method)  # noqa: S310
        try:
            answer = urllib.request.urlopen(asked, timeout=30)  # noqa: S310
        except urllib.error.HTTPError as error:
            if error.code >= 500 or error.code == 429:
                raise
            answer = error
        with answer:
            link = NEXT.search(answer.headers.get("Link", ""))
            return answer.status, json.load(answer), link and link[1]


def take(tasks: dict[int, Any], item: Any) -> None:
    if item.get("deleted"):
        tasks.pop(item["id"], None)
    else:
        tasks[item["id"]] = item
