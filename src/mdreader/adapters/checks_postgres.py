"""Whether a PostgreSQL does: reached, encrypted, new enough, at this version's schema, and ours to change."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from mdreader import migrations
from mdreader.db.postgres import making_changes
from mdreader.db.postgres_address import PostgresAddress
from mdreader.kernel.errors import UnavailableError
from mdreader.kernel.findings import Finding
from mdreader.migrations.postgres import current_schema

OLDEST: Final = 14
_FACTS: Final = """
SELECT current_setting('server_version_num')::int AS version,
       coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
       inet_client_addr() IS NULL OR inet_client_addr() << '127.0.0.0/8' AS here,
       has_schema_privilege(current_user, current_schema(), 'CREATE') AS may_create,
       current_setting('max_connections')::int AS connections,
       current_setting('synchronous_commit') AS synchronous,
       pg_is_in_recovery() AS replica
"""
_MAY_NOT: Final = """
SELECT wanted, array_agg(relname::text ORDER BY relname) AS tables
  FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
 WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
   AND NOT has_table_privilege(pg_class.oid, wanted) AND (wanted = 'SELECT' OR relname <> 'alembic_version')
 GROUP BY wanted"""


async def check_postgres(address: PostgresAddress) -> list[Finding]:
    """One look at everything that a server asks of it."""
    try:
        async with making_changes(address) as engine, engine.connect() as conn:
            facts = (await conn.execute(text(_FACTS))).mappings().one()
            denied = {row.wanted: row.tables for row in await conn.execute(text(_MAY_NOT))}
            schema = None if "alembic_version" in denied.get("SELECT", ()) else await current_schema(conn)
    except (SQLAlchemyError, UnavailableError, OSError) as error:
        cause = error.__cause__ or error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        advice = "Check DATABASE_URL, the security group, and that the database and its user exist."
        return [Finding("fail", "postgresql", f"{address.where}: {type(cause).__name__}: {cause}", advice)]
    found = [*_judged(dict(facts), address), *_rights(denied)]
    if schema is None:
        return found
    if schema.outgrew(migrations.HEAD):
        advice = "Start the newer version that made it, or restore a backup."
        found.append(Finding("fail", "migrations", f"at {schema}, newer than this version's {migrations.HEAD}", advice))
    elif schema.pre == migrations.HEAD:
        found.append(Finding("ok", "migrations", f"at {schema}"))
    else:
        advice = "The next start brings it up to date; mdreader migrate does it now."
        found.append(Finding("warn", "migrations", f"at {schema}, the newest is {migrations.HEAD}", advice))
    return found


def _rights(denied: dict[str, list[str]]) -> Iterator[Finding]:
    """A line for each right that is missing, whichever tables it is missing for."""
    for wanted, tables in sorted(denied.items()):
        more = f" and {len(tables) - 1} more" if len(tables) > 1 else ""
        advice = f"GRANT {wanted} ON ALL TABLES IN SCHEMA public TO the user, or have the user make the tables."
        yield Finding("fail", "postgresql", f"the user has no {wanted} on {tables[0]}{more}", advice)


def _judged(facts: dict[str, Any], address: PostgresAddress) -> Iterator[Finding]:
    version = facts["version"] // 10_000
    old = version < OLDEST
    yield Finding(
        "fail" if old else "ok",
        "postgresql",
        f"{address.where}, version {version}",
        f"Use PostgreSQL {OLDEST} or a later one." if old else "",
    )
    if facts["encrypted"] or facts["here"]:
        yield Finding("ok", "postgresql", "encrypted" if facts["encrypted"] else "on this machine")
    else:
        advice = "Take sslmode=disable out of DATABASE_URL: passwords and texts cross the network."
        yield Finding("fail", "postgresql", "the connection is not encrypted", advice)
    if facts["replica"]:
        yield Finding(
            "fail", "postgresql", "this is a replica, which only reads", "Name the writer's endpoint in DATABASE_URL."
        )
    if not facts["may_create"]:
        advice = (
            "GRANT CREATE ON SCHEMA public TO the user, or run mdreader migrate as one who may, before each update."
        )
        yield Finding("warn", "postgresql", "the user may not change the schema", advice)
    if facts["synchronous"] == "off":
        yield Finding(
            "warn",
            "postgresql",
            "synchronous_commit is off by default",
            "Each connection switches it on; do it for the role.",
        )
    pools = 2 * address.pool_size
    if pools * 2 > facts["connections"]:
        advice = "Lower pool_size in DATABASE_URL, or put RDS Proxy or PgBouncer in between (pooler=transaction)."
        yield Finding(
            "warn",
            "postgresql",
            f"two servers' pools would take {pools * 2} of {facts['connections']} connections",
            advice,
        )
    else:
        yield Finding("ok", "postgresql", f"{pools} of {facts['connections']} connections for each server")
