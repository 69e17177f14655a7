"""The charter's text: read whole or refused by name, its values by day, its words in full."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from tarazy.charter.book import CHARTER, LANGUAGES, Charter, Clause, read
from tarazy.charter.refusals import Refusal, Refused, Why, demand, refuse, stop

pytestmark = pytest.mark.engine("sqlite")  # touches no database: once is enough


GOOD = """
[[clause]]
id = "4.1"
title = { kk = "Үшеу", ru = "Трое", en = "Three" }
text = { kk = "Үшеу.", ru = "Трое.", en = "Three." }
source = "L1"
values = [
    { name = "committee_size", from = 2026-01-01, value = 3 },
    { name = "committee_size", from = 2028-01-01, value = 5 },
    { name = "expert_term_months", from = 2026-01-01, value = 24 },
    { name = "declaration_months", from = 2026-01-01, value = 12 },
    { name = "highest_mark", from = 2026-07-01, value = 5 },
    { name = "founder_office", from = 2026-01-01, value = true },
]
reasons.recused = { kk = "{able} ғана.", ru = "Лишь {able}.", en = "Only {able}." }
"""


@pytest.fixture
def charter_file(tmp_path: Path) -> Path:
    """Give a place for a charter of the test's own."""
    return tmp_path / "our-charter.toml"


def broken(old: str, new: str) -> str:
    """Return the good charter with one thing replaced."""
    assert old in GOOD
    return GOOD.replace(old, new)


def clauses() -> list[Clause]:
    """Return the clauses of the charter that the house comes with."""
    return list(read().clauses.values())


def all_words(clause: Clause) -> Iterator[tuple[str, str, str]]:
    """Yield every text of a clause: of what, in which language, the words."""
    named = [("title", clause.title), ("text", clause.text), *clause.reasons.items()]
    for what, words in named:
        for language, said in words.items():
            yield what, language, said


def test_the_charter_reads() -> None:
    assert len(clauses()) >= 40
    assert [clause.id for clause in clauses()] == list(read().clauses)


def test_clauses_stand_in_the_order_of_their_numbers() -> None:
    numbers = [tuple(int(part) for part in clause.id.split(".")) for clause in clauses()]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("clause", clauses(), ids=lambda clause: clause.id)
def test_each_clause_speaks_three_languages(clause: Clause) -> None:
    for words in (clause.title, clause.text, *clause.reasons.values()):
        assert set(words) == set(LANGUAGES)
    for _, _, said in all_words(clause):
        assert said == said.strip()
    assert clause.source


@pytest.mark.parametrize("clause", clauses(), ids=lambda clause: clause.id)
def test_a_reason_is_one_that_the_rules_know(clause: Clause) -> None:
    assert {Why(reason) for reason in clause.reasons} == set(clause.reasons)


@pytest.mark.parametrize("clause", clauses(), ids=lambda clause: clause.id)
def test_title_and_text_leave_no_place_open(clause: Clause) -> None:
    for what, _, said in all_words(clause):
        if what in {"title", "text"}:
            assert "{" not in said


@pytest.mark.parametrize("clause", clauses(), ids=lambda clause: clause.id)
def test_a_reason_tells_the_same_facts_in_each_language(clause: Clause) -> None:
    for words in clause.reasons.values():
        told = {language: places(said) for language, said in words.items()}
        assert len(set(told.values())) == 1, told


def places(words: str) -> frozenset[str]:
    """Return the names of the places in some words; only plain names are allowed."""
    found = {name for _, name, _, _ in Formatter().parse(words) if name is not None}
    assert all(name.isidentifier() for name in found)
    return frozenset(found)


def test_the_values_in_force() -> None:
    assert read().on(date(2026, 1, 1)) == Charter(
        committee_size=3,
        expert_term_months=24,
        declaration_months=12,
        highest_mark=5,
        founder_office=True,
    )


def test_each_value_is_set_by_one_clause() -> None:
    for item in fields(Charter):
        setting = {
            clause.id for clause in clauses() for value in clause.values if value.name == item.name
        }
        assert len(setting) == 1, (item.name, setting)


def test_a_file_is_read_whole(charter_file: Path) -> None:
    charter_file.write_text(GOOD, encoding="utf-8")
    (clause,) = read(charter_file).clauses.values()
    assert (clause.id, clause.source) == ("4.1", "L1")
    assert clause.title == {"kk": "Үшеу", "ru": "Трое", "en": "Three"}
    assert clause.reasons == {
        "recused": {"kk": "{able} ғана.", "ru": "Лишь {able}.", "en": "Only {able}."}
    }
    assert len(clause.values) == 6


@pytest.mark.parametrize(
    ("day", "size"),
    [
        (date(2026, 7, 1), 3),
        (date(2027, 12, 31), 3),
        (date(2028, 1, 1), 5),
        (date(2040, 1, 1), 5),
    ],
)
def test_a_value_holds_from_its_day_on(charter_file: Path, day: date, size: int) -> None:
    charter_file.write_text(GOOD, encoding="utf-8")
    assert read(charter_file).on(day).committee_size == size


def test_the_order_in_the_file_does_not_matter(charter_file: Path) -> None:
    first = '{ name = "committee_size", from = 2026-01-01, value = 3 },'
    second = '{ name = "committee_size", from = 2028-01-01, value = 5 },'
    swapped = GOOD.replace(first, "#").replace(second, f"{second} {first}").replace("#\n", "\n")
    charter_file.write_text(swapped, encoding="utf-8")
    assert read(charter_file).on(date(2029, 1, 1)).committee_size == 5


