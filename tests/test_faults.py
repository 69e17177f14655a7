"""What the charter refuses, whoever asks: the clause is named and nothing at all has changed."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections, models, transaction

from tarazy.applications.actions import check_eligibility, open_committee, submit, withdraw
from tarazy.applications.models import Application
from tarazy.calls.actions import begin
from tarazy.calls.models import Call, Programme
from tarazy.cases.actions import release, stand_aside
from tarazy.cases.models import Case, Docket
from tarazy.cases.queries import cases_of, envelope_left
from tarazy.cases.steps import append
from tarazy.charter.book import LANGUAGES, read
from tarazy.charter.case import Stage
from tarazy.charter.events import Awarded, Choice, Ground, Judgement, Role
from tarazy.charter.events import Body as BodyKind
from tarazy.charter.refusals import Refused, Why
from tarazy.decisions.actions import (
    cast_ballot,
    decide_in_board,
    decide_in_committee,
    hand_in_sheet,
    speak,
    vote,
)
from tarazy.decisions.models import Sheet
from tarazy.decisions.queries import sheets_for
from tarazy.engine.desk import desk
from tarazy.governance.actions import appoint, establish, sign_agreement
from tarazy.governance.models import Body, Seat
from tarazy.grants.actions import Planned, award, pay
from tarazy.grants.actions import sign_agreement as sign_grant
from tarazy.grants.models import Grant
from tarazy.ledger.models import Entry, Head
from tarazy.people.actions import declare, enrol
from tarazy.people.models import Person
from tests import cast as small
from tests.cast import CLOSES, CRITERIA, JUDGING, OPENS, SEATED, SETUP, TERM_ENDS, TRUSTEES, Cast

pytestmark = pytest.mark.usefixtures("database")
BOARD_DAY = JUDGING + timedelta(days=30)
RELEASED = JUDGING + timedelta(days=40)
AWARDED = JUDGING + timedelta(days=41)
SIGNED = JUDGING + timedelta(days=50)
PAID = JUDGING + timedelta(days=55)
TERM_BEGINS = SEATED.date()
SUM = 900_000 * small.TENGE
LOOKED = 0.3  # seconds: enough for everybody to come as far as the log's head
LONG = 60.0  # seconds: a wait that ends only in a fault


def everything() -> dict[str, object]:
    """Return every row of every table, and every file among the originals."""
    found: dict[str, object] = {}
    for model in apps.get_models():
        rows: models.QuerySet[models.Model] = models.QuerySet(model)
        found[model._meta.db_table] = [str(row) for row in rows.order_by("pk").values_list()]
    found["originals"] = sorted(path.name for path in settings.ORIGINALS.glob("*/*"))
    return found


@contextmanager
def refused(clause: str, why: Why) -> Iterator[None]:
    """Expect a refusal by this clause, with its words in all languages and nothing changed."""
    before = everything()
    with pytest.raises(Refused) as caught:
        yield
    refusal = caught.value.refusal
    assert (refusal.clause, refusal.why) == (clause, why)
    assert all(read().explain(refusal, language) for language in LANGUAGES)
    assert everything() == before
    assert Head.objects.get().size == Entry.objects.count()


class Trial:
    """A small round that a test brings as far as it needs."""

    def __init__(self, count: int = 2, **call: Any) -> None:
        self.cast: Cast = small.small_foundation()
        self.call = small.small_call(self.cast, **call)
        self.applications = small.submit_all(
            self.call, small.cards(count), at=OPENS + timedelta(days=1)
        )
        self._keys: list[int] = []  # of the cases, as their applications came

    @property
    def docket(self) -> Docket:
        return Docket.objects.get(call=self.call)

    @property
    def cases(self) -> list[Case]:
        """The cases in the order in which their applications came."""
        return [Case.objects.get(pk=key) for key in self._keys]

    @property
    def case(self) -> Case:
        return self.cases[0]

    def staff(self, role: Role) -> Person:
        return self.cast.staff[role.value]

    def check(self) -> "Trial":
        for application in self.applications:
            check_eligibility(application, failed=None, by=self.staff(Role.COORDINATOR), at=JUDGING)
        return self

    def open(self) -> "Trial":
        self.check()
        open_committee(
            self.call,
            chance=Random(3),
            by=self.staff(Role.COORDINATOR),
            at=JUDGING,
        )
        found = Application.objects.filter(call=self.call).order_by("submitted_at")
        self._keys = [key for key in found.values_list("case", flat=True) if key]
        return self

    def sheet(self, case: Case, key: str, at: datetime = JUDGING) -> None:
        with desk():
            hand_in_sheet(
                case.number,
                marks=dict.fromkeys(CRITERIA, 4),
                strengths=f"strong, says {key}",
                weaknesses="weak",
                by=self.cast.seats[key],
                at=at,
            )

    def ballot(self, case: Case, key: str, amount: int = SUM) -> None:
        with desk():
            cast_ballot(
                case.number,
                judgement=Judgement.RECOMMEND,
                amount=amount,
                by=self.cast.seats[key],
                at=JUDGING,
            )

    def score(self, case: Case, experts: Sequence[str] = small.EXPERTS[:3]) -> "Trial":
        for key in experts:
            self.sheet(case, key)
        return self

    def recommend(self, case: Case, amount: int = SUM) -> "Trial":
        self.score(case)
        for key in small.EXPERTS[:3]:
            self.ballot(case, key, amount)
        with desk():
            expert = self.cast.seats["expert-1"]
            decide_in_committee(case.number, reasons="good", by=expert, at=JUDGING)
        return self

    def recommend_all(self, amount: int = SUM) -> "Trial":
        for case in self.cases:
            self.recommend(case, amount)
        return self

    def vote(
        self,
        case: Case,
        by: Seat | Person,
        choice: Choice = Choice.CONFIRM,
        ground: Ground | None = None,
        at: datetime = BOARD_DAY,
    ) -> None:
        with desk():
            vote(case.number, choice=choice, ground=ground, by=by, at=at)

    def decide(self, case: Case) -> None:
        with desk():
            trustee = self.cast.seats["trustee-1"]
            decide_in_board(case.number, reasons="fits", by=trustee, at=BOARD_DAY)

    def confirm(self, case: Case) -> "Trial":
        for key in TRUSTEES[:3]:
            self.vote(case, self.cast.seats[key])
        self.decide(case)
        return self

    def release(self) -> "Trial":
        release(self.docket, by=self.staff(Role.EXECUTIVE), at=RELEASED)
        return self

    def award(self, case: Case) -> Grant:
        chance = Random(5)
        award(case, chance=chance, by=self.staff(Role.GRANTS_MANAGER), at=AWARDED)
        return Grant.objects.get(case=case)

    def sign(self, grant: Grant, *sums: int) -> Grant:
        day = SIGNED.date()
        planned = [Planned(amount, day) for amount in sums]
        sign_grant(grant, tranches=planned, by=self.staff(Role.GRANTS_MANAGER), at=SIGNED)
        return grant

    def pay(self, grant: Grant, ordinal: int, amount: int) -> None:
        pay(grant, ordinal, amount=amount, by=self.staff(Role.GRANTS_MANAGER), at=PAID)


def released() -> Trial:
    """Return a round whose one case is confirmed and released."""
    trial = Trial(1).open()
    return trial.recommend(trial.case).confirm(trial.case).release()


def active() -> tuple[Trial, Grant]:
    """Return a round with one grant, its agreement signed in two tranches."""
    trial = released()
    return trial, trial.sign(trial.award(trial.case), SUM - 100, 100)


# Applications


def test_an_application_outside_the_window_is_refused() -> None:
    trial = Trial(0)
    first, last, *_ = small.cards(2)
    by, moment = trial.staff(Role.COORDINATOR), timedelta(microseconds=1)
    for late in (OPENS - moment, CLOSES, CLOSES + timedelta(days=1)):
        with refused("3.1", Why.CALL_NOT_OPEN):
            submit(trial.call, small.draft(first, 0), by=by, at=late)
    submit(trial.call, small.draft(first, 0), by=by, at=OPENS)
    submit(trial.call, small.draft(last, 1), by=by, at=CLOSES - moment)
    assert Application.objects.count() == 2


def test_the_same_token_is_received_once_whatever_it_brings() -> None:
    trial = Trial(1)
    again = replace(small.draft(small.cards(1)[0], 0), title="Another title")
    with refused("3.2", Why.ALREADY_SUBMITTED):
        submit(trial.call, again, by=trial.staff(Role.COORDINATOR), at=OPENS + timedelta(days=2))


def test_a_draft_with_faults_names_its_fields_and_leaves_nothing() -> None:
    trial = Trial(0)
    bad = replace(small.draft(small.cards(1)[0], 0), title=" ", sections=(), requested=-5)
    before = everything()
    with pytest.raises(ValueError, match=r"title: .*sections: .*requested: "):
        submit(trial.call, bad, by=trial.staff(Role.COORDINATOR), at=OPENS)
    assert everything() == before


def test_nobody_withdraws_the_application_of_another() -> None:
    trial = Trial(2)
    with refused("3.6", Why.NOT_YOURS):
        withdraw(trial.applications[0], by=trial.applications[1].submitted_by, at=JUDGING)


def test_after_the_release_nobody_withdraws() -> None:
    trial = released()
    application = trial.applications[0]
    application.refresh_from_db()
    with refused("3.6", Why.ALREADY_RELEASED):
        withdraw(application, by=application.submitted_by, at=RELEASED)


def test_eligibility_is_checked_once_by_a_coordinator_against_what_was_published() -> None:
    trial = Trial(1)

    def attempt(failed: str | None = None, role: Role = Role.COORDINATOR) -> None:
        check_eligibility(trial.applications[0], failed=failed, by=trial.staff(role), at=JUDGING)

    with refused("3.4", Why.CONDITION_UNKNOWN):
        attempt("likeable")
    with refused("3.4", Why.WRONG_ROLE):
        attempt(role=Role.EXECUTIVE)
    attempt()
    for failed in (None, "registered"):
        with refused("3.4", Why.ELIGIBILITY_CHECKED):
            attempt(failed)


def test_the_list_opens_once_all_are_checked_after_the_deadline_and_by_a_coordinator() -> None:
    trial = Trial()

    def attempt(role: Role = Role.COORDINATOR, at: datetime = CLOSES) -> None:
        chance = Random(1)
        open_committee(trial.call, chance=chance, by=trial.staff(role), at=at)

    with refused("3.5", Why.ELIGIBILITY_UNCHECKED):
        attempt()
    trial.check()
    with refused("3.5", Why.CALL_STILL_OPEN):
        attempt(at=CLOSES - timedelta(microseconds=1))
    with refused("3.5", Why.WRONG_ROLE):
        attempt(Role.GRANTS_MANAGER)
    attempt()
    with refused("3.5", Why.DOCKET_STILL_OPEN):
        attempt()


# Who judges


def test_staff_vote_in_nothing() -> None:
    trial = Trial().open()
    case = trial.case
    clerk = trial.staff(Role.COORDINATOR)
    with refused("12.1", Why.NOT_OF_THIS_BODY), desk():
        cast_ballot(case.number, judgement=Judgement.DECLINE, amount=0, by=clerk, at=JUDGING)
    trial.recommend(case)
    with refused("12.1", Why.NOT_OF_THIS_BODY):
        trial.vote(case, clerk)
    with refused("12.1", Why.NOT_OF_THIS_BODY), desk():
        decide_in_board(case.number, reasons="mine", by=clerk, at=BOARD_DAY)
    with refused("12.1", Why.NOT_OF_THIS_BODY), desk():
        speak(case.number, choice=Choice.CONFIRM, ground=None, fact="", by=clerk, at=BOARD_DAY)


def test_the_founders_office_has_no_vote_in_the_board() -> None:
    trial = Trial().open()
    trial.recommend(trial.case)
    with refused("2.1", Why.NOT_OF_THIS_BODY):
        trial.vote(trial.case, trial.cast.seats["founder"])


def test_the_founders_office_has_no_word_without_a_trustees_conflict() -> None:
    trial = Trial().open()
    trial.recommend(trial.case).confirm(trial.case)
    with refused("9.1", Why.NOT_WITH_FOUNDER), desk():
        founder = trial.cast.seats["founder"]
        number = trial.case.number
        speak(number, choice=Choice.CONFIRM, ground=None, fact="", by=founder, at=BOARD_DAY)


def test_trustees_score_nothing_and_experts_have_no_vote_in_the_board() -> None:
    trial = Trial().open()
    with refused("2.1", Why.NOT_OF_THIS_BODY):
        trial.sheet(trial.case, "trustee-1")
    trial.recommend(trial.case)
    with refused("2.1", Why.NOT_OF_THIS_BODY):
        trial.vote(trial.case, trial.cast.seats["expert-1"])


def newcomer(
    kind: BodyKind, code: str = "", *, begins: date = TERM_BEGINS, agreed: bool = True
) -> Seat:
    """Seat somebody new in a body, made if it is not there; declared, and agreed if wanted."""
    body = Body.objects.filter(code=code or kind.value).first()
    if body is None:
        body = Body(code=code, type=kind.value, name=small.WORDS)
        establish(body, by=SETUP, at=SEATED)
    person = Person(email="newcomer@trial.example", name="Newcomer", citizen=True)
    enrol(person, by=SETUP, at=SEATED)
    take_seat(person, body, begins=begins)
    seat = Seat.objects.select_related("body", "person").get(person=person)
    declare([], by=person, at=SEATED)
    if agreed:
        sign_agreement(seat, by=person, at=SEATED)
    return seat


def take_seat(
    person: Person, body: Body, *, begins: date = TERM_BEGINS, ends: date = TERM_ENDS
) -> None:
    """Appoint somebody."""
    chance = Random(f"{person.code} {body.code} {begins}")
    appoint(
        person, body, begins=begins, ends=ends, reserve=False, chance=chance, by=SETUP, at=SEATED
    )


def test_an_expert_of_another_committee_judges_nothing_here() -> None:
    trial = Trial().open()
    stranger = newcomer(BodyKind.COMMITTEE, "other")
    begin(
        Programme(
            code="OTHER",
            name=small.WORDS,
            aim=small.WORDS,
            committee=stranger.body,
            board=Body.objects.get(code="board"),
        ),
        by=SETUP,
        at=SEATED,
    )
    with refused("4.1", Why.NOT_OF_THIS_BODY), desk():
        hand_in_sheet(
            trial.case.number,
            marks=dict.fromkeys(CRITERIA, 5),
            strengths="",
            weaknesses="",
            by=stranger,
            at=JUDGING,
        )


def test_a_reserve_waits_for_a_place() -> None:
    trial = Trial().open()
    with refused("4.7", Why.RESERVE_NOT_CALLED):
        trial.sheet(trial.case, "reserve-1")


def test_a_vote_counts_from_the_first_day_in_office_to_the_last() -> None:
    trial = Trial().open()
    trial.recommend(trial.case)
    late = newcomer(BodyKind.BOARD, begins=BOARD_DAY.date())
    with refused("2.2", Why.TERM_NOT_BEGUN):
        trial.vote(trial.case, late, at=BOARD_DAY - timedelta(days=1))
    trial.vote(trial.case, late, at=BOARD_DAY)
    old = trial.cast.seats["trustee-1"]
    end = datetime.combine(TERM_ENDS, BOARD_DAY.timetz())
    declare([], by=old.person, at=end - timedelta(days=30))
    with refused("2.2", Why.TERM_ENDED):
        trial.vote(trial.case, old, at=end)
    trial.vote(trial.case, old, at=end - timedelta(days=1))
    assert {cast.seat for cast in trial.case.now.votes} == {late.code, old.code}


def test_nobody_judges_before_the_agreement() -> None:
    trial = Trial().open()
    trial.recommend(trial.case)
    seat = newcomer(BodyKind.BOARD, agreed=False)
    with refused("2.3", Why.NO_AGREEMENT):
        trial.vote(trial.case, seat)


def test_one_signs_for_oneself() -> None:
    small.small_foundation()
    seat = newcomer(BodyKind.BOARD, agreed=False)
    with refused("2.3", Why.NOT_YOURS):
        sign_agreement(seat, by=Person.objects.get(name="trustee-1"), at=SEATED)


def test_nobody_judges_without_a_declaration_that_holds() -> None:
    trial = Trial().open()
    year_on = datetime(2027, 1, 12, 10, tzinfo=small.ZONE)
    trial.sheet(trial.case, "expert-1", at=year_on - timedelta(days=1))
    with refused("5.1", Why.NO_DECLARATION):
        trial.sheet(trial.case, "expert-2", at=year_on)


def test_a_sealed_score_is_seen_by_nobody_but_its_author() -> None:
    trial = Trial().open()
    seats, number, day = trial.cast.seats, trial.case.number, JUDGING.date()
    trial.score(trial.case, ["expert-1", "expert-2"])
    before = everything()
    for key in small.MEMBERS:
        with desk():
            open_sheets = sheets_for(seats[key], number, on=day)
        mine = [f"strong, says {key}"] if key in ("expert-1", "expert-2") else []
        assert [sheet.strengths for sheet in open_sheets] == mine, key
    assert everything() == before
    trial.score(trial.case, ["expert-3"])
    with desk():
        assert len(sheets_for(seats["expert-3"], number, on=day)) == 3
        assert sheets_for(seats["reserve-1"], number, on=day) == []


def test_for_who_stood_aside_there_is_no_such_case() -> None:
    trial = Trial().open()
    number = trial.case.number
    with desk():
        stand_aside(trial.case.number, by=trial.cast.seats["expert-1"], at=JUDGING)
    refusals = []
    for known in (number, "ZZZZZZ"):
        with refused("6.3", Why.NOT_OPENED), desk():
            try:
                cast_ballot(
                    known,
                    judgement=Judgement.DECLINE,
                    amount=0,
                    by=trial.cast.seats["expert-1"],
                    at=JUDGING,
                )
            except Refused as answer:
                refusals.append(str(answer))
                raise
    assert refusals[0] == refusals[1]
    with refused("6.3", Why.NOT_OPENED), desk():
        stand_aside(trial.case.number, by=trial.cast.seats["expert-1"], at=JUDGING)


# Scores, ballots, votes


def test_a_sheet_is_handed_in_once() -> None:
    trial = Trial().open()
    trial.sheet(trial.case, "expert-1")
    with refused("7.2", Why.SHEET_HANDED_IN):
        trial.sheet(trial.case, "expert-1")


def test_a_sheet_marks_every_criterion_and_no_other() -> None:
    trial = Trial(1).open()
    number, seat = trial.case.number, trial.cast.seats["expert-1"]
    whole = dict.fromkeys(CRITERIA, 5)
    for marks in ({"need": 5}, whole | {"plan": 6}, whole | {"plan": 0}, whole | {"charm": 5}, {}):
        with refused("7.1", Why.MARKS_INCOMPLETE), desk():
            hand_in_sheet(number, marks=marks, strengths="s", weaknesses="w", by=seat, at=JUDGING)


def test_no_ballot_before_the_sheets_and_no_second_one() -> None:
    trial = Trial().open()
    trial.score(trial.case, ["expert-1", "expert-2"])
    with refused("7.3", Why.SHEETS_MISSING):
        trial.ballot(trial.case, "expert-1")
    trial.sheet(trial.case, "expert-3")
    trial.ballot(trial.case, "expert-1")
    with refused("7.4", Why.BALLOT_CAST):
        trial.ballot(trial.case, "expert-1", SUM - 100)
    with refused("7.4", Why.BALLOTS_MISSING), desk():
        expert = trial.cast.seats["expert-1"]
        decide_in_committee(trial.case.number, reasons="now", by=expert, at=JUDGING)


def test_no_ballot_above_the_sum_asked_or_the_ceiling_and_none_for_nothing() -> None:
    trial = Trial().open()
    for case, limit in zip(trial.cases, (1_000_000, 2_000_000), strict=True):
        trial.score(case)
        with refused("7.5", Why.AMOUNT_TOO_HIGH):
            trial.ballot(case, "expert-1", limit * small.TENGE + 1)
        for nothing in (0, -1):
            with refused("7.5", Why.AMOUNT_NOT_POSITIVE):
                trial.ballot(case, "expert-1", nothing)


def test_a_committee_decides_with_reasons_only() -> None:
    trial = Trial().open()
    trial.score(trial.case)
    for key in small.EXPERTS[:3]:
        trial.ballot(trial.case, key)
    with refused("7.6", Why.NO_REASON), desk():
        expert = trial.cast.seats["expert-1"]
        decide_in_committee(trial.case.number, reasons=" \n", by=expert, at=JUDGING)


def test_the_board_votes_on_nothing_that_the_committee_has_not_recommended() -> None:
    trial = Trial().open()
    with refused("8.1", Why.NOT_BEFORE_BOARD):
        trial.vote(trial.case, trial.cast.seats["trustee-1"])


def test_the_board_refuses_on_its_two_grounds_only() -> None:
    trial = Trial(1).open()
    trial.recommend(trial.case)
    for choice, ground in (
        (Choice.DECLINE, None),
        (Choice.DECLINE, Ground.IMPARTIALITY),
        (Choice.RETURN, None),
        (Choice.RETURN, Ground.FIT),
    ):
        with refused("8.2", Why.NO_GROUND):
            trial.vote(trial.case, trial.cast.seats["trustee-1"], choice, ground)
    with refused("8.2", Why.GROUND_WITHOUT_REFUSAL):
        trial.vote(trial.case, trial.cast.seats["trustee-1"], Choice.CONFIRM, Ground.FIT)


def test_a_trustee_votes_once_and_three_make_the_quorum() -> None:
    trial = Trial().open()
    trial.recommend(trial.case)
    for key in TRUSTEES[:2]:
        trial.vote(trial.case, trial.cast.seats[key])
    with refused("8.6", Why.VOTE_CAST):
        trial.vote(trial.case, trial.cast.seats["trustee-1"], Choice.DECLINE, Ground.FIT)
    with refused("8.4", Why.NO_QUORUM):
        trial.decide(trial.case)


def test_a_case_goes_back_once_and_for_a_smaller_sum() -> None:
    trial = Trial().open()
    case = trial.case
    trial.recommend(case)
    for key in TRUSTEES[:3]:
        trial.vote(case, trial.cast.seats[key], Choice.RETURN, Ground.BUDGET)
    trial.decide(case)
    with refused("8.3", Why.NOT_SMALLER):
        trial.ballot(case, "expert-1", SUM)
    for key in small.EXPERTS[:3]:
        trial.ballot(case, key, SUM - 1)
    with desk():
        expert = trial.cast.seats["expert-1"]
        decide_in_committee(case.number, reasons="less", by=expert, at=JUDGING)
    with refused("8.3", Why.RETURNED_ALREADY):
        trial.vote(case, trial.cast.seats["trustee-1"], Choice.RETURN, Ground.BUDGET)


# Release, award, payment


def test_the_executive_head_releases_once_when_no_case_is_open_and_nothing_is_awarded_before() -> (
    None
):
    trial = Trial(2).open()
    first, second = trial.cases
    trial.recommend(first).confirm(first).recommend(second)
    with refused("10.1", Why.NOT_FINAL):
        trial.release()
    trial.confirm(second)
    with refused("10.2", Why.NOT_RELEASED):
        trial.award(first)
    with refused("10.1", Why.WRONG_ROLE):
        release(trial.docket, by=trial.staff(Role.COORDINATOR), at=RELEASED)
    trial.release()
    with refused("10.1", Why.ALREADY_RELEASED):
        trial.release()


def test_no_award_beyond_the_envelope() -> None:
    trial = Trial(envelope=SUM + SUM // 2).open().recommend_all()
    first, second = trial.cases
    trial.confirm(first).confirm(second)
    assert Case.objects.get(pk=second.pk).now.stage is Stage.UNFUNDED
    trial.release()
    with refused("10.2", Why.NOT_CONFIRMED):
        trial.award(second)
    # Somebody with a hand on the database makes the envelope smaller than what was decided.
    Call.objects.update(envelope=SUM - 1)
    with refused("10.3", Why.ENVELOPE_SPENT):
        trial.award(first)


def test_no_award_of_another_sum_than_the_one_decided() -> None:
    trial = released()
    for amount in (SUM + 1, SUM - 1):
        event = Awarded(case=trial.case.number, on=AWARDED.date(), grant="2026-1", amount=amount)
        with refused("10.4", Why.NOT_THE_SUM_DECIDED), transaction.atomic():
            append(trial.case, event)


def test_a_case_is_awarded_once_and_by_the_grants_manager() -> None:
    trial = released()
    with refused("12.2", Why.WRONG_ROLE):
        award(
            trial.case,
            chance=Random(5),
            by=trial.staff(Role.EXECUTIVE),
            at=AWARDED,
        )
    trial.award(trial.case)
    with refused("10.2", Why.NOT_CONFIRMED):
        trial.award(trial.case)


def test_an_agreement_is_signed_once_and_adds_up_to_the_award_before_anything_is_paid() -> None:
    trial = released()
    grant = trial.award(trial.case)
    with refused("11.1", Why.NO_AGREEMENT_YET):
        trial.pay(grant, 1, SUM)
    for sums in ((SUM + 1,), (SUM - 1,), (SUM, 1), (SUM + 1, -1), (SUM, 0), ()):
        with refused("11.2", Why.NOT_THE_SUM_COMMITTED):
            trial.sign(grant, *sums)
    trial.sign(grant, SUM)
    with refused("11.1", Why.NOT_AWARDED):
        trial.sign(grant, SUM)


def test_a_tranche_is_paid_as_agreed_once_and_by_the_grants_manager() -> None:
    trial, grant = active()
    with refused("12.2", Why.WRONG_ROLE):
        pay(grant, 1, amount=SUM - 100, by=trial.staff(Role.COORDINATOR), at=PAID)
    for ordinal in (0, 3, -1):
        with refused("11.2", Why.NO_SUCH_TRANCHE):
            trial.pay(grant, ordinal, 100)
    for amount in (100, SUM, 0):
        with refused("11.2", Why.NOT_THE_SUM_COMMITTED):
            trial.pay(grant, 1, amount)
    trial.pay(grant, 1, SUM - 100)
    with refused("11.3", Why.TRANCHE_PAID):
        trial.pay(grant, 1, SUM - 100)
    assert [tranche.paid_on for tranche in grant.tranches.order_by("ordinal")] == [
        PAID.date(),
        None,
    ]


# Appointments


def test_only_citizens_are_appointed() -> None:
    small.small_foundation()
    guest = Person(email="guest@trial.example", name="Guest", citizen=False)
    enrol(guest, by=SETUP, at=SEATED)
    with refused("1.1", Why.NOT_A_CITIZEN):
        take_seat(guest, Body.objects.get(code="board"))


def test_nobody_sits_in_two_bodies_or_beside_a_post() -> None:
    small.small_foundation()
    for key in ("expert-1", "founder", "coordinator"):
        with refused("1.2", Why.IN_TWO_BODIES):
            take_seat(Person.objects.get(name=key), Body.objects.get(code="board"))


def test_an_expert_serves_two_years_at_most_and_does_not_return() -> None:
    small.small_foundation()
    committee = Body.objects.get(code="committee")
    person = Person(email="new@trial.example", name="New", citizen=True)
    enrol(person, by=SETUP, at=SEATED)
    with refused("4.2", Why.TERM_TOO_LONG):
        take_seat(person, committee, ends=date(2028, 2, 12))
    with refused("4.2", Why.TERM_TOO_LONG):
        take_seat(person, committee, ends=TERM_ENDS + timedelta(days=1))
    take_seat(person, committee, ends=date(2027, 1, 12))
    with refused("4.2", Why.TERM_TOO_LONG):
        take_seat(person, committee, begins=date(2027, 1, 12), ends=date(2028, 2, 13))
    with refused("4.2", Why.NO_RETURN):
        take_seat(person, committee, begins=date(2027, 1, 13), ends=date(2027, 2, 13))


# At the same moment


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do all of it at one moment, on threads of their own; return results or refusals.

    The log's head is held meanwhile, the lock that every action takes last: whatever could have
    looked before another was done has looked by the time it is let go.
    """
    ready = threading.Barrier(len(works) + 1)

    def run(work: Callable[[], Any]) -> Any:
        try:
            ready.wait(LONG)
            return work()
        except Refused as refusal:
            return refusal.refusal.why
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        with transaction.atomic():
            Head.objects.select_for_update().get()
            doing = [pool.submit(run, work) for work in works]
            ready.wait(LONG)
            time.sleep(LOOKED)
        return [done.result(LONG) for done in doing]


