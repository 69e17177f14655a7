"""Appeals, a changing committee, motions, amendments, closing: through the real actions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from tarazy.applications.actions import appeal, check_eligibility, open_committee, withdraw
from tarazy.applications.models import Application
from tarazy.applications.queries import Status
from tarazy.calls.models import Call
from tarazy.cases.actions import call_in, let_go, release, stand_aside
from tarazy.cases.models import BlindCopy, Case, Docket, StoredEvent
from tarazy.cases.queries import charter, copy_for, events, readable_by
from tarazy.charter.case import Stage, fold, panel
from tarazy.charter.events import Body as BodyKind
from tarazy.charter.events import Choice, Judgement, Motion, Opened, Outcome, Role
from tarazy.charter.plain import to_plain
from tarazy.charter.refusals import Refused, Why
from tarazy.decisions.actions import (
    carry_motion,
    cast_ballot,
    decide_appeal,
    decide_in_board,
    decide_in_committee,
    hand_in_sheet,
    vote,
    vote_on_appeal,
    vote_on_motion,
)
from tarazy.decisions.models import Minute
from tarazy.engine.desk import desk
from tarazy.governance.actions import appoint, sign_agreement
from tarazy.governance.models import Body, Seat
from tarazy.grants.actions import Planned, accept_report, amend, award, close, pay
from tarazy.grants.actions import sign_agreement as sign_grant
from tarazy.grants.models import Closing, Grant, Tranche
from tarazy.ledger.models import Opening
from tarazy.ledger.queries import size
from tarazy.people.actions import declare, enrol
from tarazy.people.models import Person
from tests import cast

CHECKED = cast.CLOSES + timedelta(days=1)
LAST = CHECKED + timedelta(days=14)  # the last day on which one may appeal
HEARD = LAST + timedelta(days=1)
JUDGED = HEARD + timedelta(days=1)
MANAGED = JUDGED + timedelta(days=10)
LATER = datetime(2028, 2, 1, 11, tzinfo=cast.ZONE)  # after everybody's first term
TWO_APPLY = 2  # the second asks for no sum; the first is found ineligible where a test says so
PANEL = ("expert-1", "expert-2", "expert-3")
FAILED = "registered"


@contextmanager
def refused(clause: str, why: Why) -> Iterator[None]:
    """Expect this refusal, and that it leaves neither a line nor an event of a case."""
    before = (size(), StoredEvent.objects.count(), Minute.objects.count())
    with pytest.raises(Refused) as caught:
        yield
    assert (caught.value.refusal.clause, caught.value.refusal.why) == (clause, why)
    assert (size(), StoredEvent.objects.count(), Minute.objects.count()) == before


class Table:
    """A foundation with a closed call of two applications, the first of them ineligible."""

    def __init__(self) -> None:
        self.members = cast.small_foundation()
        self.seats, self.staff = self.members.seats, self.members.staff
        self.call: Call = cast.small_call(self.members)
        first, second = cast.submit_all(
            self.call, cast.cards(TWO_APPLY), at=cast.OPENS + timedelta(days=1)
        )
        self.first, self.second = first, second
        self.coordinator = self.staff[Role.COORDINATOR]
        self.manager = self.staff[Role.GRANTS_MANAGER]
        check_eligibility(first, failed=FAILED, by=self.coordinator, at=CHECKED)
        check_eligibility(second, failed=None, by=self.coordinator, at=CHECKED)

    def open(self) -> None:
        """Open the committee's list."""
        open_committee(self.call, chance=Random(3), by=self.coordinator, at=HEARD)

    def appealed(self) -> Case:
        """Appeal for the first application on the last day, and open the list with it."""
        appeal(self.first, by=self.first.submitted_by, at=LAST)
        self.open()
        return self.case(self.first)

    def case(self, application: Application) -> Case:
        """Return the case that an application became, as it stands now."""
        return Case.objects.select_related("docket").get(
            pk=Application.objects.values_list("case", flat=True).get(pk=application.pk)
        )

    def hear(self, case: Case, votes: tuple[bool, bool, bool]) -> None:
        """Vote on an appeal and count."""
        with desk():
            for key, admit in zip(PANEL, votes, strict=True):
                vote_on_appeal(case.number, admit=admit, by=self.seats[key], at=HEARD)
            decide_appeal(
                case.number, reasons="The papers say so.", by=self.seats[PANEL[0]], at=HEARD
            )

    def recommend(self, case: Case, experts: list[Seat], *, at: datetime) -> None:
        """Take a case through the committee."""
        marks = dict.fromkeys(cast.CRITERIA, 4)
        with desk():
            for seat in experts:
                hand_in_sheet(
                    case.number, marks=marks, strengths="clear", weaknesses="short", by=seat, at=at
                )
            for seat in experts:
                cast_ballot(
                    case.number,
                    judgement=Judgement.RECOMMEND,
                    amount=1_000 * cast.TENGE,
                    by=seat,
                    at=at,
                )
            decide_in_committee(case.number, reasons="A clear plan.", by=experts[0], at=at)

    def confirm(self, case: Case, *, at: datetime) -> None:
        """Take a case through the Board."""
        trustees = [self.seats[key] for key in cast.TRUSTEES[:3]]
        with desk():
            for seat in trustees:
                vote(case.number, choice=Choice.CONFIRM, ground=None, by=seat, at=at)
            decide_in_board(case.number, reasons="It fits.", by=trustees[0], at=at)

    def grant(self) -> Grant:
        """Bring the second application to a signed grant of 400 and 600 tenge."""
        self.open()
        case = self.case(self.second)
        self.recommend(case, [self.seats[key] for key in PANEL], at=JUDGED)
        self.confirm(case, at=JUDGED)
        release(Docket.objects.get(), by=self.staff[Role.EXECUTIVE], at=JUDGED)
        award(case, chance=Random(4), by=self.manager, at=JUDGED)
        made = Grant.objects.select_related("case").get()
        sign_grant(made, tranches=planned(400, 600), by=self.manager, at=JUDGED)
        return made

    def newcomer(self, body: Body, *, name: str = "newcomer") -> Seat:
        """Appoint an expert who has signed and declared, in office on `LATER`."""
        person = Person(email=f"{name}@trial.example", name=name, citizen=True)
        enrol(person, by=cast.SETUP, at=LATER)
        appoint(
            person,
            body,
            begins=LATER.date(),
            ends=LATER.date() + timedelta(days=300),
            reserve=False,
            chance=Random(name),
            by=cast.SETUP,
            at=LATER,
        )
        seat = Seat.objects.select_related("body").get(person=person)
        sign_agreement(seat, by=person, at=LATER)
        declare((), by=person, at=LATER)
        return seat


