"""Writers to SQLite wait in line, in order, and nobody waits for ever."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, OperationalError, connection, connections, transaction

from tarazy.engine.sqlite.base import READS, DatabaseWrapper
from tarazy.engine.sqlite.turns import Turns, turns

pytestmark = [
    pytest.mark.engine("sqlite"),
    pytest.mark.usefixtures("empty_database"),
]
LONG = 20.0  # seconds: a wait that ends only in a fault


def sql(statement: str, *values: Any, on: str = "default") -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    with connections[on].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def lines() -> Turns:
    """Return the line before the test's database."""
    return turns(connection.settings_dict["NAME"])


def is_free() -> bool:
    """Say whether another process could take the turn now, as one outside Django would."""
    program = (
        "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT),"
        " fcntl.LOCK_EX | fcntl.LOCK_NB)"
    )
    path = f"{connection.settings_dict['NAME']}.queue"
    return (
        subprocess.run(
            [sys.executable, "-c", program, path], stderr=subprocess.DEVNULL, check=False
        ).returncode
        == 0
    )


def in_thread(work: Callable[[], Any]) -> Any:
    """Run the work in a thread with connections of its own; return or raise what it does."""
    return start(work).result(LONG)


def start(work: Callable[[], Any]) -> "Future[Any]":
    """Begin the work in a thread that does not keep the tests from ending."""
    outcome: Future[Any] = Future()

    def with_own_connections() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    def run() -> None:
        try:
            outcome.set_result(with_own_connections())
        except BaseException as error:  # raised where the result is asked for
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome


@contextmanager
def python(program: str) -> Iterator["subprocess.Popen[str]"]:
    """Run another Python on the same database, until the block ends."""
    start = "import django; django.setup()\nfrom django.db import connection, transaction\n"
    with subprocess.Popen(
        [sys.executable, "-c", start + program],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tarazy.settings"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


ADD = """
for _ in range(50):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT max(a) FROM t")
        (a,) = cursor.fetchone()
        cursor.execute("INSERT INTO t VALUES (%s)", [a + 1])
"""


def test_the_connection_is_durable_and_patient() -> None:
    for name in ("default", "desk"):
        connections[name].ensure_connection()
    assert sql("PRAGMA journal_mode") == [("wal",)]
    assert sql("PRAGMA synchronous") == [(2,)]
    assert sql("PRAGMA foreign_keys") == [(1,)]
    assert sql("PRAGMA wal_autocheckpoint") == [(16000,)]
    assert sql("PRAGMA busy_timeout") == [(60000,)]
    assert sql("PRAGMA secure_delete") == [(1,)]


def test_a_crowd_of_threads_and_processes_writes_without_one_failure() -> None:
    sql("CREATE TABLE t (a)")
    sql("INSERT INTO t VALUES (0)")

    def add() -> None:
        for _ in range(20):
            with transaction.atomic():
                ((a,),) = sql("SELECT max(a) FROM t")
                sql("INSERT INTO t VALUES (%s)", a + 1)

    with python(ADD) as one, python(ADD) as other:
        for done in [start(add) for _ in range(16)]:
            done.result(LONG)
        assert (one.wait(LONG), other.wait(LONG)) == (0, 0)
    # Read, then written by one more: a lost update would leave a number out, or twice.
    assert sql("SELECT count(*), count(DISTINCT a), max(a) FROM t") == [(421, 421, 420)]


def test_threads_write_in_the_order_in_which_they_came() -> None:
    line = lines()
    order: list[int] = []

    def come(number: int) -> None:
        line.take()
        order.append(number)
        line.give_back()

    for _ in range(5):
        order.clear()
        threads = [threading.Thread(target=come, args=(number,)) for number in range(16)]
        line.take()
        for waiting, thread in enumerate(threads, start=1):
            thread.start()
            until(lambda waiting=waiting: len(line._waiting) == waiting)  # type: ignore[misc]  # mypy cannot see the default
        line.give_back()
        for thread in threads:
            thread.join(LONG)
        assert order == list(range(16))


def until(condition: Callable[[], bool]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_no_process_starves_beside_one_that_never_pauses() -> None:
    sql("CREATE TABLE t (a)")
    sql("INSERT INTO t VALUES (0)")
    busy = ADD.replace("range(50)", "iter(int, 1)")
    with python(busy):
        until(lambda: sql("SELECT max(a) FROM t") > [(20,)])
        waits = []
        for _ in range(30):
            before = time.monotonic()
            with transaction.atomic():
                pass
            waits.append(time.monotonic() - before)
    assert max(waits) < 1


def test_a_process_killed_in_its_transaction_frees_the_line() -> None:
    sql("CREATE TABLE t (a)")
    hold = """
with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("INSERT INTO t VALUES (1)")
    print("held", flush=True)
    import time; time.sleep(60)
"""
    with python(hold) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        assert not is_free()
        process.send_signal(signal.SIGKILL)
        process.wait(LONG)
        with transaction.atomic():
            sql("INSERT INTO t VALUES (2)")
    assert sql("SELECT a FROM t") == [(2,)]


def test_reading_outside_a_transaction_waits_for_nobody() -> None:
    sql("CREATE TABLE t (a)")
    with transaction.atomic():
        sql("INSERT INTO t VALUES (1)")
        for query in (
            "SELECT count(*) FROM t",
            "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
            "EXPLAIN SELECT * FROM t",
            "VALUES (1)",
        ):
            assert in_thread(lambda query=query: sql(query))  # type: ignore[misc]  # mypy cannot see the default
        assert in_thread(lambda: sql("SELECT count(*) FROM t")) == [(0,)]


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        ("SELECT 1", True),
        ("  select 1", True),
        ("(SELECT 1)", False),
        ("WITH a AS (SELECT 1) SELECT * FROM a", True),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", False),
        ("WITH a AS (SELECT 1)\nDELETE FROM t", False),
        ("SELECTED", False),
        ("BEGIN IMMEDIATE", False),
        ("PRAGMA wal_checkpoint", False),
        ("REPLACE INTO t VALUES (1)", False),
        ("-- SELECT\nDELETE FROM t", False),
        ("VACUUM", False),
    ],
)
def test_a_statement_that_may_write_is_never_taken_for_reading(query: str, *, reads: bool) -> None:
    assert bool(READS.match(query)) is reads


