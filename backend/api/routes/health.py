"""Whether the process lives, and whether it can serve."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from backend.api.dependencies import require_ready
from backend.api.openapi.document import operation_id
from backend.api.openapi.responses import UNREADY
from backend.api.routing.route import StrictRoute


class Health(BaseModel):
    status: Literal["ok"] = "ok"


router = APIRouter(
    prefix="/health",
    tags=["health"],
    route_class=StrictRoute,
    generate_unique_id_function=operation_id,
)


@router.get("/live")
async def live() -> Health:
    """The process answers. Asks no database."""
    return Health()


@router.get("/ready", responses=UNREADY)
async def ready(_: Annotated[None, Depends(require_ready)]) -> Health:
    """The database answers, and its schema has all that this release needs."""
    return Health()
