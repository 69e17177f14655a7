"""The public register: every grant, and nothing that leads to anybody who got none."""

from dataclasses import dataclass
from datetime import date

from tarazy.governance.queries import foundation
from tarazy.grants.queries import awarded


@dataclass(frozen=True, slots=True)
class Payment:
    """A tranche that was paid; minor units."""

    ordinal: int
    amount: int
    paid_on: date


@dataclass(frozen=True, slots=True)
class Entry:
    """One grant as the public reads it; sums are minor units of `currency`."""

    number: str
    title: str
    purpose: str
    recipient: str
    recipient_id: str
    individual: bool
    region: str
    currency: str
    asked: int | None
    amount: int
    awarded_on: date
    call: str
    call_title: str
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True)
class Funder:
    """The foundation as the register names it."""

    id: str
    name: str
    prefix: str
    site: str


def funder() -> Funder:
    """Return the foundation; raises `NotFounded` before there is one."""
    found = foundation()
    return Funder(f"KZ-BIN-{found.bin}", found.name["en"], found.prefix, found.site.rstrip("/"))


def entries() -> list[Entry]:
    """Return every grant in the register, by number."""
    return [
        Entry(
            number=grant.number,
            title=grant.title,
            purpose=grant.purpose,
            recipient=grant.recipient,
            recipient_id=grant.recipient_id,
            individual=grant.individual,
            region=grant.region,
            currency=grant.currency,
            asked=grant.asked,
            amount=grant.amount,
            awarded_on=grant.awarded_on,
            call=grant.case.docket.call.code,
            call_title=grant.case.docket.call.title["en"],
            payments=tuple(
                Payment(tranche.ordinal, tranche.amount, tranche.paid_on)
                for tranche in sorted(grant.tranches.all(), key=lambda tranche: tranche.ordinal)
                if tranche.paid_on is not None
            ),
        )
        for grant in awarded()
    ]
