"""Liveness and readiness."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from backend.api.dependencies import require_ready
from backend.api.openapi.document import operation_id
from backend.api.openapi.responses import PROBED, UNREADY
from backend.api.routing.route import StrictRoute


class Health(BaseModel):
    """The body of a successful probe."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: Literal["ok"] = "ok"


router = APIRouter(
    prefix="/health",
    tags=["health"],
    responses=PROBED,
    route_class=StrictRoute,
    generate_unique_id_function=operation_id,
)


@router.get("/live")
async def check_liveness() -> Health:
    """The process answers. Asks no database."""
    return Health()


@router.get("/ready", responses=UNREADY)
async def check_readiness(_: Annotated[None, Depends(require_ready)]) -> Health:
    """The database answers, and its schema has all that this release needs."""
    return Health()