def test_the_turn_lasts_from_begin_to_the_end_of_the_transaction() -> None:
    sql("CREATE TABLE t (a)")
    assert is_free()
    with transaction.atomic():
        assert not is_free()
        with transaction.atomic():
            sql("INSERT INTO t VALUES (1)")
        assert not is_free()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
        assert not is_free()
    assert is_free()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        raise ZeroDivisionError
    assert is_free()
    assert not lines().held()


def test_a_write_outside_a_transaction_takes_the_turn_and_gives_it_back() -> None:
    sql("CREATE TABLE t (a PRIMARY KEY)")
    assert sql("INSERT INTO t VALUES (1), (2) RETURNING a") == [(1,), (2,)]
    assert is_free()
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s)", [(3,), (4,)])
        assert is_free()
        cursor.execute("INSERT INTO t VALUES (5), (6), (7) RETURNING a")
        # Every row is fetched and so committed, though the program has not asked for one.
        assert in_thread(lambda: sql("SELECT count(*) FROM t")) == [(7,)]
        assert is_free()
        assert cursor.fetchone() == (5,)
        assert cursor.fetchmany(1) == [(6,)]
        assert list(cursor) == [(7,)]
        assert cursor.fetchone() is None
        assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    with pytest.raises(IntegrityError):
        sql("INSERT INTO t VALUES (1)")
    assert is_free()


def test_a_write_outside_a_transaction_waits_for_its_turn() -> None:
    sql("CREATE TABLE t (a)")
    lines().take()
    written = start(lambda: sql("INSERT INTO t VALUES (1)"))
    until(lambda: len(lines()._waiting) == 1)
    assert sql("SELECT count(*) FROM t") == [(0,)]
    lines().give_back()
    written.result(LONG)
    assert sql("SELECT count(*) FROM t") == [(1,)]


def test_a_begin_that_fails_frees_the_line() -> None:
    sql("CREATE TABLE t (a)")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # a program outside the line
    sql("PRAGMA busy_timeout = 10")
    with pytest.raises(OperationalError, match="locked"), transaction.atomic():
        pass
    assert is_free()
    other.close()
    with transaction.atomic():
        sql("INSERT INTO t VALUES (1)")


