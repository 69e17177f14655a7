"""What happens to a case whoever judges it: standing aside, joining, leaving, release."""

from datetime import datetime

from tarazy.cases.events import DocketReleased
from tarazy.cases.models import Docket
from tarazy.cases.queries import cases_of, open_cases
from tarazy.cases.steps import append, judged_by, recuse
from tarazy.charter.case import FINAL
from tarazy.charter.events import Body, Found, Joined, Left, Recused, Released
from tarazy.charter.refusals import demand
from tarazy.charter.rules import may_act, may_manage_calls, may_release
from tarazy.governance.models import Seat
from tarazy.governance.queries import member
from tarazy.ledger.queries import quiet_lines
from tarazy.ledger.steps import action
from tarazy.people.models import Person
from tarazy.people.queries import roles


@action
def stand_aside(number: str, *, by: Seat, at: datetime) -> Recused:
    """Declare a conflict of interest on a case (5.2): it ceases to exist for this seat."""
    case = judged_by(number, by)
    body = Body(by.body.type)
    demand(may_act(member(by, on=at.date()), body, on=at.date()))
    event = Recused(case=number, on=at.date(), seat=by.code, body=body, found=Found.DECLARED)
    recuse(case, by, event)
    return event


@action
def call_in(number: str, seat: Seat, *, by: Person, at: datetime) -> Joined:
    """Bring a newly appointed expert onto a case that lacks one (4.7): a coordinator's work."""
    demand(may_manage_calls(roles(by, on=at.date())))
    case = judged_by(number, seat)  # an expert of this committee, and not of another
    event = Joined(case=number, on=at.date(), member=member(seat, on=at.date()))
    append(case, event)
    return event


@action
def let_go(number: str, seat: Seat, *, by: Person, at: datetime) -> Left:
    """Take an expert whose term has ended off a case (4.7): a coordinator's work."""
    demand(may_manage_calls(roles(by, on=at.date())))
    case = judged_by(number, seat)
    event = Left(case=number, on=at.date(), member=member(seat, on=at.date()))
    append(case, event)
    return event


@action
def release(docket: Docket, *, by: Person, at: datetime) -> tuple[DocketReleased | Released, ...]:
    """Release a list: every case's path is told at once (10.1)."""
    held = Docket.objects.select_for_update().select_related("call").get(pk=docket.pk)
    demand(
        may_release(
            roles(by, on=at.date()),
            open_cases=open_cases(held),
            released=held.released_on is not None,
        )
    )
    told: list[DocketReleased | Released] = []
    paths = quiet_lines()
    for case in cases_of(held):
        now = case.now
        event = Released(
            case=case.number,
            on=at.date(),
            outcome=FINAL[now.stage],
            ground=now.ground,
            committee=now.committee,
            board=now.board,
            path=tuple(paths.get(case.number, ())),
        )
        append(case, event)
        told.append(event)
    held.released_on = at.date()
    held.save(update_fields=["released_on"])
    opened = DocketReleased(call=held.call.code, docket=held.ordinal, on=at.date(), cases=len(told))
    return (opened, *told)
