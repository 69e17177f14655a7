"""The charter's text: read whole, or refused with everything that is wrong in it and where."""

import ast
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from tarazy.charter.book import CHARTER, LANGUAGES, BadCharter, Charter, Clause, places, read
from tarazy.charter.refusals import Refusal, Refused, Why, demand, refuse, stop

OURS = CHARTER.read_text(encoding="utf-8")
SIZE = '{ name = "committee_size", from = 2026-01-01, value = 3 }'
LATER = '{ name = "committee_size", from = 2028-01-01, value = 5 }'


@pytest.fixture
def charter_file(tmp_path: Path) -> Path:
    """Give a place for a charter of another foundation."""
    return tmp_path / "our-charter.toml"


def block(clause: str) -> str:
    """Return a clause as it stands in the file, examples and all."""
    (found,) = (part for part in OURS.split("[[clause]]\n") if part.startswith(f'id = "{clause}"'))
    return found


def broken(clause: str, old: str, new: str) -> str:
    """Return our charter with one thing replaced in one clause; `…` stands for the line's rest."""
    whole = block(clause)
    pattern = re.escape(old).replace("…", "[^\n]*")
    assert re.search(pattern, whole), (clause, old)
    return OURS.replace(whole, re.sub(pattern, lambda _: new, whole, count=1))


def grown(clause: str, more: str) -> str:
    """Return our charter with an example more in a clause."""
    whole = block(clause)
    return OURS.replace(whole, f"{whole.rstrip()}\n\n{more}\n\n")


def with_sizes(*sizes: str) -> str:
    """Return our charter with these committee sizes in clause 4.1."""
    return broken("4.1", f"    {SIZE},", "".join(f"    {size},\n" for size in sizes).rstrip("\n"))


def clauses() -> list[Clause]:
    """Return the clauses of the charter that the house comes with."""
    return list(read().clauses.values())


def all_words(clause: Clause) -> Iterator[tuple[str, str, str]]:
    """Yield every text of a clause: of what, in which language, the words."""
    named = [
        ("title", clause.title),
        ("text", clause.text),
        ("because", clause.because),
        *(("example", example.words) for example in clause.examples),
        *clause.reasons.items(),
    ]
    for what, words in named:
        for language, said in words.items():
            yield what, language, said


# Our own charter.


def test_the_charter_reads() -> None:
    assert len(clauses()) >= 46
    assert [clause.id for clause in clauses()] == list(read().clauses)
    assert CHARTER.name == "charter.toml"
    assert read(CHARTER) is read(CHARTER)


def test_clauses_stand_in_the_order_of_their_numbers() -> None:
    numbers = [tuple(int(part) for part in clause.id.split(".")) for clause in clauses()]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("clause", clauses(), ids=lambda clause: clause.id)
def test_each_clause_speaks_three_languages(clause: Clause) -> None:
    for what, _, said in all_words(clause):
        assert said == " ".join(said.split())
        assert what == "title" or said[-1] in ".?", said
    for words in (clause.text, *clause.reasons.values()):
        assert set(words) == set(LANGUAGES)
        assert len(set(words.values())) == 3, "a language was copied"


KAZAKH = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")


@pytest.mark.parametrize("clause", clauses(), ids=lambda clause: clause.id)
def test_each_language_is_written_in_its_own_letters(clause: Clause) -> None:
    for what, language, said in all_words(clause):
        assert bool(re.search("[А-Яа-яЁё]", said)) == (language != "en"), said
        if language != "kk" or what == "text":
            assert bool(KAZAKH.search(said)) == (language == "kk"), said


@pytest.mark.parametrize("clause", clauses(), ids=lambda clause: clause.id)
def test_a_reason_is_one_that_the_rules_know(clause: Clause) -> None:
    assert {Why(reason) for reason in clause.reasons} == set(clause.reasons)