def log_agrees() -> bool:
    """Say whether the log counts what it keeps."""
    return Head.objects.get().size == Entry.objects.count()


def test_one_of_many_who_hand_in_the_same_at_once_is_received() -> None:
    trial = Trial(0)
    drafts = [small.draft(card, place) for place, card in enumerate(small.cards(4))]
    by, at = trial.staff(Role.COORDINATOR), OPENS + timedelta(days=1)
    lines, files = Entry.objects.count(), len(list(settings.ORIGINALS.glob("*/*")))
    for draft in drafts:
        done = at_once(*[lambda d=draft: submit(trial.call, d, by=by, at=at)] * 6)
        assert [why for why in done if isinstance(why, Why)] == [Why.ALREADY_SUBMITTED] * 5
    assert Application.objects.count() == len(drafts) == Entry.objects.count() - lines
    assert len(list(settings.ORIGINALS.glob("*/*"))) == files + len(drafts)
    assert log_agrees()


def test_one_of_many_equal_votes_at_once_counts() -> None:
    trial = Trial(1).open()
    trial.recommend(trial.case)
    seat, case = trial.cast.seats["trustee-1"], trial.case
    done = at_once(*[lambda: trial.vote(case, seat)] * 4)
    assert sorted(done, key=str) == [None, *[Why.VOTE_CAST] * 3]
    assert [cast.seat for cast in Case.objects.get().now.votes] == [seat.code]
    assert log_agrees()


