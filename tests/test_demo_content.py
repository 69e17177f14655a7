"""The invented demo foundation holds together: counts, sums, identifiers, planned conflicts."""

import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.engine("sqlite")  # touches no database: once is enough


Record = dict[str, Any]

DEMO = Path(__file__).parents[1] / "tarazy" / "ops" / "demo"
APPLICATIONS: list[Record] = [
    json.loads(line)
    for line in (DEMO / "applications.jsonl").read_text(encoding="utf-8").splitlines()
]
FOUNDATION: Record = tomllib.loads((DEMO / "foundation.toml").read_text(encoding="utf-8"))
CALLS: dict[str, Record] = {call["code"]: call for call in FOUNDATION["call"]}
AUYL = CALLS["AUYL-2026"]
LANGUAGES = {"kk", "ru", "en"}

EVERY_APPLICATION = pytest.mark.parametrize(
    "application", APPLICATIONS, ids=[application["id"] for application in APPLICATIONS]
)

FIELDS = {
    "id", "invented", "language", "programme", "kind", "title", "organisation", "legal_entity",
    "short_names", "region", "people", "contact_name", "emails", "phones", "urls", "requested",
    "duration", "sections",
}  # fmt: skip

# ISO 3166-2 after 2022; the table of names is the program's, these are only its codes.
REGIONS = {
    f"KZ-{number}"
    for number in (10, 11, 15, 19, 23, 27, 31, 33, 35, 39, 43, 47, 55, 59, 61, 62, 63, 71, 75, 79)
}

KAZAKH_LETTERS = set("әғқңөұүһі")
CYRILLIC = re.compile(r"[Ѐ-ӿ]")
LATIN = re.compile(r"[A-Za-z]")
TWELVE_DIGITS = re.compile(r"(?<!\d)\d{12}(?!\d)")
EMAIL = re.compile(r"[\w.+-]+@([\w.-]+\w)")
ADDRESS = re.compile(r"https?://([^/\s\"]+)")
KNOWN_ENDING = re.compile(r"\w\.(?:kz|қаз|ru|com|org|net|io|info|gov|edu)\b", re.IGNORECASE)

BUDGET_LINE = re.compile(r"- (?P<what>.+) — (?P<sum>[\d ,]+) ₸")
TOTAL_LINE = re.compile(r"(?:Барлығы|Итого|Total) — (?P<sum>[\d ,]+) ₸")


def number(text: str) -> int:
    """The whole number written in `text`, its thousands set apart by spaces or commas."""
    found = re.findall(r"\d[\d ,]*", text)
    if len(found) != 1:
        raise ValueError(f"{len(found)} numbers in {text!r}")
    return int(re.sub(r"\D", "", found[0]))


def is_bin(text: str) -> bool:
    """Is it a BIN: date of registration, kind of entity, and the check digit?"""
    if not re.fullmatch(r"\d\d(?:0[1-9]|1[0-2])[456][0-3]\d{6}", text):
        return False
    digits = [int(digit) for digit in text]
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
        if rest < 10:
            return rest == digits[11]
    return False


def body(application: Record) -> str:
    """The applicant's own words, section after section."""
    return "\n".join(section["text"] for section in application["sections"])


def lines(application: Record) -> list[str]:
    """The applicant's own words, line by line."""
    return body(application).splitlines()


def strings(value: object) -> Iterator[str]:
    """Every string inside a parsed file, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def words(name: str) -> set[str]:
    """The words of a name, without quotes and case."""
    return {word.casefold() for word in re.findall(r"\w+", name)}


def stems(name: str) -> set[str]:
    """The beginnings of a name's longer words: what Kazakh and Russian endings leave alone."""
    return {word[:6] for word in words(name) if len(word) >= 6}


def names_of(application: Record) -> set[str]:
    """Everybody and everything that a declaration could name."""
    return {
        *application["people"],
        application["organisation"],
        application["legal_entity"],
    } - {""}


# ------------------------------------------------------------------ applications


def test_thirty_applications_in_three_languages() -> None:
    assert Counter(application["language"] for application in APPLICATIONS) == {
        "kk": 14,
        "ru": 10,
        "en": 6,
    }


@EVERY_APPLICATION
def test_an_application_has_every_field_and_says_that_it_is_invented(application: Record) -> None:
    fields = FIELDS | ({"bin"} if application["kind"] == "organisation" else set())
    assert set(application) == fields
    assert application["invented"] is True
    assert re.fullmatch(r"[0-9a-f]{12}", application["id"])
    assert application["region"] in REGIONS
    assert application["programme"] == AUYL["programme"]
    assert application["contact_name"]
    assert application["people"]
    assert application["emails"]
    assert application["phones"]


@EVERY_APPLICATION
def test_an_application_is_long_enough_to_judge_and_short_enough_to_read(
    application: Record,
) -> None:
    assert 5 <= len(application["sections"]) <= 7
    assert all(section["heading"] and section["text"] for section in application["sections"])
    assert 2_000 <= len(body(application)) <= 5_000