@pytest.mark.parametrize("clause", clauses(), ids=lambda clause: clause.id)
def test_a_reason_tells_the_same_facts_in_each_language(clause: Clause) -> None:
    for words in clause.reasons.values():
        told = {language: places(said) for language, said in words.items()}
        assert len(set(told.values())) == 1, told


def test_the_words_of_a_reason_ask_only_for_facts_that_every_refusal_gives() -> None:
    given: dict[tuple[str, Why], list[set[str]]] = {}
    for number, why, facts in refusals():
        given.setdefault((number, why), []).append(facts)
    for clause in clauses():
        for reason, words in clause.reasons.items():
            known = set.intersection(*given[clause.id, Why(reason)])
            assert places(words["kk"]) <= known, (clause.id, reason)


def refusals() -> Iterator[tuple[str, Why, set[str]]]:
    """Yield every refusal that the rules' code can give: its clause, reason and facts."""
    numbers = set(read().clauses)
    for name in ("rules.py", "case.py"):
        tree = ast.parse(CHARTER.with_name(name).read_text(encoding="utf-8"))
        for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
            for call in ast.walk(function):
                if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "refuse"):
                    continue
                where: ast.AST = (
                    call.args[0] if isinstance(call.args[0], ast.Constant) else function
                )
                said = [node.value for node in ast.walk(where) if isinstance(node, ast.Constant)]
                for clause in numbers.intersection(text for text in said if isinstance(text, str)):
                    facts = {str(item.arg) for item in call.keywords}
                    yield clause, Why[ast.unparse(call.args[1]).removeprefix("Why.")], facts


def test_a_place_in_words_is_a_plain_name() -> None:
    assert places("{able} of {size}, {able}") == {"able", "size"}
    for wrong in ("{}", "{0}", "{able!r}", "{able:5}", "{able.size}", "{able", "able}"):
        with pytest.raises(ValueError, match=r".+"):
            places(wrong)


def test_each_value_is_set_by_one_clause_from_the_first_day_on() -> None:
    for item in fields(Charter):
        setting = [c.id for c in clauses() for value in c.values if value.name == item.name]
        assert len(setting) == 1, (item.name, setting)
    assert read().begins == date(2026, 1, 1)
    in_force = read().on(date(2026, 1, 1))
    assert (in_force.committee_size, in_force.expert_return) == (3, False)
    assert (in_force.appeal_days, in_force.return_times) == (14, 1)


def test_the_digest_is_the_files_own() -> None:
    assert read().digest == sha256(CHARTER.read_bytes()).hexdigest()


def test_reading_takes_less_than_thirty_milliseconds() -> None:
    took = []
    for _ in range(5):
        began = time.process_time()
        read.__wrapped__(CHARTER)
        took.append(time.process_time() - began)
    assert min(took) < 0.030


# Another foundation's charter.


def test_another_foundation_has_its_own_words_and_values(charter_file: Path) -> None:
    text = broken("4.1", "title.en…", 'title.en = "Five of them"').replace(
        SIZE, SIZE.replace("value = 3", "value = 5")
    )
    charter_file.write_text(text, encoding="utf-8")
    theirs = read(charter_file)
    assert theirs.clauses["4.1"].title["en"] == "Five of them"
    assert theirs.on(date(2026, 1, 1)).committee_size == 5
    assert theirs.digest != read().digest


@pytest.mark.parametrize(
    ("day", "size"),
    [
        (date(2026, 1, 1), 3),
        (date(2027, 12, 31), 3),
        (date(2028, 1, 1), 5),
        (date(2040, 1, 1), 5),
    ],
)
@pytest.mark.parametrize("sizes", [(SIZE, LATER), (LATER, SIZE)], ids=["in order", "backwards"])
def test_a_value_holds_from_its_day_on(
    charter_file: Path, day: date, size: int, sizes: tuple[str, str]
) -> None:
    charter_file.write_text(with_sizes(*sizes), encoding="utf-8")
    assert read(charter_file).on(day).committee_size == size


