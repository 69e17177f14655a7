"""The register in the 360Giving format 1.4: one pure function, the same bytes for the same data."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tarazy.register.queries import Entry, Funder

VERSION = "1.4"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
MINOR_UNITS = 100
ALTERNATIVE = "A grant made by the foundation; its recipient described it under another title."


def package(funder: Funder, entries: Sequence[Entry]) -> bytes:
    """Return the register as a 360Giving package in UTF-8.

    `issued` and `modified` come from the grants, not from a clock. Raises `ValueError` where
    there is no grant: the standard knows no empty package.
    """
    if not entries:
        raise ValueError("the register has no grant yet")
    page = f"{funder.site}/open/360giving.json"
    found = {
        "version": VERSION,
        "title": f"{funder.name}: register of grants",
        "description": "Every grant of the foundation.",
        "issued": min(entry.awarded_on for entry in entries).isoformat(),
        "modified": max(_changed(entry) for entry in entries),
        "identifier": f"{funder.prefix}-register",
        "publisher": {"identifier": funder.id, "name": funder.name, "website": funder.site},
        "downloadURL": page,
        "accessURL": f"{funder.site}/open/",
        "license": LICENCE,
        "grants": [_grant(funder, entry, page) for entry in entries],
    }
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()


def _grant(funder: Funder, entry: Entry, page: str) -> dict[str, Any]:
    identifier = f"{funder.prefix}-{entry.number}"
    purpose = entry.purpose if entry.purpose != entry.title else ALTERNATIVE
    grant: dict[str, Any] = {
        "id": identifier,
        "title": entry.title,
        "description": purpose,
        "currency": entry.currency,
        "amountAwarded": _major(entry.amount),
        "amountDisbursed": _major(sum(payment.amount for payment in entry.payments)),
        "awardDate": entry.awarded_on.isoformat(),
        "url": f"{funder.site}/grants/{entry.number}",
        "fundingOrganization": [{"id": funder.id, "name": funder.name}],
        "grantProgramme": [
            {
                "code": entry.call,
                "title": entry.call_title,
                "url": f"{funder.site}/calls/{entry.call}",
            }
        ],
        "fromOpenCall": "Yes",
        "dateModified": _changed(entry),
        "dataSource": page,
    }
    if entry.asked is not None:
        grant["amountAppliedFor"] = _major(entry.asked)
    grant |= _recipient(entry)
    if entry.region:
        place = {"countryCode": "KZ", "geoCode": entry.region, "geoCodeType": "ISO 3166-2"}
        grant["beneficiaryLocation"] = [{"id": entry.region, "name": entry.region, **place}]
    if entry.payments:
        grant["disbursementTransaction"] = [
            {
                "id": f"{identifier}-d{payment.ordinal}",
                "transactionDate": payment.paid_on.isoformat(),
                "currency": entry.currency,
                "value": _major(payment.amount),
            }
            for payment in entry.payments
        ]
    return grant


def _recipient(entry: Entry) -> dict[str, Any]:
    named = {"id": entry.recipient_id, "name": entry.recipient}
    if entry.individual:
        return {"recipientIndividual": named}
    return {"recipientOrganization": [named]}


def _changed(entry: Entry) -> str:
    days = [entry.awarded_on, *(payment.paid_on for payment in entry.payments)]
    return f"{max(days).isoformat()}T00:00:00Z"


def _major(amount: int) -> int | float:
    """Return minor units as the number a reader expects: whole where it is whole."""
    if amount % MINOR_UNITS == 0:
        return amount // MINOR_UNITS
    return float(Decimal(amount) / MINOR_UNITS)
