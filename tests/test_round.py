"""A whole round of twelve applications, played by the simulation: what is stored agrees."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from pytest_django.plugin import DjangoDbBlocker

from tarazy.applications.models import Application, ConflictMatch
from tarazy.calls.models import Call
from tarazy.cases.models import Case, Docket, Recusal, StoredEvent
from tarazy.cases.queries import charter, events
from tarazy.charter.case import Stage, fold
from tarazy.charter.events import Choice, Ground
from tarazy.charter.plain import to_plain
from tarazy.decisions.models import Minute, Sheet
from tarazy.governance.models import Seat
from tarazy.grants.models import Grant, Tranche
from tarazy.ledger.canonical import canonical, entry_faults
from tarazy.ledger.models import Entry, Head, Opening
from tarazy.ops.play import Opinion, Play, Schedule, Watch
from tarazy.people.actions import Declaration
from tarazy.people.models import Person
from tarazy.register.queries import entries
from tests import cast, databases

COUNT = 12
FRIEND_OF, PARTNER_OF = 2, 4  # whom an expert and a trustee have declared, by place
ENVELOPE = 5_000_000 * cast.TENGE  # some of what is confirmed finds nothing left
BEST, GOOD, WEAK = 5.6, 4.2, 1.4

OF_THE_LINE = ("seq", "seal", "actor")  # what a line has besides what happened

# What the simulated readers think, by place.
OPINIONS = (
    Opinion(GOOD, Ground.FIT),
    Opinion(GOOD, Ground.BUDGET),
    Opinion(GOOD, Choice.RETURN),
    Opinion(WEAK),
    Opinion(BEST),
    *[Opinion(GOOD) for _ in range(5, 10)],
    Opinion(WEAK),
    Opinion(WEAK),
)


def everything(_step: str, items: list[Any]) -> list[Any]:
    """Watch a step without disturbing it."""
    return items


def prepare(*, closes: bool = True, told: bool = True) -> Play:
    """Found, announce, receive: a round that is ready to be played.

    `told`: who knows whom, and what readers will think, is not left to the simulation.
    """
    applicants = cast.cards(COUNT)
    declared = {
        "expert-1": [Declaration("friend", applicants[FRIEND_OF].people[0])],
        "trustee-5": [Declaration("organisation", applicants[PARTNER_OF].name)],
    }
    members = cast.small_foundation(declared=declared if told else None)
    call = cast.small_call(members, closes=cast.CLOSES if closes else None, envelope=ENVELOPE)
    received = cast.submit_all(call, applicants, at=cast.OPENS + timedelta(days=1))
    opinions = {
        application.token: opinion for application, opinion in zip(received, OPINIONS, strict=True)
    }
    schedule = Schedule(cast.JUDGING, compressed=False)
    return Play(call, 5, schedule, everything, opinions if told else {})


def again(play: Play, watch: Watch[object] = everything) -> Play:
    """Return a play that knows nothing but what is stored."""
    return Play(play.call, play.seed, play.schedule, watch, play.opinions)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log with what its seal hides."""

    seq: int
    shown: dict[str, Any]
    hidden: dict[str, Any]
    salt: bytes
    raw: bytes


def log() -> list[Line]:
    """Return every line and its opening, in order, read without the ledger's own queries."""
    openings = {row.seq: row for row in Opening.objects.all()}
    return [
        Line(
            entry.seq,
            json.loads(entry.body),
            json.loads(openings[entry.seq].value),
            bytes(openings[entry.seq].salt),
            entry.body.encode(),
        )
        for entry in Entry.objects.order_by("seq")
    ]


@pytest.fixture(scope="module")
def played(django_db_blocker: DjangoDbBlocker) -> Iterator[Play]:
    """Play one round for all tests that only look."""
    with django_db_blocker.unblock(), databases.fresh(databases.migrated()):
        play = prepare()
        play.run()
        yield play


@pytest.fixture
def stages(played: Play) -> Counter[Stage]:
    """Count the cases of the played round by stage."""
    return Counter(case.now.stage for case in Case.objects.all())


# What happened in it: everything that these tests are about.


def test_the_round_had_every_outcome(played: Play, stages: Counter[Stage]) -> None:
    states = [case.now for case in Case.objects.all()]
    assert len(states) == COUNT
    assert stages.keys() == {Stage.DECLINED, Stage.NOT_CONFIRMED, Stage.UNFUNDED, Stage.ACTIVE}
    assert Counter(state.ground for state in states if state.stage is Stage.NOT_CONFIRMED) == {
        Ground.FIT: 1,
        Ground.BUDGET: 1,
    }
    assert [state.returns for state in states].count(True) == 1
    assert stages[Stage.UNFUNDED] >= 1
    assert stages[Stage.ACTIVE] >= 2


def test_what_was_declared_recused_and_one_expert_stood_aside(played: Play) -> None:
    seats = {seat.pk: f"{seat.body.type}-{seat.place}" for seat in _seats()}
    found = Recusal.objects.values_list("found", "seat")
    assert Counter((how, seats[seat]) for how, seat in found if how == "matched") == {
        ("matched", "committee-1"): 1,
        ("matched", "board-5"): 1,
    }
    assert [how for how, _ in found].count("declared") == 1
    matched = {match.application_id for match in ConflictMatch.objects.all()}
    assert matched == {_application(FRIEND_OF).pk, _application(PARTNER_OF).pk}


