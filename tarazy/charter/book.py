"""The charter's text: clauses, their dated values and the words of their refusals."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from tarazy.charter.refusals import Refusal

LANGUAGES = ("kk", "ru", "en")
CHARTER = Path(__file__).with_name("charter.toml")

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Charter:
    """The values in force on one day. Months are calendar months."""

    committee_size: int
    expert_term_months: int
    declaration_months: int
    highest_mark: int
    founder_office: bool


@dataclass(frozen=True, slots=True)
class Dated:
    """A value that a clause sets from a day on."""

    name: str
    since: date
    value: int | bool


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered rule: its words by language, its source, its values, its refusals' words."""

    id: str
    title: Words
    text: Words
    source: str
    values: tuple[Dated, ...]
    reasons: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Book:
    """A charter as adopted: every clause by its number."""

    clauses: Mapping[str, Clause]

    def on(self, day: date) -> Charter:
        """Return the values in force on a day.

        Raises `LookupError` naming a value that no clause sets for that day.
        """
        found: dict[str, Any] = {}
        dated = [value for clause in self.clauses.values() for value in clause.values]
        for value in sorted(dated, key=lambda value: value.since):
            if value.since <= day:
                found[value.name] = value.value
        missing = [item.name for item in fields(Charter) if item.name not in found]
        if missing:
            raise LookupError(f"no value on {day}: {', '.join(missing)}")
        return Charter(**found)

    def explain(self, refusal: Refusal, language: str = "en") -> str:
        """Say a refusal in words: its reason with the facts in their places."""
        words = self.clauses[refusal.clause].reasons[refusal.why][language]
        return words.format_map(dict(refusal.facts))


@cache
def read(path: Path = CHARTER) -> Book:
    """Read a charter file; raises `ValueError` naming the clause and what is wrong in it."""
    with path.open("rb") as file:
        raw = tomllib.load(file)
    clauses = [_clause(path.name, item) for item in raw["clause"]]
    book = Book({clause.id: clause for clause in clauses})
    if len(book.clauses) != len(clauses):
        raise ValueError(f"{path.name}: a clause number stands twice")
    return book


def _clause(file: str, raw: dict[str, Any]) -> Clause:
    name = f"{file}, clause {raw.get('id', '?')}"
    unknown = raw.keys() - {"id", "title", "text", "source", "values", "reasons"}
    missing = {"id", "title", "text", "source"} - raw.keys()
    if unknown or missing:
        raise ValueError(f"{name}: missing or unknown: {', '.join(sorted(unknown | missing))}")
    reasons = raw.get("reasons", {})
    for what, words in [("title", raw["title"]), ("text", raw["text"]), *reasons.items()]:
        lacking = [language for language in LANGUAGES if not words.get(language)]
        if lacking:
            raise ValueError(f"{name}: {what} is missing in {', '.join(lacking)}")
    return Clause(
        id=raw["id"],
        title=raw["title"],
        text=raw["text"],
        source=raw["source"],
        values=tuple(_dated(name, value) for value in raw.get("values", [])),
        reasons=reasons,
    )


def _dated(name: str, raw: dict[str, Any]) -> Dated:
    known: dict[str, Any] = {item.name: item.type for item in fields(Charter)}
    if raw.keys() != {"name", "from", "value"} or raw["name"] not in known:
        raise ValueError(f"{name}: a value has a known `name`, a `from` and a `value`: {raw}")
    if type(raw["from"]) is not date or type(raw["value"]) is not known[raw["name"]]:
        raise ValueError(f"{name}: {raw['name']}: write from = YYYY-MM-DD and a value of its kind")
    return Dated(raw["name"], raw["from"], raw["value"])
