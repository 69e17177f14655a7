"""Judges learn nothing: one round, played with two sets of identities, gives them the same bytes.

The applicants of one world have short Cyrillic names, those of the other long Latin and mixed
ones, and more of them; members are called otherwise too. Both worlds are asked the same at every
stage, on the desk connection: each public function of the rooms that a desk page reads, each row
of each table that the desk may read, and the words of each refusal. Every word of an identity is
a canary besides: it may be found nowhere.
"""

import inspect
import itertools
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Model, QuerySet
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker

from tarazy.applications.actions import check_eligibility, open_committee, submit, withdraw
from tarazy.applications.models import Application
from tarazy.applications.queries import of_call
from tarazy.applications.submission import Card
from tarazy.calls import queries as calls_queries
from tarazy.calls.models import Call
from tarazy.cases import queries as cases_queries
from tarazy.cases.actions import release, stand_aside
from tarazy.cases.models import BlindCopy, Case, Docket
from tarazy.charter.case import panel
from tarazy.charter.events import Body as BodyKind
from tarazy.charter.events import Choice, Ground, Judgement, Motion
from tarazy.charter.refusals import Refused
from tarazy.decisions import actions as verbs
from tarazy.decisions import queries as decisions_queries
from tarazy.engine.desk import desk
from tarazy.governance import queries as governance_queries
from tarazy.governance.models import Body, Seat
from tarazy.ledger import folder
from tarazy.ledger.queries import lines
from tarazy.people.actions import Declaration
from tests import cast, databases

ROOMS = (cases_queries, decisions_queries, calls_queries, governance_queries)
NEVER = "000000"  # a number that no case has: 0 is not among the letters drawn
MARKS = dict.fromkeys(cast.CRITERIA, 4)

# The only differences that are excused, in lines of the log, and why.
EXCUSED = {
    ("*", "seal"): "made with 32 random bytes, so that equal content has unequal seals",
    ("applications.submitted", "at"): "when it came; no line says which case it became",
}

# What every verb of a judge is tried with, refused at every stage whoever tries; whose verb it is.
ATTEMPTS: dict[str, tuple[dict[str, Any], BodyKind]] = {
    "hand_in_sheet": ({"marks": {}, "strengths": "", "weaknesses": ""}, BodyKind.COMMITTEE),
    "cast_ballot": ({"judgement": Judgement.RECOMMEND, "amount": -1}, BodyKind.COMMITTEE),
    "decide_in_committee": ({"reasons": ""}, BodyKind.COMMITTEE),
    "vote": ({"choice": Choice.CONFIRM, "ground": Ground.FIT}, BodyKind.BOARD),
    "decide_in_board": ({"reasons": ""}, BodyKind.BOARD),
    "speak": ({"choice": Choice.RETURN, "ground": None, "fact": ""}, BodyKind.FOUNDER),
    "vote_on_appeal": ({"admit": True}, BodyKind.COMMITTEE),
    "decide_appeal": ({"reasons": ""}, BodyKind.COMMITTEE),
    "vote_on_motion": ({"motion": Motion.SUSPEND, "favour": True}, BodyKind.BOARD),
    "carry_motion": ({"motion": Motion.SUSPEND, "reasons": ""}, BodyKind.BOARD),
}

# Who applies. Place 6 is found ineligible. The words are joined of stem, place and field, so that
# each is found nowhere else.
PLACES = range(7)

# At these stages everybody is asked, at the others one of a kind: those recused, and another. At
# some each tries the verbs besides.
FULL = ("opened", "committee decided", "with founder")
TRIED = (*FULL, "sheets partly in", "board voting")
SOME = ("expert-1", "expert-2", "reserve-1", "reserve-2", "trustee-1", "trustee-5", "founder")


def short(place: int) -> Card:
    """Return an applicant of the first world: Cyrillic, few letters, one name."""
    at = "абвгдеж"[place]
    person = place == 2
    return Card(
        name=f"Ұя{at}қ",
        legal_name="" if person else f"Ұя{at}қ ЗҚ",
        individual=person,
        bin="" if person else cast.registered(100 + place),
        region="KZ-10",
        names=(f"Үң{at}",),
        people=(f"Ли{at}ң Ө.",),
        emails=(f"ya{place}k@q.example",),
        urls=(f"https://u{place}q.example",),
        phones=(f"8701{place}554433",),
        numbers=(f"ҚҰ77{place}1",),
    )


