"""The charter's text: clauses, their dated values and the words of their refusals."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Formatter
from typing import Any, get_args, get_origin, get_type_hints

from tarazy.charter.events import Body, Ground
from tarazy.charter.refusals import Refusal, Why

LANGUAGES = ("kk", "ru", "en")
CHARTER = Path(__file__).resolve().with_name("charter.toml")
WHYS = frozenset(Why)
CLAUSE_KEYS = frozenset(
    ("id", "title", "text", "source", "because", "values", "reasons", "example")
)
EXAMPLE_KEYS = frozenset(("given", "expect", "why", "words"))
WORDED = frozenset(("title", "text", "words"))
SOURCE = re.compile(r"interpretation|L\d+(-\d+)?(, L\d+(-\d+)?)*(; interpretation)?")

Words = Mapping[str, str]

RANGES = {
    "committee_size": (1, 9),
    "expert_term_months": (0, 120),
    "declaration_months": (0, 60),
    "highest_mark": (2, 100),
    "appeal_days": (0, 365),
    "return_times": (0, 9),
}


class Needed(StrEnum):
    """What a vote needs to carry, or a body to decide."""

    HALF = "more-than-half"
    TWO_THIRDS = "two-thirds"
    ALL = "all"

    def met(self, votes: int, of: int) -> bool:
        """Say whether so many of so many are enough; nothing is ever enough of nobody."""
        if self is Needed.HALF:
            return 2 * votes > of
        if self is Needed.TWO_THIRDS:
            return of > 0 and 3 * votes >= 2 * of
        return of > 0 and votes == of


class Stages(StrEnum):
    """Which bodies decide, in their order."""

    COMMITTEE_THEN_BOARD = "committee-board"
    BOARD_THEN_COMMITTEE = "board-committee"
    COMMITTEE_ONLY = "committee"
    BOARD_ONLY = "board"


class FounderWord(StrEnum):
    """On which cases the founder's office confirms or declines what the Board decided."""

    NEVER = "never"
    AFTER_CONFLICT = "after-conflict"
    ALWAYS = "always"


class Conflicts(StrEnum):
    """What a conflict of interest does."""

    STAND_ASIDE = "stand-aside"
    IGNORED = "ignored"


class Tie(StrEnum):
    """What an even vote of the Board does."""

    DECLINES = "declines"
    CONFIRMS = "confirms"


class Blind(StrEnum):
    """Until when nobody on a body learns who applied."""

    RELEASE = "release"
    MEETING = "meeting"


@dataclass(frozen=True, slots=True)
class Charter:
    """The values in force on one day. Months are calendar months; 0 months: no such limit.

    `committee_of` and `board_of` say whose members act in the first and the second stage.
    """

    stages: Stages
    committee_of: Body
    board_of: Body
    committee_size: int
    committee_needs: Needed
    expert_term_months: int
    expert_return: bool
    declaration_months: int
    conflicts: Conflicts
    blind_until: Blind
    highest_mark: int
    appeal_days: int
    board_quorum: Needed
    board_needs: Needed
    board_tie: Tie
    board_may_take_declined: bool
    refusal_grounds: tuple[Ground, ...]
    return_times: int
    founder_word: FounderWord
    founder_grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Dated:
    """A value that a clause sets from a day on."""

    name: str
    since: date
    value: Any


@dataclass(frozen=True, slots=True)
class Example:
    """A story that a clause allows, or for the reason `why` refuses; its steps as in `stories`."""

    given: tuple[str, ...]
    why: Why | None
    words: Words