def test_the_reserve_stepped_in_where_an_expert_is_recused_and_nowhere_else(played: Play) -> None:
    experts = {seat.code: seat for seat in _seats() if seat.body.type == "committee"}
    for case in Case.objects.all():
        wanted = [code for code in case.now.roster if code not in case.now.recused][:3]
        judged = Sheet.objects.filter(case=case, seat__code__in=case.now.sheets)
        assert {sheet.seat.code for sheet in judged} == set(wanted)
        stepped_in = any(experts[code].reserve for code in wanted)
        recused = any(code in experts and not experts[code].reserve for code in case.now.recused)
        assert stepped_in == recused


def test_the_founders_office_spoke_on_the_trustees_conflict_only(played: Play) -> None:
    spoken = {row.case_id for row in StoredEvent.objects.filter(kind="decisions.founder_spoke")}
    assert spoken == {_application(PARTNER_OF).case_id}


# What must hold of any round.


def test_the_state_of_every_case_is_what_its_events_fold_to(played: Play) -> None:
    for case in Case.objects.select_related("docket"):
        assert case.state == to_plain(fold(charter(case.docket), events(case)))


def test_the_head_counts_the_lines_and_no_number_is_missing(played: Play) -> None:
    numbers = list(Entry.objects.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(len(numbers)))
    assert Head.objects.get().size == len(numbers) == Opening.objects.count()


def test_every_event_of_a_case_has_one_line_in_the_log(played: Play) -> None:
    told = Counter(
        canonical(_without(line.shown | line.hidden, *OF_THE_LINE)) for line in log() if _case(line)
    )
    stored = Counter(
        canonical(_without({**row.data, "kind": row.kind}, *OF_THE_LINE))
        for row in StoredEvent.objects.all()
    )
    assert told == stored


def test_every_other_action_has_its_line(played: Play) -> None:
    kinds = Counter(line.hidden.get("kind", line.shown["kind"]) for line in log())
    assert kinds["applications.submitted"] == COUNT
    assert kinds["applications.eligibility_checked"] == COUNT
    assert kinds["people.enrolled"] == Person.objects.count()
    assert kinds["governance.appointed"] == Seat.objects.count()
    assert kinds["cases.docket_opened"] == kinds["cases.docket_released"] == 1
    assert kinds["cases.released"] == COUNT
    assert kinds["grants.awarded"] == Grant.objects.count()
    assert kinds["grants.tranche_paid"] == Tranche.objects.exclude(paid_on=None).count()


def test_every_seal_is_the_hmac_of_what_it_hides(played: Play) -> None:
    for line in log():
        spelled = json.dumps(
            line.hidden, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        ).encode()
        assert hmac.new(line.salt, spelled, hashlib.sha256).hexdigest() == line.shown["seal"]
    salts = [line.salt for line in log()]
    assert len(set(salts)) == len(salts)
    assert {len(salt) for salt in salts} == {32}


def test_each_path_names_the_quiet_lines_of_its_case_and_no_other(played: Play) -> None:
    lines = log()
    quiet = [line for line in lines if line.shown["kind"] == "cases.sealed"]
    released = [line for line in lines if line.shown["kind"] == "cases.released"]
    for line in released:
        number = line.shown["case"]
        own = [f"{q.seq} {q.hidden['kind']}" for q in quiet if q.hidden.get("case") == number]
        assert line.shown["path"] == own
    of_cases = [q for q in quiet if "case" in q.hidden]
    assert sum(len(line.shown["path"]) for line in released) == len(of_cases)


def test_quiet_lines_stand_among_decoys_and_open_ones_do_not(played: Play) -> None:
    quiet = [line for line in log() if line.shown["kind"] == "cases.sealed"]
    decoys = [line for line in quiet if line.hidden["kind"] == "ledger.decoy_appended"]
    assert 0.2 < len(decoys) / len(quiet) < 0.7
    assert all(set(line.hidden) == {"actor", "kind", "on"} for line in decoys)


def test_a_quiet_line_shows_a_day_and_a_seal_only(played: Play) -> None:
    for line in log():
        if line.shown["kind"] == "cases.sealed":
            assert line.shown.keys() == {"kind", "on", "seal", "seq"}


def test_the_envelope_is_never_exceeded_and_no_award_is_above_what_was_asked(
    played: Play,
) -> None:
    left = ENVELOPE
    for row in StoredEvent.objects.filter(kind="grants.awarded").order_by("pk"):
        left -= row.data["amount"]
        assert left >= 0
    for grant in Grant.objects.select_related("application"):
        assert grant.asked == grant.application.requested
        assert 0 < grant.amount <= (grant.application.requested or played.call.ceiling)
        tranches = Tranche.objects.filter(grant=grant)
        assert sum(tranche.amount for tranche in tranches) == grant.amount
    for case in Case.objects.all():
        if case.now.stage is Stage.UNFUNDED:
            assert case.now.amount > left


