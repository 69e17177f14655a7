"""The wall: every way to an identity is refused by the engine, and a judge's work is not.

Each attack runs on the desk connection and must fail with the engine's own refusal; an attack
that fails by its spelling proves nothing. What PostgreSQL shows to every login, whatever its
rights, is named at the end.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import Exists, F, OuterRef

from tarazy.engine.desk import alias, desk
from tarazy.engine.fields import TextJSONField
from tarazy.engine.wall import Rights, WallRefused, authorizer, grant
from tests.databases import DESK_LOGIN, ENGINE, administrator
from tests.engine_tables.tables import RIGHTS, Copy, Identity, Note, Opening, Rule, create


@dataclass(frozen=True, slots=True)
class Aim:
    """What an attack is after, and the table that it may start from, with a column of text."""

    secret_table: str
    secret_column: str
    open_table: str
    open_column: str

    def at(self, attack: str) -> str:
        """Return the attack aimed."""
        return attack.format(
            **asdict(self),
            secret=f"CAST({self.secret_table}.{self.secret_column} AS text)",
            open=f"CAST({self.open_table}.{self.open_column} AS text)",
            login=DESK_LOGIN,
            file=connections["desk"].settings_dict["NAME"],
        )


AIM = Aim("engine_tables_identity", "name", "engine_tables_note", "text")

# Every value is read as text, so that the same attack fits a column of any type.
BOTH = {
    "raw": "SELECT {secret_column} FROM {secret_table}",
    "under another name": 'SELECT {secret_column} FROM "{secret_table}" AS {open_table}',
    "count": "SELECT count(*) FROM {secret_table}",
    "constant": "SELECT 1 FROM {secret_table}",
    "existence": "SELECT EXISTS (SELECT 1 FROM {secret_table} WHERE {secret} LIKE 'A%')",
    "subquery": "SELECT (SELECT max({secret}) FROM {secret_table})",
    "subquery in FROM": "SELECT * FROM (SELECT * FROM {secret_table}) AS {open_table}",
    "join": "SELECT * FROM {open_table}, {secret_table}",
    "left join": "SELECT {open_table}.* FROM {open_table} LEFT JOIN {secret_table} ON 1 = 1",
    "order": "SELECT * FROM {open_table} ORDER BY (SELECT {secret} FROM {secret_table})",
    "union": "SELECT {open} FROM {open_table} UNION SELECT {secret} FROM {secret_table}",
    "with": "WITH {open_table} AS (SELECT * FROM {secret_table}) SELECT * FROM {open_table}",
    "recursive": "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t, {secret_table}"
    " WHERE n < 3) SELECT n FROM t",
    "window": "SELECT row_number() OVER (ORDER BY {secret}) FROM {secret_table}",
    "error text": "SELECT CAST({secret} AS integer) / 0 FROM {secret_table}",
    "explain": "EXPLAIN SELECT * FROM {secret_table}",
    "insert": "INSERT INTO {secret_table} ({secret_column}) VALUES (NULL)",
    "insert from": "INSERT INTO {open_table} ({open_column}) SELECT {secret} FROM {secret_table}",
    "insert … returning": "INSERT INTO {open_table} ({open_column}) VALUES ('1') RETURNING"
    " (SELECT max({secret}) FROM {secret_table})",
    "probing a conflict": "INSERT INTO {secret_table} ({secret_column}) VALUES (NULL) ON CONFLICT"
    " DO NOTHING",
    "update": "UPDATE {secret_table} SET {secret_column} = {secret_column}",
    "update … returning": "UPDATE {secret_table} SET {secret_column} = {secret_column} RETURNING"
    " {secret_column}",
    "update by subquery": "UPDATE {open_table} SET {open_column} = (SELECT max({secret})"
    " FROM {secret_table})",
    "update from": "UPDATE {open_table} SET {open_column} = {secret} FROM {secret_table}",
    "delete": "DELETE FROM {secret_table}",
    "delete by subquery": "DELETE FROM {open_table} WHERE EXISTS (SELECT 1 FROM {secret_table})",
    "create table as": "CREATE TABLE mine AS SELECT * FROM {secret_table}",
    "create temporary table": "CREATE TEMPORARY TABLE mine (a text)",
    "create view": "CREATE VIEW mine AS SELECT * FROM {secret_table}",
    "create temporary view": "CREATE TEMPORARY VIEW mine AS SELECT * FROM {secret_table}",
    "create index": "CREATE INDEX mine ON {open_table} ({open_column})",
    "alter table": "ALTER TABLE {open_table} ADD COLUMN mine text",
    "rename": "ALTER TABLE {secret_table} RENAME TO mine",
    "drop table": "DROP TABLE {open_table}",
    "write what may be read": "UPDATE engine_tables_rule SET text = 'mine'",
    "add to what may be read": "INSERT INTO engine_tables_rule (text) VALUES ('mine')",
    "delete what may be read": "DELETE FROM engine_tables_rule",
    "read what may be added": "SELECT count(*) FROM engine_tables_opening",
    "read back what was added": "INSERT INTO engine_tables_opening (seq, text) VALUES (3, 'x')"
    " RETURNING text",
    "overwrite what may be added": "INSERT INTO engine_tables_opening (seq, text) VALUES (1, 'x')"
    " ON CONFLICT (seq) DO UPDATE SET text = 'x'",
    "delete what may be added": "DELETE FROM engine_tables_opening",
}
SQLITE = {
    "attach": "ATTACH DATABASE '{file}' AS again",
    "attach in memory": "ATTACH DATABASE ':memory:' AS again",
    "detach": "DETACH DATABASE main",
    "vacuum into": "VACUUM INTO '{file}.copy'",
    "explain query plan": "EXPLAIN QUERY PLAN SELECT * FROM {secret_table}",
    "schema": "SELECT sql FROM sqlite_master",
    "schema, other name": "SELECT sql FROM sqlite_schema",
    "temporary schema": "SELECT sql FROM sqlite_temp_master",
    "schema in main": "SELECT sql FROM main.sqlite_master",
    "writing the schema": "UPDATE sqlite_master SET sql = ''",
    "sequence": "SELECT seq FROM sqlite_sequence",
    "analyze": "ANALYZE",
    "reindex": "REINDEX",
    "pragma": "PRAGMA table_info({secret_table})",
    "pragma writable_schema": "PRAGMA writable_schema = ON",
    "pragma trusted_schema": "PRAGMA trusted_schema = OFF",
    "pragma function": "SELECT * FROM pragma_table_info('{secret_table}')",
    "pragma list": "SELECT * FROM pragma_table_list",
    "page statistics": "SELECT * FROM dbstat WHERE name = '{secret_table}'",
    "table-valued function": "SELECT * FROM json_each('[1]')",
    "virtual table": "CREATE VIRTUAL TABLE mine USING fts5(a, content='{secret_table}')",
    "temporary virtual table": "CREATE VIRTUAL TABLE temp.mine USING dbstat(main)",
    "trigger": "CREATE TRIGGER mine AFTER INSERT ON {open_table} BEGIN DELETE FROM"
    " {secret_table}; END",
    "temporary trigger": "CREATE TEMPORARY TRIGGER mine AFTER INSERT ON {open_table} BEGIN"
    " DELETE FROM {secret_table}; END",
    "load_extension": "SELECT load_extension('mine')",
    "fts3_tokenizer": "SELECT fts3_tokenizer('simple')",
    "insert or ignore": "INSERT OR IGNORE INTO {secret_table} ({secret_column}) VALUES ('x')",
    "replace": "REPLACE INTO {secret_table} ({secret_column}) VALUES ('x')",
    "row number": "SELECT rowid FROM {secret_table}",
    "index": "SELECT 1 FROM {secret_table} INDEXED BY sqlite_autoindex_{secret_table}_1",
}
POSTGRESQL = {
    "set role": "SET ROLE tarazy",
    "set session authorization": "SET SESSION AUTHORIZATION tarazy",
    "set session authorization, superuser": "SET SESSION AUTHORIZATION postgres",
    "grant": "GRANT SELECT ON {secret_table} TO {login}",
    "membership": "GRANT tarazy TO {login}",
    "alter role": "ALTER ROLE {login} SUPERUSER",
    "owner": "ALTER TABLE {secret_table} OWNER TO {login}",
    "explain analyze": "EXPLAIN ANALYZE SELECT * FROM {secret_table}",
    "update … from": "UPDATE {open_table} SET {open_column} = s.{secret_column} FROM"
    " {secret_table} s",
    "delete … using": "DELETE FROM {open_table} USING {secret_table}",
    "merge": "MERGE INTO {open_table} USING {secret_table} ON true WHEN MATCHED THEN DELETE",
    "truncate": "TRUNCATE {open_table}",
    "lock": "DO $$ BEGIN LOCK TABLE {secret_table} IN ACCESS SHARE MODE; END $$",
    "select for update": "SELECT * FROM engine_tables_rule FOR UPDATE",
    "whole row": "SELECT s FROM {secret_table} s",
    "table": "TABLE {secret_table}",
    "copy": "COPY {secret_table} TO STDOUT",
    "copy a query": "COPY (SELECT * FROM {secret_table}) TO STDOUT",
    "copy to a file": "COPY {open_table} TO '/tmp/mine'",
    "copy from a file": "COPY {open_table} ({open_column}) FROM '/etc/passwd'",
    "copy to a program": "COPY {open_table} TO PROGRAM 'cat'",
    "copy from a program": "COPY {open_table} ({open_column}) FROM PROGRAM 'id'",
    "anonymous block": "DO $$ BEGIN PERFORM {secret_column} FROM {secret_table}; END $$",
    "query by function": "SELECT query_to_xml('SELECT * FROM {secret_table}', true, true, '')",
    "words by function": "SELECT ts_stat('SELECT to_tsvector({secret_column}) FROM"
    " {secret_table}')",
    "prepare": "PREPARE mine AS SELECT * FROM {secret_table}; EXECUTE mine",
    "cursor": "DECLARE mine CURSOR WITH HOLD FOR SELECT * FROM {secret_table}",
    "function": "CREATE FUNCTION mine() RETURNS text LANGUAGE sql SECURITY DEFINER AS"
    " 'SELECT max({secret_column}) FROM {secret_table}'",
    "temporary function": "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "rule": "CREATE RULE mine AS ON INSERT TO {open_table} DO ALSO DELETE FROM {secret_table}",
    "trigger": "CREATE TRIGGER mine AFTER INSERT ON {open_table} EXECUTE FUNCTION"
    " suppress_redundant_updates_trigger()",
    "policy": "CREATE POLICY mine ON {open_table}",
    "sequence": "SELECT last_value FROM {secret_table}_id_seq",
    "next of a sequence": "SELECT nextval('{secret_table}_id_seq')",
    "schema": "CREATE SCHEMA mine",
    "extension": "CREATE EXTENSION pg_trgm",
    "foreign server": "CREATE EXTENSION postgres_fdw",
    "statistics object": "CREATE STATISTICS mine ON id, {open_column} FROM {open_table}",
    "raw statistics": "SELECT stavalues1 FROM pg_statistic",
    "read a file": "SELECT pg_read_file('pg_hba.conf')",
    "read a binary file": "SELECT pg_read_binary_file('pg_hba.conf')",
    "list a folder": "SELECT pg_ls_dir('.')",
    "import a file": "SELECT lo_import('/etc/passwd')",
    "read passwords": "SELECT rolpassword FROM pg_authid",
    "settings": "ALTER SYSTEM SET fsync = on",
    "refresh": "SET session_replication_role = replica",
}
# SQLite's refusals have no code of their own. The last two: a virtual table declares its columns
# by a CREATE TABLE, and the schema is closed to everybody.
REFUSALS = (
    "prohibited",
    "not authorized",
    "authorization denied",
    "vtable constructor failed",
    "may not be modified",
)
RAW = {f"both: {name}": sql for name, sql in BOTH.items()} | (
    {f"sqlite: {name}": sql for name, sql in SQLITE.items()}
    if ENGINE == "sqlite"
    else {f"postgresql: {name}": sql for name, sql in POSTGRESQL.items()}
)
ORM: Mapping[str, Callable[[], Any]] = {
    "all": lambda: list(Identity.objects.using("desk")),
    "filter": lambda: Identity.objects.using("desk").filter(name="x").exists(),
    "count": lambda: Identity.objects.using("desk").count(),
    "filter by a relation": lambda: list(
        Copy.objects.using("desk").filter(identity__name__startswith="А")
    ),
    "exclude by a relation": lambda: list(
        Copy.objects.using("desk").exclude(identity__name__startswith="А")
    ),
    "select_related": lambda: list(Copy.objects.using("desk").select_related("identity")),
    "reverse relation": lambda: _at_the_desk(lambda: attrgetter("identity")(Copy.objects.get())),
    "prefetch": lambda: _at_the_desk(lambda: list(Copy.objects.prefetch_related("identity"))),
    "annotation": lambda: list(
        Copy.objects.using("desk").annotate(whose=F("identity__name")).values("whose")
    ),
    "order": lambda: list(Copy.objects.using("desk").order_by("identity__name")),
    "existence": lambda: list(
        Copy.objects.using("desk").filter(
            Exists(Identity.objects.using("desk").filter(copy=OuterRef("pk")))
        )
    ),
    "raw": lambda: list(Identity.objects.using("desk").raw("SELECT * FROM engine_tables_identity")),
    "create": lambda: Identity.objects.using("desk").create(name="x", copy_id=1),
    "cascade": lambda: _at_the_desk(lambda: Copy.objects.get().delete()),
    "update": lambda: Rule.objects.using("desk").update(text="mine"),
    "in desk()": lambda: _at_the_desk(lambda: list(Identity.objects.all())),
    "get what may be added": lambda: Opening.objects.using("desk").get(seq=1),
}


def _at_the_desk(work: Callable[[], Any]) -> Any:
    with desk():
        return work()


def refused_by_the_engine(error: DatabaseError) -> bool:
    """Say whether it is the engine's refusal, and no other fault."""
    if ENGINE == "postgresql":
        cause = error.__cause__
        return isinstance(cause, psycopg.errors.InsufficientPrivilege)
    return any(words in str(error) for words in REFUSALS)


