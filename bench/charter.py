"""What one question to the charter costs, beside calling a pure function that does nothing."""

from statistics import median
from timeit import repeat

from bench.ground import Bound
from tarazy.charter.case import Case, apply, fold
from tarazy.charter.events import CaseEvent
from tarazy.charter.refusals import Refusal
from tests.charter_cast import AT, CHARTER

CALLS = 200  # in one timing
TIMINGS = 25  # of one question; their median counts
REFUSAL_MICROSECONDS = 3.0
ACCEPTANCE_MICROSECONDS = 20.0

Question = tuple[Case | None, CaseEvent]


def measure(_seconds: float) -> list[Bound]:
    """Time every event of the tests' cast at every stage of a case."""
    nothing = _microseconds(_nothing)
    refusals: list[float] = []
    acceptances: list[float] = []
    for case, event in _questions():
        refused = isinstance(apply(CHARTER, case, event), Refusal)
        taken = _microseconds(apply, case, event)
        (refusals if refused else acceptances).append(taken)
    print(f"a pure function that does nothing: {1000 * nothing:.0f} ns a call")
    for name, found in (("refusal", refusals), ("acceptance", acceptances)):
        print(
            f"{name}: {median(found):.2f} µs at the median of {len(found)} questions,"
            f" {median(found) / nothing:.0f} times nothing; at most {max(found):.2f} µs"
        )
    return [
        Bound(
            f"median refusal below {REFUSAL_MICROSECONDS:.0f} µs",
            median(refusals) < REFUSAL_MICROSECONDS,
        ),
        Bound(
            f"median acceptance below {ACCEPTANCE_MICROSECONDS:.0f} µs",
            median(acceptances) < ACCEPTANCE_MICROSECONDS,
        ),
    ]


def _questions() -> list[Question]:
    """Return each event of the cast's histories at each state along them, none twice."""
    states: dict[Case | None, None] = {None: None}
    events: dict[CaseEvent, None] = {}
    for history in AT.values():
        for length, event in enumerate(history, start=1):
            states[fold(CHARTER, list(history[:length]))] = None
            events[event] = None
    return [(state, event) for state in states for event in events]


def _nothing(_charter: object, _case: object, _event: object) -> None:
    return None


def _microseconds(question: object, case: object = None, event: object = None) -> float:
    names = {"question": question, "charter": CHARTER, "case": case, "event": event}
    taken = repeat("question(charter, case, event)", globals=names, number=CALLS, repeat=TIMINGS)
    return median(taken) / CALLS * 1e6