def test_the_register_holds_the_awarded_cases_and_no_other(
    played: Play, stages: Counter[Stage]
) -> None:
    awarded = {case.now.grant for case in Case.objects.all() if case.now.stage is Stage.ACTIVE}
    assert {entry.number for entry in entries()} == awarded
    assert len(entries()) == stages[Stage.ACTIVE]


def test_no_line_of_the_log_names_anybody(played: Play) -> None:
    told = "\n".join(Entry.objects.values_list("body", flat=True)).casefold()
    named = {text for person in Person.objects.all() for text in (person.email, person.name)}
    for card in cast.cards(COUNT):
        named |= {card.name, card.legal_name, card.bin, *card.names, *card.people}
        named |= {*card.emails, *card.urls, *card.phones, *card.numbers}
    # The names of roles are no names: only what is called otherwise can be looked for.
    named -= {"", *cast.STAFF, *cast.MEMBERS}
    assert len(named) > 100
    assert {text for text in named if text.casefold() in told} == set()
    assert [fault for line in log() for fault in entry_faults(line.raw, seq=line.seq)] == []


def test_the_numbers_of_cases_do_not_follow_the_order_of_receipt(played: Play) -> None:
    received = Application.objects.order_by("submitted_at").values_list("case__number", flat=True)
    keys = Application.objects.order_by("submitted_at").values_list("case", flat=True)
    assert list(received) != sorted(received)
    assert list(keys) != sorted(keys)


def test_playing_again_changes_nothing(played: Play) -> None:
    before = dump()
    again(played).run()
    assert dump() == before


# Interrupted, and another list.


class Interrupted(Exception):
    """The machine stopped."""


def interrupting(_step: str, items: list[Any]) -> Iterator[Any]:
    """Watch a step, and stop the round after the first item that changed anything."""
    before = Head.objects.get().size
    for item in items:
        yield item
        if Head.objects.get().size != before:
            raise Interrupted


@pytest.mark.parametrize("told", [True, False], ids=["told beforehand", "left to chance"])
def test_a_round_interrupted_after_every_item_ends_like_one_that_was_not(
    database: None, *, told: bool
) -> None:
    prepare(told=told).run()
    whole = outcome()
    times = 0
    with databases.fresh(databases.migrated()):
        play = prepare(told=told)
        while True:
            try:
                again(play, interrupting).run()
                break
            except Interrupted:
                times += 1
        assert times > 40
        assert outcome() == whole


def test_a_continuous_call_opens_a_second_list_when_the_first_is_released(database: None) -> None:
    play = prepare(closes=False)
    play.run()
    first = outcome()
    at = cast.JUDGING + timedelta(days=70)
    fresh = [
        replace(
            card,
            emails=(f"second-{card.emails[0]}",),
            name=f"{card.name} II",
            bin="",
            numbers=("N1",),
        )
        for card in cast.cards(3)
    ]
    cast.submit_all(play.call, fresh, at=at)
    Play(play.call, 6, Schedule(at + timedelta(days=1), compressed=True), everything).run()
    lists = Docket.objects.order_by("ordinal")
    assert [docket.ordinal for docket in lists] == [1, 2]
    assert all(docket.released_on for docket in lists)
    assert Case.objects.filter(docket=lists[1]).count() == 3
    known = outcome()
    assert {number: known[number] for number in first} == first
    taken = sum(grant.amount for grant in Grant.objects.all())
    assert taken <= ENVELOPE


def outcome() -> dict[str, Any]:
    """Return what became of each case: its state, sheets, words, grant and payments."""
    found: dict[str, Any] = {}
    for case in Case.objects.order_by("number"):
        grant = Grant.objects.filter(case=case).first()
        found[case.number] = {
            "state": {**case.state, "grant": bool(case.state["grant"])},
            "sheets": _values(Sheet, case=case),
            "words": _values(Minute, case=case),
            "grant": grant and (grant.amount, grant.recipient_id, grant.title),
            "tranches": [
                (tranche.amount, tranche.due_on, tranche.paid_on)
                for tranche in Tranche.objects.filter(grant=grant).order_by("ordinal")
            ],
        }
    return found


def dump() -> dict[str, Any]:
    """Return every row of every table that a round writes."""
    tables: tuple[type[Model], ...] = (
        Application, Call, Case, ConflictMatch, Docket, Entry, Grant, Head, Minute, Opening,
        Person, Recusal, Seat, Sheet, StoredEvent, Tranche,
    )  # fmt: skip
    return {
        table.__name__: list(table._default_manager.order_by("pk").values()) for table in tables
    }


def _values(table: type[Model], **where: Any) -> list[dict[str, Any]]:
    rows = table._default_manager.filter(**where).values()
    kept = [_without(row, "id", "case_id") for row in rows]
    return sorted(kept, key=repr)


def _without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in keys}


def _case(line: Line) -> str | None:
    return line.hidden.get("case") or line.shown.get("case")


def _seats() -> list[Seat]:
    return list(Seat.objects.select_related("body"))


def _application(place: int) -> Application:
    return Application.objects.order_by("submitted_at")[place]
