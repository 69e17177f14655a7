"""A small foundation for tests: built through the real actions, at given instants.

Everything that chance decides comes from one seed, so that two foundations differ only in what
a test makes different: who applies, and what the members are called and declare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tarazy.applications.actions import submit
from tarazy.applications.models import Application
from tarazy.applications.queries import of_call
from tarazy.applications.submission import Card, Draft, Section
from tarazy.calls.actions import announce, begin
from tarazy.calls.models import Call, Programme
from tarazy.charter.events import Body as BodyKind
from tarazy.charter.events import Role
from tarazy.governance.actions import appoint, establish, found, sign_agreement
from tarazy.governance.models import Body, Foundation, Seat
from tarazy.ledger.events import Program
from tarazy.people.actions import Declaration, declare, enrol, give_role
from tarazy.people.models import Person

ZONE = ZoneInfo("Asia/Almaty")
FOUNDED = datetime(2026, 1, 5, 10, tzinfo=ZONE)
SEATED = datetime(2026, 1, 12, 10, tzinfo=ZONE)
TERM_ENDS = date(2028, 1, 12)
OPENS = datetime(2026, 3, 2, tzinfo=ZONE)
CLOSES = datetime(2026, 4, 1, tzinfo=ZONE)
JUDGING = datetime(2026, 4, 6, 11, tzinfo=ZONE)

SETUP = Program("program:setup")
WORDS = {"kk": "сөз", "ru": "слово", "en": "word"}
CRITERIA = ("need", "plan", "budget")
TENGE = 100  # minor units

EXPERTS = ("expert-1", "expert-2", "expert-3", "reserve-1", "reserve-2")
TRUSTEES = ("trustee-1", "trustee-2", "trustee-3", "trustee-4", "trustee-5")
MEMBERS = (*EXPERTS, *TRUSTEES, "founder")
STAFF = tuple(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is there: seats and staff by key (`expert-1`, `reserve-1`, `coordinator`, …)."""

    seats: Mapping[str, Seat]
    staff: Mapping[str, Person]
    programme: Programme


def small_foundation(
    *,
    names: Mapping[str, str] | None = None,
    declared: Mapping[str, Sequence[Declaration]] | None = None,
) -> Cast:
    """Found a foundation with one programme; all members have signed and declared.

    `names` and `declared` go by key. Three experts, two reserves, five trustees, the founder's
    office, and one member of staff for each role.
    """
    chance = Random(7)
    foundation = Foundation(
        name={"kk": "Сынақ қоры", "ru": "Пробный фонд", "en": "Trial Foundation"},
        bin=registered(999),
        zone=ZONE.key,
        currency="KZT",
        prefix="360G-trial",
        site="https://trial.example/",
        invented=True,
    )
    found(foundation, by=SETUP, at=FOUNDED)
    bodies = {}
    for kind in (BodyKind.COMMITTEE, BodyKind.BOARD, BodyKind.FOUNDER):
        bodies[kind] = Body(code=kind.value, type=kind.value, name=WORDS)
        establish(bodies[kind], by=SETUP, at=FOUNDED)
    people = {key: _enrol(key, (names or {}).get(key, key)) for key in (*MEMBERS, *STAFF)}
    seats = {}
    for key in MEMBERS:
        appoint(
            people[key],
            bodies[_body(key)],
            begins=SEATED.date(),
            ends=TERM_ENDS,
            reserve=key.startswith("reserve"),
            chance=chance,
            by=SETUP,
            at=FOUNDED,
        )
        seats[key] = Seat.objects.select_related("body").get(person=people[key])
        sign_agreement(seats[key], by=people[key], at=SEATED)
        declare((declared or {}).get(key, ()), by=people[key], at=SEATED)
    for role in Role:
        give_role(people[role.value], role, by=SETUP, at=FOUNDED)
    programme = Programme(
        code="TRY",
        name=WORDS,
        aim=WORDS,
        committee=bodies[BodyKind.COMMITTEE],
        board=bodies[BodyKind.BOARD],
    )
    begin(programme, by=SETUP, at=FOUNDED)
    return Cast(seats, {role: people[role] for role in STAFF}, programme)