def long(place: int) -> Card:
    """Return an applicant of the second world: long, in mixed letters and cases, many names."""
    at = "abcdefg"[place]
    person = place == 3
    return Card(
        name=f"OBSHCHESTVO Drúzei-{at}Biblioteki «Sauleli{at}»",
        legal_name="" if person else f"Республиканское объединение Kitaphana{at}shylar Odagy",
        individual=person,
        bin="" if person else cast.registered(200 + place),
        region="KZ-75",
        names=(f"Друзья{at}Книги", f"Sauleli{at}", f"STEPNAYA{at} POLKA"),
        people=(
            f"Aleksandra-Mariya{at} Konstantinopolskaya{at}-Zhumabekova",
            f"Нұрсұлтан{at}бек Əбдірахманұлы",
            f"O'Neil{at}",
        ),
        emails=(f"Friends.Of.{at}Library@sauleli.example", f"second-{at}addr@mail.example"),
        urls=(f"HTTPS://www.Sauleli{at}.example/{at}about-us", f"https://t.example/{at}sauleli"),
        phones=(f"+7 (727) 311-2{place}-99", f"+7 777 12{place} 00 01"),
        numbers=(f"KZ75125KZT20{place}1300335", f"№ 4455-{place}-ЮЛ"),
    )


def called(world: str) -> dict[str, str]:
    """Return what the members are called in a world."""
    letters = {"short": "Аң{}ө", "long": "Maximiliana-Dzhamilya-{} ибн Хоттаб"}
    return {key: letters[world].format(key) for key in (*cast.MEMBERS, *cast.STAFF)}


def knows(who: Callable[[int], Card], *, loud: bool) -> dict[str, list[Declaration]]:
    """Return the declarations by which in either world the same seats know the same places."""
    named = {
        "expert-1": ("friend", who(2).people[0]),
        "reserve-1": ("relative", who(0).names[-1]),
        "trustee-5": ("organisation", who(4).name),
        "founder": ("family", who(1).people[-1]),
    }
    return {
        key: [Declaration(kind, f" {name.upper()}  " if loud else name, f"since {name}")]
        for key, (kind, name) in named.items()
    }


View = dict[str, str]


