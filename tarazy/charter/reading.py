"""The charter as people read it: an edition in each language, its picture, and what changed."""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import Enum
from itertools import groupby
from typing import Any

from tarazy.charter.book import (
    LANGUAGES,
    Book,
    Charter,
    Clause,
    Dated,
    Example,
    FounderWord,
    Stages,
)
from tarazy.charter.phrases import CHAPTERS, CHOICES, MONTHS, PHRASES, VALUES
from tarazy.charter.stories import day_of, play

NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}


def say(phrase: str, language: str, **facts: object) -> str:
    """Return a phrase in a language, the facts in their places."""
    return PHRASES[phrase][LANGUAGES.index(language)].format_map(facts)


def day_in_words(day: date, language: str) -> str:
    """Write a day as people do: 2026 жылғы 1 қаңтар, 1 января 2026 г., 1 January 2026."""
    month = MONTHS[language].split()[day.month - 1]
    if language == "kk":
        return f"{day.year} жылғы {day.day} {month}"
    return f"{day.day} {month} {day.year}" + (" г." if language == "ru" else "")


def newest(book: Book) -> date:
    """Return the last day from which any value holds."""
    return max(value.since for clause in book.clauses.values() for value in clause.values)


def edition(book: Book, language: str, *, check: str = "") -> str:
    """Return the reader's edition in Markdown; `check` says what the last check of it found."""
    charter = book.on(newest(book))
    parts = [
        f"# {say('charter', language)}",
        " · ".join(f"[{NAMES[other]}](charter.{other}.md)" for other in LANGUAGES),
        f"{say('lead', language)} {say('made', language)}",
        f"## {say('path', language)}",
        f"![{say('picture', language)}](charter.{language}.svg)",
        say("as of", language, day=day_in_words(newest(book), language)),
        f"## {say('who', language)}",
        "\n".join(_who(charter, language)),
        *(
            f"## {number}. {_chapter(number, language)}\n\n"
            + "\n\n".join(_anchored(book, clause, language) for clause in clauses)
            for number, clauses in groupby(book.clauses.values(), lambda c: c.id.split(".")[0])
        ),
    ]
    if check:
        parts += [f"## {say('check', language)}", check]
    parts.append(f"{say('digest', language)}: `{book.digest}`")
    return "\n\n".join(parts) + "\n"


def _chapter(number: str, language: str) -> str:
    words = CHAPTERS.get(number)
    return words[LANGUAGES.index(language)] if words else ""


def _who(charter: Charter, language: str) -> Iterator[str]:
    """Yield the lines of the table of who decides what, with the clauses."""
    yield f"| {say('who head', language)} | {say('what head', language)} | |"
    yield "|---|---|---|"
    rows = [
        ("applicant", "applicant does", "3.1 3.6 3.7"),
        ("staff", "staff do", "3.4 12.1 12.2 12.3"),
        ("committee", "committee does", "4.1 7.4 3.7"),
        ("board", "board does", "8.1 8.2 8.3 11.5"),
        ("founder", f"founder {charter.founder_word}", "9.1 9.2"),
        ("executive", "executive does", "10.1"),
    ]
    for who, what, clauses in rows:
        if _takes_part(charter, who):
            links = ", ".join(f"[{clause}](#{clause})" for clause in clauses.split())
            yield f"| {say(who, language)} | {say(what, language)} | {links} |"


def _takes_part(charter: Charter, who: str) -> bool:
    if who == "founder":
        return charter.founder_word is not FounderWord.NEVER
    if who == "committee":
        return charter.stages is not Stages.BOARD_ONLY
    return who != "board" or charter.stages is not Stages.COMMITTEE_ONLY


def _anchored(book: Book, clause: Clause, language: str) -> str:
    return f'<a id="{clause.id}"></a>\n\n{one_clause(book, clause.id, language)}'


