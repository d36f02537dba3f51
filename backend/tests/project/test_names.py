"""One definition for each name in the API: schema, SQL and document say the same."""

import re
from typing import Any, get_args

import pytest
from fastapi import FastAPI

from backend.api.schemas.headers import IfMatch, IfNoneMatch
from backend.api.schemas.lists import FilterParameters, ListParameters
from backend.queries.filters import FILTERS
from backend.queries.sorting import KEYS, SORT_KEYS
from backend.services.entity_tags import EntityTags

NO_CONDITION = {"time_zone"}
"""A parameter that says how others are to be read."""

ABOUT_THE_PAGE = {"deleted", "sort", "limit", "cursor", "count"}


def parameters(app: FastAPI, method: str, path: str) -> dict[str, Any]:
    operation = app.openapi()["paths"][path][method]
    return {one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "query"}


@pytest.mark.requirement("NFR-23")
def test_the_filters_of_the_schema_are_those_of_the_queries() -> None:
    assert FilterParameters.model_fields.keys() - NO_CONDITION == FILTERS.keys()
    of_lists = ListParameters.model_fields.keys() - ABOUT_THE_PAGE
    assert of_lists == FilterParameters.model_fields.keys()


@pytest.mark.requirement("NFR-23")
@pytest.mark.parametrize("prefix", ["/api/{user_id}", "/api/v1"])
def test_the_document_has_the_filters_and_sort_keys_of_the_queries(
    shared_app: FastAPI, prefix: str
) -> None:
    listed = parameters(shared_app, "get", f"{prefix}/tasks")
    deleted = parameters(shared_app, "delete", f"{prefix}/tasks")
    both = FILTERS.keys() | NO_CONDITION
    assert listed.keys() - {"user_id"} == both | ABOUT_THE_PAGE
    assert deleted.keys() - {"user_id"} == both
    pattern = listed["sort"]["pattern"]
    for key in SORT_KEYS:
        assert re.search(pattern, f"-{key}")
    named = set(re.findall(r"[a-z]+_?[a-z]+", pattern.partition("-?(")[2].partition(")")[0]))
    assert named == set(SORT_KEYS) == KEYS.keys()


@pytest.mark.requirement("NFR-23")
def test_the_conditions_have_types() -> None:
    for header in (IfMatch, IfNoneMatch):
        assert get_args(header)[0] == EntityTags | None
