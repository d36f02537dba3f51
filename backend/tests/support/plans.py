"""What a statement reads, with a plan for its values and with one for any values."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

MODES = ("force_custom_plan", "force_generic_plan")
_NAMED = re.compile(r"%\((\w+)\)s")
Scan = dict[str, Any]


def explained(
    engine: Engine, mode: str, sql: str, values: Mapping[str, Any], types: Mapping[str, str]
) -> list[Scan]:
    """The scans of tables of one execution, which leaves nothing.

    `types`: those of the parameters that PostgreSQL cannot tell; `bigint` without.
    """
    names = list(dict.fromkeys(_NAMED.findall(sql)))
    numbers = {name: f"${place}" for place, name in enumerate(names, 1)}
    prepared = _NAMED.sub(lambda match: numbers[match[1]], sql).replace("%%", "%")
    declared = ", ".join(types.get(name, "bigint") for name in names)
    places = ", ".join(f"%({name})s" for name in names)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET LOCAL plan_cache_mode = {mode}")
        connection.connection.cursor().execute(f"PREPARE asked ({declared}) AS {prepared}")
        answer = connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ({places})",
            {name: values[name] for name in names},
        )
        [whole] = answer.scalar_one()
        connection.rollback()
        connection.exec_driver_sql("DEALLOCATE asked")
    return list(_scans(whole["Plan"]))


def _scans(node: Scan) -> list[Scan]:
    found = [node] if "Relation Name" in node and "Scan" in node["Node Type"] else []
    return found + [scan for child in node.get("Plans", []) for scan in _scans(child)]


def read(scans: list[Scan], table: str = "tasks") -> int:
    """The rows that were looked at in a table, those that were thrown away included."""
    seen = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    of_table = [scan for scan in scans if scan["Relation Name"] == table]
    return int(sum(scan["Actual Loops"] * scan.get(name, 0) for scan in of_table for name in seen))


def asks_owner(scan: Scan) -> bool:
    """Whether a scan names the owner to an index, by value or by parameter."""
    asked = [
        scan.get("Index Cond", ""),
        *(one.get("Index Cond", "") for one in scan.get("Plans", [])),
    ]
    return any("user_id = " in text for text in asked)
