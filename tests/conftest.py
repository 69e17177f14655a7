"""What every test may ask for. Without `database` or `empty_database`, no test reaches one."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests import databases

if not databases.IN_TIME:
    raise pytest.UsageError(
        "The settings were read before the tests' folder was made. Run `python -m tests.run`, or"
        " one engine by `python -m pytest -p tests.databases …`."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Name our own marker."""
    config.addinivalue_line("markers", "engine(name): about this engine alone, and run on no other")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other engine: it is not skipped, there is nothing to test."""
    others = [
        item
        for item in items
        if any(mark.args != (databases.ENGINE,) for mark in item.iter_markers("engine"))
    ]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.fixture
def database(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give a fresh, migrated database with real commits, seen by both connections."""
    with django_db_blocker.unblock(), databases.fresh(databases.migrated()):
        yield


@pytest.fixture
def empty_database(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give a fresh database without tables."""
    with django_db_blocker.unblock(), databases.fresh(None):
        yield


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Refuse pytest-django's own database: it holds everything in one transaction."""
    pytest.fail("Ask for the fixture `database` instead of `db`.")