def attack(statement: str) -> None:
    """Run the attack on the desk connection, reading all that it gives."""
    with connections["desk"].cursor() as cursor:
        if statement.startswith("COPY") and "STDOUT" in statement:
            with connections["desk"].wrap_database_errors, cursor.copy(statement) as copy:
                list(copy)
            return
        cursor.execute(statement)
        if cursor.description:
            cursor.fetchall()


def put_up(rights: Rights) -> None:
    """Put up the wall with these rights, on either engine."""
    if ENGINE == "postgresql":
        grant(connection, login=DESK_LOGIN, rights=rights)
        return
    connections["desk"].close()
    connections["desk"].settings_dict["OPTIONS"]["desk_rights"] = rights


@pytest.fixture
def own_wall() -> Iterator[None]:
    """Let a test put up a wall of its own."""
    before = connections["desk"].settings_dict["OPTIONS"].copy()
    yield
    connections["desk"].settings_dict["OPTIONS"] = before


@pytest.fixture
def walled(empty_database: None, own_wall: None) -> None:
    """Give the engine's test tables, with the wall up."""
    create()
    put_up(RIGHTS)


@pytest.mark.usefixtures("walled")
@pytest.mark.parametrize("name", RAW)
def test_the_engine_refuses_a_raw_attack(name: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        attack(AIM.at(RAW[name]))
    assert refused_by_the_engine(caught.value), caught.value
    assert "Айгүл" not in str(caught.value)


@pytest.mark.usefixtures("walled")
@pytest.mark.parametrize("name", ORM)
def test_the_engine_refuses_an_attack_through_the_orm(name: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        ORM[name]()
    assert refused_by_the_engine(caught.value), caught.value


@pytest.mark.usefixtures("walled")
def test_without_the_wall_the_same_attacks_would_succeed() -> None:
    for name in (
        "raw",
        "existence",
        "join",
        "with",
        "explain",
        "insert from",
        "update by subquery",
    ):
        with connection.cursor() as cursor:
            cursor.execute(AIM.at(BOTH[name]))


@pytest.mark.usefixtures("walled")
def test_a_judge_may_do_what_the_rights_say() -> None:
    notes = Note.objects.using("desk")
    with transaction.atomic(using="desk"):
        made = notes.create(text="mine")
        with transaction.atomic(using="desk"):
            notes.filter(pk=made.pk).update(text="ours")
        notes.select_for_update().get(pk=made.pk)
    notes.bulk_create([Note(text="a"), Note(text="b")])
    assert sorted(notes.values_list("text", flat=True)) == ["a", "b", "ours", "the note"]
    assert notes.filter(text__icontains="OUR").count() == 1
    made.delete(using="desk")
    assert notes.count() == 3
    Copy.objects.using("desk").update(text="judged")
    assert Rule.objects.using("desk").get().text == "the rule"
    with connections["desk"].cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5)"
            " SELECT sum(n) FROM t"
        )
        assert cursor.fetchone() == (15,)