def test_no_two_applications_share_an_id_a_bin_an_address_or_a_phone() -> None:
    for field in ("id", "bin"):
        values = [item[field] for item in APPLICATIONS if field in item]
        assert len(values) == len(set(values))
    for field in ("emails", "phones", "urls", "people"):
        values = [value for item in APPLICATIONS for value in item[field]]
        assert len(values) == len(set(values))


@EVERY_APPLICATION
def test_an_organisation_has_a_bin_and_a_person_has_neither_bin_nor_organisation(
    application: Record,
) -> None:
    if application["kind"] == "organisation":
        assert is_bin(application["bin"])
        assert application["organisation"]
        assert application["legal_entity"]
    else:
        assert application["kind"] == "person"
        assert application["organisation"] == application["legal_entity"] == ""


@EVERY_APPLICATION
def test_the_only_twelve_digits_in_an_application_are_its_own_bin(application: Record) -> None:
    found = {
        digits
        for key, value in application.items()
        if key != "id"
        for text in strings(value)
        for digits in TWELVE_DIGITS.findall(re.sub(r"(?<=\d)[ -](?=\d)", "", text))
    }
    assert found == ({application["bin"]} if "bin" in application else set())


@EVERY_APPLICATION
def test_phones_are_written_alike_and_have_a_number_nobody_has(application: Record) -> None:
    for phone in application["phones"]:
        assert re.fullmatch(r"\+7 7\d\d 000 \d\d \d\d", phone)


@EVERY_APPLICATION
def test_budget_lines_multiply_and_add_up_to_the_sum_asked_for(application: Record) -> None:
    requested = re.fullmatch(r"([\d ]+) KZT", application["requested"])
    assert requested
    listed = []
    for line in (line for line in lines(application) if line.startswith("- ")):
        row = BUDGET_LINE.fullmatch(line)
        assert row, line
        listed.append(number(row["sum"]))
        if "×" in row["what"]:
            factors = row["what"].rsplit(": ", 1)[1].split(" × ")
            assert math.prod(number(factor) for factor in factors) == listed[-1], line
    totals = [number(row["sum"]) for row in map(TOTAL_LINE.fullmatch, lines(application)) if row]
    if listed:
        assert [sum(listed)] == totals == [number(requested[1])]
    else:
        assert totals == []


def test_exactly_one_applicant_gives_no_budget_lines() -> None:
    listed = [any(row.startswith("- ") for row in lines(item)) for item in APPLICATIONS]
    assert listed.count(False) == 1


@EVERY_APPLICATION
def test_the_alphabet_is_that_of_the_language(application: Record) -> None:
    text = f"{application['title']}\n{body(application)}".casefold()
    kazakh = sum(letter in KAZAKH_LETTERS for letter in text)
    if application["language"] == "kk":
        assert kazakh > len(text) // 20
    elif application["language"] == "ru":
        assert kazakh == 0
        assert len(CYRILLIC.findall(text)) > len(text) // 2
    else:
        assert not CYRILLIC.search(text)


@EVERY_APPLICATION
def test_no_word_mixes_latin_and_cyrillic_letters(application: Record) -> None:
    mixed = {
        word
        for text in strings(application)
        for word in re.findall(r"\w+", text)
        if CYRILLIC.search(word) and LATIN.search(word)
    }
    assert mixed == set()


def test_about_two_thirds_of_the_applicants_name_themselves_in_the_text() -> None:
    named = 0
    for application in APPLICATIONS:
        text = body(application).casefold()
        own = set().union(*(stems(name) for name in application["people"]))
        own |= {name.casefold()[:-1] for name in application["short_names"]}
        named += any(re.search(rf"\b{re.escape(stem)}", text) for stem in own)
    assert 18 <= named <= 23


def test_every_application_keeps_to_the_calls_ceiling_and_length() -> None:
    for application in APPLICATIONS:
        assert number(application["requested"].removesuffix("KZT")) * 100 <= AUYL["ceiling"]
        assert number(application["duration"]) <= 24


def test_the_envelope_holds_about_ten_of_the_thirty() -> None:
    asked = [number(item["requested"].removesuffix("KZT")) * 100 for item in APPLICATIONS]
    assert 9 <= AUYL["envelope"] * len(asked) / sum(asked) <= 11


# -------------------------------------------------------------------- foundation


def test_the_foundation_is_marked_as_invented_and_has_a_valid_bin() -> None:
    foundation = FOUNDATION["foundation"]
    assert foundation["invented"] is True
    assert is_bin(foundation["bin"])
    assert foundation["bin"] not in {item.get("bin") for item in APPLICATIONS}
    assert set(foundation["name"]) == LANGUAGES


def test_every_programme_has_a_name_and_an_aim() -> None:
    assert [programme["code"] for programme in FOUNDATION["programme"]] == ["EDU", "CIV", "SOC"]
    for programme in FOUNDATION["programme"]:
        assert set(programme["name"]) == set(programme["aim"]) == LANGUAGES


