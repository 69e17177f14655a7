"""The tables as the migrations make them, on the engine under test: what must never be, cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from tests.databases import ENGINE

DAY, NEXT = date(2026, 3, 2), date(2026, 3, 3)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BEFORE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def model(label: str) -> type[models.Model]:
    """Return a model by `room.Name`."""
    return apps.get_model(label)


def ours() -> Iterator[type[models.Model]]:
    """Yield every model of ours."""
    for found in apps.get_models(include_auto_created=True):
        if found.__module__.startswith("tarazy."):
            yield found


# Each row in its turn; a text that names a row above stands for that row.
ROWS: dict[str, dict[str, Any]] = {
    "ledger.Entry": {"seq": 0, "body": "{}"},
    "people.Person": {"email": "a@tarazy.example", "name": "A"},
    "people.StaffRole": {"person": "people.Person", "role": "auditor", "begins": DAY},
    "people.Disclosure": {"person": "people.Person", "declared_on": DAY, "valid_until": NEXT},
    "people.Relation": {"disclosure": "people.Disclosure", "kind": "friend", "name": "B"},
    "governance.Foundation": {
        "pk": 1, "name": {}, "bin": "0", "zone": "UTC", "currency": "KZT", "prefix": "p",
        "site": "https://tarazy.example", "founded_at": NOON,
    },
    "governance.Body": {"code": "committee", "type": "committee", "name": {}},
    "governance.Seat": {
        "body": "governance.Body", "person": "people.Person", "code": "S", "place": 1,
        "begins": DAY, "ends": NEXT,
    },
    "calls.Programme": {
        "code": "P", "name": {}, "aim": {}, "committee": "governance.Body",
        "board": "governance.Body",
    },
    "calls.Call": {
        "code": "C", "programme": "calls.Programme", "title": {}, "about": {}, "opens": BEFORE,
        "closes": NOON, "currency": "KZT", "envelope": 2, "ceiling": 1, "criteria": [],
        "conditions": [],
    },
    "cases.Docket": {"call": "calls.Call", "ordinal": 1, "charter_day": DAY, "opened_on": DAY},
    "cases.Case": {"number": "N", "docket": "cases.Docket", "state": {}},
    "cases.StoredEvent": {"case": "cases.Case", "ordinal": 1, "kind": "k", "data": {}},
    "cases.Recusal": {"case": "cases.Case", "seat": "governance.Seat", "found": "declared"},
    "applications.Application": {
        "call": "calls.Call", "token": "t", "submitted_at": NOON, "submitted_by": "people.Person",
        "requested": 2, "original": "o", "document": "d", "case": "cases.Case",
    },
    "applications.ConflictMatch": {
        "application": "applications.Application", "seat": "governance.Seat", "declared": "B",
    },
    "decisions.Sheet": {
        "case": "cases.Case", "seat": "governance.Seat", "marks": {}, "strengths": "",
        "weaknesses": "", "handed_in_on": DAY,
    },
    "decisions.Minute": {
        "case": "cases.Case", "body": "board", "ordinal": 1, "outcome": "confirmed", "words": "",
        "decided_on": DAY,
    },
    "grants.Grant": {
        "number": "1", "case": "cases.Case", "application": "applications.Application",
        "title": "", "purpose": "", "recipient": "", "recipient_id": "", "individual": False,
        "currency": "KZT", "asked": 2, "amount": 2, "awarded_on": DAY,
    },
    "grants.Tranche": {"grant": "grants.Grant", "ordinal": 1, "amount": 1, "due_on": DAY},
}  # fmt: skip


@pytest.fixture
def rows(database: None) -> dict[str, models.Model]:
    """Store one good row of each table that a test here is about."""
    made: dict[str, models.Model] = {}
    for label, values in ROWS.items():
        found = {name: made.get(str(value), value) for name, value in values.items()}
        made[label] = model(label)(**found)
        made[label].save(force_insert=True)
    return made


def another_case(rows: dict[str, models.Model]) -> models.Model:
    """Store a second case, for rows of which a case has one."""
    case = model("cases.Case")(number="N2", docket=rows["cases.Docket"], state={})
    case.save(force_insert=True)
    return case


# Whole.


@pytest.mark.usefixtures("database")
def test_the_models_have_nothing_that_the_migrations_lack() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.usefixtures("empty_database")
def test_the_migrations_make_every_table_and_constraint_from_nothing() -> None:
    assert connection.introspection.table_names() == []
    call_command("migrate", verbosity=0)
    tables = {found._meta.db_table for found in apps.get_models(include_auto_created=True)}
    assert set(connection.introspection.table_names()) == tables | {"django_migrations"}
    with connection.cursor() as cursor:
        kept = {
            name
            for table in sorted(tables)
            for name in connection.introspection.get_constraints(cursor, table)
        }
    assert declared() - kept == set()
    call_command("migrate", verbosity=0)  # again does no harm


# Rows that never change.


@pytest.mark.parametrize(
    "label", ["ledger.Entry", "cases.StoredEvent", "decisions.Sheet", "decisions.Minute"]
)
def test_the_database_refuses_to_change_what_never_changes(
    label: str, rows: dict[str, models.Model]
) -> None:
    table = model(label)._meta.db_table
    column = model(label)._meta.local_concrete_fields[-1].column
    ways = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    ways += [f"TRUNCATE {table} CASCADE"] if ENGINE == "postgresql" else []
    before = list(model(label)._default_manager.values())
    assert before
    for way in ways:
        with (
            pytest.raises(DatabaseError, match=f"a row of {table} never changes"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(way)
    assert list(model(label)._default_manager.values()) == before


def test_other_rows_do_change(rows: dict[str, models.Model]) -> None:
    """The control: it is the freeze that refuses, not this way of asking."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET number = 'M'")
    assert list(model("cases.Case")._default_manager.values_list("number", flat=True)) == ["M"]