@pytest.mark.usefixtures("walled")
def test_what_may_only_be_added_is_added_with_a_key_of_its_own() -> None:
    Opening.objects.using("desk").create(seq=2, text="two")
    Opening.objects.using("desk").bulk_create([Opening(seq=3, text="three")])
    assert Opening.objects.using("default").count() == 3


@pytest.mark.usefixtures("walled")
def test_what_a_judge_writes_the_owner_sees() -> None:
    with transaction.atomic(using="desk"):
        Copy.objects.using("desk").update(text="judged")
        assert Copy.objects.using("default").get().text == "the copy"
    assert Copy.objects.using("default").get().text == "judged"


@pytest.mark.usefixtures("walled")
def test_a_table_without_rights_does_not_open_with_the_next_migration() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (a text)")
    with pytest.raises(DatabaseError) as caught, connections["desk"].cursor() as cursor:
        cursor.execute("SELECT * FROM later")
    assert refused_by_the_engine(caught.value)


# The hand-over.


@pytest.mark.usefixtures("walled")
def test_inside_desk_everything_goes_to_the_desk_connection() -> None:
    assert alias() == "default"
    with desk():
        assert alias() == "desk"
        assert Copy.objects.get()._state.db == "desk"
        assert Note.objects.create(text="x")._state.db == "desk"
    assert alias() == "default"
    assert Note.objects.count() == 2