def test_one_of_many_equal_sheets_at_once_counts() -> None:
    trial = Trial(1).open()
    case = trial.case
    done = at_once(*[lambda: trial.sheet(case, "expert-1")] * 4)
    assert sorted(done, key=str) == [None, *[Why.SHEET_HANDED_IN] * 3]
    assert Sheet.objects.count() == 1
    assert log_agrees()


def test_one_of_many_equal_payments_at_once_is_made() -> None:
    trial, grant = active()
    done = at_once(*[lambda: trial.pay(grant, 1, SUM - 100)] * 4)
    assert sorted(done, key=str) == [None, *[Why.TRANCHE_PAID] * 3]
    assert Entry.objects.filter(body__contains='"grants.tranche_paid"').count() == 1
    assert log_agrees()


def test_the_last_of_the_envelope_goes_to_one_of_two_confirmed_at_once() -> None:
    trial = Trial(envelope=SUM + SUM // 2).open().recommend_all()
    for case in trial.cases:
        for key in TRUSTEES[:3]:
            trial.vote(case, trial.cast.seats[key])
    one, other = trial.cases
    at_once(lambda: trial.decide(one), lambda: trial.decide(other))
    ends = sorted(case.now.stage for case in cases_of(trial.docket))
    assert ends == [Stage.CONFIRMED, Stage.UNFUNDED]
    assert envelope_left(trial.call) == SUM // 2
    assert log_agrees()


def test_two_bodies_do_not_both_get_somebody_at_once() -> None:
    small.small_foundation()
    person = Person(email="wanted@trial.example", name="Wanted", citizen=True)
    enrol(person, by=SETUP, at=SEATED)
    board, committee = Body.objects.get(code="board"), Body.objects.get(code="committee")
    done = at_once(lambda: take_seat(person, board), lambda: take_seat(person, committee))
    assert sorted(done, key=str) == [None, Why.IN_TWO_BODIES]
    assert Seat.objects.filter(person=person).count() == 1
    assert log_agrees()


def test_a_list_opened_by_two_at_once_opens_once() -> None:
    trial = Trial(3).check()
    by = trial.staff(Role.COORDINATOR)
    done = at_once(*[lambda: open_committee(trial.call, chance=Random(1), by=by, at=JUDGING)] * 2)
    assert [why for why in done if isinstance(why, Why)] == [Why.DOCKET_STILL_OPEN]
    assert Case.objects.count() == 3
    assert log_agrees()


def test_two_awards_at_once_get_two_numbers() -> None:
    trial = Trial(2).open().recommend_all()
    one, other = trial.cases
    trial.confirm(one).confirm(other).release()
    at_once(lambda: trial.award(one), lambda: trial.award(other))
    assert len(set(Grant.objects.values_list("number", flat=True))) == 2
    assert log_agrees()
