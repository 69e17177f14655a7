"""Django's SQLite backend, made durable and fair: full synchronisation, writers in line.

A turn to write (`turns.py`) is taken before SQLite begins to write and given back when SQLite is
done, so it lasts as long as SQLite's own lock, and the checkpoints that commits make fall into
it. Reading outside a transaction takes no turn. A connection with `desk_rights` among its options
has the wall.
"""

import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.sqlite3 import base

from tarazy.engine.sqlite.turns import Turns, turns
from tarazy.engine.wall import Rights, authorizer

BUSY_SECONDS = 60  # for other programs' locks; our own writers wait in line
PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 16000",  # pages; with the default of 1000, p99 is four times it
    "PRAGMA cache_size = -16384",  # KiB, for each connection
    "PRAGMA temp_store = MEMORY",  # what a sort sets aside leaves no trace on the disk
    "PRAGMA secure_delete = ON",  # what is erased is overwritten, not only forgotten
)
READS = re.compile(
    r"\s*(?:SELECT|VALUES|EXPLAIN|WITH(?!.*\b(?:INSERT|UPDATE|DELETE|REPLACE)\b))\b",
    re.IGNORECASE | re.DOTALL,
)

# Connections that forked children found open. SQLite forbids a child even to close them.
_left_to_the_parent: list[Any] = []


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to a database file, on which every write waits for its turn."""

    _line: Turns  # before this connection's file
    _rights: Rights | None = None
    _opened_in = 0  # the process
    _writing = False  # this connection, not only this thread, has the turn

    def get_connection_params(self) -> dict[str, Any]:
        """Add to Django's parameters what this backend fixes."""
        name = str(self.settings_dict["NAME"])
        if self.is_in_memory_db() or name.startswith("file:"):
            raise ImproperlyConfigured(f"{name!r}: name the database file by its path.")
        params: dict[str, Any] = super().get_connection_params()
        self._rights = params.pop("desk_rights", None)
        self._line = turns(name)
        self.transaction_mode = "IMMEDIATE"
        return {"timeout": BUSY_SECONDS, **params}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open the file, and put up the wall last: it would refuse the settings before it."""
        connection = super().get_new_connection(conn_params)
        self._opened_in = os.getpid()
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            self._take_turn()
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            finally:
                self._give_back_turn()
        for pragma in PRAGMAS:
            connection.execute(pragma)
        if self._rights is not None:
            connection.set_authorizer(authorizer(self._rights))
        return connection

    def create_cursor(self, name: str | None = None) -> "Cursor":
        """Return a cursor that waits for the turn before it writes."""
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        cursor.wrapper = self
        return cursor

    def ensure_connection(self) -> None:
        """Open a connection where there is none; a forked child opens its own."""
        self._leave_to_the_parent()
        super().ensure_connection()

    def close(self) -> None:
        """Close the connection; a forked child leaves its parent's as it is."""
        self._leave_to_the_parent()
        super().close()

    def before(self, query: str) -> bool:
        """Wait for the turn if the query writes outside a transaction; say whether it does.

        `BEGIN` is such a query. Inside a transaction the connection has the turn already.
        """
        if self.connection.in_transaction or READS.match(query):
            return False
        self._take_turn()
        return True

    def after(self) -> None:
        """Give back the turn unless a transaction is open."""
        if self._writing and not self.connection.in_transaction:
            self._give_back_turn()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]  # django-stubs leave it out
        finally:
            self.after()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # django-stubs leave it out
        finally:
            self.after()

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: FBT001  # Django's signature
        try:
            # Python commits here when a transaction is open.
            super()._set_autocommit(autocommit)  # type: ignore[misc]  # django-stubs leave it out
        finally:
            self.after()

    def _close(self) -> None:
        # The last connection to close makes a checkpoint, and needs no turn for it: SQLite makes
        # it only under an exclusive lock, which any other open connection would keep from it.
        try:
            super()._close()  # type: ignore[misc]  # django-stubs leave it out
        finally:
            if self._writing:
                self._give_back_turn()

    def _take_turn(self) -> None:
        self._line.take()
        self._writing = True

    def _give_back_turn(self) -> None:
        self._writing = False
        self._line.give_back()

    def _leave_to_the_parent(self) -> None:
        if self.connection is None or self._opened_in == os.getpid():
            return
        _left_to_the_parent.append(self.connection)
        self.connection = None
        self._writing = False
        self.closed_in_transaction = self.needs_rollback = self.in_atomic_block


class Cursor(base.SQLiteCursorWrapper):
    """Django's cursor, waiting for the turn before it writes."""

    wrapper: DatabaseWrapper
    _fetched: Iterator[Any] | None = None

    def execute(self, query: str, params: Any = None) -> "Cursor":
        """Run one statement, in turn if it writes."""
        self._fetched = None
        alone = self.wrapper.before(query)
        try:
            super().execute(query, params)
            if alone and self.description:
                # `INSERT … RETURNING` outside a transaction commits with its last row: fetch it
                # within the turn.
                self._fetched = iter(super().fetchall())
        finally:
            self.wrapper.after()
        return self

    def executemany(self, query: str, param_list: Iterable[Any]) -> "Cursor":
        """Run one statement for each set of parameters, in turn if it writes."""
        self._fetched = None
        self.wrapper.before(query)
        try:
            super().executemany(query, param_list)
        finally:
            self.wrapper.after()
        return self

    def __iter__(self) -> Any:
        return super().__iter__() if self._fetched is None else self._fetched

    def fetchone(self) -> Any:
        """Return the next row, or nothing."""
        return super().fetchone() if self._fetched is None else next(self._fetched, None)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        """Return up to `size` rows."""
        return super().fetchmany(size) if self._fetched is None else [*islice(self._fetched, size)]

    def fetchall(self) -> list[Any]:
        """Return the remaining rows."""
        return super().fetchall() if self._fetched is None else [*self._fetched]