@pytest.mark.usefixtures("walled")
def test_inside_desk_a_query_on_default_raises() -> None:
    with desk(), pytest.raises(RuntimeError, match="At the desk"):
        Copy.objects.using("default").count()
    with desk(), pytest.raises(RuntimeError, match="At the desk"):
        connection.cursor().execute("SELECT 1")
    assert Copy.objects.using("default").count() == 1


@pytest.mark.usefixtures("walled")
@pytest.mark.parametrize("name", ["default", "desk"])
def test_the_hand_over_is_refused_within_a_transaction(name: str) -> None:
    with (
        transaction.atomic(using=name),
        pytest.raises(RuntimeError, match="A transaction is open"),
        desk(),
    ):
        pass
    assert alias() == "default"


@pytest.mark.usefixtures("walled")
def test_after_a_fault_at_the_desk_default_works_again() -> None:
    with pytest.raises(ZeroDivisionError), desk():
        raise ZeroDivisionError
    assert alias() == "default"
    assert Copy.objects.count() == 1


# SQLite alone.


@pytest.mark.engine("sqlite")
def test_a_statement_prepared_before_the_wall_is_judged_again() -> None:
    raw = sqlite3.connect(":memory:")
    raw.execute("CREATE TABLE secret (a)")
    raw.execute("SELECT a FROM secret").fetchall()
    raw.set_authorizer(authorizer({}))
    with pytest.raises(sqlite3.DatabaseError, match="prohibited"):
        raw.execute("SELECT a FROM secret")
    raw.close()