def test_a_day_without_a_value_is_refused_by_its_name(charter_file: Path) -> None:
    charter_file.write_text(with_sizes(LATER), encoding="utf-8")
    theirs = read(charter_file)
    assert theirs.begins == date(2028, 1, 1)
    with pytest.raises(LookupError, match=r"no value on 2027-12-31: committee_size$"):
        theirs.on(date(2027, 12, 31))


GIVEN = 'given = ["case asks 100"]'
WORDS = 'words.kk = "Іс."\nwords.ru = "Дело."\nwords.en = "A case."'
EXAMPLE = f'[[clause.example]]\n{GIVEN}\nexpect = "allowed"\n{WORDS}'


def example(old: str, new: str) -> str:
    """Return our charter with a broken example more in clause 4.2."""
    assert old in EXAMPLE
    return grown("4.2", EXAMPLE.replace(old, new))


# A broken charter; the clause and the line's beginning where the fault is; what is said.
FAULTS: dict[str, tuple[str, str, str, str]] = {
    "a key misspelt": (
        *(broken("4.2", "source =", "sauce ="), "4.2", "sauce ="),
        "unknown key sauce: write one of because, example, id, reasons, source, text, ",
    ),
    "a key too many": (
        *(broken("4.2", "source =…", 'source = "L1"\nnote = "x"'), "4.2", "note ="),
        "unknown key note: write one of",
    ),
    "a key missing": (
        *(broken("4.1", "source =…\n", ""), "4.1", "[[clause]]"),
        "source is missing: write source = …",
    ),
    "a table of another name": (
        *(OURS + '\n[[clauses]]\nid = "1"\n', "", "[[clauses]]"),
        "unknown key clauses: write [[clause]]",
    ),
    "a number that is none": (
        *(broken("4.2", 'id = "4.2"', 'id = "four"'), "four", "id ="),
        'write the number as in id = "4.2"',
    ),
    "a clause twice": (
        *(OURS + "\n[[clause]]\n" + block("13.1"), "13.1", "id ="),
        "stands twice: give one of them another number, or remove it",
    ),
    "a clause of ours missing": (
        *(OURS.replace("[[clause]]\n" + block("8.6"), ""), "8.6", "# The charter"),
        "the clause is missing: the rules refuse by it, so copy it from ours",
    ),
    "a clause that no rule enforces": (
        *(broken("8.6", 'id = "8.6"', 'id = "8.9"'), "8.9", "id ="),
        "no rule refuses by this clause: leave it out",
    ),
    "a title in one language": (
        *(broken("4.2", "title.ru…\n", ""), "4.2", "title."),
        'title.ru is missing: write title.ru = "…"',
    ),
    "a text that is empty": (
        *(broken("4.2", "text.kk…", 'text.kk = " "'), "4.2", "text.kk"),
        'text.kk is missing: write text.kk = "…"',
    ),
    "a text of no language": (
        *(
            broken("4.2", "text.kk…\ntext.ru…\ntext.en…", 'text = "Two years."'),
            "4.2",
            "text =",
        ),
        'text.en is missing: write text.en = "…"',
    ),
    "a fourth language": (
        *(broken("4.2", "text.kk", 'text.de = "Zwei Jahre."\ntext.kk'), "4.2", "text.de"),
        "text.de: unknown language; write kk, ru and en",
    ),
    "a place in a text": (
        *(broken("4.2", "text.kk…", 'text.kk = "{ends} дейін."'), "4.2", "text.kk"),
        "text.kk: nothing fills a place here; write no braces",
    ),
    "a source that is neither": (
        *(broken("4.2", "source =…", 'source = "the statutes"'), "4.2", "source ="),
        'source: write lines as in "L12-14, L30", or "interpretation", or "L12; interpretation"',
    ),
    "an interpretation without its reason": (
        *(broken("3.1", "because.kk…\nbecause.ru…\nbecause.en…\n", ""), "3.1", "source ="),
        "source: say in because.kk, .ru and .en why it is interpreted so",
    ),
    "a reason for no interpretation": (
        *(broken("3.1", 'source = "interpretation"', 'source = "L1"'), "3.1", "source ="),
        "or name no interpretation",
    ),
    "a reason of one language": (
        *(broken("4.2", "reasons.no-return.kk…\n", ""), "4.2", "reasons.no-return."),
        'reasons.no-return.kk is missing: write reasons.no-return.kk = "…"',
    ),
    "a reason without words": (
        *(
            broken(
                "5.1",
                "reasons.no-declaration.kk…\nreasons.no-declaration.ru…\nreasons.no-declaration.en…\n",
                "",
            ),
            *("5.1", "reasons."),
        ),
        'reasons.no-declaration is missing: write reasons.no-declaration.kk = "…", .ru and .en',
    ),
    "a reason that nobody gives": (
        *(
            broken("4.1", "reasons.not", 'reasons.recluse.kk = "x"\nreasons.not'),
            *("4.1", "reasons.recluse"),
        ),
        "reasons.recluse: no such reason",
    ),
    "a reason of another clause": (
        *(
            broken(
                "4.1",
                "reasons.not",
                "".join(f'reasons.recused.{each} = "x"\n' for each in LANGUAGES) + "reasons.not",
            ),
            *("4.1", "reasons.recused"),
        ),
        "reasons.recused: this clause never refuses for it; leave it out",
    ),
    "a place too many in one language": (
        *(broken("4.2", "no-return.ru…", 'no-return.ru = "{ends}"'), "4.2", "reasons.no-return.ru"),
        "reasons.no-return.ru: {ends} is a place too many; leave it out",
    ),
    "a place too many in all": (
        *(OURS.replace("{able}", "{able} {size}"), "4.7", "reasons.committee-incomplete.kk"),
        "reasons.committee-incomplete.kk: {size} is a place too many; leave it out",
    ),
    "a place that is no name": (
        *(broken("4.2", "no-return.ru…", 'no-return.ru = "{}"'), "4.2", "reasons.no-return.ru"),
        "reasons.no-return.ru: write a place as its name in braces, as in {able}",
    ),
    "a date missing": (
        *(with_sizes(SIZE, LATER.replace("from = 2028-01-01, ", "")), "4.1", "    { name ="),
        "committee_size: write from = …",
    ),
    "a date in quotes": (
        *(with_sizes(SIZE, LATER.replace("2028-01-01", '"2028-01-01"')), "4.1", "    { name ="),
        "committee_size: write from = YYYY-MM-DD",
    ),
    "an instant for a date": (
        *(with_sizes(LATER.replace("2028-01-01", "2028-01-01T00:00:00Z")), "4.1", "    { name ="),
        "committee_size: write from = YYYY-MM-DD",
    ),
    "a value without a value": (
        *(with_sizes(SIZE.replace(", value = 3", "")), "4.1", "    { name ="),
        "committee_size: write value = …",
    ),
    "a value with a unit": (
        *(with_sizes(SIZE.replace("3 }", "3, unit = 1 }")), "4.1", "    { name ="),
        "committee_size: unknown key unit",
    ),
    "an unknown value": (
        *(broken("4.1", "committee_size", "committee_sizes"), "4.1", "    { name ="),
        "unknown value committee_sizes: write one of stages, ",
    ),
    "a value that no clause sets": (
        *(broken("3.7", "values = [\n…\n]\n", ""), "3.7", "[[clause]]"),
        "appeal_days is not set: add it to values, with its from and value",
    ),
    "a value set by two clauses": (
        *(broken("4.2", "values = [", f"values = [\n    {SIZE},"), "4.2", "    { name ="),
        "committee_size is set by clause 4.1: leave it out here",
    ),
    "a value set twice from one day": (
        *(with_sizes(SIZE, SIZE.replace("3 }", "5 }")), "4.1", "    { name ="),
        "committee_size is set twice from 2026-01-01: keep one",
    ),
    "a number in quotes": (
        *(with_sizes(SIZE.replace("value = 3", 'value = "3"')), "4.1", "    { name ="),
        "committee_size: write a number",
    ),
    "a number with a point": (
        *(with_sizes(SIZE.replace("value = 3", "value = 3.0")), "4.1", "    { name ="),
        "committee_size: write a number",
    ),
    "yes for a number": (
        *(with_sizes(SIZE.replace("value = 3", "value = true")), "4.1", "    { name ="),
        "committee_size: write a number",
    ),
    "a number for yes": (
        *(broken("4.2", "value = false", "value = 0"), "4.2", "    { name ="),
        "expert_return: write true or false",
    ),
    "a committee of none": (
        *(with_sizes(SIZE.replace("value = 3", "value = 0")), "4.1", "    { name ="),
        "committee_size: write a number from 1 to 9",
    ),
    "a choice that is none": (
        *(broken("8.5", '"declines"', '"maybe"'), "8.5", "    { name ="),
        "board_tie: write one of declines, confirms",
    ),
    "a ground that is none": (
        *(broken("8.2", '"fit", "budget"', '"fit", "taste"'), "8.2", "    { name ="),
        "refusal_grounds: write one of fit, budget, impartiality",
    ),
    "a ground for a list": (
        *(broken("8.2", '["fit", "budget"]', '"fit"'), "8.2", "    { name ="),
        'refusal_grounds: write a list, as in ["fit", "budget"]',
    ),
    "a ground twice": (
        *(broken("8.2", '"fit", "budget"', '"fit", "fit"'), "8.2", "    { name ="),
        "refusal_grounds: write each of them once",
    ),
    "a cycle of stages": (
        *(
            broken("8.1", '"committee-board"', '"committee-board-committee"'),
            *("8.1", "    { name ="),
        ),
        "stages: committee-board-committee is a cycle: each body decides once",
    ),
    "no passing example": (
        *(broken("13.1", 'expect = "allowed"', 'expect = "refused"\nwhy = "unknown-event"'),),
        *("13.1", "[[clause]]"),
        'no example that is allowed: add a [[clause.example]] with expect = "allowed"',
    ),
    "no refused example": (
        *(broken("13.1", 'expect = "refused"\nwhy = "unknown-event"', 'expect = "allowed"'),),
        *("13.1", "[[clause]]"),
        'no example that is refused: add a [[clause.example]] with expect = "refused"',
    ),
    "an example without steps": (
        *(example(GIVEN, "given = []"), "4.2", "given ="),
        'given: write a list of steps, as in ["case asks 100"]',
    ),
    "an example without an outcome": (
        *(example('expect = "allowed"', 'expect = "maybe"'), "4.2", "expect ="),
        'expect: write "allowed" or "refused"',
    ),
    "an example refused for nothing": (
        *(example('"allowed"', '"refused"'), "4.2", "expect ="),
        "why: name the reason where the example is refused, and only there",
    ),
    "an example refused by another clause": (
        *(example('"allowed"', '"refused"\nwhy = "recused"'), "4.2", "why ="),
        "why: write a reason of this clause: term-too-long, no-return",
    ),
    "an example in two languages": (
        *(example('words.kk = "Іс."\n', ""), "4.2", "words."),
        'words.kk is missing: write words.kk = "…"',
    ),
    "an example with a key too many": (
        *(example(GIVEN, f"{GIVEN}\nnote = 1"), "4.2", "note ="),
        "unknown key note: write one of expect, given, why, words",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_charter_is_refused_with_file_line_and_clause(
    charter_file: Path, name: str
) -> None:
    text, clause, begins, said = FAULTS[name]
    charter_file.write_text(text, encoding="utf-8")
    with pytest.raises(BadCharter) as bad:
        read(charter_file)
    told = [fault for fault in bad.value.faults if said in fault.what]
    assert told, str(bad.value)
    lines = text.splitlines()
    fault = told[0]
    assert lines[fault.line - 1].startswith(begins), (fault, lines[fault.line - 1])
    assert fault.clause == clause
    if clause in read().clauses and begins != "# The charter":
        heads = [line for line in lines[: fault.line + 1] if line.startswith("id =")]
        assert heads[-1] == f'id = "{clause}"'
    named = f"clause {clause}: " if clause else ""
    assert str(fault).startswith(f"our-charter.toml:{fault.line}: {named}")


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", 1, "no clauses: write each as [[clause]]"),
        (b"clause = 3\n", 1, "no clauses: write each as [[clause]]"),
        (b"# one\n[[clause]\n", 2, "not TOML: "),
        (b'[[clause]]\nid = "1.1\n', 2, "not TOML: "),
        (b'[[clause]]\nid = "1.1"\nid = "1.2"\n', 3, "not TOML: "),
        (b'[[clause]]\nid = "1.1"\nvalues = [', 3, "not TOML: "),
        (b'[[clause]]\nid = "\xff"\n', 2, "not UTF-8: save it as UTF-8"),
    ],
    ids=["empty", "a number", "a bracket", "a quote", "a key twice", "cut off", "no UTF-8"],
)
def test_a_damaged_file_is_refused_with_its_line(
    charter_file: Path, content: bytes, line: int, said: str
) -> None:
    charter_file.write_bytes(content)
    with pytest.raises(BadCharter) as bad:
        read(charter_file)
    (fault,) = bad.value.faults
    assert (fault.line, fault.clause) == (line, "")
    assert fault.what.startswith(said)


