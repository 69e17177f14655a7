"""Handing in, checking, appealing, opening the committee's list, taking back."""

from datetime import date, datetime
from hashlib import sha256
from operator import itemgetter
from random import Random

from django.db import IntegrityError

from tarazy.applications.events import Appealed, EligibilityChecked, Submitted, Withdrawn
from tarazy.applications.models import Application, ConflictMatch, IdentityCard, Proposal
from tarazy.applications.queries import Status, card, of_call, received, waiting
from tarazy.applications.steps import blind_copy, conflicts, discard_original, keep_original
from tarazy.applications.submission import Draft
from tarazy.calls.models import Call
from tarazy.cases.events import DocketOpened
from tarazy.cases.models import Case, Docket
from tarazy.cases.steps import append, draw_numbers, open_case, recuse
from tarazy.charter.book import read
from tarazy.charter.events import Body, Found, Opened, Recused
from tarazy.charter.events import Withdrawn as CaseWithdrawn
from tarazy.charter.refusals import Refusal, Refused, demand
from tarazy.charter.rules import (
    may_appeal,
    may_check_eligibility,
    may_open_committee,
    may_submit,
    may_withdraw,
)
from tarazy.governance.models import Seat
from tarazy.governance.queries import seated
from tarazy.ledger.steps import action
from tarazy.people.models import Person
from tarazy.people.queries import relations_on_file, roles


def submit(call: Call, draft: Draft, *, by: Person, at: datetime) -> Submitted:
    """Hand in an application; from here on it is frozen (3.1, 3.2).

    The original is on disk before the transaction begins, and goes again when the charter
    refuses. Raises `Refused`; `ValueError` with the draft's faults; `OSError` on a full disk.
    """
    faults = draft.faults()
    if faults:
        raise ValueError("; ".join(faults))
    demand(_may_receive(call, draft, at=at))
    document = draft.document()
    original = keep_original(document)
    try:
        return _receive(call, draft, original, sha256(document).hexdigest(), by=by, at=at)
    except Refused:
        # Only here: after any other fault the commit may have happened, and the file is needed.
        discard_original(original)
        raise
    except IntegrityError:
        # Rolled back: the same came at the same moment, and the database let one of them in.
        discard_original(original)
        demand(_may_receive(call, draft, at=at))
        raise


def _may_receive(call: Call, draft: Draft, *, at: datetime) -> Refusal | None:
    return may_submit(call.window, received=received(call, draft.token), at=at)


@action
def _receive(
    call: Call, draft: Draft, original: str, document: str, *, by: Person, at: datetime
) -> Submitted:
    demand(_may_receive(call, draft, at=at))
    application = Application.objects.create(
        call=call,
        token=draft.token,
        submitted_at=at,
        submitted_by=by,
        requested=draft.requested,
        original=original,
        document=document,
    )
    who = draft.card
    IdentityCard.objects.create(
        application=application,
        name=who.name,
        legal_name=who.legal_name,
        individual=who.individual,
        bin=who.bin,
        region=who.region,
        names=list(who.names),
        people=list(who.people),
        emails=list(who.emails),
        urls=list(who.urls),
        phones=list(who.phones),
        numbers=list(who.numbers),
    )
    Proposal.objects.create(
        application=application,
        language=draft.language,
        title=draft.title,
        duration=draft.duration,
        sections=[{"heading": part.heading, "text": part.text} for part in draft.sections],
    )
    return Submitted(call=call.code, document=document)


@action
def check_eligibility(
    application: Application, *, failed: str | None, by: Person, at: datetime
) -> EligibilityChecked:
    """Check an application against the call's published conditions (3.4).

    `failed` is the code of the condition that is not met, None where all are.
    """
    held = Application.objects.select_for_update().get(pk=application.pk)
    demand(
        may_check_eligibility(
            roles(by, on=at.date()),
            checked=held.status != Status.SUBMITTED,
            conditions=[condition["code"] for condition in application.call.conditions],
            failed=failed,
        )
    )
    held.status = Status.INELIGIBLE if failed else Status.ELIGIBLE
    held.checked_on = at.date()
    held.failed_condition = failed or ""
    held.save(update_fields=["status", "checked_on", "failed_condition"])
    return EligibilityChecked(
        on=at.date(), call=application.call.code, failed=failed, document=held.document
    )


