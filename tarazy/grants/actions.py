"""Awarding, signing, amending, paying, closing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from random import Random

from tarazy.applications.queries import of_case
from tarazy.cases.models import Case
from tarazy.cases.queries import charter, envelope_left
from tarazy.cases.steps import append
from tarazy.charter.events import (
    AgreementSigned,
    Amended,
    Awarded,
    Closed,
    ReportAccepted,
    TranchePaid,
)
from tarazy.charter.refusals import demand
from tarazy.charter.rules import may_award, may_know_applicant, may_manage_grants
from tarazy.governance.models import Foundation
from tarazy.governance.steps import random_code
from tarazy.grants.models import Agreement, Closing, Grant, Tranche
from tarazy.ledger.canonical import canonical
from tarazy.ledger.steps import action
from tarazy.people.identifiers import is_bin, without_contacts
from tarazy.people.models import Person
from tarazy.people.queries import roles

LONGEST_TITLE = 140


@dataclass(frozen=True, slots=True)
class Planned:
    """One tranche of an agreement: its sum in minor units and the day it is due."""

    amount: int
    due_on: date


@action
def award(case: Case, *, chance: Random, by: Person, at: datetime) -> Awarded:
    """Make a grant of a released, confirmed case: it is in the public register (10.2 to 10.4)."""
    demand(may_manage_grants(roles(by, on=at.date())))
    held = Case.objects.select_for_update().select_related("docket__call").get(pk=case.pk)
    now = held.now
    call = held.docket.call
    # Its own sum is among what the envelope has given out already.
    demand(may_award(now.amount, left=envelope_left(call) + now.amount))
    foundation = Foundation.objects.select_for_update().get()
    number = f"{at.year}-{Grant.objects.count() + 1:06d}"
    event = Awarded(case=held.number, on=at.date(), grant=number, amount=now.amount)
    append(held, event)
    demand(may_know_applicant(charter(held.docket), met=True, released=now.released))
    application = of_case(held)
    who = application.card
    # What an applicant wrote as a BIN may be a person's number: that is never told.
    public_id = is_bin(who.bin) and not who.individual
    recipient_id = (
        f"KZ-BIN-{who.bin}" if public_id else f"{foundation.prefix}-{random_code(chance, 8)}"
    )
    Grant.objects.create(
        number=number,
        case=held,
        application=application,
        title=without_contacts(application.proposal.title)[:LONGEST_TITLE].rstrip(),
        purpose=without_contacts(_purpose(application.proposal.sections)),
        recipient=who.name or who.legal_name,
        recipient_id=recipient_id,
        individual=who.individual,
        region=who.region,
        currency=call.currency,
        asked=application.requested,
        amount=now.amount,
        awarded_on=at.date(),
    )
    return event


def _purpose(sections: Sequence[dict[str, str]]) -> str:
    """Return the first paragraph that says something, at most 1,000 characters."""
    for section in sections:
        for paragraph in section["text"].split("\n\n"):
            if len(paragraph) > LONGEST_TITLE:
                return paragraph.strip()[:1000]
    return sections[0]["text"].strip()[:1000] if sections else ""


@action
def sign_agreement(
    grant: Grant, *, tranches: Sequence[Planned], by: Person, at: datetime
) -> AgreementSigned:
    """Sign the grant agreement: its tranches add up to the award (11.1, 11.2)."""
    demand(may_manage_grants(roles(by, on=at.date())))
    event = AgreementSigned(
        case=grant.case.number,
        on=at.date(),
        tranches=tuple(planned.amount for planned in tranches),
    )
    append(grant.case, event)
    Agreement.objects.create(grant=grant, signed_on=at.date())
    Tranche.objects.bulk_create(
        Tranche(grant=grant, ordinal=ordinal, amount=planned.amount, due_on=planned.due_on)
        for ordinal, planned in enumerate(tranches, start=1)
    )
    return event


@action
def pay(grant: Grant, ordinal: int, *, amount: int, by: Person, at: datetime) -> TranchePaid:
    """Record that a tranche was paid: once, after the agreement, as agreed (11.1 to 11.3)."""
    demand(may_manage_grants(roles(by, on=at.date())))
    event = TranchePaid(case=grant.case.number, on=at.date(), ordinal=ordinal, amount=amount)
    append(grant.case, event)
    Tranche.objects.filter(grant=grant, ordinal=ordinal, paid_on=None).update(paid_on=at.date())
    return event


@action
def amend(grant: Grant, *, tranches: Sequence[Planned], by: Person, at: datetime) -> Amended:
    """Amend the agreement (11.4): `tranches` are all its tranches now, in their order.

    A paid one must stand in its place with its sum; its row stays, with the day it was due.
    """
    demand(may_manage_grants(roles(by, on=at.date())))
    event = Amended(
        case=grant.case.number,
        on=at.date(),
        tranches=tuple(planned.amount for planned in tranches),
    )
    paid = append(grant.case, event).paid
    Tranche.objects.filter(grant=grant, paid_on=None).delete()
    Tranche.objects.bulk_create(
        Tranche(grant=grant, ordinal=ordinal, amount=planned.amount, due_on=planned.due_on)
        for ordinal, planned in enumerate(tranches, start=1)
        if ordinal not in paid
    )
    return event


@action
def accept_report(grant: Grant, *, by: Person, at: datetime) -> ReportAccepted:
    """Accept the final report of a grant that is paid out: it is closing (11.6)."""
    demand(may_manage_grants(roles(by, on=at.date())))
    event = ReportAccepted(case=grant.case.number, on=at.date())
    append(grant.case, event)
    return event


@action
def close(grant: Grant, *, moved: str, by: Person, at: datetime) -> Closed:
    """Close a grant, with words on what it set in motion (11.6)."""
    demand(may_manage_grants(roles(by, on=at.date())))
    event = Closed(
        case=grant.case.number,
        on=at.date(),
        moved=sha256(canonical(moved)).hexdigest() if moved.strip() else "",
    )
    append(grant.case, event)
    Closing.objects.create(grant=grant, moved=moved, closed_on=at.date())
    return event