@pytest.mark.parametrize(
    ("day", "missing"),
    [
        (date(2026, 6, 30), "no value on 2026-06-30: highest_mark"),
        (date(2025, 12, 31), "no value on 2025-12-31: committee_size, expert_term_months, "),
    ],
)
def test_a_day_without_a_value_is_refused_by_its_name(
    charter_file: Path, day: date, missing: str
) -> None:
    charter_file.write_text(GOOD, encoding="utf-8")
    with pytest.raises(LookupError, match=missing):
        read(charter_file).on(day)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (broken("source =", "sauce ="), "missing or unknown: sauce, source"),
        (broken('source = "L1"', 'source = "L1"\nnote = "x"'), "missing or unknown: note"),
        (broken('source = "L1"\n', ""), "missing or unknown: source"),
        (broken("title =", "heading ="), "missing or unknown: heading, title"),
        (broken('title = { kk = "Үшеу", ', "title = { "), "title is missing in kk"),
        (broken(', en = "Three." }', " }"), "text is missing in en"),
        (broken('ru = "Трое."', 'ru = ""'), "text is missing in ru"),
        (broken('kk = "{able} ғана.", ru = "Лишь {able}.", ', ""), "recused is missing in kk, ru"),
        (broken("2028-01-01, value = 5", '2028-01-01, value = "5"'), "committee_size: write from"),
        (broken("value = 24", "value = 24.0"), "expert_term_months: write from"),
        (broken("value = 24", "value = true"), "expert_term_months: write from"),
        (broken("value = true", "value = 1"), "founder_office: write from"),
        (broken("from = 2026-07-01", 'from = "2026-07-01"'), "highest_mark: write from"),
        (broken("from = 2026-07-01", "from = 2026-07-01T00:00:00Z"), "highest_mark: write from"),
        (broken("from = 2026-07-01, ", ""), "a value has a known `name`, a `from`"),
        (broken(", value = 24", ""), "a value has a known `name`, a `from`"),
        (broken('"highest_mark"', '"highest_marks"'), "a value has a known `name`, a `from`"),
        (broken("value = 24", "value = 24, unit = 1"), "a value has a known `name`, a `from`"),
    ],
)
def test_a_broken_charter_is_refused_with_file_and_clause(
    charter_file: Path, text: str, fault: str
) -> None:
    charter_file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"our-charter\.toml, clause 4\.1: ") as refused:
        read(charter_file)
    assert fault in str(refused.value)


def test_a_clause_without_a_number_is_refused(charter_file: Path) -> None:
    charter_file.write_text(broken('id = "4.1"\n', ""), encoding="utf-8")
    with pytest.raises(ValueError, match=r"our-charter.toml, clause \?: missing or unknown: id"):
        read(charter_file)


def test_a_clause_that_stands_twice_is_refused(charter_file: Path) -> None:
    charter_file.write_text(GOOD + GOOD, encoding="utf-8")
    with pytest.raises(ValueError, match=r"our-charter.toml: a clause number stands twice"):
        read(charter_file)


def test_what_is_no_toml_is_refused(charter_file: Path) -> None:
    charter_file.write_text("[[clause]\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1"):
        read(charter_file)


@pytest.mark.xfail(reason="the reader does not look at these yet")
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "our-charter.toml"),
        (GOOD + GOOD, "4.1"),
        (GOOD + "[[clauses]]\n", "clauses"),
        (broken('title = { kk = "Үшеу", ru = "Трое", en = "Three" }', 'title = "Three"'), "title"),
        (broken("reasons.recused", "reasons.recluse"), "recluse"),
        (broken("from = 2028-01-01", "from = 2026-01-01"), "committee_size"),
        (broken("value = 3", "value = 0"), "committee_size"),
        (broken("Лишь {able}", "Лишь {apt}"), "recused"),
    ],
    ids=[
        *("empty", "twice", "misspelt table", "no languages", "no such reason"),
        *("set twice on one day", "a committee of none", "other facts in one language"),
    ],
)
def test_a_charter_wrong_in_its_shape_is_refused_by_name(
    charter_file: Path, text: str, fault: str
) -> None:
    charter_file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=fault):
        read(charter_file)


@pytest.mark.parametrize(
    ("language", "words"), [("kk", "2 ғана."), ("ru", "Лишь 2."), ("en", "Only 2.")]
)
def test_a_refusal_is_told_with_its_facts(charter_file: Path, language: str, words: str) -> None:
    charter_file.write_text(GOOD, encoding="utf-8")
    refusal = refuse("4.1", Why.RECUSED, able=2, spare="not told")
    assert read(charter_file).explain(refusal, language) == words


def test_a_refusal_is_told_in_english_where_nobody_chose() -> None:
    refusal = refuse("11.3", Why.TRANCHE_PAID, ordinal=2)
    assert read().explain(refusal) == read().explain(refusal, "en") == "Tranche 2 has been paid."


def test_a_demand_goes_on_without_a_reason_and_stops_with_one() -> None:
    demand(None)
    refusal = Refusal("4.7", Why.COMMITTEE_INCOMPLETE, (("able", 2),))
    for halt in (demand, stop):
        with pytest.raises(Refused, match=r"clause 4\.7: committee-incomplete, able 2") as refused:
            halt(refusal)
        assert refused.value.refusal == refusal


def test_the_charter_lies_beside_its_reader() -> None:
    assert CHARTER.name == "charter.toml"
    assert read(CHARTER) is read(CHARTER)
