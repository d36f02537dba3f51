"""Files of tasks: the parameters of exports and imports, and the report of an import."""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.api.schemas.fields import Int64
from backend.api.schemas.lists import Choice, FilterParameters, Sort, TimeZone
from backend.services.transfer.formats import FORMATS, OUTGOING
from backend.services.transfer.record import MESSAGES, Lost

if TYPE_CHECKING:
    ExportFormat = str
    ImportFormat = str
else:
    ExportFormat = Literal[tuple(OUTGOING)]
    ImportFormat = Literal[tuple(FORMATS)]

_REPORT: dict[str, Any] = {
    "dry_run": False,
    "made": 3,
    "changed": 1,
    "skipped": {"same": 2, "changed_here": 1, "undated": 0, "in_trash": 0},
    "not_carried_over": [
        {
            "what": "repeat",
            "message": MESSAGES[Lost.REPEAT],
            "count": 2,
            "lines": [3, 9],
        }
    ],
}


class ExportParameters(FilterParameters):
    """Which tasks to export, in which order and format."""

    format: ExportFormat = Field(description="What the file is to be.")
    deleted: Choice = Field(False, description="Export the trash.")
    sort: Sort = (("created_at", False),)


class ImportParameters(BaseModel):
    """The format of the body."""

    format: ImportFormat = Field(description="What the file is.")
    dry_run: Choice = Field(False, description="The same report, and nothing is written.")
    time_zone: TimeZone = Field("UTC", description="IANA: where times without a zone are.")


class Skipped(BaseModel):
    """Tasks of the file that were left alone, by reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REPORT["skipped"]]})

    same: Int64 = Field(description="They do not differ.")
    changed_here: Int64 = Field(description="They differ, and were changed here since.")
    undated: Int64 = Field(
        description="They differ, and the file does not say when they were changed there."
    )
    in_trash: Int64 = Field(description="They were deleted here, and stay so.")


class LeftOut(BaseModel):
    """One kind of content that could not be carried over."""

    model_config = ConfigDict(json_schema_extra={"examples": _REPORT["not_carried_over"]})

    what: str = Field(description="Such as `parent`, `nested`, `series`, `repeat`.")
    message: str
    count: Int64
    lines: list[Int64] = Field(description="Where in the file: the first ten.")


class ImportRead(BaseModel):
    """What an import did, or would do."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REPORT]})

    dry_run: bool
    made: Int64
    changed: Int64
    skipped: Skipped
    not_carried_over: list[LeftOut]