@pytest.mark.engine("sqlite")
@pytest.mark.usefixtures("walled")
def test_the_wall_stands_again_after_reconnecting() -> None:
    for _ in range(3):
        connections["desk"].close()
        with pytest.raises(DatabaseError, match="not authorized"):
            Identity.objects.using("desk").count()


@pytest.mark.engine("sqlite")
@pytest.mark.usefixtures("walled")
def test_extensions_stay_off_on_both_connections() -> None:
    for name in ("default", "desk"):
        with pytest.raises(DatabaseError), connections[name].cursor() as cursor:
            cursor.execute("SELECT load_extension('nothing')")


def test_a_right_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ImproperlyConfigured, match="write"):
        authorizer({"a": frozenset({"write"})})


# PostgreSQL alone.


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_granting_again_changes_nothing_and_granting_less_takes_away() -> None:
    put_up(RIGHTS)
    assert Rule.objects.using("desk").count() == 1
    put_up({"engine_tables_copy": frozenset({"read"})})
    assert Copy.objects.using("desk").count() == 1
    for refused in (
        lambda: Rule.objects.using("desk").count(),
        lambda: Copy.objects.using("desk").create(text="x"),
        lambda: Opening.objects.using("desk").create(seq=9, text="x"),
    ):
        with pytest.raises(DatabaseError):
            refused()


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
@pytest.mark.parametrize("to", ["PUBLIC", DESK_LOGIN])
@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("SELECT ON engine_tables_identity", "SELECT name FROM engine_tables_identity"),
        ("SELECT (name) ON engine_tables_identity", "SELECT name FROM engine_tables_identity"),
        ("SELECT ON ALL SEQUENCES IN SCHEMA public", POSTGRESQL["sequence"]),
        ("CREATE ON SCHEMA public", "CREATE TABLE mine (a text)"),
        ("EXECUTE ON FUNCTION given()", "SELECT given()"),
        ("TEMPORARY ON DATABASE {database}", "CREATE TEMPORARY TABLE mine (a text)"),
        ("CREATE ON DATABASE {database}", "CREATE SCHEMA mine"),
    ],
)
def test_what_was_given_by_hand_is_taken_back(given: str, used: str, to: str) -> None:
    database = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION given() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        cursor.execute(f"GRANT {given.format(database=database)} TO {to}")
    with transaction.atomic(using="desk"):
        attack(AIM.at(used))
        transaction.set_rollback(True, using="desk")  # Django's signature
    put_up(RIGHTS)
    with pytest.raises(DatabaseError) as caught:
        attack(AIM.at(used))
    assert refused_by_the_engine(caught.value)


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_a_function_made_after_the_wall_is_closed_to_the_desk() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    with pytest.raises(DatabaseError) as caught:
        attack("SELECT later()")
    assert refused_by_the_engine(caught.value)


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_rights_on_an_unknown_table_are_refused() -> None:
    with pytest.raises(WallRefused, match="no_such_table"):
        put_up({"no_such_table": frozenset({"read"})})


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
@pytest.mark.parametrize(
    ("empower", "weaken", "why"),
    [
        ("ALTER ROLE {} SUPERUSER", "ALTER ROLE {} NOSUPERUSER", "NOSUPERUSER"),
        ("ALTER ROLE {} CREATEDB", "ALTER ROLE {} NOCREATEDB", "NOCREATEDB"),
        ("ALTER ROLE {} CREATEROLE", "ALTER ROLE {} NOCREATEROLE", "NOCREATEROLE"),
        ("ALTER ROLE {} BYPASSRLS", "ALTER ROLE {} NOBYPASSRLS", "NOBYPASSRLS"),
        ("GRANT tarazy TO {}", "REVOKE tarazy FROM {}", "member of other roles.*tarazy"),
        ("GRANT pg_read_all_data TO {}", "REVOKE pg_read_all_data FROM {}", "pg_read_all_data"),
        (
            "GRANT CONNECT ON DATABASE postgres TO {}",
            "REVOKE CONNECT ON DATABASE postgres FROM {}",
            "other databases: .*postgres",
        ),
    ],
)
def test_a_login_that_could_get_round_the_wall_is_refused(
    empower: str, weaken: str, why: str
) -> None:
    # A login of its own: what a login is counts for the whole server.
    login = f"desk_of_{connection.settings_dict['NAME']}"
    administrator().execute(f"CREATE ROLE {login} LOGIN")
    grant(connection, login=login, rights=RIGHTS)
    administrator().execute(empower.format(login))
    try:
        with pytest.raises(WallRefused, match=why):
            grant(connection, login=login, rights=RIGHTS)
    finally:
        administrator().execute(weaken.format(login))


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_the_owner_cannot_be_the_desk_login() -> None:
    with pytest.raises(WallRefused, match="owns things"):
        grant(connection, login="tarazy", rights=RIGHTS)


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_a_login_that_owns_a_table_is_refused() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE gift (a text)")
    name = connection.settings_dict["NAME"]
    with psycopg.connect(
        host=connection.settings_dict["HOST"], user="postgres", dbname=name, autocommit=True
    ) as superuser:
        superuser.execute(f"ALTER TABLE gift OWNER TO {DESK_LOGIN}")
    with pytest.raises(WallRefused, match=r"owns things.*gift"):
        put_up(RIGHTS)


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_a_login_that_does_not_exist_is_refused() -> None:
    with pytest.raises(WallRefused, match="There is no login"):
        grant(connection, login="nobody_here", rights=RIGHTS)


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_the_desk_login_needs_its_password_and_enters_no_other_database() -> None:
    own = connections["desk"].settings_dict

    def enter(database: str, password: str) -> None:
        psycopg.connect(
            host=own["HOST"], user=DESK_LOGIN, dbname=database, password=password
        ).close()

    enter(own["NAME"], own["PASSWORD"])
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        enter(own["NAME"], "wrong")
    for other in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            enter(other, own["PASSWORD"])


