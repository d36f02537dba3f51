"""Whether the content of tasks can end up in PostgreSQL's own log.

psycopg2 writes values into the statement: whatever logs a statement logs what is in the tasks.
PostgreSQL's manual, 19.8 "Error Reporting and Logging".
"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from backend.commands.diagnosis.findings import Finding, ok, warn

_SAFE = {
    "log_min_error_statement": ({"fatal", "panic", "log"}, "panic", "statements that fail"),
    "log_error_verbosity": ({"terse"}, "terse", "the row that breaks a constraint"),
    "log_parameter_max_length_on_error": ({"0"}, "0", "values of statements that fail"),
    "log_statement": ({"none", "ddl"}, "none", "every statement"),
    "log_min_duration_statement": ({"-1"}, "-1", "slow statements"),
    "log_min_duration_sample": ({"-1"}, "-1", "samples of slow statements"),
    "log_transaction_sample_rate": ({"0"}, "0", "samples of transactions"),
    "auto_explain.log_min_duration": ({"-1"}, "-1", "plans of slow statements"),
}
"""The values that keep content out of the log, the one to set, and what is logged otherwise."""


def server_log_findings(connection: Connection) -> Iterator[Finding]:
    """One line for what would be logged; the settings are the superuser's."""
    find = text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)")
    rows = connection.execute(find, {"names": [*_SAFE]}).all()
    values = {str(name): str(setting) for name, setting in rows}
    telling = {name: _SAFE[name] for name, value in values.items() if value not in _SAFE[name][0]}
    if not telling:
        yield ok("PostgreSQL's log", "no content of tasks gets into it")
        return
    what = ", ".join(logged for _, _, logged in telling.values())
    role = connection.execute(text("SELECT quote_ident(current_user)")).scalar_one()
    changes = "; ".join(f"{name} = {value}" for name, (_, value, _) in telling.items())
    yield warn(
        "PostgreSQL's log",
        f"content of tasks can get into it with {what}: let a superuser set, for role {role} "
        f"(ALTER ROLE {role} SET …) or in postgresql.conf, {changes}",
    )
