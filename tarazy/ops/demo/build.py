"""The demo foundation: invented people, bodies, calls and thirty invented applications."""

import json
import tomllib
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tarazy.applications.actions import submit
from tarazy.applications.queries import of_call, received
from tarazy.calls.actions import announce, begin
from tarazy.calls.models import Call, Programme
from tarazy.charter.events import Body as BodyKind
from tarazy.charter.events import Choice, Ground, Role
from tarazy.charter.rules import add_months
from tarazy.governance.actions import appoint, establish, found, sign_agreement
from tarazy.governance.models import Body, Foundation, Seat, SeatAgreement
from tarazy.ledger.events import Program
from tarazy.ops.importing import draft_from
from tarazy.ops.play import Opinion
from tarazy.people.actions import Declaration, declare, enrol, give_role
from tarazy.people.models import Disclosure, Person, StaffRole

FOLDER = Path(__file__).parent
SITE = "https://tarazy.example"
FOUNDED = (2026, 1, 5, 10)
SEATED = date(2026, 1, 12)
WITH_APPLICATIONS = "AUYL-2026"
BOARD = {"kk": "Қамқоршылар кеңесі", "ru": "Попечительский совет", "en": "Board of Trustees"}
FOUNDER = {
    "kk": "Құрылтайшының орталық кеңсесі",
    "ru": "Центральный офис учредителя",
    "en": "Founder's office",
}
COMMITTEE = {"kk": "Сарапшылар комитеті", "ru": "Экспертный комитет", "en": "Expert Committee"}
SETUP = Program("program:setup")
STAFF = {role.value for role in Role}

Watch = Callable[[str, list[Any]], Iterable[Any]]