def one_clause(book: Book, number: str, language: str) -> str:
    """Return a clause in Markdown: title, text, values, source, examples with their outcome.

    Raises `KeyError` where there is no such clause.
    """
    clause = book.clauses[number]
    parts = [f"### {clause.id} {clause.title[language]}", clause.text[language]]
    if clause.values:
        lines = [f"- {value_in_words(value, language)}" for value in clause.values]
        parts.append("\n".join([f"{say('sets', language)}:", "", *lines]))
    parts += _source(clause, language)
    lines = [f"- {_example(book, example, language)}" for example in clause.examples]
    parts.append("\n".join([f"{say('examples', language)}:", "", *lines]))
    return "\n\n".join(parts)


def value_in_words(value: Dated, language: str) -> str:
    """Say a value with its name, its code and the day from which it holds."""
    name = VALUES[value.name][LANGUAGES.index(language)]
    since = say("since", language, day=day_in_words(value.since, language))
    return f"{name}: {plainly(value.value, language)} ({since}; `{value.name}`)"


def plainly(value: Any, language: str) -> str:
    """Say a value of a charter in words."""
    if isinstance(value, bool):
        return say("yes" if value else "no", language)
    if isinstance(value, Enum):
        return CHOICES[value][LANGUAGES.index(language)]
    if isinstance(value, tuple):
        return ", ".join(plainly(item, language) for item in value) or "–"
    return str(value)


def _source(clause: Clause, language: str) -> Iterator[str]:
    lines = clause.source.removesuffix("interpretation").removesuffix("; ")
    if lines:
        yield say("book", language, lines=lines)
    if clause.because:
        yield f"{say('interpretation', language)}: {clause.because[language]}"


def _example(book: Book, example: Example, language: str) -> str:
    if example.why is None:
        return f"**{say('allowed', language)}.** {example.words[language]}"
    told = f"**{say('refused', language)}.** {example.words[language]}"
    refusal = play(book.on(day_of(book, example.given)), example.given)
    return f"{told} *{book.explain(refusal, language)}*" if refusal else told


# What changed.


def difference(old: Book, new: Book, language: str) -> str:
    """Say what changed between two charters: clauses, words, values and their days."""
    lines: list[str] = []
    for number in dict.fromkeys((*old.clauses, *new.clauses)):
        before, after = old.clauses.get(number), new.clauses.get(number)
        known = new.clauses.get(number) or old.clauses[number]
        changes = list(_changes(before, after, language)) if before and after else []
        if before and after and not changes:
            continue
        what = "changed" if before and after else "added" if after else "removed"
        lines.append(f"{say(what, language)}: {number} {known.title[language]}")
        lines += [f"    {change}" for change in changes]
        if not before or not after:
            lines.append(f"    {'+' if after else '-'} {known.text[language]}")
    return "\n".join(lines) + "\n" if lines else say("same", language) + "\n"


def _changes(before: Clause, after: Clause, language: str) -> Iterator[str]:
    yield from _words("title", before.title, after.title, language)
    yield from _words("text", before.text, after.text, language)
    yield from _line(say("source", language), before.source, after.source)
    yield from _words("because", before.because, after.because, language)
    yield from _lists(
        [value_in_words(value, language) for value in before.values],
        [value_in_words(value, language) for value in after.values],
    )
    for why in dict.fromkeys((*before.reasons, *after.reasons)):
        name = f"{say('reason', language)} ({why})"
        for other in LANGUAGES:
            said = [clause.reasons.get(why, {}).get(other, "") for clause in (before, after)]
            yield from _line(f"{name}, {other}", *said)
    yield from _lists(_stories(before), _stories(after))


def _words(key: str, before: Any, after: Any, language: str) -> Iterator[str]:
    for other in LANGUAGES:
        name = f"{say(key, language)}, {other}"
        yield from _line(name, before.get(other, ""), after.get(other, ""))


def _line(name: str, before: str, after: str) -> Iterator[str]:
    if before != after:
        yield f"{name}:"
        yield from (f"{sign} {said}" for sign, said in (("-", before), ("+", after)) if said)


def _lists(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from (f"- {item}" for item in before if item not in after)
    yield from (f"+ {item}" for item in after if item not in before)


def _stories(clause: Clause) -> list[str]:
    return [
        f"{' / '.join(example.given)}: {example.why or 'allowed'}" for example in clause.examples
    ]
