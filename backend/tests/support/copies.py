"""A client's copy of a list, kept up by the feed alone."""

from typing import Any

from backend.tests.support.api import Api


class Copy:
    """What a client believes: the live tasks by their ids, and how far it has read."""

    def __init__(self, api: Api, limit: int = 500) -> None:
        self._api = api
        self._limit = limit
        self.since = 0
        self.tasks: dict[int, Any] = {}
        self.expired = 0
        """How often it had to begin anew."""

    def follow(self) -> None:
        """Read until there is no more; anew where the cursor has expired."""
        url = self._url()
        while url:
            page = self._api.client.get(url)
            if page.status_code == 410:
                self.since, self.tasks = 0, {}
                self.expired += 1
                url = self._url()
                continue
            url = self._take(page)

    def _url(self) -> str:
        query = f"since={self.since}&limit={self._limit}"
        return self._api.surface.under(self._api.owner, "changes", query)

    def _take(self, page: Any) -> str:
        assert page.status_code == 200, page.text
        body = page.json()
        numbers = [item["revision"] for item in body["items"]]
        assert numbers == sorted(set(numbers)), "out of order"
        assert all(number > self.since for number in numbers), "read before"
        for item in body["items"]:
            if item.get("deleted"):
                self.tasks.pop(item["id"], None)
            else:
                self.tasks[item["id"]] = item
        self.since = body["revision"]
        assert body["has_more"] == ("next" in page.links)
        return str(page.links["next"]["url"]) if body["has_more"] else ""


def listed(api: Api) -> dict[int, Any]:
    """All live tasks, by their ids, as the list has them."""
    found, url = {}, api.tasks()
    while url:
        page = api.client.get(url)
        found.update({task["id"]: task for task in page.json()})
        url = page.links.get("next", {}).get("url", "")
    return found