# Rows that must never be.


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that a constraint refuses: a good one with changes. `case`: of another case."""

    constraint: str
    label: str
    changes: dict[str, Any] = field(default_factory=dict)
    case: bool = False


BAD = [
    Bad("one_head", "ledger.Head", {"pk": 2}),
    Bad("known_role", "people.StaffRole", {"role": "king"}),
    Bad("role_ends_after_it_begins", "people.StaffRole", {"ends": DAY}),
    Bad("one_disclosure_a_day", "people.Disclosure"),
    Bad("disclosure_holds_a_while", "people.Disclosure", {"declared_on": NEXT}),
    Bad("known_relation", "people.Relation", {"kind": "neighbour"}),
    Bad("one_foundation", "governance.Foundation", {"pk": 2}),
    Bad("known_body", "governance.Body", {"code": "b", "type": "staff"}),
    Bad("term_ends_later", "governance.Seat", {"code": "T", "place": 2, "begins": NEXT}),
    Bad("one_seat_a_term", "governance.Seat", {"code": "T", "place": 2}),
    Bad(
        "one_seat_a_place",
        "governance.Seat",
        {"code": "T", "begins": NEXT, "ends": date(2026, 3, 4)},
    ),
    Bad("call_closes_later", "calls.Call", {"code": "D", "closes": BEFORE}),
    Bad("call_has_money", "calls.Call", {"code": "D", "envelope": 0}),
    Bad("call_has_money", "calls.Call", {"code": "D", "ceiling": 0}),
    Bad("one_docket_an_ordinal", "cases.Docket"),
    Bad("one_event_an_ordinal", "cases.StoredEvent"),
    Bad("recused_once", "cases.Recusal"),
    Bad("received_once", "applications.Application", {"original": "p", "case": None}),
    Bad(
        "known_status",
        "applications.Application",
        {"original": "p", "case": None, "token": "u", "status": "lost"},
    ),
    Bad(
        "requested_above_zero",
        "applications.Application",
        {"original": "p", "case": None, "token": "u", "requested": 0},
    ),
    Bad("matched_once", "applications.ConflictMatch"),
    Bad("one_sheet_a_seat", "decisions.Sheet"),
    Bad("one_minute_an_ordinal", "decisions.Minute"),
    Bad("known_deciding_body", "decisions.Minute", {"ordinal": 2, "body": "staff"}),
    Bad("award_above_zero", "grants.Grant", {"number": "2", "amount": 0}, case=True),
    Bad("award_within_what_was_asked", "grants.Grant", {"number": "2", "amount": 3}, case=True),
    Bad("one_tranche_an_ordinal", "grants.Tranche"),
    Bad("tranche_above_zero", "grants.Tranche", {"ordinal": 2, "amount": 0}),
]


def declared() -> set[str]:
    """Return the names of all constraints of our models."""
    return {constraint.name for found in ours() for constraint in found._meta.constraints}


def test_every_constraint_of_the_models_has_a_bad_row_here() -> None:
    assert {bad.constraint for bad in BAD} == declared()


@contextmanager
def refused_by(bad: Bad) -> Iterator[None]:
    """Expect that this constraint refuses, not another: SQLite names a unique one's columns."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        yield
    said = str(caught.value)
    found = model(bad.label)
    unique = next(
        (
            constraint.fields
            for constraint in found._meta.constraints
            if isinstance(constraint, models.UniqueConstraint) and constraint.name == bad.constraint
        ),
        None,
    )
    if ENGINE == "sqlite" and unique:
        column = {item.name: item.column for item in found._meta.local_concrete_fields}
        columns = [f"{found._meta.db_table}.{column[name]}" for name in unique]
        assert said == f"UNIQUE constraint failed: {', '.join(columns)}"
    else:
        assert bad.constraint in said


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.constraint}-{len(bad.changes)}")
def test_the_database_refuses_a_row_that_must_not_be(
    bad: Bad, rows: dict[str, models.Model]
) -> None:
    row = model(bad.label)._default_manager.get()
    row.pk = None
    if bad.case:
        row.case = another_case(rows)  # type: ignore[attr-defined]  # a grant has one
    for name, value in bad.changes.items():
        setattr(row, name, value)
    row._state.adding = True
    with refused_by(bad):
        row.save(force_insert=True)