@dataclass
class World:
    """One round; `seen` is all that judges could get, by stage and by what was asked."""

    who: Callable[[int], Card]
    members: str
    loud: bool
    late: timedelta
    seen: dict[str, View] = field(default_factory=dict)
    lines: list[bytes] = field(default_factory=list)
    published: dict[str, bytes] = field(default_factory=dict)
    matched: set[tuple[str, int]] = field(default_factory=set)

    def play(self, target: Path) -> "World":
        """Play the round, looking at every stage; `target` is where the log is published."""
        self._prepare()
        self._committee()
        self._board()
        self.lines = list(lines())
        folder.publish(
            self.lines,
            target,
            key=Ed25519PrivateKey.generate(),
            origin="trial.example/ledger",
            files={},
        )
        self.published = {
            str(path.relative_to(target)): path.read_bytes()
            for path in sorted(target.rglob("*"))
            if path.is_file()
        }
        executive = self.cast.staff["executive"]
        release(Docket.objects.get(), by=executive, at=self._day(40))
        self._look("released", self._day(40))
        return self

    def canaries(self) -> set[str]:
        """Return every word of every identity, as it must be found nowhere."""
        words = set(called(self.members).values())
        for place in PLACES:
            for text in _texts(self.who(place)):
                words |= {text, *(word for word in text.split() if len(word) > 3)}
        return {word.casefold() for word in words} - {"kz-10", "kz-75"}

    def _prepare(self) -> None:
        declared = knows(self.who, loud=self.loud)
        self.cast = cast.small_foundation(names=called(self.members), declared=declared)
        self.call = cast.small_call(self.cast)
        self._look("announced", cast.SEATED)
        received = cast.OPENS + timedelta(days=3) + self.late
        applicants = [self.who(place) for place in PLACES]
        self.applications = cast.submit_all(self.call, applicants, at=received)
        self._look("received", cast.CLOSES)
        for application in self.applications:
            failed = "registered" if application == self.applications[6] else None
            by = self.cast.staff["coordinator"]
            check_eligibility(application, failed=failed, by=by, at=self._day(0))
        self._look("checked", self._day(0))
        open_committee(
            self.call,
            chance=Random(3),
            by=self.cast.staff["coordinator"],
            at=self._day(1),
        )
        self.matched = {
            (seat.code, place)
            for place, application in enumerate(of_call(self.call))
            for seat in self.cast.seats.values()
            if application.case and seat.code in application.case.now.recused
        }
        self._look("opened", self._day(1))

    def _committee(self) -> None:
        seats = self.cast.seats
        case = self._case(0)
        with desk():
            stand_aside(case.number, by=seats["expert-2"], at=self._day(2))
        wanted = [(place, seat) for place in PLACES[:6] for seat in self._panel(place)]
        for done, (place, seat) in enumerate(wanted, start=1):
            words, number = f"Strong by {seat.place}, {place}.", self._number(place)
            with desk():
                verbs.hand_in_sheet(
                    number,
                    marks=MARKS | {"plan": 1 + (seat.place + place) % 5},
                    strengths=words,
                    weaknesses=words[::-1],
                    by=seat,
                    at=self._day(3),
                )
            if done == len(wanted) // 2 + 1:  # the panel of place 3 is not complete
                self._look("sheets partly in", self._day(3))
        self._look("all sheets in", self._day(4))
        for place in PLACES[:6]:
            self._judge(place, look=place == 0)
        self._look("committee decided", self._day(11))

    def _judge(self, place: int, *, look: bool = False) -> None:
        able, number = self._panel(place), self._number(place)
        for seat in able:
            recommend = place != 3 or seat == able[0]
            amount = min(900_000 * cast.TENGE, self._case(place).now.limit) if recommend else 0
            judgement = Judgement.RECOMMEND if recommend else Judgement.DECLINE
            with desk():
                verbs.cast_ballot(
                    number, judgement=judgement, amount=amount, by=seat, at=self._day(10)
                )
            if look and seat == able[0]:
                self._look("a ballot cast", self._day(10))
        with desk():
            words = f"The committee compared the sheets of {place}."
            verbs.decide_in_committee(number, reasons=words, by=able[0], at=self._day(11))

    def _board(self) -> None:
        self._vote(0, Choice.CONFIRM, look=True)
        self._vote(1, Choice.DECLINE, Ground.FIT)
        self._vote(2, Choice.RETURN, Ground.BUDGET)
        fifth = self.applications[5]
        withdraw(fifth, by=fifth.submitted_by, at=self._day(21))
        self._look("returned, withdrawn", self._day(21))
        self._judge(2)
        self._vote(2, Choice.CONFIRM)
        self._vote(4, Choice.CONFIRM)
        self._look("with founder", self._day(22))
        number = self._number(4)
        with desk():
            verbs.speak(
                number,
                choice=Choice.CONFIRM,
                ground=None,
                fact="",
                by=self.cast.seats["founder"],
                at=self._day(23),
            )

    def _vote(
        self, place: int, choice: Choice, ground: Ground | None = None, *, look: bool = False
    ) -> None:
        number, recused = self._number(place), self._case(place).now.recused
        able = [self.cast.seats[key] for key in cast.TRUSTEES]
        able = [seat for seat in able if seat.code not in recused]
        for seat in able:
            with desk():
                verbs.vote(number, choice=choice, ground=ground, by=seat, at=self._day(20))
            if look and seat.place == 2:
                self._look("board voting", self._day(20))
        with desk():
            words = f"The Board on {place}: {choice}."
            verbs.decide_in_board(number, reasons=words, by=able[0], at=self._day(20))

    def _day(self, days: int) -> datetime:
        return cast.JUDGING + timedelta(days=days)

    def _number(self, place: int) -> str:
        return self._case(place).number

    def _case(self, place: int) -> Case:
        found = Application.objects.select_related("case__docket").get(
            pk=self.applications[place].pk
        )
        assert found.case is not None
        return found.case

    def _panel(self, place: int) -> list[Seat]:
        case = self._case(place)
        able = panel(cases_queries.charter(case.docket), case.now)
        return [seat for code in able for seat in self.cast.seats.values() if seat.code == code]

    def _look(self, stage: str, at: datetime) -> None:
        keys = cast.MEMBERS if stage in FULL else SOME
        seats = {key: self.cast.seats[key] for key in keys}
        view = dict([*rows(), *answers(seats, self.call, at=at)])
        if stage in TRIED:
            view |= refusals(seats, at=at)
        self.seen[stage] = view


