"""Taking in applications from a file of JSON lines, through the action that pages call."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tarazy.applications.actions import submit
from tarazy.applications.submission import Card, Draft, Section
from tarazy.calls.models import Call
from tarazy.charter.book import read
from tarazy.charter.refusals import Refused, Why
from tarazy.ops.sums import read_sum
from tarazy.people.models import Person

LONGEST_LINE = 4_000_000  # bytes
LONGEST_ID = 57  # with "import:" before it, as much as a token holds
TEXTS = ("id", "language", "title", "organisation", "legal_entity", "contact_name", "requested",
         "duration", "region", "bin", "kind", "programme")  # fmt: skip
LISTS = ("people", "emails", "urls", "phones", "short_names")
KNOWN = {*TEXTS, *LISTS, "sections", "invented"}


@dataclass
class Report:
    """What became of a file: counts, and what was wrong by line number."""

    received: int = 0
    there_already: int = 0
    without_sum: int = 0
    skipped: list[str] = field(default_factory=list)
    unknown_fields: Counter[str] = field(default_factory=Counter)


def count_lines(path: Path) -> int:
    """Return how many lines a file has, empty ones left out, for the progress bar."""
    return sum(1 for _ in _lines(path))


def import_file(
    path: Path,
    call: Call,
    *,
    by: Person,
    clock: Callable[[], datetime],
    rates: Mapping[str, Decimal],
    advance: Callable[[int], None],
) -> Report:
    """Hand in every line of a file that has not been received yet.

    Each line is one action: killed at any moment and started again it goes on where it was. A
    line that cannot be read, or that the charter refuses, is named by its number and skipped;
    a call that takes no applications ends the reading. `advance` is told of every line.
    """
    report = Report()
    for number, line in _lines(path):
        try:
            draft = _draft(line, call, rates=rates, report=report)
            submit(call, draft, by=by, at=clock())
            report.received += 1
            report.without_sum += draft.requested is None
        except Refused as refused:
            if refused.refusal.why is Why.ALREADY_SUBMITTED:
                report.there_already += 1
            else:
                clause = refused.refusal.clause
                report.skipped.append(
                    f"line {number}: clause {clause}: {read().explain(refused.refusal)}"
                )
            if refused.refusal.why is Why.CALL_NOT_OPEN:
                report.skipped.append("all lines after it: not read")
                break
        except ValueError as fault:
            report.skipped.append(f"line {number}: {fault}")
        advance(1)
    return report


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                rest = file.readline(LONGEST_LINE)
                if not rest or rest.endswith(b"\n"):
                    break
            if line.strip():
                yield number, line


def _draft(line: bytes, call: Call, *, rates: Mapping[str, Decimal], report: Report) -> Draft:
    raw = _object(line)
    report.unknown_fields.update(raw.keys() - KNOWN)
    # Without an id the line itself is its name: the same line is still received once.
    raw["id"] = _text(raw, "id") or hashlib.sha256(line.strip()).hexdigest()[:LONGEST_ID]
    return draft_from(raw, call.currency, rates=rates)


def draft_from(raw: dict[str, Any], currency: str, *, rates: Mapping[str, Decimal]) -> Draft:
    """Make a draft of one line's fields.

    Raises `ValueError` naming the field and what to write instead.
    """
    texts = {name: _text(raw, name) for name in TEXTS}
    lists = {name: _texts(raw, name) for name in LISTS}
    if len(texts["id"]) > LONGEST_ID:
        raise ValueError(f"id: shorten it to {LONGEST_ID} characters")
    if not re.fullmatch(r"(?:[0-9]{12})?", texts["bin"]):
        raise ValueError(f"bin: write twelve digits, or nothing, not {texts['bin'][:40]!r}")
    if not re.fullmatch(r"(?:[A-Z]{2}-[A-Z0-9]{1,3})?", texts["region"]):
        raise ValueError(f"region: write it as KZ-75, or nothing, not {texts['region'][:40]!r}")
    organisation, contact = texts["organisation"], texts["contact_name"]
    people = lists["people"] if contact in ("", *lists["people"]) else (contact, *lists["people"])
    name = organisation or texts["legal_entity"] or contact or next(iter(people), "")
    if not name:
        raise ValueError("organisation: say who applies, here or in legal_entity or contact_name")
    return Draft(
        token=f"import:{texts['id']}",
        language=texts["language"] or "en",
        title=texts["title"],
        duration=texts["duration"],
        requested=read_sum(texts["requested"], currency=currency, rates=rates),
        card=Card(
            name=name,
            legal_name=texts["legal_entity"],
            individual=texts["kind"] == "person",
            bin=texts["bin"],
            region=texts["region"],
            names=lists["short_names"],
            people=people,
            emails=lists["emails"],
            urls=lists["urls"],
            phones=lists["phones"],
            numbers=(),
        ),
        sections=_sections(raw.get("sections")),
    )


def _object(line: bytes) -> dict[str, Any]:
    if len(line.rstrip(b"\n")) > LONGEST_LINE:
        raise ValueError(f"longer than {LONGEST_LINE:,} bytes; is a line break missing?")
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise ValueError(f"not JSON ({fault}); is the line complete?") from None
    if not isinstance(raw, dict):
        raise ValueError("not a JSON object; write one application a line: {…}")
    return raw


def _text(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name}: write a text, not {type(value).__name__}")
    # NUL is no text for PostgreSQL, half a surrogate none for anybody.
    return value.replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _texts(raw: dict[str, Any], name: str) -> tuple[str, ...]:
    value = raw.get(name) or []
    if not isinstance(value, list):
        raise ValueError(f"{name}: write a list of texts, not {type(value).__name__}")
    return tuple(text for item in value if (text := _text({name: item}, name)))


def _sections(value: Any) -> tuple[Section, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("sections: write a list of {heading, text}")
    return tuple(Section(_text(item, "heading"), _text(item, "text")) for item in value)
