"""The folder that holds everything: made, migrated and walled before a command begins."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor

from tarazy.engine.wall import grant


def prepare() -> None:
    """Make the folders, bring the tables up to date and set the wall; again does no harm."""
    settings.HOME.mkdir(parents=True, exist_ok=True)
    settings.ORIGINALS.mkdir(mode=0o700, exist_ok=True)
    with alone("prepare"):
        default = connections["default"]
        executor = MigrationExecutor(default)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return
        # All or nothing: killed between a table and its record, it could never be run again.
        # SQLite wants its checks off before the transaction, and makes them at its end.
        default.disable_constraint_checking()
        try:
            with transaction.atomic():
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            default.enable_constraint_checking()
        if default.vendor == "postgresql":
            login = connections["desk"].settings_dict["USER"]
            grant(default, login=login, rights=settings.DESK_RIGHTS)


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Keep two commands from doing the same at once in one home: the second waits."""
    with (settings.HOME / f".{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