def ask(sql: str) -> list[tuple[Any, ...]]:
    """Return what the desk connection is answered."""
    with connections["desk"].cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_statistics_and_other_sessions_tell_a_judge_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SELECT 'Айгүл'")
    assert ask("SELECT * FROM pg_stats WHERE tablename = 'engine_tables_identity'") == []
    assert ask("SELECT last_value FROM pg_sequences WHERE last_value IS NOT NULL") == []
    seen = ask("SELECT query FROM pg_stat_activity WHERE usename = 'tarazy'")
    assert {query for (query,) in seen} == {"<insufficient privilege>"}
    assert (
        ask(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'engine_tables_identity'"
        )
        == []
    )


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_known_gap_table_names_and_estimated_row_counts_are_shown_to_every_login() -> None:
    """PostgreSQL's catalogue is open to all: names of tables and columns, sizes, estimates."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert ask("SELECT reltuples FROM pg_class WHERE relname = 'engine_tables_identity'") == [(1,)]
    assert ask(
        "SELECT attname FROM pg_attribute WHERE attname = 'name' AND attrelid ="
        " 'engine_tables_identity'::regclass"
    ) == [("name",)]
    assert ask("SELECT pg_relation_size('engine_tables_identity') > 0") == [(True,)]


@pytest.mark.engine("postgresql")
@pytest.mark.usefixtures("walled")
def test_listening_is_allowed_and_harmless() -> None:
    with connections["desk"].cursor() as cursor:
        cursor.execute("LISTEN mine")


# The foundation's own tables.


def tables() -> dict[str, list[str]]:
    """Return every table that is in the database, Django's own included, and its columns."""
    catalogue = connection.introspection
    with connection.cursor() as cursor:
        return {
            table.name: [
                str(column.name) for column in catalogue.get_table_description(cursor, table.name)
            ]
            for table in catalogue.get_table_list(cursor)
        }


