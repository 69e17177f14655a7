"""A simulated round: invented members act by their own accounts, through the real actions.

What each of them does follows from the seed and from what they may read, so that a round that
was interrupted goes on as it would have gone.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import TypeVar

from tarazy.applications.actions import check_eligibility, open_committee
from tarazy.applications.queries import Status, card, of_call
from tarazy.applications.steps import blind_copy, conflicts
from tarazy.calls.models import Call
from tarazy.cases.actions import release, stand_aside
from tarazy.cases.models import BlindCopy, Case, Docket
from tarazy.cases.queries import cases_of, charter, copy_for
from tarazy.charter.case import Stage, panel
from tarazy.charter.events import Body, Choice, Ground, Judgement, Role
from tarazy.decisions.actions import (
    cast_ballot,
    decide_in_board,
    decide_in_committee,
    hand_in_sheet,
    speak,
    vote,
)
from tarazy.decisions.models import Sheet
from tarazy.engine.desk import desk
from tarazy.governance.actions import sign_agreement as sign_seat
from tarazy.governance.models import Seat, SeatAgreement
from tarazy.governance.queries import seated
from tarazy.grants.actions import Planned, award, pay, sign_agreement
from tarazy.grants.models import Agreement, Grant
from tarazy.grants.queries import awaiting_award
from tarazy.grants.queries import of_call as grants_of
from tarazy.people.actions import Declaration, declare
from tarazy.people.models import Disclosure, Person, StaffRole
from tarazy.people.queries import relations_on_file

T = TypeVar("T")
Watch = Callable[[str, list[T]], Iterable[T]]

ROUND = 100_00  # sums are named in whole hundreds

LAST_DAY = 55  # of a round, counted from its first
GOOD = 3.0  # a case whose mean mark is above it is recommended by whoever gave it


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the steps of a round happen: days after its beginning, or always `now`."""

    begins: datetime
    compressed: bool

    def day(self, days: int) -> datetime:
        """Return the moment at which a step happens."""
        return self.begins if self.compressed else self.begins + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the simulation's readers will think of a proposal: about 1 to 5, and the Board."""

    quality: float
    board: Ground | Choice | None = None