class Demo:
    """Builds the demo foundation; what is there already is left as it is."""

    def __init__(self, watch: Watch, *, today: date) -> None:
        self._said = tomllib.loads((FOLDER / "foundation.toml").read_text(encoding="utf-8"))
        self._watch = watch
        self._today = today
        self._zone = ZoneInfo(self._said["foundation"]["zone"])
        self._at = datetime(*FOUNDED, tzinfo=self._zone)
        self._chance = Random(2026)  # noqa: S311 - codes of an invented foundation

    def build(self) -> None:
        """Make whatever is missing: killed and started again, it goes on where it was."""
        self._found()
        people = {
            said["key"]: self._enrol(said) for said in self._watch("People", self._said["person"])
        }
        bodies = self._bodies()
        self._seat_all(people, bodies)
        self._declare(people)
        self._programmes(bodies)
        coordinator = next(
            people[said["key"]] for said in self._said["person"] if said["role"] == "coordinator"
        )
        for said in self._said["call"]:
            self._announce(said, by=coordinator)
        self._submit_all()

    def opinions(self) -> dict[str, Opinion]:
        """Return what the simulated readers will think, by an application's token."""
        return {
            f"import:{said['application']}": Opinion(said["quality"], _board(said.get("board")))
            for said in self._said["opinion"]
        }

    def _found(self) -> None:
        if Foundation.objects.exists():
            return
        said = self._said["foundation"]
        foundation = Foundation(
            name=said["name"],
            bin=said["bin"],
            zone=said["zone"],
            currency=said["currency"],
            prefix=said["prefix_360giving"],
            site=SITE,
            invented=True,
        )
        found(foundation, by=SETUP, at=self._at)

    def _enrol(self, said: dict[str, Any]) -> Person:
        person = Person.objects.filter(email=said["email"]).first()
        if person is None:
            citizen = said.get("citizenship") == "KZ"
            person = Person(email=said["email"], name=said["name"], citizen=citizen)
            enrol(person, by=SETUP, at=self._at)
        role = said.get("role")
        if role in STAFF and not StaffRole.objects.filter(person=person, role=role).exists():
            give_role(person, Role(role), by=SETUP, at=self._at)
        return person

    def _bodies(self) -> dict[str, Body]:
        wanted = {"board": (BodyKind.BOARD, BOARD), "founder": (BodyKind.FOUNDER, FOUNDER)}
        for said in self._said["programme"]:
            name = {
                language: f"{word}: {said['name'][language]}"
                for language, word in COMMITTEE.items()
            }
            wanted[said["code"]] = (BodyKind.COMMITTEE, name)
        for code, (kind, name) in wanted.items():
            if not Body.objects.filter(code=code.lower()).exists():
                body = Body(code=code.lower(), type=kind.value, name=name)
                establish(body, by=SETUP, at=self._at)
        return {body.code: body for body in Body.objects.all()}

    def _seat_all(self, people: dict[str, Person], bodies: dict[str, Body]) -> None:
        codes = {"trustee": "board", "founder": "founder"}
        members = [said for said in self._said["person"] if said["role"] not in STAFF]
        for said in self._watch("Seats", members):
            person = people[said["key"]]
            code = codes.get(said["role"]) or said["programme"].lower()
            at = datetime.combine(SEATED, self._at.timetz())
            seat = Seat.objects.filter(person=person, body=bodies[code]).first()
            if seat is None:
                appoint(
                    person,
                    bodies[code],
                    begins=SEATED,
                    ends=add_months(SEATED, 24 if said["role"] == "expert" else 36),
                    reserve=said.get("seat") == "reserve",
                    chance=self._chance,
                    by=SETUP,
                    at=self._at,
                )
                seat = Seat.objects.get(person=person, body=bodies[code])
            if not SeatAgreement.objects.filter(seat=seat).exists():
                sign_agreement(seat, by=person, at=at)

    def _declare(self, people: dict[str, Person]) -> None:
        for said in self._watch("Declarations", self._said["disclosure"]):
            person = people[said["person"]]
            if not Disclosure.objects.filter(person=person, declared_on=said["on"]).exists():
                lines = [
                    Declaration(line["kind"], line["name"], line.get("note", ""))
                    for line in said["relations"]
                ]
                at = datetime.combine(said["on"], self._at.timetz())
                declare(lines, by=person, at=at)

    def _programmes(self, bodies: dict[str, Body]) -> None:
        for said in self._said["programme"]:
            if not Programme.objects.filter(code=said["code"]).exists():
                programme = Programme(
                    code=said["code"],
                    name=said["name"],
                    aim=said["aim"],
                    committee=bodies[said["code"].lower()],
                    board=bodies["board"],
                )
                begin(programme, by=SETUP, at=self._at)

    def _announce(self, said: dict[str, Any], *, by: Person) -> None:
        if Call.objects.filter(code=said["code"]).exists():
            return
        opens, closes = said["opens"], said.get("closes")
        if said.get("moves"):
            # One call is open whenever the demo is made.
            moved = self._today - timedelta(days=20) - opens.date()
            opens, closes = opens + moved, closes + moved
        call = Call(
            code=said["code"],
            programme=Programme.objects.get(code=said["programme"]),
            title=said["title"],
            about=said["about"],
            opens=opens,
            closes=closes,
            currency=said["currency"],
            envelope=said["envelope"],
            ceiling=said["ceiling"],
            criteria=[_coded(criterion) for criterion in said["criterion"]],
            conditions=[_coded(condition) for condition in said["condition"]],
        )
        announce(call, by=by, at=opens - timedelta(days=1))

    def _submit_all(self) -> None:
        call = Call.objects.get(code=WITH_APPLICATIONS)
        lines = (FOLDER / "applications.jsonl").read_text(encoding="utf-8").splitlines()
        if call.closes is None or of_call(call).count() == len(lines):
            return
        spread = (call.closes - call.opens) / (len(lines) + 1)
        for place, line in enumerate(self._watch("Applications", lines), start=1):
            said = json.loads(line)
            draft = draft_from(said, call.currency, rates={})
            if received(call, draft.token):
                continue
            email = said["emails"][0]
            person = Person.objects.filter(email=email).first()
            at = (call.opens + place * spread).astimezone(self._zone)
            if person is None:
                person = Person(email=email, name=said["contact_name"], citizen=True)
                enrol(person, by=SETUP, at=at)
            submit(call, draft, by=person, at=at)


def _board(word: str | None) -> Ground | Choice | None:
    if word is None:
        return None
    return Choice.RETURN if word == Choice.RETURN else Ground(word)


def _coded(said: dict[str, Any]) -> dict[str, Any]:
    """Name a criterion or condition by `code`, its words by language under `name`."""
    words = said.get("name") or {language: said[language] for language in ("kk", "ru", "en")}
    rest: dict[str, Any] = {key: said[key] for key in ("weight", "anchor") if key in said}
    return {"code": said["key"], "name": words, **rest}