def small_call(
    cast: Cast,
    *,
    code: str = "TRY-2026",
    closes: datetime | None = CLOSES,
    envelope: int = 10_000_000 * TENGE,
) -> Call:
    """Announce a call with one condition; without `closes` it is continuous. Minor units."""
    call = Call(
        code=code,
        programme=cast.programme,
        title={"kk": "Сынақ", "ru": "Проба", "en": f"Trial {code}"},
        about=WORDS,
        opens=OPENS,
        closes=closes,
        currency="KZT",
        envelope=envelope,
        ceiling=2_000_000 * TENGE,
        criteria=[{"code": name, "weight": 30, "name": WORDS} for name in CRITERIA],
        conditions=[{"code": "registered", "name": WORDS}],
    )
    announce(call, by=cast.staff["coordinator"], at=SEATED)
    return call


def submit_all(call: Call, cards: Sequence[Card], *, at: datetime) -> list[Application]:
    """Hand in one application a card, a minute apart, each by an account of its own.

    Returns the call's applications in the order of receipt, earlier ones included.
    """
    for place, card in enumerate(cards):
        person = Person(email=card.emails[0], name=card.people[0], citizen=True)
        enrol(person, by=SETUP, at=OPENS)
        submit(call, draft(card, place), by=person, at=at + timedelta(minutes=place))
    return list(of_call(call))


def draft(card: Card, place: int) -> Draft:
    """Return an application that names its applicant in every way, always in the same places."""
    number = card.bin or card.numbers[0]
    need = (
        f"In {3 + place} villages of the district there is no place where children can read after"
        f" school. {card.name} will open one in each of them within {6 + place} months, with"
        f" {200 + place} books a room. Ask {card.emails[0]} or {card.phones[0]}."
    )
    who = (
        f"{card.name} ({card.legal_name or card.name}), {number}, is known as «{card.names[0]}»."
        f" {card.people[0]} leads it with {card.people[-1]}. {card.urls[0]}; {card.emails[-1]};"
        f" {card.phones[-1]}.\n\n{card.name.upper()} answers for every tenge."
    )
    return Draft(
        token=f"{place}:{card.name}",
        language=("kk", "ru", "en")[place % 3],
        title=f"Reading rooms {place}, by {card.name}",
        duration=f"{6 + place} months, says {card.people[0]}",
        requested=None if place == 1 else (1_000_000 + 50_000 * place) * TENGE,
        card=card,
        sections=(Section("The need", need), Section(f"About {card.names[-1]}", who)),
    )


def cards(count: int) -> list[Card]:
    """Return so many invented applicants: every fourth is a person, without a BIN."""
    return [_person(place) if place % 4 == 3 else _organisation(place) for place in range(count)]


def registered(serial: int) -> str:
    """Return a BIN that nobody has registered, its check digit right."""
    weights = (*range(1, 12),), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
    while True:
        digits = f"2602{4}0{serial:05d}"
        for row in weights:
            check = sum(int(d) * w for d, w in zip(digits, row, strict=True)) % 11
            if check < 10:
                return f"{digits}{check}"
        serial += 10_000


def _organisation(place: int) -> Card:
    word = f"Oqyrman{place:02d}"
    return Card(
        name=f"Қор {word}",
        legal_name=f"«{word}» қоғамдық қоры",
        bin=registered(place),
        region=("KZ-10", "KZ-31", "KZ-75", "KZ-79")[place % 4],
        names=(word, f"{word} Fund"),
        people=(f"Айгүл {word}ова", f"Serik {word}uly"),
        emails=(f"{word.lower()}@oqyrman.example",),
        urls=(f"https://{word.lower()}.example",),
        phones=(f"+7 727 000 00 {place:02d}",),
    )


def _person(place: int) -> Card:
    name = f"Дина Жалғызова{place:02d}"
    return Card(
        name=name,
        individual=True,
        region="KZ-71",
        names=(f"Dina {place:02d}",),
        people=(name,),
        emails=(f"dina{place:02d}@zhalgyz.example",),
        urls=(f"https://dina{place:02d}.example",),
        phones=(f"+7 701 000 00 {place:02d}",),
        numbers=(f"8501{place:02d}300{place:03d}",),
    )


def _enrol(key: str, name: str) -> Person:
    person = Person(email=f"{key}@trial.example", name=name, citizen=True)
    enrol(person, by=SETUP, at=FOUNDED)
    return person


def _body(key: str) -> BodyKind:
    kinds = {"trustee": BodyKind.BOARD, "founder": BodyKind.FOUNDER}
    return kinds.get(key.partition("-")[0], BodyKind.COMMITTEE)