def test_a_commit_that_fails_frees_the_line_and_keeps_nothing() -> None:
    sql("CREATE TABLE parent (id integer PRIMARY KEY)")
    sql("CREATE TABLE child (p REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(IntegrityError), transaction.atomic():
        sql("INSERT INTO child VALUES (1)")
    assert is_free()
    assert sql("SELECT count(*) FROM child") == [(0,)]


def test_closing_within_a_transaction_frees_the_line_and_keeps_nothing() -> None:
    sql("CREATE TABLE t (a)")
    with transaction.atomic():
        sql("INSERT INTO t VALUES (1)")
        connection.close()
        assert is_free()
    assert sql("SELECT count(*) FROM t") == [(0,)]


def test_a_checkpoint_is_made_when_the_last_connection_closes_and_not_before() -> None:
    sql("CREATE TABLE t (a)")
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    in_thread(lambda: sql("INSERT INTO t VALUES (1)"))
    assert log.stat().st_size > 0
    connections.close_all()
    assert not log.exists()


def test_one_connection_may_close_while_the_other_writes() -> None:
    connections["desk"].ensure_connection()
    with transaction.atomic():
        connections["desk"].close()
        assert not is_free()
    assert is_free()


@pytest.mark.parametrize(("first", "second"), [("default", "desk"), ("desk", "default")])
def test_a_thread_that_writes_on_both_connections_is_told_instead_of_waiting_for_ever(
    first: str, second: str
) -> None:
    with (
        transaction.atomic(using=first),
        pytest.raises(RuntimeError, match="already writing"),
        transaction.atomic(using=second),
    ):
        pass
    assert is_free()
    with transaction.atomic(using=second):
        assert not is_free()


def test_a_manual_transaction_keeps_its_turn_until_it_ends() -> None:
    sql("CREATE TABLE t (a)")
    transaction.set_autocommit(False)
    sql("INSERT INTO t VALUES (1)")
    assert not is_free()
    transaction.rollback()
    assert is_free()
    sql("INSERT INTO t VALUES (2)")
    transaction.set_autocommit(True)
    assert is_free()
    assert sql("SELECT a FROM t") == [(2,)]


def test_one_file_has_one_line_whatever_it_is_called() -> None:
    path = Path(connection.settings_dict["NAME"])
    link = path.with_name("link")
    link.symlink_to(path)
    try:
        assert turns(path) is turns(link) is turns(path.parent / "." / path.name)
    finally:
        link.unlink()


def test_a_lock_file_that_was_removed_holds_nobody_apart() -> None:
    sql("CREATE TABLE t (a)")
    Path(f"{connection.settings_dict['NAME']}.queue").unlink()
    with transaction.atomic():
        assert not is_free()
    assert is_free()


def test_an_interrupted_writer_leaves_the_line() -> None:
    line = lines()
    line.take()
    ended = threading.Event()

    def interrupt() -> None:
        until(lambda: len(line._waiting) == 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        until(ended.is_set)

    # The main thread waits and is interrupted; another one holds the turn.
    line.give_back()
    taken = threading.Event()

    def hold() -> None:
        line.take()
        taken.set()
        interrupt()
        line.give_back()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(LONG)
    with pytest.raises(KeyboardInterrupt):
        line.take()
    ended.set()
    holder.join(LONG)
    assert not line._waiting
    assert line._holder is None
    assert is_free()


def _child(answers: Any) -> None:
    """Write in a forked child whose parent holds the turn."""
    inherited = connection.connection
    held = lines().held()
    sql("SELECT 1")
    answers.send((held, connection.connection is inherited))
    with transaction.atomic():
        sql("INSERT INTO t VALUES (2)")
    answers.send("written")
    connections.close_all()


def test_a_forked_child_shares_neither_the_turn_nor_the_connection() -> None:
    sql("CREATE TABLE t (a)")
    fork = multiprocessing.get_context("fork")
    answers, theirs = fork.Pipe()
    line = lines()
    line.take()
    child = fork.Process(target=_child, args=(theirs,), daemon=True)
    child.start()
    assert answers.poll(LONG)
    assert answers.recv() == (False, False)
    assert not answers.poll(0.1)  # it waits, as any other process does
    assert line.held()
    assert not is_free()
    line.give_back()
    assert answers.poll(LONG)
    assert answers.recv() == "written"
    child.join(LONG)
    assert sql("SELECT a FROM t") == [(2,)]
    assert is_free()


@pytest.mark.parametrize("name", [":memory:", "file:x?mode=memory"])
def test_a_database_without_a_file_is_refused(name: str) -> None:
    own = DatabaseWrapper({**connection.settings_dict, "NAME": name}, alias="other")
    with pytest.raises(ImproperlyConfigured, match="file by its path"):
        own.connect()
