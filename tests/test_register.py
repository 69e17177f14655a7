"""The register of a played round: valid 360Giving, true to the database, silent about the rest."""

import csv
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from jsonschema import Draft202012Validator
from pytest_django.plugin import DjangoDbBlocker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tarazy.applications.models import Application
from tarazy.cases.models import Case
from tarazy.charter.events import Ground
from tarazy.grants.models import Grant, Tranche
from tarazy.ops.play import Opinion, Play, Schedule
from tarazy.people.identifiers import is_bin, without_contacts
from tarazy.register.giving360 import UNDESCRIBED, package
from tarazy.register.queries import Entry, Funder, Payment, entries, funder
from tests import cast, databases

COUNT = 8
REFUSED = (1, 6)  # by place: one does not fit, one is declined
OPINIONS = [Opinion(1.4) if place == 6 else Opinion(4.6) for place in range(COUNT)]
OPINIONS[1] = Opinion(4.6, Ground.FIT)

# What a good publisher gives for every grant (the format's own usefulness checks), besides what
# the schema requires.
USEFUL = {
    "amountAppliedFor", "amountDisbursed", "beneficiaryLocation", "dataSource", "dateModified",
    "fromOpenCall", "grantProgramme", "locationScope", "url",
}  # fmt: skip

# What the clean sample has and we do not know: see `Entry`.
UNKNOWN = {
    "classifications", "commitmentTransaction", "plannedDates", "relatedDocument", "title_en",
    "title_ru",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Register:
    """What the register of the played round is made of, and its bytes."""

    funder: Funder
    entries: list[Entry]
    content: bytes

    @property
    def package(self) -> dict[str, Any]:
        """Return the file as a reader reads it."""
        found: dict[str, Any] = json.loads(self.content)
        return found

    @property
    def grants(self) -> list[dict[str, Any]]:
        """Return the grants as a reader reads them."""
        found: list[dict[str, Any]] = self.package["grants"]
        return found


@pytest.fixture(scope="module")
def register(django_db_blocker: DjangoDbBlocker) -> Iterator[Register]:
    """Play one round; the tests only look."""
    with django_db_blocker.unblock(), databases.fresh(databases.migrated()):
        call = cast.small_call(cast.small_foundation())
        received = cast.submit_all(call, cast.cards(COUNT), at=cast.OPENS)
        opinions = {one.token: told for one, told in zip(received, OPINIONS, strict=True)}
        schedule = Schedule(cast.JUDGING, compressed=False)
        Play(call, 5, schedule, lambda _, items: items, opinions).run()
        found = entries()
        yield Register(funder(), found, package(funder(), found))


@pytest.fixture(scope="module")
def standards() -> Path:
    """Return the folder of the standards' own files, or say where they belong."""
    data = os.environ.get("TARAZY_DATA")
    if not data:
        pytest.skip("TARAZY_DATA is not set: the 360Giving schemas lie in its folder standards/")
    return Path(data) / "standards"


@pytest.fixture(scope="module")
def judge(standards: Path) -> Draft202012Validator:
    """Return the standard's own schema; its reference leads to the local file, not the net."""
    whole = json.loads((standards / "360-giving-package-schema.json").read_text())
    part = json.loads((standards / "360-giving-schema.json").read_text())
    target = whole["properties"]["grants"]["items"]["$ref"]
    grant = DRAFT202012.create_resource(part)  # its own `$schema` is spelt with http
    registry: Registry[Any] = Registry().with_resource(target, grant)
    return Draft202012Validator(
        whole, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def faults(judge: Draft202012Validator, value: Any) -> list[str]:
    """Return what the judge finds wrong."""
    return [f"{error.json_path}: {error.message[:200]}" for error in judge.iter_errors(value)]


# Against the standard.


def test_the_file_is_valid(register: Register, judge: Draft202012Validator) -> None:
    assert len(register.grants) == COUNT - len(REFUSED)
    assert faults(judge, register.package) == []


def test_the_judge_finds_a_fault_inside_a_grant(
    register: Register, judge: Draft202012Validator
) -> None:
    """So that the reference was followed, and formats are checked."""
    for change in ({"awardDate": None}, {"dateModified": "2026"}, {"fromOpenCall": True}):
        broken = register.package
        broken["grants"][0] |= change
        assert faults(judge, broken), change


def test_every_code_is_in_its_code_list(register: Register, standards: Path) -> None:
    def codes(name: str) -> set[str]:
        with (standards / "360-codelists" / f"{name}.csv").open(newline="") as file:
            return {row["Code"] for row in csv.DictReader(file)}

    for grant in register.grants:
        assert grant["currency"] in codes("currency")
        assert grant["locationScope"] in codes("locationScope")
        assert {place["countryCode"] for place in grant["beneficiaryLocation"]} <= codes(
            "countryCode"
        )
        if "recipientIndividual" in grant:
            details = grant["toIndividualsDetails"]
            assert details["primaryGrantReason"] in codes("grantToIndividualsReason")
            assert set(details["grantPurpose"]) <= codes("grantToIndividualsPurpose")


def test_the_file_is_built_like_the_clean_sample(register: Register, standards: Path) -> None:
    sample = json.loads((standards / "samples" / "360giving-clean.json").read_text())
    assert register.package.keys() == sample.keys()
    for kind in ("recipientOrganization", "recipientIndividual"):
        one = next(grant for grant in sample["grants"] if kind in grant)
        ours = [grant for grant in register.grants if kind in grant]
        assert ours
        for grant in ours:
            assert one.keys() - UNKNOWN - grant.keys() == set()
            assert _shape(grant[kind]) == _shape(one[kind])
            assert _shape(grant["beneficiaryLocation"]) == _shape(one["beneficiaryLocation"])


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return type(value).__name__


def test_every_grant_has_what_makes_it_useful(register: Register) -> None:
    for grant in register.grants:
        lacking = USEFUL - grant.keys() - _not_asked(register, grant)
        assert lacking == set(), grant["id"]
        assert grant["title"] != grant["description"]
        assert 0 < len(grant["title"]) <= 140
        assert len(grant["description"]) > 40
        assert ("recipientIndividual" in grant) == ("toIndividualsDetails" in grant)


def _not_asked(register: Register, grant: dict[str, Any]) -> set[str]:
    entry = next(entry for entry in register.entries if grant["id"].endswith(entry.number))
    return set() if entry.asked else {"amountAppliedFor"}


# Against the database.


def test_sums_and_days_are_those_of_the_database(register: Register) -> None:
    assert sum(grant["amountAwarded"] for grant in register.grants) * 100 == _sum(Grant)
    paid = Tranche.objects.exclude(paid_on=None)
    assert sum(grant["amountDisbursed"] for grant in register.grants) * 100 == _sum(paid)
    for grant in register.grants:
        number = grant["id"].removeprefix("360G-trial-")
        kept = Grant.objects.get(number=number)
        assert grant["awardDate"] == kept.awarded_on.isoformat()
        told = [part["value"] for part in grant["disbursementTransaction"]]
        assert sum(told) == grant["amountDisbursed"] <= grant["amountAwarded"]
        assert grant["amountAwarded"] <= grant.get("amountAppliedFor", grant["amountAwarded"])
        assert grant["amountAwarded"] > 0


def _sum(rows: Any) -> int:
    found = rows.objects.all() if rows is Grant else rows
    total: int = found.aggregate(total=Sum("amount"))["total"]
    return total


def test_the_same_data_gives_the_same_bytes_in_whatever_order(register: Register) -> None:
    assert package(register.funder, entries()) == register.content
    turned = [replace(entry, payments=entry.payments[::-1]) for entry in reversed(register.entries)]
    assert package(register.funder, turned) == register.content


class Stopped(Exception):
    """The round goes no further."""


def test_an_unreleased_round_shows_nothing(database: None) -> None:
    """Every case has its final decision, and the executive head has not released them."""
    call = cast.small_call(cast.small_foundation())
    cast.submit_all(call, cast.cards(4), at=cast.OPENS)
    looks: list[tuple[str, int]] = []

    def until_release(step: str, items: list[Any]) -> Iterator[Any]:
        if step == "Awards":  # the first step after the release
            raise Stopped
        yield from items
        looks.append((step, len(entries())))

    opinions = {token: Opinion(4.6) for token in _tokens()}
    with pytest.raises(Stopped):
        Play(call, 5, Schedule(cast.JUDGING, compressed=False), until_release, opinions).run()
    assert len(looks) >= 7
    assert {found for _, found in looks} == {0}
    assert Case.objects.filter(state__stage="confirmed").count() == 4
    assert entries() == []


def _tokens() -> list[str]:
    return list(Application.objects.values_list("token", flat=True))


def test_an_empty_register_is_no_file(register: Register) -> None:
    with pytest.raises(ValueError, match="no grant yet"):
        package(register.funder, [])


# What may not be in it.


def test_every_bin_verifies_and_nobody_else_is_called_by_one(register: Register) -> None:
    found = re.findall(rb"KZ-BIN-([0-9]*)", register.content)
    assert len(found) > len(register.grants)
    assert [number for number in found if not _verifies(number.decode())] == []
    for grant in register.grants:
        if "recipientIndividual" in grant:
            assert "BIN" not in grant["recipientIndividual"]["id"]


def _verifies(number: str) -> bool:
    """Compute the check digit anew: weights 1 to 11, on remainder 10 again from 3."""
    digits = [int(digit) for digit in number]
    for start in (1, 3):
        weights = [(start + place - 1) % 11 + 1 for place in range(11)]
        rest = sum(a * b for a, b in zip(digits, weights, strict=False)) % 11
        if rest != 10:
            return len(digits) == 12 and rest == digits[11]
    return False


def test_no_address_no_phone_and_no_persons_number_is_in_the_file(register: Register) -> None:
    text = register.content.decode()
    assert "@" not in text
    assert "Ask […] or […]." in text  # where the applicants wrote them
    for card in cast.cards(COUNT):
        for private in (*card.emails, *card.phones, *card.numbers, *card.urls):
            assert private not in text
    bare = re.sub(r"KZ-BIN-\d{12}", "", text)
    assert re.findall(r"(?<!\d)\d{12}(?!\d)", bare) == []
    assert re.findall(r"\+\d[\d ()-]{7,}", bare) == []


def test_nobody_who_got_no_grant_is_named(register: Register) -> None:
    text = register.content.decode()
    cards = cast.cards(COUNT)
    for place in REFUSED:
        card = cards[place]
        named = {card.name, card.legal_name, card.bin, *card.names, *card.people} - {""}
        assert {name for name in named if name in text} == set()
    assert cards[0].name in text


def test_no_value_is_null_or_empty(register: Register) -> None:
    assert list(_empty(register.package, "$")) == []


def _empty(value: Any, path: str) -> Iterator[str]:
    if value is None or value in ("", [], {}):
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _empty(item, f"{path}.{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _empty(item, f"{path}[{place}]")


# One entry at a time, at the edges.

FUNDER = Funder("KZ-BIN-" + cast.registered(1), "Trial", "360G-trial", "https://trial.example")
ENTRY = Entry(
    number="2026-000001",
    title="A title",
    purpose="A purpose",
    recipient="Somebody",
    recipient_id="KZ-BIN-" + cast.registered(2),
    individual=False,
    region="KZ-31",
    currency="KZT",
    asked=None,
    amount=100_50,
    awarded_on=date(2026, 5, 14),
    call="C",
    call_title="Call",
    payments=(),
)


def only(entry: Entry) -> dict[str, Any]:
    """Return the one grant of a register."""
    grant: dict[str, Any] = json.loads(package(FUNDER, [entry]))["grants"][0]
    return grant


@pytest.mark.parametrize("purpose", ["A title", ""])
def test_a_description_is_never_empty_nor_the_title_again(purpose: str) -> None:
    assert only(replace(ENTRY, purpose=purpose))["description"] == UNDESCRIBED


@pytest.mark.parametrize("region", ["", "Almaty", "KZ-99", "KZ-ALM"])
def test_a_region_that_is_no_code_is_left_out(region: str) -> None:
    grant = only(replace(ENTRY, region=region))
    assert not grant.keys() & {"beneficiaryLocation", "locationScope"}
    assert grant["recipientOrganization"][0].keys() == {"id", "name"}


def test_a_region_is_told_by_name() -> None:
    grant = only(ENTRY)
    assert grant["recipientOrganization"][0]["addressRegion"] == "Jambyl Region"
    assert grant["beneficiaryLocation"][0]["geoCode"] == "KZ-31"


@pytest.mark.parametrize(
    "given",
    [
        "850101300005",  # an IIN: the fifth digit is of a day
        cast.registered(2)[:-1] + str((int(cast.registered(2)[-1]) + 1) % 10),
        "1",
        "",
    ],
)
def test_a_number_that_is_no_organisations_is_no_bin(given: str) -> None:
    assert not is_bin(given)


def test_a_bin_is_told_from_its_neighbours() -> None:
    good = cast.registered(3)
    changed = [
        good[:place] + str((int(good[place]) + step) % 10) + good[place + 1 :]
        for place in range(12)
        for step in range(1, 10)
    ]
    assert is_bin(good)
    assert [
        number for number in changed if is_bin(number) != (_verifies(number) and _is_form(number))
    ] == []
    assert sum(is_bin(number) for number in changed) < 10


def _is_form(number: str) -> bool:
    return 1 <= int(number[2:4]) <= 12 and number[4] in "456" and number[5] in "0123"


@pytest.mark.parametrize(
    "private",
    [
        "a.b@c.example",
        "+7 (727) 311-20-99",
        "+77273112099",
        "8 701 555 44 33",
        "8 (701) 555-44-33",
        "87015554433",
        "850101300005",
        "KZ75125KZT2001300335",
        "KZ75 125K ZT20 0130 0335",
    ],
)
def test_what_reaches_a_person_is_taken_out_of_a_text(private: str) -> None:
    assert without_contacts(f"Call {private}") == "Call […]"
    assert without_contacts(f"Write to {private}, or come.") == "Write to […], or come."


@pytest.mark.parametrize(
    "harmless", ["4 500 000 KZT", "2026-05-14", "1,234,567.89", "600 × 4 500", "24 000 000 000"]
)
def test_sums_and_days_stay_in_a_text(harmless: str) -> None:
    assert without_contacts(f"In all {harmless}.") == f"In all {harmless}."


def test_a_change_is_dated_by_the_last_payment() -> None:
    paid = Payment(1, 50_25, ENTRY.awarded_on + timedelta(days=9))
    grant = only(replace(ENTRY, payments=(paid,)))
    assert grant["dateModified"] == "2026-05-23T00:00:00Z"
    assert grant["amountDisbursed"] == 50.25
    assert grant["amountAwarded"] == 100.5
