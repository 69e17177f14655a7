"""Events and cases survive the way into plain values, through JSON, and back."""

import json
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tarazy
from tarazy.charter.case import Case, Stage
from tarazy.charter.events import CASE_EVENTS, Body, CaseEvent, Event, Member, Released
from tarazy.charter.plain import from_plain, to_plain
from tests.charter_cast import AIDA, AT, after, awarded, ballot, opened, recused, released, vote

pytestmark = pytest.mark.engine("sqlite")  # touches no database: once is enough


quick = settings(derandomize=True, max_examples=20, deadline=None, database=None)


def event_classes() -> list[type[Event]]:
    """Return every event that the house knows, in every room."""
    for file in sorted(Path(tarazy.__file__).parent.glob("*/events.py")):
        import_module(f"tarazy.{file.parent.name}.events")
    found: list[type[Event]] = []
    waiting = list(Event.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("tarazy.") and hasattr(kind, "kind"):
            found.append(kind)
    return sorted(found, key=lambda kind: kind.kind)


def and_back(value: Any) -> Any:
    """Send something through JSON, as the database does."""
    return from_plain(type(value), json.loads(json.dumps(to_plain(value))))


@pytest.mark.parametrize("kind", [*event_classes(), Case, Member], ids=lambda kind: kind.__name__)
def test_what_goes_out_comes_back(kind: type[Any]) -> None:
    @quick
    @given(st.from_type(kind))
    def run(value: Any) -> None:
        back = and_back(value)
        assert back == value
        assert type(back) is kind
        assert to_plain(back) == to_plain(value)

    run()


def test_every_event_of_a_case_is_among_them() -> None:
    assert set(CASE_EVENTS.values()) <= set(event_classes())
    assert len(event_classes()) > len(CASE_EVENTS)
    assert {kind.kind: kind for kind in CASE_EVENTS.values()} == CASE_EVENTS


@pytest.mark.parametrize("stage", Stage)
def test_a_case_at_every_stage_comes_back(stage: Stage) -> None:
    case = after(*AT[stage])
    assert and_back(case) == case
    for event in AT[stage]:
        assert and_back(event) == event


def test_how_plain_values_look() -> None:
    assert to_plain(replace(ballot(AIDA), case="K7")) == {
        "case": "K7",
        "on": "2026-05-04",
        "by": {
            "seat": "expert-1",
            "body": "committee",
            "begins": "2026-03-01",
            "ends": "2028-03-01",
            "agreed": True,
            "declared_until": "2028-06-01",
        },
        "judgement": "recommend",
        "amount": 600,
    }
    assert to_plain(released())["committee"] == [2, 1]
    assert to_plain(frozenset({"b", "a", "c"})) == ["a", "b", "c"]
    assert [to_plain(value) for value in (None, True, 0, "")] == [None, True, 0, ""]
    assert type(to_plain(Body.BOARD)) is str


@dataclass(frozen=True, slots=True)
class Fraction:
    """An event's part that is not plain."""

    share: object


@pytest.mark.parametrize(
    "value",
    [
        *(1.5, Decimal("1.5"), b"bytes", ["a list"], {"a": "dict"}, {"a set"}),
        datetime(2026, 5, 4, tzinfo=UTC),
        Fraction(1.5),
        (1, (2.5,)),
        object(),
    ],
    ids=repr,
)
def test_what_is_not_plain_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="not a plain value: "):
        to_plain(value)


@pytest.mark.parametrize("name", [item.name for item in fields(Released)])
def test_a_missing_field_is_refused_by_its_name(name: str) -> None:
    plain = to_plain(released())
    del plain[name]
    with pytest.raises(ValueError, match=f"Released: missing or unknown: {name}"):
        from_plain(Released, plain)


def test_an_unknown_field_is_refused_by_its_name() -> None:
    plain = {**to_plain(released()), "author": "x"}
    with pytest.raises(ValueError, match="Released: missing or unknown: author"):
        from_plain(Released, plain)
    inner = to_plain(ballot(AIDA))
    inner["by"]["name"] = "x"
    with pytest.raises(ValueError, match="Member: missing or unknown: name"):
        from_plain(type(ballot(AIDA)), inner)


def named(value: object) -> str:
    """Name a case in the list of tests."""
    return value.kind if isinstance(value, CaseEvent) else repr(value)


@pytest.mark.parametrize(
    ("event", "field", "value"),
    [
        (awarded(), "amount", "600"),
        (awarded(), "amount", 600.0),
        (awarded(), "amount", True),
        (awarded(), "amount", None),
        (awarded(), "grant", 1),
        (awarded(), "grant", None),
        (awarded(), "on", "2026-13-01"),
        (awarded(), "on", "yesterday"),
        (opened(), "experts", [1, 2, 3]),
        (recused(AIDA), "body", "senate"),
        (recused(AIDA), "found", ""),
        (vote(AIDA), "ground", "taste"),
        (vote(AIDA), "choice", None),
        (released(), "committee", ["2", "1"]),
    ],
    ids=named,
)
def test_a_value_of_another_kind_is_refused(event: CaseEvent, field: str, value: object) -> None:
    plain = {**to_plain(event), field: value}
    with pytest.raises(ValueError, match=r".+"):
        from_plain(type(event), plain)


@pytest.mark.parametrize(
    ("event", "field", "value"),
    [
        (opened(), "experts", "abc"),  # becomes three seats of one letter
        (opened(), "experts", None),  # a TypeError, which no caller expects
        (awarded(), "on", 20260504),
        (awarded(), "on", "20260504"),  # not how to_plain writes it: another digest
        (ballot(AIDA), "by", "expert-1"),
        (ballot(AIDA), "by", None),
    ],
    ids=named,
)
def test_a_value_of_another_shape_is_refused(event: CaseEvent, field: str, value: object) -> None:
    plain = {**to_plain(event), field: value}
    with pytest.raises(ValueError, match=r".+"):
        from_plain(type(event), plain)