@action
def appeal(application: Application, *, by: Person, at: datetime) -> Appealed:
    """Ask the committee to hear one's own application that was found ineligible (3.7).

    It becomes a case with the call's next list, and is heard there before it is judged.
    """
    held = Application.objects.select_for_update().get(pk=application.pk)
    demand(
        may_appeal(
            read().on(_charter_day(held.call, at)),
            own=held.submitted_by_id == by.pk,
            failed=held.status == Status.INELIGIBLE,
            # Without a day, checked before days were kept: then no appeal is late.
            checked=held.checked_on or at.date(),
            on=at.date(),
        )
    )
    held.status = Status.APPEALED
    held.save(update_fields=["status"])
    return Appealed(on=at.date(), call=held.call.code, document=held.document)


def _charter_day(call: Call, at: datetime) -> date:
    """Return the day, in the zone of `at`, whose charter a call is pinned to."""
    return call.opens.astimezone(at.tzinfo).date()


@action
def open_committee(
    call: Call, *, chance: Random, by: Person, at: datetime
) -> tuple[DocketOpened | Opened | Recused, ...]:
    """Make blind cases of a call's eligible applications, all at once (3.5, 6.3).

    Those on appeal become cases with them (3.7). `chance` draws the numbers. Whoever declared
    somebody of an application is recused from its case before anybody can read it (5.2).
    """
    day = at.date()
    call = Call.objects.select_for_update().get(pk=call.pk)
    entering = list(waiting(call))
    demand(
        may_open_committee(
            roles(by, on=day),
            call.window,
            unchecked=of_call(call).filter(status=Status.SUBMITTED).count(),
            eligible=len(entering),
            unreleased=Docket.objects.filter(call=call, released_on=None).exists(),
            at=at,
        )
    )
    docket = Docket.objects.create(
        call=call,
        ordinal=Docket.objects.filter(call=call).count() + 1,
        charter_day=_charter_day(call, at),
        opened_on=day,
    )
    committee = seated(call.programme.committee, on=day)
    board = seated(call.programme.board, on=day)
    declared = relations_on_file(on=day)
    numbers = draw_numbers(chance, len(entering))
    happened: list[DocketOpened | Opened | Recused] = [
        DocketOpened(call=call.code, docket=docket.ordinal, on=day)
    ]
    # By number: neither the rows' keys nor the log's order follow the order of receipt.
    for number, application in sorted(zip(numbers, entering, strict=True), key=itemgetter(0)):
        who = card(application)
        opened = Opened(
            case=number,
            on=day,
            asked=application.requested or call.ceiling,
            experts=tuple(seat.code for seat in committee if not seat.reserve),
            reserves=tuple(seat.code for seat in committee if seat.reserve),
            failed=application.failed_condition,
        )
        case = open_case(docket, blind_copy(application, who), opened)
        application.case = case
        application.save(update_fields=["case"])
        happened.append(opened)
        for seat, name in conflicts(who, [*committee, *board], declared):
            happened.append(_stand_aside(case, application, seat, name, day=day))
    return tuple(happened)


def _stand_aside(
    case: Case, application: Application, seat: Seat, name: str, *, day: date
) -> Recused:
    event = Recused(
        case=case.number,
        on=day,
        seat=seat.code,
        body=Body(seat.body.type),
        found=Found.MATCHED,
    )
    recuse(case, seat, event)
    ConflictMatch.objects.create(application=application, seat=seat, declared=name)
    return event


@action
def withdraw(application: Application, *, by: Person, at: datetime) -> Withdrawn | CaseWithdrawn:
    """Take one's own application back, at any time before release (3.6)."""
    held = Application.objects.select_for_update().get(pk=application.pk)
    withdrawn = held.status == Status.WITHDRAWN
    demand(may_withdraw(own=held.submitted_by_id == by.pk, withdrawn=withdrawn))
    held.status = Status.WITHDRAWN
    held.save(update_fields=["status"])
    if held.case is None:
        return Withdrawn(on=at.date(), call=held.call.code, document=held.document)
    event = CaseWithdrawn(case=held.case.number, on=at.date())
    append(held.case, event)
    return event