def rows() -> Iterator[tuple[str, str]]:
    """Yield each row that the desk connection may read, in the order of keys."""
    keys = {model._meta.db_table: model._meta.pk.column for model in apps.get_models()}
    readable = [table for table, rights in settings.DESK_RIGHTS.items() if "read" in rights]
    with desk(), connections["desk"].cursor() as cursor:
        for table in readable:
            cursor.execute(f"SELECT * FROM {table} ORDER BY {keys[table]}")
            for place, row in enumerate(cursor.fetchall()):
                yield f"row {place} of {table}", repr(row)


def public(module: ModuleType) -> list[Callable[..., Any]]:
    """Return the public functions that a module defines."""
    return [
        function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]


def answers(seats: Mapping[str, Seat], call: Call, *, at: datetime) -> Iterator[tuple[str, str]]:
    """Yield what each public query answers, for each seat and each value that it takes.

    Arguments go by their names; a query with a name that is not known here fails.
    """
    with desk():
        cases = list(Case.objects.order_by("number").select_related("docket__call__programme"))
        known: dict[str, list[Any]] = {
            "number": [*(case.number for case in cases), NEVER],
            "on": [at.date()],
            "at": [at],
            "call": [call],
            "code": [call.code, "NONE"],
            "docket": list(Docket.objects.all()),
            "case": cases,
            "copy": list(BlindCopy.objects.select_related("case").order_by("case__number")),
            "body": list(Body.objects.order_by("pk")),
        }
        for function in itertools.chain.from_iterable(public(room) for room in ROOMS):
            for key, seat in seats.items():
                own: dict[str, list[Any]] = {"seat": [seat], "by": [seat]}
                own |= {"body_id": [seat.body_id], "person_id": [seat.person_id]}
                needed = _needed(function)
                unknown = needed - known.keys() - own.keys()
                assert not unknown, f"{function.__module__}.{function.__name__}: give {unknown}"
                reader = key if needed & own.keys() else "anybody"
                for values in _combined(needed, known | own):
                    name = f"{function.__module__}.{function.__name__} for {reader}: "
                    yield name + _plain(values), _plain(function(**values))
                if reader == "anybody":
                    break


def refusals(seats: Mapping[str, Seat], *, at: datetime) -> Iterator[tuple[str, str]]:
    """Yield the words by which each judge's verb is refused, on every case and on none.

    The verbs of another body are tried on one case and on none.
    """
    numbers = [*Case.objects.order_by("number").values_list("number", flat=True), NEVER]
    for key, seat in seats.items():
        for verb in public(verbs):
            words, body = ATTEMPTS[verb.__name__]
            for number in numbers if body == seat.body.type else numbers[-2:]:
                with desk(), pytest.raises(Refused) as refused:
                    verb(number, **words, by=seat, at=at)
                yield f"{verb.__name__} by {key} on {number}", str(refused.value)


def _needed(function: Callable[..., Any]) -> set[str]:
    given = inspect.signature(function).parameters.values()
    return {each.name for each in given if each.default is inspect.Parameter.empty}


def _combined(names: set[str], known: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    ordered = sorted(names)
    for values in itertools.product(*(known[name] for name in ordered)):
        yield dict(zip(ordered, values, strict=True))


def _plain(value: Any) -> str:
    """Spell out a value, rows with all their fields and the rows that were loaded with them."""
    if isinstance(value, Model):
        columns = value._meta.concrete_fields
        shown = {column.attname: vars(value).get(column.attname) for column in columns}
        for column in columns:
            if column.name in value._state.fields_cache:
                shown[column.name] = getattr(value, column.name)
        return f"{type(value).__name__}{_plain(shown)}"
    if is_dataclass(value) and not isinstance(value, type):
        shown = {item.name: getattr(value, item.name) for item in fields(value)}
        return f"{type(value).__name__}{_plain(shown)}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_plain(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple | QuerySet | Iterator):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(_plain(item) for item in value)) + "}"
    return repr(value)


def _texts(card: Card) -> Iterator[str]:
    for item in fields(card):
        value = getattr(card, item.name)
        if isinstance(value, str) and value:
            yield value
        elif isinstance(value, tuple):
            yield from value