@dataclass(frozen=True, slots=True)
class Clause:
    """One numbered rule: its words by language, its source, its values, its refusals' words.

    `source` names lines of the foundation's book, or "interpretation", or both; `because` says
    why it is interpreted so, and is empty where nothing is.
    """

    id: str
    title: Words
    text: Words
    source: str
    because: Words
    values: tuple[Dated, ...]
    reasons: Mapping[str, Words]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """A charter as adopted: every clause by its number; the SHA-256 of its file, in hex."""

    clauses: Mapping[str, Clause]
    digest: str

    @property
    def begins(self) -> date:
        """The first day for which every value is set."""
        first: dict[str, date] = {}
        for value in self._values():
            first[value.name] = min(value.since, first.get(value.name, value.since))
        return max(first.values())

    def on(self, day: date) -> Charter:
        """Return the values in force on a day.

        Raises `LookupError` naming a value that no clause sets for that day.
        """
        found: dict[str, Any] = {}
        for value in sorted(self._values(), key=lambda value: value.since):
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

    def _values(self) -> Iterator[Dated]:
        return (value for clause in self.clauses.values() for value in clause.values)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a charter file, and what to write instead."""

    file: str
    line: int
    clause: str
    what: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {f'clause {self.clause}: ' * bool(self.clause)}{self.what}"
        )


class BadCharter(ValueError):
    """A charter file that cannot be adopted; `faults` are all that is wrong in it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@cache
def read(path: Path = CHARTER) -> Book:
    """Read a charter file; raises `BadCharter` with everything that is wrong in it.

    Another foundation's file has the same clauses and reasons as ours, which the rules cite; its
    words and its values are its own.
    """
    content = path.read_bytes()
    reader = _Reader(path.name, _text(path.name, content))
    clauses = reader.clauses()
    reader.compare(clauses, None if path.resolve() == CHARTER else read(CHARTER))
    if reader.faults:
        raise BadCharter(reader.faults)
    return Book({clause.id: clause for clause in clauses}, sha256(content).hexdigest())