@dataclass(slots=True)
class Play:
    """One simulated round of a call.

    `watch` shows the progress of each step's items; `opinions` by the token of an application,
    where the round is not left to chance.
    """

    call: Call
    seed: int
    schedule: Schedule
    watch: Watch[object]
    opinions: Mapping[str, Opinion] = field(default_factory=dict)
    _told: dict[int, Opinion] = field(default_factory=dict, init=False)

    def run(self) -> None:
        """Play every step that has not happened yet, from eligibility to the first tranches."""
        self._prepare_members()
        self._check_eligibility()
        docket = self._open()
        if docket is None:
            return self._after_release()
        self._told = {
            application.case_id: self.opinions[application.token]
            for application in of_call(self.call)
            if application.case_id and application.token in self.opinions
        }
        # What comes back for a smaller sum waits for the others, also where the round was
        # interrupted: who comes before the Board first may find the envelope fuller.
        for returned in (False, True):
            self._committee(docket, returned=returned)
            self._board(docket, returned=returned)
        if docket.released_on is None:
            release(docket, by=self._staff(Role.EXECUTIVE), at=self.schedule.day(40))
        return self._after_release()

    def _each(self, step: str, items: Iterable[T]) -> Iterable[T]:
        return self.watch(step, list(items))  # type: ignore[return-value]  # what went in

    def _staff(self, role: Role) -> Person:
        found = StaffRole.objects.filter(role=role.value, ends=None).order_by("pk")
        return found.select_related("person")[0].person

    def _seats(self, body: Body, day: date) -> list[Seat]:
        programme = self.call.programme
        if body is Body.FOUNDER:
            found = Seat.objects.filter(body__type=Body.FOUNDER, begins__lte=day, ends__gt=day)
            return list(found.select_related("body").order_by("place"))
        return seated(programme.committee if body is Body.COMMITTEE else programme.board, on=day)

    def _members(self, day: date) -> list[Seat]:
        return [
            seat
            for body in (Body.COMMITTEE, Body.BOARD, Body.FOUNDER)
            for seat in self._seats(body, day)
        ]

    def _chance(self, *words: object) -> Random:
        """Return the chance of one decision, which no other decision disturbs."""
        text = ":".join(str(word) for word in (self.seed, self.call.code, *words))
        return Random(hashlib.sha256(text.encode()).digest())  # noqa: S311 - a simulation

    def _prepare_members(self) -> None:
        """Sign what is unsigned; declare, and let two declarations meet applicants."""
        at = self.schedule.day(0)
        planted = self._planted(at.date())
        for seat in self._each("Agreements and declarations", self._members(at.date())):
            if not SeatAgreement.objects.filter(seat=seat).exists():
                sign_seat(seat, by=seat.person, at=at)
            valid = Disclosure.objects.filter(
                person=seat.person, declared_on__lte=at.date(), valid_until__gt=self._day(LAST_DAY)
            )
            named = planted.get(seat.pk, [])
            told = valid.filter(relations__name__in=[line.name for line in named]).exists()
            today = valid.filter(declared_on=at.date()).exists()
            if not today and (not valid.exists() or (named and not told)):
                declare(named, by=seat.person, at=at)

    def _planted(self, day: date) -> dict[int, list[Declaration]]:
        """Choose an expert and a trustee who know an applicant, where no declaration says so."""
        waiting = list(of_call(self.call).filter(case=None).exclude(status=Status.WITHDRAWN))
        experts, trustees = self._seats(Body.COMMITTEE, day), self._seats(Body.BOARD, day)
        declared = relations_on_file(on=day)
        if len(waiting) < 2:
            return {}
        by_chance = sorted(waiting, key=lambda known: self._chance("known", known.token).random())
        # The trustee's must come before the Board: the one this round will find best.
        best = max(by_chance, key=lambda known: self._quality(blind_copy(known, card(known))))
        other = next(known for known in by_chance if known != best)
        friend = next(iter(other.card.people), other.card.name)
        planted = {
            experts[0].pk: Declaration("friend", friend),
            trustees[-1].pk: Declaration("organisation", best.card.name),
        }
        ours = {(key, line.name) for key, line in planted.items()}
        found = {
            (seat.pk, name)
            for application in waiting
            for seat, name in conflicts(card(application), [*experts, *trustees], declared)
        }
        # An interrupted round has one of the two perhaps, and is to get the other.
        return {} if found - ours else {key: [line] for key, line in planted.items()}

    def _quality(self, copy: BlindCopy) -> float:
        """Return how good a proposal looks to a simulated reader, about 1 to 5.

        What was told beforehand counts first (`opinions`).
        Detail counts, figures count, and much is chance, as studies of reviewing find.
        """
        if copy.case_id in self._told:
            return self._told[copy.case_id].quality
        text = " ".join(section["text"] for section in copy.sections)
        detail = min(len(text) / 4000, 1.0)
        figures = min(sum(map(str.isdigit, text)) / 120, 1.0)
        chance = self._chance("quality", copy.title, text).random()
        return 1.0 + 0.4 * detail + 0.4 * figures + 2.6 * chance

    def _check_eligibility(self) -> None:
        waiting = of_call(self.call).filter(status=Status.SUBMITTED)
        for application in self._each("Eligibility", waiting):
            check_eligibility(
                application,
                failed=None,
                by=self._staff(Role.COORDINATOR),
                at=self.schedule.day(2),
            )

    def _open(self) -> Docket | None:
        """Return the list to judge: the one open, or a new one; None where all are released."""
        found = Docket.objects.filter(call=self.call, released_on=None)
        docket = found.select_related("call__programme").first()
        waiting = of_call(self.call).filter(status=Status.ELIGIBLE, case=None).exists()
        if docket is None and waiting:
            open_committee(
                self.call,
                chance=self._chance("numbers", Docket.objects.filter(call=self.call).count()),
                by=self._staff(Role.COORDINATOR),
                at=self.schedule.day(3),
            )
            docket = found.select_related("call__programme").first()
        return docket

    # The committee

    def _committee(self, docket: Docket, *, returned: bool) -> None:
        seats = {seat.code: seat for seat in self._seats(Body.COMMITTEE, self._day(10))}
        self._recognise(docket, seats)
        waiting = [case for case in cases_of(docket) if case.now.returns == returned]
        judging = [case for case in waiting if case.now.stage is Stage.IN_COMMITTEE]
        for case in self._each("Score sheets", judging):
            for seat in self._panel(case, seats):
                if seat.code not in case.now.sheets:
                    self._hand_in(seat, case.number)
        for case in self._each("Committee's decisions", judging):
            self._decide_in_committee(case, self._panel(case, seats))

    def _day(self, days: int) -> date:
        return self.schedule.day(days).date()

    def _panel(self, case: Case, seats: dict[str, Seat]) -> list[Seat]:
        return [seats[code] for code in panel(charter(case.docket), case.now) if code in seats]

    def _recognise(self, docket: Docket, seats: dict[str, Seat]) -> None:
        """Let one expert recognise one applicant, and stand aside with one click."""
        cases = list(cases_of(docket))
        case = min(cases, key=lambda case: self._chance("recognised", case.number).random())
        seat = self._panel(case, seats)[-1]
        untouched = not (case.now.recused or case.now.sheets or case.now.returns)
        if untouched and case.now.stage is Stage.IN_COMMITTEE:
            with desk():
                stand_aside(case.number, by=seat, at=self.schedule.day(4))

    def _hand_in(self, seat: Seat, number: str) -> None:
        at = self.schedule.day(10)
        with desk():
            copy = copy_for(seat, number, on=at.date())
            if copy is None:
                raise RuntimeError(f"{number} is not there for the expert who should judge it")
            quality = self._quality(copy)
            chance = self._chance("sheet", number, seat.place)
            marks = {
                criterion["code"]: min(5, max(1, round(quality + chance.gauss(0, 0.7))))
                for criterion in copy.case.docket.call.criteria
            }
            best, worst = max(marks, key=marks.__getitem__), min(marks, key=marks.__getitem__)
            hand_in_sheet(
                number,
                marks=marks,
                strengths=f"Simulated: strongest in {best} ({marks[best]} of 5).",
                weaknesses=f"Simulated: weakest in {worst} ({marks[worst]} of 5).",
                by=seat,
                at=at,
            )

    def _decide_in_committee(self, case: Case, seats: list[Seat]) -> None:
        at = self.schedule.day(20)
        case.refresh_from_db()
        with desk():
            for seat in seats:
                if seat.code not in {ballot.seat for ballot in case.now.ballots}:
                    judgement, amount = self._ballot(case, seat)
                    cast_ballot(case.number, judgement=judgement, amount=amount, by=seat, at=at)
            words = "Simulated: the marks of the three sheets were compared and discussed."
            decide_in_committee(case.number, reasons=words, by=seats[0], at=at)

    def _ballot(self, case: Case, seat: Seat) -> tuple[Judgement, int]:
        sheet = Sheet.objects.get(case=case, seat=seat)
        mean = sum(sheet.marks.values()) / len(sheet.marks)
        if mean <= GOOD:
            return Judgement.DECLINE, 0
        limit = case.now.limit
        share = self._chance("sum", case.number, seat.place, limit).choice((0.8, 0.9, 1.0))
        return Judgement.RECOMMEND, max(1, int(limit * share) // ROUND * ROUND or limit)

    # The Board and the founder's office

    def _board(self, docket: Docket, *, returned: bool) -> None:
        trustees = self._seats(Body.BOARD, self._day(30))
        fates = self._fates(docket)
        waiting = [case for case in fates if case.now.returns == returned]
        for case in self._each("Board's decisions", waiting):
            if case.now.stage is Stage.BEFORE_BOARD:
                self._decide_in_board(case, trustees, fates[case])
            case.refresh_from_db()
            if case.now.stage is Stage.WITH_FOUNDER:
                self._speak(case)
            case.refresh_from_db()
            if case.now.stage is Stage.BEFORE_BOARD:  # a declined refusal comes back once
                self._decide_in_board(case, trustees, fates[case])

    def _fates(self, docket: Docket) -> dict[Case, Ground | Choice | None]:
        """Return the recommended cases, best first, with what the Board will make of each.

        One does not fit, one has an inflated budget, one goes back for a smaller sum; the rest
        is confirmed while the envelope lasts.
        """
        came = [case for case in cases_of(docket) if case.now.amount > 0]
        usual = [case for case in came if not case.now.trustee_recused]
        usual.sort(key=lambda case: self._chance("fate", case.number).random())
        ends: tuple[Ground | Choice, ...] = (Ground.FIT, Ground.BUDGET, Choice.RETURN)
        odd: dict[Case, Ground | Choice | None] = dict(zip(usual[:-1], ends, strict=False))
        if self.opinions:
            odd = {case: self._told[case.pk].board for case in usual if case.pk in self._told}
        came.sort(key=lambda case: (-self._mean(case), case.number))
        return {case: odd.get(case) for case in came}

    def _mean(self, case: Case) -> float:
        marks: list[int] = [
            mark
            for sheet in Sheet.objects.filter(case=case, seat__code__in=case.now.sheets)
            for mark in sheet.marks.values()
        ]
        return sum(marks) / len(marks)

    def _decide_in_board(
        self, case: Case, trustees: list[Seat], fate: Ground | Choice | None
    ) -> None:
        at = self.schedule.day(30)
        able = [seat for seat in trustees if seat.code not in case.now.recused]
        choice, ground = Choice.CONFIRM, None
        if fate is Choice.RETURN and not case.now.returns:
            choice, ground = Choice.RETURN, Ground.BUDGET
        elif isinstance(fate, Ground):
            choice, ground = Choice.DECLINE, fate
        with desk():
            for seat in able:
                if seat.code not in {cast.seat for cast in case.now.votes}:
                    vote(case.number, choice=choice, ground=ground, by=seat, at=at)
            words = f"Simulated: the Board's majority, {choice}, {ground or 'no ground needed'}."
            decide_in_board(case.number, reasons=words, by=able[0], at=at)

    def _speak(self, case: Case) -> None:
        at = self.schedule.day(35)
        office = self._seats(Body.FOUNDER, at.date())[0]
        with desk():
            words = ""
            speak(case.number, choice=Choice.CONFIRM, ground=None, fact=words, by=office, at=at)

    # After the release

    def _after_release(self) -> None:
        manager = self._staff(Role.GRANTS_MANAGER)
        for case in self._each("Awards", awaiting_award(self.call)):
            chance = self._chance("recipient", case.number)
            award(case, chance=chance, by=manager, at=self.schedule.day(41))
        unsigned = grants_of(self.call).exclude(pk__in=Agreement.objects.values("grant"))
        for grant in self._each("Agreements", unsigned):
            at = self.schedule.day(50)
            sign_agreement(grant, tranches=self._tranches(grant, at.date()), by=manager, at=at)
        for grant in self._each("First tranches", grants_of(self.call)):
            first = next(iter(grant.tranches.all()))
            if first.paid_on is None:
                at = self.schedule.day(LAST_DAY)
                pay(grant, first.ordinal, amount=first.amount, by=manager, at=at)

    def _tranches(self, grant: Grant, day: date) -> list[Planned]:
        """Split an award: half at once, the rest in two parts over the year."""
        half, quarter = grant.amount // 2, grant.amount // 4
        sums = [half, quarter, grant.amount - half - quarter]
        return [
            Planned(amount, day + timedelta(days=120 * place))
            for place, amount in enumerate(sums)
            if amount > 0
        ]
