"""The hand-over to a judge: from here on, only what the desk connection may touch.

On a desk page the account is loaded on `default`; then the page runs inside `desk()`, where the
router sends every read and write to the `desk` connection, and `default` refuses every query.
Lazy querysets and streamed answers must be evaluated inside: what runs after it runs on `default`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

from django.db import connections
from django.db.models import Model

_at_the_desk: ContextVar[bool] = ContextVar("at_the_desk", default=False)


def alias() -> str:
    """Return the connection in force: `desk` inside `desk()`, else `default`."""
    return "desk" if _at_the_desk.get() else "default"


@contextmanager
def desk() -> Iterator[None]:
    """Work as a judge does: everything on the desk connection, nothing on the other.

    Raises `RuntimeError` when a transaction is open on either connection, and from every query
    on `default` while it lasts.
    """
    for name in ("default", "desk"):
        if connections[name].in_atomic_block:
            raise RuntimeError(f"A transaction is open on {name!r}: end it before the hand-over.")
    with connections["default"].execute_wrapper(_refuse):
        token = _at_the_desk.set(True)
        try:
            yield
        finally:
            _at_the_desk.reset(token)


def _refuse(_execute: Callable[..., Any], sql: str, *_: Any) -> NoReturn:
    raise RuntimeError(f"At the desk, a query on the default connection: {sql[:200]}")


class Router:
    """Sends every query to the connection in force; tables are made on `default` only."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        """Return the connection in force."""
        return alias()

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        """Return the connection in force."""
        return alias()

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        """Allow it: both connections reach the same tables."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Allow it on `default`."""
        return db == "default"
