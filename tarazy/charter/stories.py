"""Stories: what an example of a clause says happens, played on the rules that decide.

A story is a list of steps. All but the last must be allowed; the last one's answer is the story's.

Who: experts of the case `e1`…, reserves `r1` `r2`, experts not on the case `x1`…, trustees `t1`…,
the founder's office `f1`, staff `s1`, candidates without a seat `c1`…; of the staff by role also
`coordinator`, `manager`, `executive`, `auditor`; `applicant` and `stranger`. Everybody with a seat
is in office from 2026-01-01 up to 2028-01-01, has signed the agreement and declared. There are
three trustees in office, and enough in the envelope. The story begins on 2026-05-04.

What is so (never the last step):

    on 2026-06-01                              from now on it is this day
    e1 in office 2026-01-01 to 2026-06-01      up to the second day, without it
    e1 without agreement; e1 declares          the declaration holds as long as the charter says
    c1 is no citizen
    5 trustees                                 in office
    50 left                                    in the envelope
    call 2026-03-01T09:00+05:00 to 2026-04-01T18:00+05:00

What somebody tries, before and beside a case:

    seat c1 on committee 2026-01-01 to 2028-01-01    or on board, or on founder
    e1 signs; e1 signs for e2                  the agreement with the foundation
    coordinator announces                      a call
    submit 2026-03-31T23:59:59+05:00
    coordinator checks; coordinator checks, region fails; …, age fails
    applicant appeals; stranger appeals
    coordinator opens 2026-04-02T10:00+05:00   the committee's list
    applicant withdraws; stranger withdraws    also with a case
    e1 reads; e1 reads e2; e1 asks who applied     the case, another's sheet, the name

and on a case:

    case asks 100; case asks 100, region fails     opened, or opened on appeal
    e1 recused; x1 joins; e1 leaves
    e1 admits; e1 does not admit; e1 counts the appeal
    e1 sheet; e1 sheet 4 6                     marks of the two criteria
    e1 recommends 60; e1 advises against; e1 counts the ballots
    t1 confirms; t1 declines fit; t1 declines; t1 returns; t1 counts the votes
    f1 upholds; f1 objects impartiality        the founder's office, naming a fact
    executive releases; manager awards 60; manager signs 40 20; manager pays 1 40
    manager amends 40 10 10; manager accepts the report; manager closes
    t1 for suspend; t1 against suspend; t1 counts suspend      or resume, or terminate
    something unforeseen happens

Whoever counts, objects or closes may do so `without words`; who counts may claim another outcome
(`t1 counts the votes as confirmed`). Three steps stand for many: `committee recommends 60` (sheets,
ballots, count), `board confirms` (votes, count), `grant of 60` (from the opening to the award).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import TypeAlias, cast

from tarazy.charter.book import Book, Charter, Clause, Example
from tarazy.charter.case import (
    FINAL,
    Case,
    appeal_outcome,
    apply,
    board_outcome,
    committee_outcome,
    panel,
)
from tarazy.charter.events import (
    AgreementSigned,
    Amended,
    AppealDecided,
    AppealVoteCast,
    Awarded,
    BallotCast,
    BoardDecided,
    Body,
    CaseEvent,
    Choice,
    Closed,
    CommitteeDecided,
    Found,
    FounderSpoke,
    Ground,
    Joined,
    Judgement,
    Left,
    Member,
    Motion,
    MotionCarried,
    MotionVoteCast,
    Opened,
    Outcome,
    Recused,
    Released,
    ReportAccepted,
    Role,
    SheetHandedIn,
    TranchePaid,
    VoteCast,
    Withdrawn,
)
from tarazy.charter.refusals import Refusal
from tarazy.charter.rules import (
    Term,
    Window,
    declaration_ends,
    may_appeal,
    may_award,
    may_check_eligibility,
    may_hand_in_marks,
    may_know_applicant,
    may_manage_calls,
    may_manage_grants,
    may_open_committee,
    may_read_case,
    may_read_sheet,
    may_release,
    may_seat,
    may_sign_agreement,
    may_submit,
    may_withdraw,
)

Said: TypeAlias = Mapping[str, str]

DAY = date(2026, 5, 4)
OFFICE = Term(date(2026, 1, 1), date(2028, 1, 1))
CODE = "K7TXAE"
CRITERIA = ("need", "plan")
CONDITIONS = ("age", "region")
DIGEST = "digest"

BODIES = {
    **dict.fromkeys("erx", Body.COMMITTEE),
    "t": Body.BOARD,
    "f": Body.FOUNDER,
    "s": Body.STAFF,
}
ROLES = {
    "coordinator": Role.COORDINATOR,
    "manager": Role.GRANTS_MANAGER,
    "executive": Role.EXECUTIVE,
    "auditor": Role.AUDITOR,
}


class Unforeseen:
    """Something of which no rule has heard."""


@dataclass(slots=True)
class Scene:
    """Where a story stands: the day, everybody in it, the call, the application and the case."""

    charter: Charter
    day: date = DAY
    members: dict[str, Member] = field(default_factory=dict)
    seats: dict[str, list[tuple[Body, Term]]] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    trustees: int = 3
    left: int = 1_000_000
    window: Window | None = None
    received: bool = False
    checked: date | None = None
    failed: str | None = None
    withdrawn: bool = False
    case: Case | None = None

    def member(self, who: str) -> Member:
        """Return whoever has a seat; raises `ValueError` for a candidate."""
        if who[0] not in BODIES:
            raise ValueError(f"{who} has no seat")
        term = {"begins": OFFICE.begins, "ends": OFFICE.ends}
        born = Member(who, BODIES[who[0]], **term, agreed=True, declared_until=OFFICE.ends)
        return self.members.setdefault(who, born)

    def change(self, who: str, **what: object) -> None:
        """Change what is so of whoever has a seat."""
        self.members[who] = replace(self.member(who), **what)  # type: ignore[arg-type]  # by name

    def opened(self) -> Case:
        """Return the case; raises `ValueError` where none is open."""
        if self.case is None:
            raise ValueError("open a case first, as in: case asks 100")
        return self.case

    def happens(self, event: CaseEvent) -> Refusal | None:
        """Apply an event: the case goes on, or the reason why it may not."""
        after = apply(self.charter, self.case, event)
        if isinstance(after, Refusal):
            return after
        self.case = after
        return None


Step: TypeAlias = Callable[[Scene, Said], Refusal | None]


def play(charter: Charter, given: Sequence[str]) -> Refusal | None:
    """Play a story; answer as the rules answer its last step.

    Raises `ValueError` naming a step that nobody understands, that is refused although it is not
    the last, or a last step that only says what is so.
    """
    scene = Scene(charter)
    if not given:
        raise ValueError("a story has at least one step")
    for step in given[:-1]:
        refusal = take(scene, step)
        if refusal:
            raise ValueError(f"{step}: refused by {refusal.clause}, {refusal.why}")
    if _find(given[-1])[0] in FACTS.values():
        raise ValueError(f"{given[-1]}: a story ends with something that somebody tries")
    return take(scene, given[-1])


def take(scene: Scene, step: str) -> Refusal | None:
    """Take one step; raises `ValueError` naming a step that cannot be taken at all."""
    taken, said = _find(step)
    try:
        return taken(scene, said)
    except ValueError as fault:
        raise ValueError(f"{step}: {fault}") from fault


def day_of(book: Book, given: Sequence[str]) -> date:
    """Return the day whose values a story is about: the one its first step names, or `DAY`.

    Never before the first day on which the charter sets every value.
    """
    first = re.fullmatch(r"on (\d{4}-\d\d-\d\d)", given[0])
    return max(date.fromisoformat(first[1]) if first else DAY, book.begins)


def untrue(book: Book) -> Iterable[str]:
    """Yield a sentence for each example that does not go as its clause says."""
    for clause in book.clauses.values():
        for example in clause.examples:
            wrong = _untrue(book, clause, example)
            if wrong:
                yield f"clause {clause.id}: {' / '.join(example.given)}: {wrong}"


def _untrue(book: Book, clause: Clause, example: Example) -> str:
    try:
        answer = play(book.on(day_of(book, example.given)), example.given)
    except ValueError as fault:
        return str(fault)
    got = None if answer is None else (answer.clause, answer.why)
    wanted = None if example.why is None else (clause.id, example.why)
    return "" if got == wanted else f"expected {_named(wanted)}, got {_named(got)}"


def _named(answer: tuple[str, str] | None) -> str:
    return "allowed" if answer is None else f"refused by {answer[0]}, {answer[1]}"


# What is so.


def _on(scene: Scene, said: Said) -> None:
    scene.day = date.fromisoformat(said["day"])


def _in_office(scene: Scene, said: Said) -> None:
    term = _term(said)
    scene.change(said["who"], begins=term.begins, ends=term.ends)


def _term(said: Said) -> Term:
    return Term(date.fromisoformat(said["begins"]), date.fromisoformat(said["ends"]))


def _without_agreement(scene: Scene, said: Said) -> None:
    scene.change(said["who"], agreed=False)


def _declares(scene: Scene, said: Said) -> None:
    scene.change(said["who"], declared_until=declaration_ends(scene.charter, scene.day))


def _no_citizen(scene: Scene, said: Said) -> None:
    scene.foreign.add(said["who"])


def _trustees(scene: Scene, said: Said) -> None:
    scene.trustees = int(said["sum"])


def _left_over(scene: Scene, said: Said) -> None:
    scene.left = int(said["sum"])


def _call(scene: Scene, said: Said) -> None:
    scene.window = Window(_instant(said["opens"]), _instant(said["closes"]))


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("write an instant with its zone, as in 2026-04-01T18:00+05:00")
    return instant


# Before and beside a case.


def _seat(scene: Scene, said: Said) -> Refusal | None:
    who, body, term = said["who"], Body(said["body"]), _term(said)
    held = scene.seats.setdefault(who, [])
    others = [other for other, _ in held if other is not body]
    own = BODIES.get(who[0])
    refusal = may_seat(
        scene.charter,
        citizen=who not in scene.foreign,
        others=[*others, *([own] if own else [])],
        terms=[earlier for other, earlier in held if other is body],
        body=body,
        term=term,
    )
    if refusal is None:
        held.append((body, term))
    return refusal


def _signs_for(scene: Scene, said: Said) -> Refusal | None:
    whose = said["whose"] or said["who"]
    refusal = may_sign_agreement(own=whose == said["who"], signed=False)
    if refusal is None:
        scene.change(whose, agreed=True)
    return refusal


def _announces(_scene: Scene, said: Said) -> Refusal | None:
    return may_manage_calls([ROLES[said["role"]]])


def _window(scene: Scene) -> Window:
    if scene.window is None:
        raise ValueError("announce the call first, as in: call 2026-03-01T09:00+05:00 to …")
    return scene.window


def _submit(scene: Scene, said: Said) -> Refusal | None:
    at = _instant(said["instant"])
    refusal = may_submit(_window(scene), received=scene.received, at=at)
    scene.received = scene.received or refusal is None
    return refusal


def _checks(scene: Scene, said: Said) -> Refusal | None:
    failed = said["failed"] or None
    checked = scene.checked is not None
    refusal = may_check_eligibility(
        [ROLES[said["role"]]], checked=checked, conditions=CONDITIONS, failed=failed
    )
    if refusal is None:
        scene.checked, scene.failed = scene.day, failed
    return refusal


def _appeals(scene: Scene, said: Said) -> Refusal | None:
    if scene.checked is None:
        raise ValueError("check the application first, as in: coordinator checks, region fails")
    own, failed = said["whose"] == "applicant", scene.failed is not None
    return may_appeal(scene.charter, own=own, failed=failed, checked=scene.checked, on=scene.day)


def _opens(scene: Scene, said: Said) -> Refusal | None:
    return may_open_committee(
        [ROLES[said["role"]]],
        _window(scene),
        unchecked=int(scene.received and scene.checked is None),
        eligible=int(scene.checked is not None and scene.failed is None),
        unreleased=scene.case is not None and not scene.case.released,
        at=_instant(said["instant"]),
    )


def _withdraws(scene: Scene, said: Said) -> Refusal | None:
    refusal = may_withdraw(own=said["whose"] == "applicant", withdrawn=scene.withdrawn)
    if refusal is None and scene.case is not None:
        refusal = scene.happens(Withdrawn(CODE, scene.day))
    scene.withdrawn = scene.withdrawn or refusal is None
    return refusal


def _reads(scene: Scene, said: Said) -> Refusal | None:
    case, who = scene.opened(), said["who"]
    refusal = may_read_case(scene.member(who), recused=who in case.recused, on=scene.day)
    if refusal or not said["whose"]:
        return refusal
    judges = panel(scene.charter, case)
    return may_read_sheet(scene.charter, who, said["whose"], panel=judges, handed_in=case.sheets)


def _asks_who(scene: Scene, _said: Said) -> Refusal | None:
    case = scene.opened()
    return may_know_applicant(scene.charter, met=case.stage in FINAL, released=case.released)


# On a case.


def _case(scene: Scene, said: Said) -> Refusal | None:
    experts = tuple(f"e{n}" for n in range(1, scene.charter.committee_size + 1))
    failed = said["failed"] or ""
    return scene.happens(
        Opened(CODE, scene.day, int(said["sum"]), experts, ("r1", "r2"), failed=failed)
    )


def _recused(scene: Scene, said: Said) -> Refusal | None:
    member = scene.member(said["who"])
    return scene.happens(Recused(CODE, scene.day, member.seat, member.body, Found.DECLARED))


def _joins(scene: Scene, said: Said) -> Refusal | None:
    return scene.happens(Joined(CODE, scene.day, scene.member(said["who"])))


def _leaves(scene: Scene, said: Said) -> Refusal | None:
    return scene.happens(Left(CODE, scene.day, scene.member(said["who"])))


def _admits(scene: Scene, said: Said) -> Refusal | None:
    admit = said["admit"] == "admits"
    return scene.happens(AppealVoteCast(CODE, scene.day, scene.member(said["who"]), admit))


def _counts_appeal(scene: Scene, said: Said) -> Refusal | None:
    by, case = scene.member(said["who"]), scene.opened()
    outcome = Outcome(said["outcome"] or appeal_outcome(scene.charter, case))
    return scene.happens(AppealDecided(CODE, scene.day, by, outcome, _words(said)))


def _words(said: Said) -> str:
    return "" if said["silent"] else DIGEST


def _sheet(scene: Scene, said: Said) -> Refusal | None:
    highest = scene.charter.highest_mark
    given = [int(mark) for mark in (said["sums"] or f"{highest} {highest}").split()]
    marks = dict(zip(CRITERIA, given, strict=False))
    refusal = may_hand_in_marks(marks, criteria=CRITERIA, highest=highest)
    sheet = SheetHandedIn(CODE, scene.day, scene.member(said["who"]), DIGEST)
    return refusal or scene.happens(sheet)


def _recommends(scene: Scene, said: Said) -> Refusal | None:
    by, amount = scene.member(said["who"]), int(said["sum"])
    return scene.happens(BallotCast(CODE, scene.day, by, Judgement.RECOMMEND, amount))


def _advises_against(scene: Scene, said: Said) -> Refusal | None:
    by = scene.member(said["who"])
    return scene.happens(BallotCast(CODE, scene.day, by, Judgement.DECLINE, 0))


def _counts_ballots(scene: Scene, said: Said) -> Refusal | None:
    by, case = scene.member(said["who"]), scene.opened()
    outcome, amount = committee_outcome(scene.charter, case)
    claimed = Outcome(said["outcome"] or outcome)
    return scene.happens(
        CommitteeDecided(CODE, scene.day, by, claimed, amount, reasons=_words(said))
    )


def _votes(scene: Scene, said: Said) -> Refusal | None:
    choices = {"confirms": Choice.CONFIRM, "declines": Choice.DECLINE, "returns": Choice.RETURN}
    choice = choices[said["choice"]]
    named = "budget" if choice is Choice.RETURN else said["ground"]
    ground = Ground(named) if named else None
    return scene.happens(VoteCast(CODE, scene.day, scene.member(said["who"]), choice, ground))


def _counts_votes(scene: Scene, said: Said) -> Refusal | None:
    by, case = scene.member(said["who"]), scene.opened()
    outcome, ground = board_outcome(scene.charter, case)
    if outcome is Outcome.CONFIRMED and case.amount > scene.left:
        outcome = Outcome.UNFUNDED
    claimed = Outcome(said["outcome"] or outcome)
    told = ground if claimed is outcome else None
    return scene.happens(
        BoardDecided(
            CODE, scene.day, by, scene.trustees, scene.left, claimed, told, reasons=_words(said)
        )
    )


def _upholds(scene: Scene, said: Said) -> Refusal | None:
    by = scene.member(said["who"])
    return scene.happens(FounderSpoke(CODE, scene.day, by, Choice.CONFIRM, None, ""))


def _objects(scene: Scene, said: Said) -> Refusal | None:
    by, ground = scene.member(said["who"]), Ground(said["ground"])
    return scene.happens(
        FounderSpoke(CODE, scene.day, by, Choice.DECLINE, ground, fact=_words(said))
    )


def _releases(scene: Scene, said: Said) -> Refusal | None:
    case = scene.opened()
    outcome = FINAL.get(case.stage)
    refusal = may_release(
        [ROLES[said["role"]]], open_cases=int(outcome is None), released=case.released
    )
    if refusal or outcome is None:
        return refusal
    votes = (case.committee, case.board)
    return scene.happens(Released(CODE, scene.day, outcome, case.ground, *votes, path=()))


def _awards(scene: Scene, said: Said) -> Refusal | None:
    amount = int(said["sum"])
    refusal = may_manage_grants([ROLES[said["role"]]]) or may_award(amount, left=scene.left)
    return refusal or scene.happens(Awarded(CODE, scene.day, "2026-000001", amount))


def _managed(scene: Scene, said: Said, event: CaseEvent) -> Refusal | None:
    return may_manage_grants([ROLES[said["role"]]]) or scene.happens(event)


def _sums(said: Said) -> tuple[int, ...]:
    return tuple(int(amount) for amount in said["sums"].split())


def _signs_grant(scene: Scene, said: Said) -> Refusal | None:
    return _managed(scene, said, AgreementSigned(CODE, scene.day, _sums(said)))


def _pays(scene: Scene, said: Said) -> Refusal | None:
    paid = TranchePaid(CODE, scene.day, int(said["ordinal"]), int(said["sum"]))
    return _managed(scene, said, paid)


def _amends(scene: Scene, said: Said) -> Refusal | None:
    return _managed(scene, said, Amended(CODE, scene.day, _sums(said)))


def _accepts(scene: Scene, said: Said) -> Refusal | None:
    return _managed(scene, said, ReportAccepted(CODE, scene.day))


def _closes(scene: Scene, said: Said) -> Refusal | None:
    return _managed(scene, said, Closed(CODE, scene.day, _words(said)))


def _moves(scene: Scene, said: Said) -> Refusal | None:
    by, motion = scene.member(said["who"]), Motion(said["motion"])
    favour = said["favour"] == "for"
    return scene.happens(MotionVoteCast(CODE, scene.day, by, motion, favour))


def _counts_motion(scene: Scene, said: Said) -> Refusal | None:
    by, motion = scene.member(said["who"]), Motion(said["motion"])
    return scene.happens(
        MotionCarried(CODE, scene.day, motion, by, scene.trustees, reasons=_words(said))
    )


def _unforeseen(scene: Scene, _said: Said) -> Refusal | None:
    return scene.happens(cast(CaseEvent, Unforeseen()))


# Steps that stand for many.


def _in_turn(scene: Scene, steps: Sequence[str]) -> Refusal | None:
    """Take steps one after the other; answer as the first that is refused, or the last."""
    return next((refusal for step in steps if (refusal := take(scene, step))), None)


def _committee_recommends(scene: Scene, said: Said) -> Refusal | None:
    case = scene.opened()
    judges = panel(scene.charter, case)
    sheets = [f"{who} sheet" for who in judges if who not in case.sheets]
    ballots = [f"{who} recommends {said['sum']}" for who in judges]
    return _in_turn(scene, [*sheets, *ballots, f"{judges[0]} counts the ballots"])


def _board_confirms(scene: Scene, _said: Said) -> Refusal | None:
    recused = scene.opened().recused
    able = [who for n in range(1, scene.trustees + 1) if (who := f"t{n}") not in recused]
    votes = [f"{who} confirms" for who in able]
    return _in_turn(scene, [*votes, f"{able[0]} counts the votes"])


def _grant(scene: Scene, said: Said) -> Refusal | None:
    amount = said["sum"]
    judged = [f"case asks {amount}", f"committee recommends {amount}", "board confirms"]
    return _in_turn(scene, [*judged, "executive releases", f"manager awards {amount}"])


FACTS: Mapping[str, Callable[[Scene, Said], None]] = {
    "on {day}": _on,
    "{who} in office {term}": _in_office,
    "{who} without agreement": _without_agreement,
    "{who} declares": _declares,
    "{who} is no citizen": _no_citizen,
    "{sum} trustees": _trustees,
    "{sum} left": _left_over,
    "call {window}": _call,
}

ACTS: Mapping[str, Step] = {
    "seat {who} on {body} {term}": _seat,
    "{who} signs{for}": _signs_for,
    "{role} announces": _announces,
    "submit {instant}": _submit,
    "{role} checks{failed}": _checks,
    "{party} appeals": _appeals,
    "{role} opens {instant}": _opens,
    "{party} withdraws": _withdraws,
    "{who} reads{of}": _reads,
    "{who} asks who applied": _asks_who,
    "case asks {sum}{failed}": _case,
    "{who} recused": _recused,
    "{who} joins": _joins,
    "{who} leaves": _leaves,
    "{who} {admit}": _admits,
    "{who} counts the appeal{outcome}{silent}": _counts_appeal,
    "{who} sheet{marks}": _sheet,
    "{who} recommends {sum}": _recommends,
    "{who} advises against": _advises_against,
    "{who} counts the ballots{outcome}{silent}": _counts_ballots,
    "{who} {choice}{ground}": _votes,
    "{who} counts the votes{outcome}{silent}": _counts_votes,
    "{who} upholds": _upholds,
    "{who} objects{ground}{silent}": _objects,
    "{role} releases": _releases,
    "{role} awards {sum}": _awards,
    "{role} signs {sums}": _signs_grant,
    "{role} pays {ordinal} {sum}": _pays,
    "{role} amends {sums}": _amends,
    "{role} accepts the report": _accepts,
    "{role} closes{silent}": _closes,
    "{who} {favour} {motion}": _moves,
    "{who} counts {motion}{silent}": _counts_motion,
    "something unforeseen happens": _unforeseen,
    "committee recommends {sum}": _committee_recommends,
    "board confirms": _board_confirms,
    "grant of {sum}": _grant,
}

PLACES = {
    "admit": r"(?P<admit>admits|does not admit)",
    "body": r"(?P<body>committee|board|founder)",
    "choice": r"(?P<choice>confirms|declines|returns)",
    "day": r"(?P<day>\S+)",
    "failed": r"(?:, (?P<failed>\w+) fails)?",
    "favour": r"(?P<favour>for|against)",
    "for": r"(?: for (?P<whose>[erxtfs]\d))?",
    "ground": r"(?: (?P<ground>fit|budget|impartiality))?",
    "instant": r"(?P<instant>\S+)",
    "marks": r"(?: (?P<sums>\d+(?: \d+)*))?",
    "motion": r"(?P<motion>suspend|resume|terminate)",
    "of": r"(?: (?P<whose>[erx]\d))?",
    "ordinal": r"(?P<ordinal>\d+)",
    "outcome": r"(?: as (?P<outcome>[a-z_]+))?",
    "party": r"(?P<whose>applicant|stranger)",
    "role": rf"(?P<role>{'|'.join(ROLES)})",
    "silent": r"(?P<silent> without words)?",
    "sum": r"(?P<sum>\d+)",
    "sums": r"(?P<sums>\d+(?: \d+)*)",
    "term": r"(?P<begins>\S+) to (?P<ends>\S+)",
    "who": r"(?P<who>[cerxtfs]\d)",
    "window": r"(?P<opens>\S+) to (?P<closes>\S+)",
}


@cache
def _patterns() -> Sequence[tuple[re.Pattern[str], Step]]:
    steps: Mapping[str, Step] = {**FACTS, **ACTS}
    return [(re.compile(form.format_map(PLACES)), step) for form, step in steps.items()]


@cache
def _find(step: str) -> tuple[Step, Said]:
    for pattern, taken in _patterns():
        said = pattern.fullmatch(step)
        if said:
            return taken, said.groupdict(default="")
    raise ValueError(f"{step}: no such step; they stand at the head of {__name__}")
