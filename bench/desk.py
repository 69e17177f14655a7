"""What a judge waits for: the list of readable cases, short and long."""

import time
from datetime import timedelta
from random import Random
from statistics import median

from django.db import connections
from django.test.utils import CaptureQueriesContext

from bench.ground import (
    CONTINUOUS,
    WITH_DEADLINE,
    Bound,
    applications,
    call,
    coordinator,
    drafts,
    make_foundation,
)
from tarazy.applications.actions import check_eligibility, open_committee, submit
from tarazy.applications.queries import of_call
from tarazy.calls.models import Call
from tarazy.cases.queries import readable_by
from tarazy.engine.desk import desk
from tarazy.governance.queries import seated
from tarazy.ops import clock
from tarazy.people.actions import declare
from tarazy.people.queries import declared_until

FEW = 3
TIMES = 15
MILLISECONDS = 80.0  # wanted for a review list of 500


def measure(_seconds: float) -> list[Bound]:
    """Open one list of three cases and one of all, and let a member of each committee look."""
    make_foundation()
    applications()
    few, short, few_queries = _look(call(WITH_DEADLINE), most=FEW)
    many, long, many_queries = _look(call(CONTINUOUS), most=None)
    for cases, seconds, queries in ((few, short, few_queries), (many, long, many_queries)):
        print(f"{cases} cases: {1000 * seconds:.1f} ms (median of {TIMES}), {queries} queries")
    print(f"{1e6 * (long - short) / (many - few):.0f} µs for each further case")
    return [
        Bound("as many queries for a long list as for a short one", few_queries == many_queries),
        Bound(f"the long list within {MILLISECONDS:.0f} ms", 1000 * long <= MILLISECONDS),
    ]


def _look(into: Call, *, most: int | None) -> tuple[int, float, int]:
    """Return the length of a new list, the median seconds and the queries of reading it."""
    by, at = coordinator(), clock.now()
    for draft in drafts(into)[:most]:
        submit(into, draft, by=by, at=at)
    for application in of_call(into):
        check_eligibility(application, failed=None, by=by, at=at)
    if into.closes is not None:
        at = into.closes.astimezone(at.tzinfo) + timedelta(hours=1)
    day = at.date()
    open_committee(into, chance=Random(1), by=by, at=at)
    seat = seated(into.programme.committee, on=day)[0]
    until = declared_until(seat.person_id, on=day)
    if until is None or until <= day:
        declare([], by=seat.person, at=at)
    with desk(), CaptureQueriesContext(connections["desk"]) as captured:
        listed = readable_by(seat, on=day)
    times = []
    with desk():
        for _ in range(TIMES):
            begun = time.perf_counter()
            readable_by(seat, on=day)
            times.append(time.perf_counter() - begun)
    return len(listed), median(times), len(captured)
