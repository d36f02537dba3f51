"""What a statement reads, with a plan for its values and with one for any values."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from backend.database.compiled import Compiled

MODES = ("force_custom_plan", "force_generic_plan")
Scan = dict[str, Any]


def explained(
    engine: Engine, mode: str, statement: Compiled, values: Mapping[str, Any], before: str = ""
) -> Scan:
    """The plan of one execution, after some other SQL if there is any; it leaves nothing."""
    with engine.connect() as connection:
        if before:
            connection.exec_driver_sql(before)
        connection.exec_driver_sql(f"SET plan_cache_mode = {mode}")
        connection.exec_driver_sql(statement.preparation.decode())
        call = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.call}"
        [whole] = connection.exec_driver_sql(call, dict(statement.values(values))).scalar_one()
        connection.rollback()
    plan: Scan = whole["Plan"]
    return plan


def nodes(plan: Scan) -> list[Scan]:
    """All nodes of a plan."""
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def scans(plan: Scan) -> list[Scan]:
    """The scans of tables in a plan."""
    return [node for node in nodes(plan) if "Relation Name" in node and "Scan" in node["Node Type"]]


def read(found: list[Scan], table: str = "tasks") -> int:
    """The rows that were looked at in a table, those that were thrown away included."""
    seen = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    of_table = [scan for scan in found if scan["Relation Name"] == table]
    return int(sum(scan["Actual Loops"] * scan.get(name, 0) for scan in of_table for name in seen))


def asks_owner(scan: Scan) -> bool:
    """Whether a scan names the owner to each index that it asks, by value or by parameter."""
    bitmaps = [one for one in nodes(scan) if one["Node Type"].startswith("Bitmap")]
    asked = [one["Index Cond"] for one in (scan, *bitmaps) if "Index Cond" in one]
    return asked != [] and all("user_id = " in text for text in asked)
