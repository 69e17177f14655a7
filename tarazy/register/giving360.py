"""The register in the 360Giving format 1.4: one pure function, the same bytes for the same data."""

import json
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tarazy.register.queries import Entry, Funder

VERSION = "1.4"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
MINOR_UNITS = 100
UNDESCRIBED = "The application says no more than its title."
REGIONS = Path(__file__).with_name("regions.json")

# Ours are grants for what a person does for others, applied for openly, not for the person's need:
# "social action" and "community projects" in the standard's code lists.
TO_INDIVIDUALS = {"primaryGrantReason": "GTIR120", "grantPurpose": ["GTIP160"]}
FIRST_LEVEL = "GLS040"  # a region of a country


def package(funder: Funder, entries: Sequence[Entry]) -> bytes:
    """Return the register as a 360Giving package in UTF-8, grants by number.

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
        "grants": [
            _grant(funder, entry, page) for entry in sorted(entries, key=lambda one: one.number)
        ],
    }
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()


def _grant(funder: Funder, entry: Entry, page: str) -> dict[str, Any]:
    identifier = f"{funder.prefix}-{entry.number}"
    grant: dict[str, Any] = {
        "id": identifier,
        "title": entry.title,
        "description": entry.purpose if entry.purpose not in ("", entry.title) else UNDESCRIBED,
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
    place = _place(entry.region)
    grant |= _recipient(entry, place)
    if place:
        grant["beneficiaryLocation"] = [{"id": entry.region, **place}]
        grant["locationScope"] = FIRST_LEVEL
    if entry.payments:
        grant["disbursementTransaction"] = [
            {
                "id": f"{identifier}-d{payment.ordinal}",
                "transactionDate": payment.paid_on.isoformat(),
                "currency": entry.currency,
                "value": _major(payment.amount),
            }
            for payment in sorted(entry.payments, key=lambda one: one.ordinal)
        ]
    return grant


def _recipient(entry: Entry, place: dict[str, str]) -> dict[str, Any]:
    named = {"id": entry.recipient_id, "name": entry.recipient}
    if entry.individual:
        return {"recipientIndividual": named, "toIndividualsDetails": TO_INDIVIDUALS}
    if not place:
        return {"recipientOrganization": [named]}
    where = {"addressCountry": "Kazakhstan", "addressRegion": place["name"], "location": [place]}
    return {"recipientOrganization": [named | where]}


def _place(region: str) -> dict[str, str]:
    """Return a region of Kazakhstan by its code; nothing for what is no code of one."""
    names = _regions().get(region)
    if names is None:
        return {}
    return {
        "name": names["en"],
        "countryCode": "KZ",
        "geoCode": region,
        "geoCodeType": "ISO 3166-2",
    }


@cache
def _regions() -> dict[str, dict[str, str]]:
    """Return the names of the regions by ISO 3166-2 code and language."""
    found: dict[str, dict[str, str]] = json.loads(REGIONS.read_text(encoding="utf-8"))
    return found


def _changed(entry: Entry) -> str:
    days = [entry.awarded_on, *(payment.paid_on for payment in entry.payments)]
    return f"{max(days).isoformat()}T00:00:00Z"


def _major(amount: int) -> int | float:
    """Return minor units as the number a reader expects: whole where it is whole."""
    if amount % MINOR_UNITS == 0:
        return amount // MINOR_UNITS
    return float(Decimal(amount) / MINOR_UNITS)
