"""The wall: what a judge's connection may touch, held by the database engine itself.

Rights name tables: `{"cases_copy": {"read"}, …}`. A table that is not named does not exist for
the desk. SQLite asks `authorizer` while it prepares a statement, whoever wrote it; PostgreSQL
knows a login that has been given nothing else (`grant`). The wall stops every query, not a
program that runs Python inside the process: such a one could open the file anew.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Rights = Mapping[str, frozenset[str]]
Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]

PRIVILEGES = {"read": "SELECT", "insert": "INSERT", "update": "UPDATE", "delete": "DELETE"}

# Actions that touch no table by themselves. No PRAGMA is among them: Django asks for none on this
# connection after setting it up.
HARMLESS = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_SAVEPOINT,
        sqlite3.SQLITE_RECURSIVE,
    }
)
ON_TABLE = {
    sqlite3.SQLITE_READ: "read",
    sqlite3.SQLITE_INSERT: "insert",
    sqlite3.SQLITE_UPDATE: "update",
    sqlite3.SQLITE_DELETE: "delete",
}
FORBIDDEN_FUNCTIONS = frozenset(
    {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}
)


def authorizer(rights: Rights) -> Authorizer:
    """Return what SQLite asks before each thing that a statement would do: allowed, or not.

    Raises `ImproperlyConfigured` for a right that does not exist.
    """
    _check_words(rights)
    allowed = frozenset((table, right) for table, given in rights.items() for right in given)

    def judge(
        action: int,
        subject: str | None,
        detail: str | None,
        _database: str | None,  # there is one: ATTACH and temporary tables are denied
        _trigger: str | None,  # a trigger may do no more than its statement
    ) -> int:
        if action in HARMLESS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            forbidden = (detail or "").lower() in FORBIDDEN_FUNCTIONS
            return sqlite3.SQLITE_DENY if forbidden else sqlite3.SQLITE_OK
        if (subject, ON_TABLE.get(action)) in allowed:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    return judge


class WallRefused(Exception):
    """The wall cannot stand as asked: what is wrong, and what to do."""


def grant(connection: BaseDatabaseWrapper, *, login: str, rights: Rights) -> None:
    """Make a PostgreSQL login's rights exactly these; run it after every migration.

    `connection` is the owner's. Whatever the login and PUBLIC had in this database is revoked
    first, and what the login can then do is read back from the engine. All or nothing, and safe
    to repeat. Raises `WallRefused` when a table is unknown, or the login could get round the
    wall: by a role's attributes or memberships, by what it owns, or by another database.
    """
    if connection.vendor != "postgresql":
        raise ValueError(f"Rights are granted on PostgreSQL, not on {connection.vendor}.")
    _check_words(rights)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        _refuse_powerful(cursor, login)
        _refuse_unknown(cursor, rights)
        name = connection.ops.quote_name(login)
        close_database(connection, login=login)
        for kind in (
            "SCHEMA",
            "ALL TABLES IN SCHEMA",
            "ALL SEQUENCES IN SCHEMA",
            "ALL ROUTINES IN SCHEMA",
        ):
            cursor.execute(f"REVOKE ALL ON {kind} public FROM PUBLIC, {name}")
        for kind in ("TABLES", "SEQUENCES", "ROUTINES"):
            cursor.execute(f"ALTER DEFAULT PRIVILEGES REVOKE ALL ON {kind} FROM PUBLIC, {name}")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        for table, given in sorted(rights.items()):
            _grant_on(connection, cursor, table=table, given=given, to=name)
        _prove(cursor, login, rights)


def close_database(connection: BaseDatabaseWrapper, *, login: str) -> None:
    """Let the login connect to this database and nothing more: no temporary tables, no schemas.

    A database made from a template does not inherit this.
    """
    name = connection.ops.quote_name(login)
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, {name}")
        cursor.execute(f"GRANT CONNECT ON DATABASE {database} TO {name}")


def _check_words(rights: Rights) -> None:
    unknown = sorted({word for given in rights.values() for word in given} - PRIVILEGES.keys())
    if unknown:
        raise ImproperlyConfigured(
            f"Unknown desk rights: {', '.join(unknown)}. There are: {', '.join(PRIVILEGES)}."
        )


def _refuse_powerful(cursor: CursorWrapper, login: str) -> None:
    cursor.execute(
        """
        SELECT oid, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls
        FROM pg_roles WHERE rolname = %s
        """,
        [login],
    )
    role = cursor.fetchone()
    if role is None:
        raise WallRefused(f"There is no login {login!r}. Make it: CREATE ROLE … LOGIN PASSWORD …")
    oid, *attributes = role
    if any(attributes):
        raise WallRefused(
            f"{login!r} could get round the wall. Take its powers: ALTER ROLE … NOSUPERUSER"
            " NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS."
        )
    for query, why in (
        (
            "SELECT pg_get_userbyid(roleid) FROM pg_auth_members WHERE member = %s",
            "is a member of other roles, and has what they have: REVOKE … FROM …:",
        ),
        (
            """
            SELECT pg_describe_object(classid, objid, 0) FROM pg_shdepend
            WHERE refclassid = 'pg_authid'::regclass AND refobjid = %s AND deptype = 'o'
              AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
            """,
            "owns things, and an owner cannot be kept out: REASSIGN OWNED BY … TO …:",
        ),
        (
            """
            SELECT datname FROM pg_database
            WHERE datallowconn AND datname <> current_database()
              AND has_database_privilege(%s::oid, oid, 'CONNECT')
            """,
            "may enter other databases: REVOKE CONNECT ON DATABASE … FROM PUBLIC:",
        ),
        (
            """
            SELECT nspname FROM pg_namespace
            WHERE nspname NOT IN ('public', 'pg_catalog', 'information_schema')
              AND has_schema_privilege(%s::oid, oid, 'USAGE')
            """,
            "may enter other schemas: REVOKE ALL ON SCHEMA … FROM …:",
        ),
    ):
        _refuse_any(cursor, query, oid, f"{login!r} {why}")


def _refuse_any(cursor: CursorWrapper, query: str, oid: int, why: str) -> None:
    cursor.execute(query, [oid])
    found = sorted(name for (name,) in cursor.fetchall())
    if found:
        raise WallRefused(f"{why} {', '.join(found)}.")


def _refuse_unknown(cursor: CursorWrapper, rights: Rights) -> None:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    unknown = sorted(rights.keys() - {name for (name,) in cursor.fetchall()})
    if unknown:
        raise WallRefused(f"Rights on tables that do not exist: {', '.join(unknown)}.")


def _grant_on(
    connection: BaseDatabaseWrapper,
    cursor: CursorWrapper,
    *,
    table: str,
    given: frozenset[str],
    to: str,
) -> None:
    if not given:
        return
    privileges = ", ".join(PRIVILEGES[right] for right in sorted(given))
    cursor.execute(f"GRANT {privileges} ON {connection.ops.quote_name(table)} TO {to}")
    if "insert" not in given:
        return
    # Serial columns only: an identity column needs no right to its sequence.
    cursor.execute(
        """
        SELECT sequence.relname FROM pg_depend
        JOIN pg_class sequence ON sequence.oid = objid AND sequence.relkind = 'S'
        JOIN pg_class owner ON owner.oid = refobjid
        WHERE deptype = 'a' AND owner.relname = %s AND owner.relnamespace = 'public'::regnamespace
        """,
        [table],
    )
    for (sequence,) in cursor.fetchall():
        cursor.execute(f"GRANT USAGE ON SEQUENCE {connection.ops.quote_name(sequence)} TO {to}")


def _prove(cursor: CursorWrapper, login: str, rights: Rights) -> None:
    cursor.execute(
        """
        SELECT relname, privilege FROM pg_class,
          unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
            AS privilege
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = 'public'::regnamespace
          AND (has_table_privilege(%(login)s, pg_class.oid, privilege)
            OR privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
               AND has_any_column_privilege(%(login)s, pg_class.oid, privilege))
        """,
        {"login": login},
    )
    held = set(cursor.fetchall())
    meant = {(table, PRIVILEGES[right]) for table, given in rights.items() for right in given}
    _say_difference(login, sorted(held ^ meant))


def _say_difference(login: str, difference: Iterable[tuple[str, str]]) -> None:
    listed = ", ".join(f"{privilege} on {table}" for table, privilege in difference)
    if listed:
        raise WallRefused(f"{login!r} was given its rights, and yet they differ in: {listed}.")
