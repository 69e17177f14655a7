"""The one way by which an event reaches a case."""

from random import Random

from tarazy.cases.models import BlindCopy, Case, Docket, Recusal, StoredEvent
from tarazy.cases.queries import case as find
from tarazy.charter.book import read
from tarazy.charter.case import Case as State
from tarazy.charter.case import apply
from tarazy.charter.events import Body, CaseEvent, Opened, Recused
from tarazy.charter.plain import to_plain
from tarazy.charter.refusals import Refusal, demand, stop
from tarazy.charter.rules import may_judge
from tarazy.governance.models import Seat
from tarazy.governance.steps import random_code
from tarazy.people.models import Person


def append(case: Case, event: CaseEvent) -> State:
    """Lock the case, ask the charter, store the event and the state it leads to.

    Raises `Refused` with the clause where the charter says no. Only inside an action.
    """
    locked = Case.objects.select_for_update(of=("self",)).select_related("docket")
    held = locked.get(pk=case.pk)
    if event.case != held.number:
        raise ValueError(f"an event of {event.case} for case {held.number}")
    after = apply(read().on(held.docket.charter_day), held.now, event)
    if isinstance(after, Refusal):
        stop(after)
    _store(held, event)
    held.state = to_plain(after)
    held.save(update_fields=["state"])
    return after


def judged_by(number: str, by: Seat | Person) -> Case:
    """Find the case and lock it, for somebody whose body judges it; raises `Refused`."""
    case = find(number, lock=True)
    demand(_may_judge(case, by))
    assert case is not None  # noqa: S101 - the charter has just said that it exists
    return case


def _may_judge(case: Case | None, by: Seat | Person) -> Refusal | None:
    if isinstance(by, Person):
        return may_judge(Body.STAFF, responsible=False, exists=case is not None)
    body = Body(by.body.type)
    # For a recused member the case does not exist: the answer is that to a number never given.
    if case is None or by.code in case.now.recused:
        return may_judge(body, responsible=False, exists=False)
    programme = case.docket.call.programme
    own = by.body_id in (programme.committee_id, programme.board_id)
    return may_judge(body, responsible=own or body is Body.FOUNDER, exists=True)


def open_case(docket: Docket, copy: BlindCopy, event: Opened) -> Case:
    """Begin a case with its first event and its blind copy."""
    state = apply(read().on(docket.charter_day), None, event)
    if isinstance(state, Refusal):
        stop(state)
    case = Case.objects.create(number=event.case, docket=docket, state=to_plain(state))
    _store(case, event)
    copy.case = case
    copy.save(force_insert=True)
    return case


def recuse(case: Case, seat: Seat, event: Recused) -> State:
    """Make a case not exist for a seat, for good."""
    state = append(case, event)
    Recusal.objects.create(case=case, seat=seat, found=event.found.value)
    return state


def draw_numbers(chance: Random, count: int) -> list[str]:
    """Draw so many unused numbers: they say nothing of an applicant or a place in a row."""
    drawn: set[str] = set()
    while len(drawn) < count:
        wanted = range(count - len(drawn))
        fresh = {random_code(chance, 6) for _ in wanted}
        used = Case.objects.filter(number__in=fresh).values_list("number", flat=True)
        drawn |= fresh - set(used)
    numbers = sorted(drawn)
    chance.shuffle(numbers)
    return numbers


def _store(case: Case, event: CaseEvent) -> None:
    ordinal = StoredEvent.objects.filter(case=case).count() + 1
    StoredEvent.objects.create(case=case, ordinal=ordinal, kind=event.kind, data=to_plain(event))