def test_all_faults_are_told_at_once_in_the_order_of_their_lines(charter_file: Path) -> None:
    text = OURS.replace("{able}", "{apt}").replace("value = 24", "value = 999")
    charter_file.write_text(text.replace('id = "8.6"', 'id = "8.7"'), encoding="utf-8")
    with pytest.raises(BadCharter) as bad:
        read(charter_file)
    faults = bad.value.faults
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)
    assert {fault.clause for fault in faults} == {"4.2", "4.7", "8.6", "8.7"}
    assert str(bad.value).count("\n") == len(faults) - 1


def test_whatever_is_written_is_read_or_refused_and_nothing_else(charter_file: Path) -> None:
    """Each line left out, or given another value: a charter, or its faults, never a stray error."""
    lines = OURS.splitlines(keepends=True)
    for place in range(0, len(lines), 23):
        key, _, _ = lines[place].partition("=")
        for instead in ("", f"{key}= 7\n", f"{key}= []\n", f"{key}= {{ a = {{}} }}\n"):
            text = "".join([*lines[:place], instead, *lines[place + 1 :]])
            charter_file.write_text(text, encoding="utf-8")
            read.cache_clear()
            with suppress(BadCharter):
                read(charter_file)
    read.cache_clear()


# Words for a refusal.


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("kk", "Бұл транш бұған дейін төленген. Нөмірі: 2."),
        ("ru", "Этот транш уже выплачен. Номер: 2."),
        ("en", "Tranche 2 has been paid."),
    ],
)
def test_a_refusal_is_told_with_its_facts(language: str, words: str) -> None:
    refusal = refuse("11.3", Why.TRANCHE_PAID, ordinal=2, spare="not told")
    assert read().explain(refusal, language) == words
    assert read().explain(refusal) == "Tranche 2 has been paid."


def test_a_demand_goes_on_without_a_reason_and_stops_with_one() -> None:
    demand(None)
    refusal = Refusal("4.7", Why.COMMITTEE_INCOMPLETE, (("able", 2),))
    for halt in (demand, stop):
        with pytest.raises(Refused, match=r"clause 4\.7: committee-incomplete, able 2") as refused:
            halt(refusal)
        assert refused.value.refusal == refusal
