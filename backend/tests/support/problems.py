"""What every refusal must look like."""

from typing import Any

MARK = "mark7fe3"
"""Sent inside of hostile values: it must not come back."""


def require_problem(response: Any, status: int, code: str, *unsaid: str) -> dict[str, Any]:
    """The problem+json of a response; fails unless it is one, or if it repeats what was sent."""
    assert response.status_code == status, f"{response.request.url} {response.text}"
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (problem["status"], problem["code"]) == (status, code), response.text
    assert response.headers["x-request-id"] == problem["request_id"]
    answer = f"{response.text} {dict(response.headers)}".lower()
    for sent in (MARK, *unsaid):
        assert sent.lower() not in answer
    return problem