def foreign_keys() -> Iterator[tuple[str, str, str]]:
    """Yield each foreign key: its table, its column, and the table that it points at."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if field.remote_field and field.related_model:
                yield model._meta.db_table, field.column or "", field.related_model._meta.db_table


def may(table: str, *rights: str) -> bool:
    """Say whether the desk has any of these rights on the table."""
    return not settings.DESK_RIGHTS.get(table, frozenset()).isdisjoint(rights)


@pytest.mark.usefixtures("database")
def test_the_desk_has_rights_on_real_tables_only() -> None:
    assert settings.DESK_RIGHTS
    assert settings.DESK_RIGHTS.keys() <= tables().keys()


@pytest.mark.usefixtures("database", "own_wall")
def test_the_engine_refuses_every_attack_on_every_real_table_without_rights() -> None:
    rights = settings.DESK_RIGHTS
    every = tables()
    with connection.schema_editor() as editor:  # a table to start from, where all is allowed
        editor.create_model(Note)
    put_up({**rights, "engine_tables_note": RIGHTS["engine_tables_note"]})
    reading = {n: BOTH[n] for n in BOTH if "{secret_table}" in BOTH[n]}
    got_through: list[tuple[str, ...]] = []
    secret_tables = {table: columns for table, columns in every.items() if table not in rights}
    assert {"people_person", "django_migrations"} <= secret_tables.keys()
    for table, columns in secret_tables.items():
        for name, sql in reading.items():
            for column in columns:
                try:
                    attack(Aim(table, column, AIM.open_table, "text").at(sql))
                    got_through.append((name, table, column))
                except DatabaseError as error:
                    if not refused_by_the_engine(error):
                        got_through.append((name, table, column, str(error)))
    assert got_through == []


@pytest.mark.usefixtures("database")
def test_every_right_that_is_missing_from_a_real_table_is_refused() -> None:
    statements = {
        "read": "SELECT count(*) FROM {table}",
        "insert": "INSERT INTO {table} ({column}) VALUES (NULL)",
        "update": "UPDATE {table} SET {column} = NULL",
        "delete": "DELETE FROM {table}",
    }
    for table, columns in tables().items():
        for right, sql in statements.items():
            if right in settings.DESK_RIGHTS.get(table, ()):
                continue
            with (
                pytest.raises(DatabaseError) as caught,
                connections["desk"].cursor() as cursor,
            ):
                cursor.execute(sql.format(table=table, column=columns[0]))
            assert refused_by_the_engine(caught.value), (table, right, caught.value)


def test_no_table_that_the_desk_writes_points_at_one_that_it_may_not_read() -> None:
    """A foreign key is an oracle: the engine checks it for the writer, whatever he may read."""
    assert [
        f"{table}.{column}"
        for table, column, other in foreign_keys()
        if may(table, "insert", "update") and not may(other, "read")
    ] == []


def test_no_table_without_rights_points_at_one_that_the_desk_adds_to_or_deletes_from() -> None:
    """SQLite looks for rows that point at a new one, and the wall would refuse the judge's work."""
    assert [
        f"{table}.{column}"
        for table, column, other in foreign_keys()
        if not may(table, "read") and may(other, "insert", "delete")
    ] == []


# The text field.


def test_json_is_stored_as_it_is_written_and_migrations_name_the_field_alone() -> None:
    field = TextJSONField(default=dict)
    prepared = field.get_db_prep_value({"сұрақ": "Ғылым"}, connections["default"])
    stored = prepared if ENGINE == "sqlite" else prepared.dumps(prepared.obj)
    assert stored == '{"сұрақ": "Ғылым"}'
    assert field.deconstruct()[1:] == ("tarazy.engine.fields.TextJSONField", [], {"default": dict})