def differing(one: View, other: View) -> list[str]:
    """Return what was asked in one world only, or answered otherwise."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.fixture(scope="module")
def worlds(
    django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> tuple[World, World]:
    """Play the round in both worlds, each in a database of its own."""
    played = []
    # The number of decoys in the log is the system's chance, which is no applicant's doing: both
    # worlds get the same.
    fixed = pytest.MonkeyPatch()
    for world in (
        World(short, "short", loud=False, late=timedelta()),
        World(long, "long", loud=True, late=timedelta(days=9, minutes=17, microseconds=31)),
    ):
        target = tmp_path_factory.mktemp("published")
        fixed.setattr(secrets, "randbelow", Random(7).randrange)
        with django_db_blocker.unblock(), databases.fresh(databases.migrated()):
            played.append(world.play(target))
    fixed.undo()
    return played[0], played[1]


Worlds = tuple[World, World]


def test_judges_get_the_same_bytes_in_both_worlds_at_every_stage(worlds: Worlds) -> None:
    one, other = worlds
    assert list(one.seen) == list(other.seen)
    differ = {stage: differing(one.seen[stage], other.seen[stage]) for stage in one.seen}
    assert {stage: names for stage, names in differ.items() if names} == {}


def test_in_both_worlds_the_same_seats_know_the_same_applicants(worlds: Worlds) -> None:
    one, other = worlds
    assert one.matched == other.matched
    assert sorted(place for _, place in one.matched) == [0, 2, 4]


def test_no_word_of_an_identity_is_in_what_judges_get_before_release(worlds: Worlds) -> None:
    for world in worlds:
        seen = "\n".join(
            f"{name} {text}"
            for stage, view in world.seen.items()
            if stage != "released"
            for name, text in view.items()
        ).casefold()
        assert {word for word in world.canaries() if word in seen} == set()


def test_no_word_of_an_identity_is_in_the_published_log(worlds: Worlds) -> None:
    for world in worlds:
        assert any(body.count(b'"kind"') for body in world.published.values())
        told = [*world.lines, *world.published.values()]
        read = [body.decode("utf-8", "replace").casefold() for body in told]
        assert {word for word in world.canaries() if any(word in body for body in read)} == set()


def test_the_lines_of_the_log_differ_only_where_it_is_excused(worlds: Worlds) -> None:
    one, other = ([json.loads(line) for line in world.lines] for world in worlds)
    assert [line.keys() for line in one] == [line.keys() for line in other]
    differ = {
        (line["kind"], key)
        for line, counterpart in zip(one, other, strict=True)
        for key in line
        if line[key] != counterpart[key]
    }
    assert {pair for pair in differ if not {pair, ("*", pair[1])} & EXCUSED.keys()} == set()


def test_the_published_files_have_the_same_names_and_lengths(worlds: Worlds) -> None:
    one, other = ({name: len(body) for name, body in w.published.items()} for w in worlds)
    assert one == other


# That these tests could fail: what they look at is there, and they see one name.


def test_every_verb_of_a_judge_is_tried() -> None:
    assert {verb.__name__ for verb in public(verbs)} == ATTEMPTS.keys()


def test_every_query_that_a_desk_page_may_ask_is_asked(worlds: Worlds) -> None:
    asked = {name.split(" for ")[0] for name in worlds[0].seen["opened"]}
    wanted = {f"{room.__name__}.{query.__name__}" for room in ROOMS for query in public(room)}
    assert wanted <= asked


def test_every_table_that_the_desk_may_read_is_read_and_holds_something(worlds: Worlds) -> None:
    found = {
        name.split(" of ")[-1] for name in worlds[0].seen["with founder"] if name.startswith("row ")
    }
    assert found == {table for table, may in settings.DESK_RIGHTS.items() if "read" in may}


def listed(world: World, stage: str, key: str) -> int:
    """Return how many cases a seat finds in its list."""
    name = f"tarazy.cases.queries.readable_by for {key}:"
    (text,) = [text for asked, text in world.seen[stage].items() if asked.startswith(name)]
    return text.count("Readable{")


@pytest.mark.parametrize(
    ("stage", "counts"),
    [
        ("checked", {"expert-1": 0, "trustee-1": 0, "founder": 0}),
        ("opened", {"expert-1": 5, "expert-2": 6, "reserve-1": 1, "reserve-2": 0, "trustee-1": 0}),
        ("sheets partly in", {"expert-1": 5, "expert-2": 5, "reserve-1": 1, "reserve-2": 1}),
        ("committee decided", {"trustee-1": 5, "trustee-5": 4, "founder": 0}),
        ("with founder", {"trustee-1": 4, "trustee-5": 3, "founder": 1}),
        ("released", {"expert-2": 0, "trustee-1": 0, "founder": 0}),
    ],
)
def test_a_case_is_in_the_lists_of_those_for_whom_it_exists(
    worlds: Worlds, stage: str, counts: dict[str, int]
) -> None:
    assert {key: listed(worlds[0], stage, key) for key in counts} == counts


@pytest.mark.parametrize(
    ("stage", "own", "others"),
    [("sheets partly in", (1, 0), (0, 0)), ("all sheets in", (1, 1), (2, 2))],
)
def test_a_sheet_is_sealed_until_the_whole_panel_has_handed_in(
    worlds: Worlds, stage: str, own: tuple[int, int], others: tuple[int, int]
) -> None:
    world = worlds[0]
    wanted = f"'{_number_of(world, 3)}'"
    shown = [
        text
        for key in ("expert-1", "expert-2")
        for name, text in world.seen[stage].items()
        if name.startswith(f"tarazy.decisions.queries.sheets_for for {key}:") and wanted in name
    ]
    assert tuple(text.count("own: True") for text in shown) == own
    assert tuple(text.count("own: False") for text in shown) == others


def test_for_a_recused_seat_a_case_answers_like_a_number_never_given(worlds: Worlds) -> None:
    """At every stage, for every query that names its reader and a number, and every verb."""
    world = worlds[0]
    compared = 0
    for key, place in (("reserve-1", 0), ("expert-1", 2), ("trustee-5", 4)):
        number = _number_of(world, place)
        for view in world.seen.values():
            for name in view:
                if number in name and (f" for {key}: " in name or f" by {key} on " in name):
                    assert view[name] == view[name.replace(number, NEVER)], name
                    compared += 1
    assert compared > 100


def _number_of(world: World, place: int) -> str:
    title = f"Reading rooms {place},"
    view = world.seen["opened"]
    copies = [text for name, text in view.items() if name.startswith("tarazy.cases.queries.copy")]
    found = {_case_number(text) for text in copies if title in text}
    assert len(found) == 1
    return found.pop()


def _case_number(text: str) -> str:
    return text.split("number: '", 1)[1][:6]


def test_one_name_that_nobody_took_out_is_seen(django_db_blocker: DjangoDbBlocker) -> None:
    """The text names a person whom the identity card lacks: the two worlds differ."""
    seen = []
    for who in (short(1), long(1)):
        with django_db_blocker.unblock(), databases.fresh(databases.migrated()):
            seen.append(_slip(who))
    differ = differing(*seen)
    assert any(name.endswith("of cases_blindcopy") for name in differ)
    assert any(name.startswith("tarazy.cases.queries.copy_for for expert-1") for name in differ)
    assert long(1).people[0] in "".join(seen[1].values())


def _slip(who: Card) -> View:
    """Open a list of one case, whose applicant forgot to name people, and look at it."""
    members = cast.small_foundation()
    call = cast.small_call(members)
    by = members.staff["coordinator"]
    sent = replace(cast.draft(who, 1), card=replace(who, people=()))
    submit(call, sent, by=by, at=cast.OPENS)
    check_eligibility(of_call(call)[0], failed=None, by=by, at=cast.JUDGING)
    open_committee(call, chance=Random(3), by=by, at=cast.JUDGING)
    return dict([*rows(), *answers(members.seats, call, at=cast.JUDGING)])


def test_no_query_of_a_judge_runs_on_the_default_connection(database: None) -> None:
    members = cast.small_foundation()
    call = cast.small_call(members)
    cast.submit_all(call, cast.cards(2), at=cast.OPENS)
    with (
        CaptureQueriesContext(connections["default"]) as here,
        CaptureQueriesContext(connections["desk"]) as there,
    ):
        view = dict(answers(members.seats, call, at=cast.JUDGING))
    assert view
    assert len(here) == 0
    assert len(there) > len(view)
    with desk():
        with pytest.raises(RuntimeError, match="default connection"):
            Application.objects.using("default").count()
        with pytest.raises(DatabaseError):
            Application.objects.count()