@pytest.fixture
def table(database: None) -> Table:
    """Give a table, on the engine under test."""
    return Table()


def planned(*tenge: int) -> list[Planned]:
    """Return tranches of so many tenge, a month apart."""
    return [
        Planned(sum_ * cast.TENGE, MANAGED.date() + timedelta(days=30 * place))
        for place, sum_ in enumerate(tenge)
    ]


def stage(case: Case) -> Stage:
    """Return where a case stands in the database."""
    return Case.objects.get(pk=case.pk).now.stage


def kept() -> list[tuple[int, int, bool]]:
    """Return (ordinal, tenge, paid) of every tranche."""
    rows = Tranche.objects.order_by("ordinal").values_list("ordinal", "amount", "paid_on")
    return [(ordinal, amount // cast.TENGE, paid is not None) for ordinal, amount, paid in rows]


def assert_states_fold() -> None:
    """The state kept beside each case is what its events fold to."""
    for case in Case.objects.select_related("docket"):
        assert case.state == to_plain(fold(charter(case.docket), events(case)))


# Appeals.


def test_an_appeal_that_is_admitted_brings_the_case_before_the_committee(table: Table) -> None:
    case = table.appealed()
    opened = events(case)[0]
    assert isinstance(opened, Opened)
    assert (opened.failed, case.now.stage) == (FAILED, Stage.ON_APPEAL)
    table.hear(case, (True, False, True))
    assert stage(case) is Stage.IN_COMMITTEE
    [minute] = Minute.objects.filter(case=case)
    assert (minute.body, minute.outcome) == (BodyKind.COMMITTEE, Outcome.ADMITTED)
    table.recommend(case, [table.seats[key] for key in PANEL], at=JUDGED)
    assert stage(case) is Stage.BEFORE_BOARD
    assert_states_fold()


def test_an_appeal_that_is_turned_down_ends_ineligible_and_is_released(table: Table) -> None:
    case = table.appealed()
    table.hear(case, (True, False, False))
    assert stage(case) is Stage.INELIGIBLE
    withdraw(table.second, by=table.second.submitted_by, at=JUDGED)
    told = release(Docket.objects.get(), by=table.staff[Role.EXECUTIVE], at=JUDGED)
    mine = [event for event in told if getattr(event, "case", "") == case.number]
    assert [getattr(event, "outcome", None) for event in mine] == [Outcome.INELIGIBLE]
    assert Case.objects.get(pk=case.pk).now.released
    assert_states_fold()


def test_the_list_is_not_released_while_an_appeal_is_not_decided(table: Table) -> None:
    table.appealed()
    withdraw(table.second, by=table.second.submitted_by, at=JUDGED)
    with refused("10.1", Why.NOT_FINAL):
        release(Docket.objects.get(), by=table.staff[Role.EXECUTIVE], at=JUDGED)


def test_a_case_on_appeal_exists_for_the_panel_and_for_nobody_else(table: Table) -> None:
    case, day = table.appealed(), HEARD.date()
    seeing = set()
    for key in cast.MEMBERS:
        with desk():
            numbers = [found.number for found in readable_by(table.seats[key], on=day)]
            copy = copy_for(table.seats[key], case.number, on=day)
        assert (case.number in numbers) == (copy is not None)
        if copy:
            seeing.add(key)
    assert seeing == set(PANEL)


def test_a_case_on_appeal_is_as_blind_as_any_other(table: Table) -> None:
    case = table.appealed()
    copy = BlindCopy.objects.get(case=case)
    said = f"{copy.title} {copy.duration} {copy.sections}".casefold()
    card = cast.cards(TWO_APPLY)[0]
    assert [name for name in (card.name, card.bin, *card.people) if name.casefold() in said] == []


def test_an_appeal_is_too_late_on_the_fifteenth_day(table: Table) -> None:
    with refused("3.7", Why.TOO_LATE):
        appeal(table.first, by=table.first.submitted_by, at=LAST + timedelta(days=1))
    table.first.refresh_from_db()
    assert table.first.status == Status.INELIGIBLE


def test_nobody_appeals_for_another(table: Table) -> None:
    with refused("3.7", Why.NOT_YOURS):
        appeal(table.first, by=table.second.submitted_by, at=LAST)


def test_there_is_nothing_to_appeal_against_where_all_is_met_or_one_has_appealed(
    table: Table,
) -> None:
    with refused("3.7", Why.NO_APPEAL):
        appeal(table.second, by=table.second.submitted_by, at=LAST)
    appeal(table.first, by=table.first.submitted_by, at=LAST)
    with refused("3.7", Why.NO_APPEAL):
        appeal(table.first, by=table.first.submitted_by, at=LAST)


def test_without_an_appeal_an_ineligible_application_becomes_no_case(table: Table) -> None:
    table.open()
    assert Case.objects.count() == 1
    table.first.refresh_from_db()
    assert table.first.case is None


def test_an_appeal_alone_opens_a_list(table: Table) -> None:
    withdraw(table.second, by=table.second.submitted_by, at=CHECKED)
    with refused("3.5", Why.NOTHING_TO_OPEN):
        table.open()
    assert stage(table.appealed()) is Stage.ON_APPEAL
    table.first.refresh_from_db()
    assert table.first.status == Status.APPEALED


def test_the_log_shows_of_an_appeal_a_day_and_a_seal_only(table: Table) -> None:
    before = size()
    event = appeal(table.first, by=table.first.submitted_by, at=LAST)
    hidden = Opening.objects.filter(seq__gte=before, value__contains=event.kind)
    assert hidden.count() == 1
    assert (event.quiet, event.document) == (True, table.first.document)


def test_an_appeal_takes_three_votes_and_reasons(table: Table) -> None:
    case, (one, two, three) = table.appealed(), (table.seats[key] for key in PANEL)
    vote_on_appeal(case.number, admit=True, by=one, at=HEARD)
    with refused("7.4", Why.BALLOT_CAST):
        vote_on_appeal(case.number, admit=True, by=one, at=HEARD)
    vote_on_appeal(case.number, admit=True, by=two, at=HEARD)
    with refused("7.4", Why.BALLOTS_MISSING):
        decide_appeal(case.number, reasons="Enough.", by=one, at=HEARD)
    with refused("4.7", Why.RESERVE_NOT_CALLED):
        vote_on_appeal(case.number, admit=True, by=table.seats["reserve-1"], at=HEARD)
    with refused("12.1", Why.NOT_OF_THIS_BODY):
        vote_on_appeal(case.number, admit=True, by=table.coordinator, at=HEARD)
    vote_on_appeal(case.number, admit=True, by=three, at=HEARD)
    with refused("7.6", Why.NO_REASON):
        decide_appeal(case.number, reasons=" ", by=one, at=HEARD)


def test_a_case_that_is_not_on_appeal_hears_none(table: Table) -> None:
    table.open()
    number = table.case(table.second).number
    with refused("3.7", Why.NOT_ON_APPEAL):
        vote_on_appeal(number, admit=True, by=table.seats[PANEL[0]], at=HEARD)


# A committee that changes.


def test_whose_term_has_ended_leaves_a_newcomer_joins_and_the_case_goes_on(table: Table) -> None:
    table.open()
    case = table.case(table.second)
    committee = table.members.programme.committee
    fresh = [table.newcomer(committee, name=f"newcomer-{place}") for place in range(3)]
    for key in cast.EXPERTS:
        let_go(case.number, table.seats[key], by=table.coordinator, at=LATER)
    with refused("4.1", Why.NOT_OF_THIS_BODY):
        hand_in(case, fresh[0])
    for seat in fresh:
        call_in(case.number, seat, by=table.coordinator, at=LATER)
    now = Case.objects.get(pk=case.pk).now
    assert panel(charter(case.docket), now) == tuple(seat.code for seat in fresh)
    with desk():
        assert [found.number for found in readable_by(fresh[0], on=LATER.date())] == [case.number]
    table.recommend(case, fresh, at=LATER)
    assert stage(case) is Stage.BEFORE_BOARD
    assert_states_fold()


def test_nobody_leaves_in_office_or_twice(table: Table) -> None:
    table.open()
    number, seat = table.case(table.second).number, table.seats["expert-1"]
    with refused("4.7", Why.STILL_IN_OFFICE):
        let_go(number, seat, by=table.coordinator, at=JUDGED)
    let_go(number, seat, by=table.coordinator, at=LATER)
    with refused("4.7", Why.NOT_ON_ROSTER):
        let_go(number, seat, by=table.coordinator, at=LATER)


def test_nobody_joins_a_full_committee(table: Table) -> None:
    table.open()
    number = table.case(table.second).number
    seat = table.newcomer(table.members.programme.committee)
    with refused("4.7", Why.COMMITTEE_COMPLETE):
        call_in(number, seat, by=table.coordinator, at=LATER)
    with refused("2.2", Why.TERM_ENDED):
        call_in(number, table.seats["expert-1"], by=table.coordinator, at=LATER)


def test_an_expert_of_another_committee_does_not_join(table: Table) -> None:
    table.open()
    number = table.case(table.second).number
    for key in cast.EXPERTS:
        let_go(number, table.seats[key], by=table.coordinator, at=LATER)
    other = Body(code="other", type=BodyKind.COMMITTEE.value, name=cast.WORDS)
    other.save()
    stranger = table.newcomer(other)
    with refused("4.1", Why.NOT_OF_THIS_BODY):
        call_in(number, stranger, by=table.coordinator, at=LATER)


def test_only_a_coordinator_calls_in_and_lets_go(table: Table) -> None:
    table.open()
    number = table.case(table.second).number
    for verb in (call_in, let_go):
        with refused("12.3", Why.WRONG_ROLE):
            verb(number, table.seats["expert-1"], by=table.manager, at=LATER)
        with refused("6.3", Why.NOT_OPENED):
            verb("NOSUCH", table.seats["expert-1"], by=table.coordinator, at=LATER)


# Motions.


def test_the_board_suspends_resumes_and_terminates_a_grant(table: Table) -> None:
    case = table.grant().case
    trustees = [table.seats[key] for key in cast.TRUSTEES[:3]]
    for motion, after in (
        (Motion.SUSPEND, Stage.SUSPENDED),
        (Motion.RESUME, Stage.ACTIVE),
        (Motion.SUSPEND, Stage.SUSPENDED),
        (Motion.TERMINATE, Stage.TERMINATED),
    ):
        with desk():
            for seat, favour in zip(trustees, (True, False, True), strict=True):
                vote_on_motion(case.number, motion=motion, favour=favour, by=seat, at=MANAGED)
            carry_motion(
                case.number, motion=motion, reasons="They wrote.", by=trustees[0], at=MANAGED
            )
        assert stage(case) is after
    said = Minute.objects.filter(case=case, body=BodyKind.BOARD).order_by("ordinal")
    outcomes = list(said.values_list("outcome", flat=True))
    assert outcomes[1:] == ["suspend", "resume", "suspend", "terminate"]
    assert_states_fold()


def test_a_motion_needs_a_quorum_of_those_seated_a_majority_and_reasons(table: Table) -> None:
    number = table.grant().case.number
    trustees = [table.seats[key] for key in cast.TRUSTEES]

    def carry(reasons: str = "They wrote.") -> None:
        carry_motion(number, motion=Motion.SUSPEND, reasons=reasons, by=trustees[0], at=MANAGED)

    def say(place: int, *, favour: bool) -> None:
        by = trustees[place]
        vote_on_motion(number, motion=Motion.SUSPEND, favour=favour, by=by, at=MANAGED)

    say(0, favour=True)
    with refused("8.6", Why.VOTE_CAST):
        say(0, favour=True)
    say(1, favour=True)
    with refused("8.4", Why.NO_QUORUM):  # two of five
        carry()
    say(2, favour=False)
    say(3, favour=False)
    with refused("11.5", Why.NOT_CARRIED):  # two of four
        carry()
    say(4, favour=True)
    with refused("8.2", Why.NO_REASON):
        carry(reasons="\n")
    carry()


def test_a_motion_out_of_place_or_by_others_is_refused(table: Table) -> None:
    table.open()
    case = table.case(table.second)
    trustee = table.seats["trustee-1"]
    with refused("11.5", Why.MOTION_OUT_OF_PLACE):
        vote_on_motion(case.number, motion=Motion.SUSPEND, favour=True, by=trustee, at=MANAGED)
    with refused("12.1", Why.NOT_OF_THIS_BODY):
        vote_on_motion(
            case.number, motion=Motion.SUSPEND, favour=True, by=table.manager, at=MANAGED
        )


def test_an_expert_has_no_vote_on_a_grant_and_none_is_resumed_that_runs(table: Table) -> None:
    number = table.grant().case.number
    with refused("2.1", Why.NOT_OF_THIS_BODY):
        vote_on_motion(
            number, motion=Motion.SUSPEND, favour=True, by=table.seats["expert-1"], at=MANAGED
        )
    with refused("11.5", Why.MOTION_OUT_OF_PLACE):
        vote_on_motion(
            number, motion=Motion.RESUME, favour=True, by=table.seats["trustee-1"], at=MANAGED
        )


def test_a_recused_trustee_has_no_vote_on_the_grant_either(table: Table) -> None:
    table.open()
    case, trustee = table.case(table.second), table.seats["trustee-5"]
    with desk():
        stand_aside(case.number, by=trustee, at=HEARD)
    with refused("6.3", Why.NOT_OPENED):
        vote_on_motion(case.number, motion=Motion.SUSPEND, favour=True, by=trustee, at=MANAGED)


def test_a_suspended_grant_is_not_paid(table: Table) -> None:
    made = table.grant()
    trustees = [table.seats[key] for key in cast.TRUSTEES[:3]]
    for seat in trustees:
        vote_on_motion(made.case.number, motion=Motion.SUSPEND, favour=True, by=seat, at=MANAGED)
    carry_motion(
        made.case.number, motion=Motion.SUSPEND, reasons="They wrote.", by=trustees[0], at=MANAGED
    )
    with refused("11.1", Why.NO_AGREEMENT_YET):
        pay(made, 1, amount=400 * cast.TENGE, by=table.manager, at=MANAGED)
    assert kept() == [(1, 400, False), (2, 600, False)]


# Amending and closing.


def test_an_amendment_replaces_what_is_not_paid_and_keeps_what_is(table: Table) -> None:
    made = table.grant()
    pay(made, 1, amount=400 * cast.TENGE, by=table.manager, at=MANAGED)
    first = Tranche.objects.get(ordinal=1)
    moved = [Planned(p.amount, p.due_on + timedelta(days=9)) for p in planned(400, 100, 200, 250)]
    amend(made, tranches=moved, by=table.manager, at=MANAGED)
    assert kept() == [(1, 400, True), (2, 100, False), (3, 200, False), (4, 250, False)]
    again = Tranche.objects.get(ordinal=1)
    assert (again.pk, again.due_on, again.paid_on) == (first.pk, first.due_on, first.paid_on)
    pay(made, 4, amount=250 * cast.TENGE, by=table.manager, at=MANAGED)
    amend(made, tranches=planned(400, 150, 150, 250), by=table.manager, at=MANAGED)
    assert kept() == [(1, 400, True), (2, 150, False), (3, 150, False), (4, 250, True)]
    assert_states_fold()


@pytest.mark.parametrize("sums", [(300, 700), (400, 601), (400, 0), ()])
def test_an_amendment_never_changes_what_was_paid_or_passes_the_award(
    table: Table, sums: tuple[int, ...]
) -> None:
    made = table.grant()
    pay(made, 1, amount=400 * cast.TENGE, by=table.manager, at=MANAGED)
    with refused("11.4", Why.NOT_THE_SUM_COMMITTED):
        amend(made, tranches=planned(*sums), by=table.manager, at=MANAGED)
    assert kept() == [(1, 400, True), (2, 600, False)]


def test_a_grant_closes_when_all_is_paid_reported_and_written_down(table: Table) -> None:
    made, manager = table.grant(), table.manager
    with refused("11.6", Why.NOT_PAID_OUT):
        accept_report(made, by=manager, at=MANAGED)
    for ordinal, amount in ((1, 400), (2, 600)):
        pay(made, ordinal, amount=amount * cast.TENGE, by=manager, at=MANAGED)
    with refused("11.6", Why.NOT_CLOSING):
        close(made, moved="Two more villages began.", by=manager, at=MANAGED)
    accept_report(made, by=manager, at=MANAGED)
    with refused("11.6", Why.NO_REASON):
        close(made, moved=" \n", by=manager, at=MANAGED)
    assert not Closing.objects.exists()
    event = close(made, moved="Two more villages began.", by=manager, at=MANAGED)
    assert event.moved == sha256(b'"Two more villages began."').hexdigest()
    kept_words = Closing.objects.get(grant=made)
    assert (kept_words.moved, kept_words.closed_on) == ("Two more villages began.", MANAGED.date())
    assert stage(made.case) is Stage.CLOSED
    with refused("11.6", Why.NOT_CLOSING):
        close(made, moved="Again.", by=manager, at=MANAGED)
    assert_states_fold()


def test_only_the_grants_manager_amends_accepts_and_closes(table: Table) -> None:
    made, other = table.grant(), table.coordinator
    acts: list[Callable[..., Any]] = [
        lambda: amend(made, tranches=planned(500, 500), by=other, at=MANAGED),
        lambda: accept_report(made, by=other, at=MANAGED),
        lambda: close(made, moved="Much.", by=other, at=MANAGED),
    ]
    for act in acts:
        with refused("12.2", Why.WRONG_ROLE):
            act()


def hand_in(case: Case, seat: Seat) -> None:
    """Hand in a sheet at the desk."""
    marks = dict.fromkeys(cast.CRITERIA, 4)
    with desk():
        hand_in_sheet(
            case.number, marks=marks, strengths="clear", weaknesses="short", by=seat, at=LATER
        )