def _text(file: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise BadCharter([Fault(file, line, "", "not UTF-8: save it as UTF-8")]) from fault


def _toml(file: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        named = re.search(r"line (\d+)", str(fault))
        line = int(named[1]) if named else text.count("\n") + 1
        raise BadCharter([Fault(file, line, "", f"not TOML: {fault}")]) from fault


class _Reader:
    """Reads a file clause by clause and collects what is wrong."""

    def __init__(self, file: str, text: str) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._lines = text.splitlines()
        self._raw = _toml(file, text)
        self._place = -1  # of the clause that is being read
        self._id = ""
        self._named: set[str] = set()  # values that some clause means to set

    def clauses(self) -> list[Clause]:
        """Read all clauses; what is wrong is in `faults` afterwards."""
        raw = self._raw.get("clause")
        for key in self._raw.keys() - {"clause"}:
            self._fault(f"unknown key {key}: write [[clause]]", rf"\[*\s*{re.escape(key)}")
        if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
            self._fault("no clauses: write each as [[clause]]")
            return []
        found = []
        for self._place, item in enumerate(raw):
            self._id = str(item.get("id", "?"))
            found.append(self._clause(item))
        self._twice([clause.id for clause in found])
        return found

    def compare(self, clauses: list[Clause], ours: Book | None) -> None:
        """Look at all clauses together, and beside those of our own charter, if there is one."""
        self._once_set(clauses)
        by_id = {clause.id: place for place, clause in enumerate(clauses)}
        homes = (
            {value.name: c.id for c in ours.clauses.values() for value in c.values} if ours else {}
        )
        for item in fields(Charter):
            if clauses and item.name not in self._named:
                self._id = homes.get(item.name, "")
                self._place = by_id.get(self._id, -1)
                self._fault(f"{item.name} is not set: add it to values, with its from and value")
        if ours and clauses:
            for self._place, clause in enumerate(clauses):
                self._id = clause.id
                self._beside(clause, ours.clauses.get(clause.id))
            self._place = -1
            for self._id in ours.clauses.keys() - by_id.keys():
                self._fault("the clause is missing: the rules refuse by it, so copy it from ours")

    def _fault(self, what: str, *keys: str, example: int | None = None, value: int = 0) -> None:
        """Note a fault at the first of these keys (patterns) in the clause, else at its head."""
        first, last = _clause_lines(self._lines, self._place, example)
        line = first
        for key in keys:
            pattern = re.compile(rf"\s*{key}\s*[.=\]]")
            hit = [at for at in range(first, last) if pattern.match(self._lines[at])]
            if hit:
                line = hit[0]
                break
        if value:
            line = _brace(self._lines, line, last, value)
        self.faults.append(Fault(self._file, line + 1, self._id, what))

    def _twice(self, ids: list[str]) -> None:
        for self._place, self._id in enumerate(ids):
            if self._id in ids[: self._place]:
                self._fault("stands twice: give one of them another number, or remove it", "id")

    def _clause(self, raw: dict[str, Any]) -> Clause:
        self._keys(raw, CLAUSE_KEYS, CLAUSE_KEYS - {"because", "values", "reasons", "example"})
        if not (isinstance(raw.get("id"), str) and re.fullmatch(r"\d+\.\d+", self._id)):
            self._fault('write the number as in id = "4.2"', "id")
        reasons = self._reasons(raw.get("reasons", {}))
        source = self._source(raw)
        return Clause(
            id=self._id,
            title=self._words("title", raw.get("title")),
            text=self._words("text", raw.get("text")),
            source=source,
            because=self._words("because", raw.get("because")) if "because" in raw else {},
            values=tuple(self._values(raw.get("values", []))),
            reasons=reasons,
            examples=self._examples(raw.get("example", []), reasons),
        )

    def _keys(
        self, raw: dict[str, Any], known: Set[str], needed: Set[str], example: int | None = None
    ) -> None:
        for key in sorted(raw.keys() - known):
            fitting = ", ".join(sorted(known))
            self._fault(
                f"unknown key {key}: write one of {fitting}", re.escape(key), example=example
            )
        for key in sorted(needed - raw.keys()):
            if key not in WORDED:  # their languages are missing, which is said by language
                self._fault(f"{key} is missing: write {key} = …", example=example)

    def _source(self, raw: dict[str, Any]) -> str:
        source = raw.get("source", "interpretation" if "because" in raw else "L0")
        if not (isinstance(source, str) and SOURCE.fullmatch(source)):
            written = (
                'write lines as in "L12-14, L30", or "interpretation", or "L12; interpretation"'
            )
            self._fault(f"source: {written}", "source")
        elif ("interpretation" in source) != ("because" in raw):
            told = "say in because.kk, .ru and .en why it is interpreted so"
            self._fault(f"source: {told}, or name no interpretation", "source")
        return str(source)

    def _words(
        self, key: str, raw: Any, *, places: bool = False, example: int | None = None
    ) -> Words:
        """Read a text in all languages; only a reason's words may leave places open."""
        words = raw if isinstance(raw, dict) else {}
        fitting = re.escape(key)
        for language in sorted(words.keys() - set(LANGUAGES)):
            told = f"{key}.{language}: unknown language; write kk, ru and en"
            self._fault(told, rf"{fitting}\.{re.escape(language)}", fitting, example=example)
        for language in LANGUAGES:
            said = words.get(language)
            if not isinstance(said, str) or not said.strip():
                told = f'{key}.{language} is missing: write {key}.{language} = "…"'
                self._fault(told, rf"{fitting}\.{language}", fitting, example=example)
            elif not places and set("{}") & set(said):
                told = f"{key}.{language}: nothing fills a place here; write no braces"
                self._fault(told, rf"{fitting}\.{language}", fitting, example=example)
        return {language: said for language, said in words.items() if isinstance(said, str)}

    def _reasons(self, raw: Any) -> dict[str, Words]:
        if not isinstance(raw, dict):
            self._fault('reasons: write each as reasons.its-name.kk = "…"', "reasons")
            return {}
        found = {}
        for why, words in raw.items():
            if why not in WHYS:
                self._fault(f"reasons.{why}: no such reason", rf"reasons\.{re.escape(why)}")
            found[why] = self._words(f"reasons.{why}", words, places=True)
            self._places(f"reasons.{why}", found[why])
        return found

    def _places(self, key: str, words: Words) -> None:
        told: dict[str, frozenset[str]] = {}
        for language, said in words.items():
            fitting = (rf"{re.escape(key)}\.{language}", re.escape(key))
            try:
                told[language] = places(said)
            except ValueError as fault:
                self._fault(f"{key}.{language}: {fault}", *fitting)
        common = frozenset.intersection(*told.values()) if told else frozenset()
        for language, found in told.items():
            for place in sorted(found - common):
                self._too_many(key, language, place)

    def _too_many(self, key: str, language: str, place: str) -> None:
        told = f"{key}.{language}: {{{place}}} is a place too many; leave it out"
        self._fault(told, rf"{re.escape(key)}\.{language}", re.escape(key))

    def _examples(self, raw: Any, reasons: Mapping[str, Words]) -> tuple[Example, ...]:
        if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
            self._fault("write each example as [[clause.example]]")
            return ()
        found = tuple(self._example(item, reasons, place) for place, item in enumerate(raw))
        outcomes = [item.get("expect") for item in raw]
        for expect in ("allowed", "refused"):
            if expect not in outcomes:
                told = f'add a [[clause.example]] with expect = "{expect}"'
                self._fault(f"no example that is {expect}: {told}")
        return found

    def _example(self, raw: dict[str, Any], reasons: Mapping[str, Words], place: int) -> Example:
        self._keys(raw, EXAMPLE_KEYS, EXAMPLE_KEYS - {"why"}, example=place)
        given, expect, why = raw.get("given", ["?"]), raw.get("expect", "allowed"), raw.get("why")
        if not (isinstance(given, list) and given and all(isinstance(one, str) for one in given)):
            self._fault(
                'given: write a list of steps, as in ["case asks 100"]', "given", example=place
            )
            given = []
        if expect not in ("allowed", "refused"):
            self._fault('expect: write "allowed" or "refused"', "expect", example=place)
        elif (expect == "refused") != (why is not None):
            told = "why: name the reason where the example is refused, and only there"
            self._fault(told, "why", "expect", example=place)
        elif why is not None and why not in list(reasons):
            told = f"why: write a reason of this clause: {', '.join(reasons)}"
            self._fault(told, "why", example=place)
        words = self._words("words", raw.get("words"), example=place)
        return Example(tuple(given), Why(why) if why in list(WHYS) else None, words)

    def _values(self, raw: Any) -> Iterator[Dated]:
        if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
            self._fault("values: write a list of { name = …, from = …, value = … }", "values")
            return
        for place, item in enumerate(raw, start=1):
            self._named.add(str(item.get("name")))
            try:
                yield _dated(item)
            except ValueError as fault:
                self._fault(str(fault), "values", value=place)

    def _once_set(self, clauses: list[Clause]) -> None:
        """Note a value that two clauses set, or one clause twice from one day."""
        setting: dict[str, str] = {}
        days: set[tuple[str, date]] = set()
        for self._place, clause in enumerate(clauses):
            self._id = clause.id
            for place, value in enumerate(clause.values, start=1):
                first = setting.setdefault(value.name, clause.id)
                if first != clause.id:
                    told = f"{value.name} is set by clause {first}: leave it out here"
                    self._fault(told, "values", value=place)
                elif (value.name, value.since) in days:
                    told = f"{value.name} is set twice from {value.since}: keep one"
                    self._fault(told, "values", value=place)
                days.add((value.name, value.since))

    def _beside(self, clause: Clause, ours: Clause | None) -> None:
        """Compare with our clause: the rules refuse by it, for its reasons, with its facts."""
        if ours is None:
            self._fault("no rule refuses by this clause: leave it out", "id")
            return
        for why, words in ours.reasons.items():
            if why not in clause.reasons:
                told = f'reasons.{why} is missing: write reasons.{why}.kk = "…", .ru and .en'
                self._fault(told, "reasons", "id")
                continue
            known = _safe_places(words)
            for language, said in clause.reasons[why].items():
                for place in sorted(_safe_places({language: said}) - known):
                    self._too_many(f"reasons.{why}", language, place)
        for why in clause.reasons.keys() & WHYS - ours.reasons.keys():
            told = f"reasons.{why}: this clause never refuses for it; leave it out"
            self._fault(told, rf"reasons\.{why}")


def places(words: str) -> frozenset[str]:
    """Return the names of the places in some words; raises `ValueError` at any other brace."""
    found = set()
    for _, name, form, conversion in Formatter().parse(words):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError("write a place as its name in braces, as in {able}")
        found.add(name)
    return frozenset(found)


def _safe_places(words: Words) -> frozenset[str]:
    try:
        return frozenset().union(*(places(said) for said in words.values()))
    except ValueError:  # said already
        return frozenset()


def _clause_lines(lines: list[str], place: int, example: int | None) -> tuple[int, int]:
    """Return from where up to where a clause, its examples left out, or one example stands."""
    if place < 0:
        return 0, len(lines)
    first, last = _block(lines, r"\s*\[\[\s*clause\s*\]\]", place, (0, len(lines)))
    if example is None:
        examples = _block(lines, EXAMPLE, 0, (first, last))
        return first, examples[0] if examples[0] > first else last
    return _block(lines, EXAMPLE, example, (first, last))


EXAMPLE = r"\s*\[\[\s*clause\.example\s*\]\]"


def _block(lines: list[str], head: str, place: int, within: tuple[int, int]) -> tuple[int, int]:
    """Return where the block with this head stands; `within` where there is none."""
    heads = [at for at in range(*within) if re.match(head, lines[at])]
    if place >= len(heads):
        return within
    return heads[place], (*heads, within[1])[place + 1]


def _brace(lines: list[str], first: int, last: int, count: int) -> int:
    """Return the line of the so-manyth value in a list of values."""
    for at in range(first, last):
        count -= lines[at].count("{")
        if count <= 0:
            return at
    return first


def _dated(raw: dict[str, Any]) -> Dated:
    kinds = _kinds()
    name = raw.get("name")
    if not isinstance(name, str) or name not in kinds:
        raise ValueError(f"unknown value {name}: write one of {', '.join(kinds)}")
    for key in sorted(raw.keys() ^ {"name", "from", "value"}):
        known = key in ("from", "value")
        raise ValueError(f"{name}: {f'write {key} = …' if known else f'unknown key {key}'}")
    if type(raw["from"]) is not date:
        raise ValueError(f"{name}: write from = YYYY-MM-DD")
    value = _value(name, kinds[name], raw["value"])
    least, most = RANGES.get(name, (0, 0))
    if type(value) is int and not least <= value <= most:
        raise ValueError(f"{name}: write a number from {least} to {most}")
    return Dated(name, raw["from"], value)


@cache
def _kinds() -> dict[str, Any]:
    return get_type_hints(Charter)


def _value(name: str, kind: Any, raw: Any) -> Any:
    """Read a value as what the charter's field wants, or say what to write instead."""
    if get_origin(kind) is tuple:
        return _list(name, get_args(kind)[0], raw)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _word(name, kind, raw)
    if type(raw) is not kind:
        raise ValueError(f"{name}: write {'true or false' if kind is bool else 'a number'}")
    return raw


def _list(name: str, kind: Any, raw: Any) -> Any:
    if not isinstance(raw, list):
        raise ValueError(f'{name}: write a list, as in ["fit", "budget"]')
    found = tuple(_value(name, kind, item) for item in raw)
    if len(set(found)) < len(found):
        raise ValueError(f"{name}: write each of them once")
    return found


def _word(name: str, kind: type[StrEnum], raw: Any) -> StrEnum:
    if isinstance(raw, str) and raw in [item.value for item in kind]:
        return kind(raw)
    stages = raw.split("-") if isinstance(raw, str) else []
    if kind is Stages and len(set(stages)) < len(stages):
        raise ValueError(f"{name}: {raw} is a cycle: each body decides once")
    raise ValueError(f"{name}: write one of {', '.join(item.value for item in kind)}")