@pytest.mark.parametrize("code", CALLS)
def test_a_call_has_four_weighed_criteria_and_three_conditions(code: str) -> None:
    call = CALLS[code]
    assert set(call["title"]) == set(call["about"]) == LANGUAGES
    assert len(call["criterion"]) == len({item["key"] for item in call["criterion"]}) == 4
    assert sum(item["weight"] for item in call["criterion"]) == 100
    assert all(set(item["name"]) == set(item["anchor"]) == LANGUAGES for item in call["criterion"])
    assert len(call["condition"]) == len({item["key"] for item in call["condition"]}) == 3
    assert all(set(item) == LANGUAGES | {"key"} for item in call["condition"])
    assert type(call["envelope"]) is type(call["ceiling"]) is int
    assert 0 < call["ceiling"] < call["envelope"]


@pytest.mark.parametrize("code", CALLS)
def test_a_calls_moments_are_written_in_the_foundations_own_time(code: str) -> None:
    zone = ZoneInfo(FOUNDATION["foundation"]["zone"])
    for key in ("opens", "closes"):
        moment = CALLS[code].get(key)
        if moment is not None:
            assert isinstance(moment, datetime)
            assert moment.year == 2026
            assert moment.utcoffset() == moment.astimezone(zone).utcoffset()


def test_only_the_open_call_has_no_closing_moment() -> None:
    assert [code for code, call in CALLS.items() if "closes" not in call] == ["OPEN-2026"]
    assert AUYL["closes"].isoformat() == "2026-04-16T18:00:00+05:00"


def test_the_bodies_are_complete() -> None:
    people = FOUNDATION["person"]
    assert Counter(person["role"] for person in people) == {
        "trustee": 5,
        "expert": 15,
        "founder": 1,
        "executive": 1,
        "coordinator": 2,
        "grants_manager": 1,
        "auditor": 1,
    }
    seats = Counter(
        (person["programme"], person["seat"]) for person in people if person["role"] == "expert"
    )
    assert seats == {
        (programme["code"], seat): count
        for programme in FOUNDATION["programme"]
        for seat, count in (("member", 3), ("reserve", 2))
    }


def test_the_people_are_told_apart_and_are_citizens() -> None:
    people = FOUNDATION["person"]
    for field in ("key", "name", "name_latin", "email"):
        assert len({person[field] for person in people}) == len(people)
    for person in people:
        assert person["citizenship"] == "KZ"
        assert person["email"].endswith("@tarazy.example")
        assert set(person["field"]) == LANGUAGES


def test_everybody_has_disclosed_for_2026() -> None:
    disclosures = FOUNDATION["disclosure"]
    assert [item["person"] for item in disclosures] == [
        person["key"] for person in FOUNDATION["person"]
    ]
    for disclosure in disclosures:
        assert disclosure["year"] == 2026
        assert isinstance(disclosure["on"], date)
        assert disclosure["on"] < AUYL["opens"].date()
        assert disclosure["relations"]
        for relation in disclosure["relations"]:
            assert set(relation) == {"name", "kind", "note"}
            assert relation["kind"] in {"family", "relative", "friend", "organisation"}


def test_exactly_three_disclosures_meet_an_application() -> None:
    met = [
        (disclosure["person"], relation["kind"], application["title"].split(":")[0])
        for disclosure in FOUNDATION["disclosure"]
        for relation in disclosure["relations"]
        for application in APPLICATIONS
        if relation["name"] in names_of(application)
    ]
    assert sorted(met) == [
        ("civ-expert-2", "relative", "Бейнеудің суы қандай"),
        ("coordinator-1", "friend", "Қағазы түгел көш"),
        ("trustee-3", "organisation", "Дома и без боли"),
    ]
    expert = next(item for item in FOUNDATION["person"] if item["key"] == "civ-expert-2")
    assert (expert["programme"], expert["seat"]) == (AUYL["programme"], "member")


def test_no_other_declared_name_resembles_an_applicants() -> None:
    applicants = [name for application in APPLICATIONS for name in application["people"]]
    known = set().union(*(stems(name) for name in applicants))
    exact = {name for application in APPLICATIONS for name in names_of(application)}
    declared = [
        relation["name"]
        for disclosure in FOUNDATION["disclosure"]
        for relation in disclosure["relations"]
        if relation["name"] not in exact
    ]
    own = [person[field] for person in FOUNDATION["person"] for field in ("name", "name_latin")]
    assert [name for name in (*declared, *own) if stems(name) & known] == []


@pytest.mark.parametrize("name", ["applications.jsonl", "foundation.toml"])
def test_every_address_in_the_files_leads_to_an_example_domain(name: str) -> None:
    text = (DEMO / name).read_text(encoding="utf-8")
    hosts = [*EMAIL.findall(text), *ADDRESS.findall(text)]
    assert hosts
    assert [host for host in hosts if not host.endswith(".example")] == []
    assert KNOWN_ENDING.findall(text) == []
