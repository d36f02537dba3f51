"""The index of routes finds what FastAPI would find, and remembers only so much."""

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match

from backend.api.routing.route_index import MAX_SHAPES, RouteIndex

pytestmark = pytest.mark.requirement("NFR-61")

SEGMENTS = ["", "api", "v1", "1", "42", "007", "tasks", "restore", "batch", "complete", "docs"]
SEGMENTS += ["health", "live", "v2", "1a", "٣", "tasks\n", "export", "events"]
PATHS = st.lists(st.sampled_from(SEGMENTS), max_size=7).map(lambda parts: "/" + "/".join(parts))
METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])


def index_of(app: FastAPI) -> RouteIndex:
    [index] = [one for one in app.routes if isinstance(one, RouteIndex)]
    return index


@given(path=PATHS, method=METHODS, root=st.sampled_from(["", "/api", "/1", "/tasks"]))
def test_it_finds_the_first_route_that_matches_and_no_other(
    shared_app: FastAPI, path: str, method: str, root: str
) -> None:
    scope = {"type": "http", "method": method, "path": root + path, "root_path": root}
    index = index_of(shared_app)
    others = [one.matches(scope) for one in shared_app.routes if one is not index]
    first = next((child for match, child in others if match is Match.FULL), {})
    is_known = first.get("route") in index._routes
    assert index.matches(scope) == ((Match.FULL, first) if is_known else (Match.NONE, {}))


def test_what_clients_make_up_is_not_remembered_for_ever(shared_app: FastAPI) -> None:
    index = RouteIndex(index_of(shared_app)._routes)
    for number in range(2 * MAX_SHAPES):
        index.matches({"type": "http", "method": "GET", "path": f"/x{number}"})
        index.matches({"type": "http", "method": "GET", "path": f"/{number}/" + "y" * 64})
    assert index._route_of.cache_info().currsize == MAX_SHAPES


def test_numbers_share_one_shape(shared_app: FastAPI) -> None:
    index = RouteIndex(index_of(shared_app)._routes)
    for number in range(100):
        scope = {"type": "http", "method": "GET", "path": f"/api/{number}/tasks/{number}"}
        match, child = index.matches(scope)
        assert match is Match.FULL
        assert child["path_params"] == {"user_id": str(number), "id": str(number)}
    assert index._route_of.cache_info().currsize == 1
