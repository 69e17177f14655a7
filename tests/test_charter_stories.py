"""The charter as people read it: its examples happen as they say, its editions are up to date."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from tarazy.charter.book import (
    CHARTER,
    LANGUAGES,
    Blind,
    Book,
    Charter,
    Clause,
    Conflicts,
    Dated,
    Example,
    FounderWord,
    Needed,
    Stages,
    Tie,
    read,
)
from tarazy.charter.events import Body, Ground
from tarazy.charter.phrases import CHAPTERS, CHOICES, MONTHS, PHRASES, VALUES
from tarazy.charter.picture import LETTERS, WIDTH, picture
from tarazy.charter.reading import day_in_words, difference, edition, newest, one_clause
from tarazy.charter.stories import ACTS, DAY, FACTS, PLACES, day_of, play, untrue
from tarazy.ops.charter_commands import DOCS, charter, editions
from tests.where import tell

IN_FORCE = read().on(DAY)


def told() -> Iterator[tuple[Clause, Example]]:
    """Yield every example of the charter with its clause."""
    for clause in read().clauses.values():
        for example in clause.examples:
            yield clause, example


def changed(clause: str, **what: object) -> Book:
    """Return our charter with something of a clause changed."""
    book = read()
    after = replace(book.clauses[clause], **what)  # type: ignore[arg-type]  # fields by name
    return replace(book, clauses={**book.clauses, clause: after})


def with_value(name: str, value: object) -> Book:
    """Return our charter with another value from the first day on."""
    (clause,) = (c for c in read().clauses.values() if name in [v.name for v in c.values])
    values = [Dated(v.name, v.since, value) if v.name == name else v for v in clause.values]
    return changed(clause.id, values=tuple(values))


# Examples.


@pytest.mark.parametrize(
    ("clause", "example"),
    [
        pytest.param(clause, example, id=f"{clause.id}: {example.words['en']}")
        for clause, example in told()
    ],
)
def test_an_example_goes_as_its_clause_says(clause: Clause, example: Example) -> None:
    refusal = play(IN_FORCE, example.given)
    if example.why is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert (refusal.clause, refusal.why) == (clause.id, example.why)
        for language in LANGUAGES:
            assert "{" not in read().explain(refusal, language)


def test_no_story_is_told_twice_for_one_clause() -> None:
    for clause in read().clauses.values():
        stories = [example.given for example in clause.examples]
        assert len(set(stories)) == len(stories), clause.id


def test_all_examples_of_our_charter_are_true() -> None:
    assert list(untrue(read())) == []


def test_a_charter_that_decides_otherwise_makes_its_examples_untrue() -> None:
    wrong = list(untrue(with_value("expert_term_months", 36)))
    story = "clause 4.2: seat c1 on committee 2026-01-01 to 2028-01-02"
    assert wrong == [f"{story}: expected refused by 4.2, term-too-long, got allowed"]


OTHERWISE: list[tuple[str, object]] = [
    ("stages", Stages.COMMITTEE_ONLY),
    ("stages", Stages.BOARD_ONLY),
    ("stages", Stages.BOARD_THEN_COMMITTEE),
    ("committee_of", Body.BOARD),
    ("board_of", Body.STAFF),
    ("committee_size", 1),
    ("committee_size", 5),
    ("committee_needs", Needed.ALL),
    ("expert_term_months", 23),
    ("expert_return", True),
    ("declaration_months", 11),
    ("declaration_months", 13),
    ("conflicts", Conflicts.IGNORED),
    ("blind_until", Blind.MEETING),
    ("highest_mark", 4),
    ("highest_mark", 6),
    ("appeal_days", 13),
    ("appeal_days", 15),
    ("board_quorum", Needed.TWO_THIRDS),
    ("board_needs", Needed.ALL),
    ("board_tie", Tie.CONFIRMS),
    ("board_may_take_declined", True),
    ("refusal_grounds", (Ground.BUDGET,)),
    ("refusal_grounds", (Ground.FIT, Ground.BUDGET, Ground.IMPARTIALITY)),
    ("return_times", 0),
    ("return_times", 2),
    ("founder_word", FounderWord.NEVER),
    ("founder_word", FounderWord.ALWAYS),
    ("founder_grounds", ()),
    ("founder_grounds", (Ground.IMPARTIALITY, Ground.BUDGET)),
]


@pytest.mark.parametrize(("name", "value"), OTHERWISE)
def test_no_value_can_change_without_an_example_that_tells_it(name: str, value: object) -> None:
    assert list(untrue(with_value(name, value)))


def test_every_value_is_among_those_that_were_changed() -> None:
    assert {name for name, _ in OTHERWISE} == {item.name for item in fields(Charter)}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ([], "a story has at least one step"),
        (["case asks 100", "e1 sings"], "e1 sings: no such step; they stand at the head of "),
        (["e1 sheet", "case asks 100"], "e1 sheet: refused by 6.3, not-opened"),
        (["case asks 100", "on 2026-06-01"], "on 2026-06-01: a story ends with something"),
        (["on 2026-02-30", "case asks 100"], "on 2026-02-30: day is out of range for month"),
        (["submit 2026-03-01T09:00+05:00"], "announce the call first"),
        (["call 2026-03-01T09:00 to 2026-04-01T18:00", "coordinator announces"], "with its zone"),
        (["applicant appeals"], "applicant appeals: check the application first"),
        (["e1 reads"], "e1 reads: open a case first, as in: case asks 100"),
        (["case asks 100", "c1 sheet"], "c1 sheet: c1 has no seat"),
        (["case asks 100", "e1 counts the ballots as great"], "'great' is not a valid Outcome"),
    ],
)
def test_a_story_that_cannot_be_told_names_its_step(given: list[str], wrong: str) -> None:
    with pytest.raises(ValueError, match=re.escape(wrong)):
        play(IN_FORCE, given)


def test_each_step_of_the_vocabulary_is_in_an_example() -> None:
    steps = {step for _, example in told() for step in example.given}
    unused = {
        form
        for form in (*FACTS, *ACTS)
        if not any(re.fullmatch(form.format_map(PLACES), step) for step in steps)
    }
    assert unused == set()


def test_a_story_about_later_values_begins_on_its_own_day() -> None:
    clause = read().clauses["4.2"]
    later = Dated("expert_term_months", DAY.replace(year=2030), 12)
    book = changed("4.2", values=(*clause.values, later))
    assert day_of(book, ["case asks 100"]) == DAY
    assert day_of(book, ["on 2030-06-01", "case asks 100"]).year == 2030
    assert list(untrue(book)) == []
    story = Example(("on 2030-06-01", "seat c1 on committee 2030-06-01 to 2032-06-01"), None, {})
    (wrong,) = untrue(changed("4.2", values=(*clause.values, later), examples=(story,)))
    assert wrong.endswith("expected allowed, got refused by 4.2, term-too-long")


# The reader's edition.


@pytest.mark.parametrize("name", editions(read()))
def test_the_editions_in_docs_are_what_the_charter_makes(name: str) -> None:
    """Write them anew with `tarazy charter edition`."""
    assert (DOCS / name).read_text(encoding="utf-8") == editions(read())[name]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_edition_has_every_clause_with_address_text_and_examples(language: str) -> None:
    text = edition(read(), language)
    for clause in read().clauses.values():
        assert f'<a id="{clause.id}"></a>\n\n### {clause.id} {clause.title[language]}\n' in text
        assert clause.text[language] in text
        for example in clause.examples:
            assert example.words[language] in text
        for value in clause.values:
            assert f"`{value.name}`" in text
    assert set(re.findall(r"\(#([\d.]+)\)", text)) <= set(read().clauses)
    assert read().digest in text
    assert "{" not in text


def test_an_edition_tells_the_last_check_where_there_was_one() -> None:
    text = edition(read(), "kk", check="161 568 күй, бәрі дұрыс.")
    assert "## Соңғы тексеру\n\n161 568 күй, бәрі дұрыс.\n" in text


def test_everything_the_edition_says_is_there_in_three_languages() -> None:
    for words in (PHRASES, CHAPTERS, VALUES, CHOICES):
        for key, said in words.items():
            assert len(said) == 3, key
            assert all(said), key
            places = {tuple(sorted(re.findall(r"{\w+}", text))) for text in said}
            assert len(places) == 1, key
    assert {len(months.split()) for months in MONTHS.values()} == {12}
    assert set(CHAPTERS) == {clause.split(".")[0] for clause in read().clauses}


@pytest.mark.parametrize(
    ("language", "said"),
    [("kk", "2026 жылғы 4 мамыр"), ("ru", "4 мая 2026 г."), ("en", "4 May 2026")],
)
def test_a_day_is_written_as_people_do(language: str, said: str) -> None:
    assert day_in_words(DAY, language) == said


def test_a_refused_example_says_what_the_person_would_read() -> None:
    assert "*Тым" not in one_clause(read(), "7.5", "kk")
    assert "*Сома тым жоғары. Мүмкін болатын ең жоғары сома: 100.*" in one_clause(
        read(), "7.5", "kk"
    )


# The picture.


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_is_drawn_as_text_within_a_phones_width(language: str) -> None:
    root = ElementTree.fromstring(picture(read(), language))  # noqa: S314 - our own text
    space = "{http://www.w3.org/2000/svg}"
    assert [node.tag for node in root][:2] == [f"{space}title", f"{space}desc"]
    assert int(root.attrib["width"]) == WIDTH
    assert float(root.attrib["font-size"]) >= 14
    assert {node.tag.removeprefix(space) for node in root} <= {
        "title",
        "desc",
        "rect",
        "text",
        "path",
    }
    assert all(len(node.text or "") <= LETTERS for node in root.iter(f"{space}text"))
    bottom = max(
        int(box.attrib.get("y", 0)) + int(box.attrib["height"]) for box in root.iter(f"{space}rect")
    )
    assert bottom == int(root.attrib["height"])


@pytest.mark.parametrize(
    ("name", "value", "gone", "come"),
    [
        ("committee_size", 5, "Experts: 3", "Experts: 5"),
        ("founder_word", FounderWord.NEVER, "Founder&apos;s office", ""),
        ("founder_word", FounderWord.ALWAYS, "stroke-dasharray", "each decision"),
        ("appeal_days", 0, "Appeal to the committee", ""),
        ("return_times", 0, "Back for a smaller sum", ""),
        ("stages", Stages.COMMITTEE_ONLY, "Board of Trustees", "Expert Committee"),
        ("stages", Stages.BOARD_ONLY, "Expert Committee", "Board of Trustees"),
    ],
)
def test_the_picture_follows_the_values(name: str, value: object, gone: str, come: str) -> None:
    drawn = picture(with_value(name, value), "en")
    assert gone.replace("&apos;", "'") not in drawn
    assert come in drawn


def test_names_open_in_the_picture_when_the_charter_says() -> None:
    for blind, before in ((Blind.RELEASE, True), (Blind.MEETING, False)):
        drawn = picture(with_value("blind_until", blind), "en")
        assert (drawn.index("Executive head") < drawn.index("Names open")) is before


# What changed.


def test_a_charter_differs_from_itself_in_nothing() -> None:
    assert difference(read(), read(), "ru") == "Различий нет.\n"


def test_a_difference_tells_words_values_and_days() -> None:
    book = read()
    clause = book.clauses["4.2"]
    later = Dated("expert_term_months", DAY, 36)
    new = changed(
        "4.2", values=(*clause.values, later), title={**clause.title, "en": "Three years"}
    )
    assert difference(book, new, "en").splitlines() == [
        "Clause changed: 4.2 Three years",
        "    title, en:",
        "    - Two years on one committee",
        "    + Three years",
        "    + Longest time on one committee, months: 36 (from 4 May 2026; `expert_term_months`)",
    ]
    assert difference(new, book, "en").splitlines()[-1].startswith("    - Longest time")
    assert newest(new) == DAY


def test_a_difference_tells_clauses_added_and_removed_reasons_and_examples() -> None:
    book = read()
    less = replace(book, clauses={n: c for n, c in book.clauses.items() if n != "8.6"})
    said = difference(book, less, "en")
    assert said.startswith("Clause removed: 8.6 One vote each\n    - A trustee votes once")
    assert difference(less, book, "en").startswith("Clause added: 8.6 One vote each\n    + ")
    clause = book.clauses["8.6"]
    reasons = {"vote-cast": {**clause.reasons["vote-cast"], "kk": "Жоқ."}}
    new = changed("8.6", reasons=reasons, examples=clause.examples[:1], source="L7", because={})
    lines = difference(book, new, "kk").splitlines()
    assert "    бас тарту сөзі (vote-cast), kk:" in lines
    assert "    + L7" in lines
    assert any(line.endswith("t1 confirms / t1 confirms: vote-cast") for line in lines)


# The command.


def run(*arguments: str) -> tuple[int, str]:
    """Run `tarazy charter` with these arguments."""
    done = CliRunner().invoke(charter, arguments)
    return done.exit_code, done.output


def test_the_command_shows_a_clause_in_a_language() -> None:
    status, said = run("show")
    assert (status, said.count("\n") >= len(read().clauses)) == (0, True)
    status, said = run("show", "9.9")
    assert (status, "no clause 9.9" in said) == (1, True)


def test_the_command_compares_two_files_and_says_what_is_wrong_in_one(tmp_path: Path) -> None:
    other = tmp_path / "theirs.toml"
    text = CHARTER.read_text(encoding="utf-8")
    other.write_text(text.replace("One vote each", "A single vote"), encoding="utf-8")
    status, said = run("diff", str(CHARTER), str(other), "--lang", "en")
    assert status == 0
    assert said.splitlines() == [
        "Clause changed: 8.6 A single vote",
        "    title, en:",
        "    - One vote each",
        "    + A single vote",
    ]
    bad = tmp_path / "bad.toml"
    bad.write_text(text.replace("value = 24", "value = 999"), encoding="utf-8")
    status, said = run("diff", str(CHARTER), str(bad))
    assert status == 1
    assert re.fullmatch(
        r"bad\.toml:\d+: clause 4\.2: expert_term_months: write a number .+\n", said
    )


def test_the_command_writes_the_edition(tmp_path: Path) -> None:
    status, said = run("edition", "--to", str(tmp_path))
    assert (status, said.count("\n")) == (0, 6)
    assert {path.name for path in tmp_path.iterdir()} == set(editions(read()))


# Where is the rule that…?


@pytest.mark.parametrize("clause", read().clauses)
def test_every_clause_is_found_with_its_guard(clause: str) -> None:
    lines = list(tell(clause))
    assert lines[0].startswith(clause)
    assert re.search(r"charter\.toml:\d+, \d+ examples$", lines[2])
    assert lines.index("asked by") - lines.index("refused by") > 1
    assert lines.index("tested by") - lines.index("asked by") > 1


def test_where_names_files_lines_and_functions() -> None:
    lines = [re.sub(r"\d+", "0", line) for line in tell("4.2")]
    assert "  tarazy/charter/rules.py:0 may_seat, at 0, 0" in lines
    assert "  tarazy/governance/actions.py:0 appoint" in lines
    assert any(line.startswith("  tests/test_charter_rules.py:0 test_0_0_nobody") for line in lines)
    assert "    on TranchePaid" in tell("11.3")
    with pytest.raises(KeyError):
        list(tell("4.99"))
