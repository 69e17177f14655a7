"""What the charter asks before and beside a case, clause by clause."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tarazy.charter.events import Body, Member, Role
from tarazy.charter.refusals import Why
from tarazy.charter.rules import (
    Term,
    Window,
    add_months,
    declaration_ends,
    may_act,
    may_appeal,
    may_award,
    may_check_eligibility,
    may_declare,
    may_hand_in_marks,
    may_judge,
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
    term_ends,
)
from tests.charter_cast import AIDA, BEGINS, CHARTER, DAY, ENDS, FOUNDER, GULNAR, Verdict, verdict

pytestmark = pytest.mark.engine("sqlite")  # touches no database: once is enough


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEADLINE = datetime(2026, 4, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MARCH = Window(NOON, DEADLINE)
ALWAYS = Window(NOON, None)


def day(text: str) -> date:
    """Read a day; the last two digits of the year are enough."""
    return date.fromisoformat(f"20{text}")


def term(begins: str, ends: str) -> Term:
    """Read a term."""
    return Term(day(begins), day(ends))


# 1 bodies and people


@pytest.mark.parametrize("body", [Body.COMMITTEE, Body.BOARD, Body.FOUNDER])
@pytest.mark.parametrize(
    ("citizen", "expected"), [(True, None), (False, ("1.1", Why.NOT_A_CITIZEN))]
)
def test_1_1_only_a_citizen_takes_a_seat(*, body: Body, citizen: bool, expected: Verdict) -> None:
    seated = Term(BEGINS, ENDS)
    answer = may_seat(CHARTER, citizen=citizen, others=[], terms=[], body=body, term=seated)
    assert verdict(answer) == (None if body is Body.FOUNDER else expected)


@pytest.mark.parametrize("body", [Body.COMMITTEE, Body.BOARD, Body.FOUNDER])
@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], None),
        ([Body.COMMITTEE], ("1.2", Why.IN_TWO_BODIES)),
        ([Body.BOARD], ("1.2", Why.IN_TWO_BODIES)),
        ([Body.FOUNDER], ("1.2", Why.IN_TWO_BODIES)),
        ([Body.STAFF], ("1.2", Why.IN_TWO_BODIES)),
    ],
)
def test_1_2_nobody_sits_in_two_bodies(body: Body, others: list[Body], expected: Verdict) -> None:
    seated = Term(BEGINS, ENDS)
    for given in (others, iter(others)):
        answer = may_seat(CHARTER, citizen=True, others=given, terms=[], body=body, term=seated)
        assert verdict(answer) == expected


# 2 who may act


@pytest.mark.parametrize("body", [Body.COMMITTEE, Body.BOARD, Body.FOUNDER])
@pytest.mark.parametrize("own", list(Body))
def test_2_1_a_member_acts_in_the_own_body_only(body: Body, own: Body) -> None:
    answer = verdict(may_act(replace(AIDA, body=own), body, on=DAY))
    if own is body:
        assert answer is None
    else:
        assert answer == ("12.1" if own is Body.STAFF else "2.1", Why.NOT_OF_THIS_BODY)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("26-02-28", ("2.2", Why.TERM_NOT_BEGUN)),
        ("26-03-01", None),
        ("28-02-29", None),
        ("28-03-01", ("2.2", Why.TERM_ENDED)),
    ],
)
def test_2_2_from_the_first_day_of_the_term_to_its_last(on: str, expected: Verdict) -> None:
    assert verdict(may_act(AIDA, Body.COMMITTEE, on=day(on))) == expected


@pytest.mark.parametrize(("agreed", "expected"), [(True, None), (False, ("2.3", Why.NO_AGREEMENT))])
def test_2_3_nobody_acts_before_signing_the_agreement(*, agreed: bool, expected: Verdict) -> None:
    assert verdict(may_act(replace(AIDA, agreed=agreed), Body.COMMITTEE, on=DAY)) == expected


@pytest.mark.parametrize(
    ("own", "signed", "expected"),
    [
        (True, False, None),
        (True, True, ("2.3", Why.ALREADY_SIGNED)),
        (False, False, ("2.3", Why.NOT_YOURS)),
        (False, True, ("2.3", Why.NOT_YOURS)),
    ],
)
def test_2_3_one_signs_for_ones_own_seat_once(
    *, own: bool, signed: bool, expected: Verdict
) -> None:
    assert verdict(may_sign_agreement(own=own, signed=signed)) == expected


# 3 calls and applications


@pytest.mark.parametrize(
    ("window", "at", "expected"),
    [
        (MARCH, NOON - TICK, ("3.1", Why.CALL_NOT_OPEN)),
        (MARCH, NOON, None),
        (MARCH, DEADLINE - TICK, None),
        (MARCH, DEADLINE, ("3.1", Why.CALL_NOT_OPEN)),
        (MARCH, DEADLINE + TICK, ("3.1", Why.CALL_NOT_OPEN)),
        (ALWAYS, NOON - TICK, ("3.1", Why.CALL_NOT_OPEN)),
        (ALWAYS, NOON, None),
        (ALWAYS, DEADLINE + timedelta(days=36_500), None),
    ],
)
def test_3_1_from_the_opening_up_to_the_deadline(
    window: Window, at: datetime, expected: Verdict
) -> None:
    assert verdict(may_submit(window, received=False, at=at)) == expected


@pytest.mark.parametrize("at", [NOON - TICK, NOON, DEADLINE - TICK, DEADLINE])
def test_3_2_an_application_is_received_once_whenever_it_comes_again(at: datetime) -> None:
    assert verdict(may_submit(MARCH, received=True, at=at)) == ("3.2", Why.ALREADY_SUBMITTED)


@pytest.mark.parametrize(
    ("roles", "checked", "failed", "expected"),
    [
        ([Role.COORDINATOR], False, None, None),
        ([Role.COORDINATOR], False, "region", None),
        ([Role.AUDITOR, Role.COORDINATOR], False, None, None),
        ([Role.COORDINATOR], False, "taste", ("3.4", Why.CONDITION_UNKNOWN)),
        ([Role.COORDINATOR], False, "", ("3.4", Why.CONDITION_UNKNOWN)),
        ([Role.COORDINATOR], True, None, ("3.4", Why.ELIGIBILITY_CHECKED)),
        ([Role.COORDINATOR], True, "region", ("3.4", Why.ELIGIBILITY_CHECKED)),
        ([], False, None, ("3.4", Why.WRONG_ROLE)),
        ([Role.EXECUTIVE], False, None, ("3.4", Why.WRONG_ROLE)),
        ([Role.GRANTS_MANAGER, Role.AUDITOR], False, None, ("3.4", Why.WRONG_ROLE)),
    ],
)
def test_3_4_a_coordinator_checks_once_by_published_conditions(
    *, roles: list[Role], checked: bool, failed: str | None, expected: Verdict
) -> None:
    conditions = {"region", "age"}
    answer = may_check_eligibility(roles, checked=checked, conditions=conditions, failed=failed)
    assert verdict(answer) == expected


@pytest.mark.parametrize(
    ("roles", "window", "at", "left", "expected"),
    [
        ([Role.COORDINATOR], MARCH, DEADLINE, (0, 1, False), None),
        ([Role.COORDINATOR], MARCH, DEADLINE - TICK, (0, 1, False), ("3.5", Why.CALL_STILL_OPEN)),
        ([Role.COORDINATOR], MARCH, DEADLINE, (1, 1, False), ("3.5", Why.ELIGIBILITY_UNCHECKED)),
        ([Role.COORDINATOR], MARCH, DEADLINE, (0, 0, False), ("3.5", Why.NOTHING_TO_OPEN)),
        ([Role.COORDINATOR], MARCH, DEADLINE, (0, 1, True), ("3.5", Why.DOCKET_STILL_OPEN)),
        ([Role.COORDINATOR], ALWAYS, NOON, (0, 1, False), None),
        ([Role.COORDINATOR], ALWAYS, NOON, (0, 1, True), ("3.5", Why.DOCKET_STILL_OPEN)),
        ([Role.COORDINATOR], ALWAYS, NOON, (1, 0, False), ("3.5", Why.ELIGIBILITY_UNCHECKED)),
        ([Role.EXECUTIVE], MARCH, DEADLINE, (0, 1, False), ("3.5", Why.WRONG_ROLE)),
        ([], MARCH, DEADLINE, (0, 1, False), ("3.5", Why.WRONG_ROLE)),
    ],
)
def test_3_5_the_committee_opens_after_the_window_and_every_check(
    roles: list[Role],
    window: Window,
    at: datetime,
    left: tuple[int, int, bool],
    expected: Verdict,
) -> None:
    unchecked, eligible, unreleased = left
    answer = may_open_committee(
        roles, window, unchecked=unchecked, eligible=eligible, unreleased=unreleased, at=at
    )
    assert verdict(answer) == expected


@pytest.mark.parametrize(
    ("own", "withdrawn", "expected"),
    [
        (True, False, None),
        (True, True, ("3.6", Why.NOT_IN_COMMITTEE)),
        (False, False, ("3.6", Why.NOT_YOURS)),
        (False, True, ("3.6", Why.NOT_YOURS)),
    ],
)
def test_3_6_only_who_handed_it_in_takes_it_back_once(
    *, own: bool, withdrawn: bool, expected: Verdict
) -> None:
    assert verdict(may_withdraw(own=own, withdrawn=withdrawn)) == expected


@pytest.mark.parametrize(
    ("own", "failed", "on", "expected"),
    [
        (True, True, "26-05-18", None),  # the fourteenth day
        (True, True, "26-05-19", ("3.7", Why.TOO_LATE)),
        (False, True, "26-05-05", ("3.7", Why.NOT_YOURS)),
        (True, False, "26-05-05", ("3.7", Why.NO_APPEAL)),
    ],
)
def test_3_7_whoever_was_found_ineligible_may_appeal_within_fourteen_days(
    *, own: bool, failed: bool, on: str, expected: Verdict
) -> None:
    answer = may_appeal(CHARTER, own=own, failed=failed, checked=DAY, on=day(on))
    assert verdict(answer) == expected


# 4 the committee


@pytest.mark.parametrize(
    ("body", "responsible", "expected"),
    [
        (Body.COMMITTEE, True, None),
        (Body.BOARD, True, None),
        (Body.FOUNDER, True, None),
        (Body.COMMITTEE, False, ("4.1", Why.NOT_OF_THIS_BODY)),
        (Body.BOARD, False, ("4.1", Why.NOT_OF_THIS_BODY)),
    ],
)
def test_4_1_a_case_belongs_to_its_programmes_bodies(
    *, body: Body, responsible: bool, expected: Verdict
) -> None:
    assert verdict(may_judge(body, responsible=responsible, exists=True)) == expected


TOO_LONG = ("4.2", Why.TERM_TOO_LONG)
NO_RETURN = ("4.2", Why.NO_RETURN)


@pytest.mark.parametrize(
    ("earlier", "new", "expected"),
    [
        # one term: two years, and a day more
        ([], term("26-03-01", "28-03-01"), None),
        ([], term("26-03-01", "28-03-02"), TOO_LONG),
        ([], term("26-02-28", "28-02-28"), None),
        ([], term("26-02-28", "28-02-29"), TOO_LONG),
        # from 29 February two years end on 28 February
        ([], term("28-02-29", "30-02-28"), None),
        ([], term("28-02-29", "30-03-01"), TOO_LONG),
        # all terms counted
        ([term("26-03-01", "27-03-01")], term("27-03-01", "28-03-01"), None),
        ([term("26-03-01", "27-03-01")], term("27-03-01", "28-03-02"), TOO_LONG),
        (
            [term("26-03-01", "26-09-01"), term("26-09-01", "27-03-01")],
            term("27-03-01", "28-03-01"),
            None,
        ),
        (
            [term("26-03-01", "26-09-01"), term("26-09-01", "27-03-01")],
            term("27-03-01", "28-03-02"),
            TOO_LONG,
        ),
        ([term("26-03-01", "28-03-01")], term("28-03-01", "28-03-02"), TOO_LONG),
        # a gap of one day, and of none
        ([term("26-03-01", "27-03-01")], term("27-03-01", "27-03-02"), None),
        ([term("26-03-01", "27-03-01")], term("27-03-02", "27-03-03"), NO_RETURN),
        ([term("26-03-01", "26-03-02")], term("27-03-02", "27-03-03"), NO_RETURN),
        # the latest of the earlier terms counts, in whatever order they stand
        (
            [term("26-09-01", "27-03-01"), term("26-03-01", "26-09-01")],
            term("27-03-01", "27-09-01"),
            None,
        ),
    ],
)
def test_4_2_nobody_serves_more_than_two_years_on_one_committee(
    earlier: Sequence[Term], new: Term, expected: Verdict
) -> None:
    answer = may_seat(
        CHARTER, citizen=True, others=[], terms=earlier, body=Body.COMMITTEE, term=new
    )
    assert verdict(answer) == expected


@pytest.mark.parametrize("body", [Body.BOARD, Body.FOUNDER])
def test_4_2_limits_the_committee_and_no_other_body(body: Body) -> None:
    answer = may_seat(
        CHARTER,
        citizen=True,
        others=[],
        terms=[term("20-01-01", "24-01-01")],
        body=body,
        term=term("26-01-01", "36-01-01"),
    )
    assert verdict(answer) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("26-02-01", "26-04-01"),  # 29 February 2028 falls after the first two months
        ("27-03-01", "28-03-01"),  # 29 February 2028 falls within the first year
    ],
)
def test_4_2_two_terms_in_a_row_end_when_one_would(first: str, second: str) -> None:
    earlier = [term(first, second)]
    one = term_ends(CHARTER, [], begins=day(first))
    assert term_ends(CHARTER, earlier, begins=day(second)) == one


@pytest.mark.parametrize(
    ("earlier", "begins", "ends"),
    [
        ([], "28-02-29", "30-02-28"),
        ([term("26-03-01", "26-09-01")], "26-09-01", "28-03-01"),
        ([term("26-03-01", "26-09-01")], "26-08-01", "28-03-01"),  # an overlap counts once
        # terms before a gap, as from a foundation's years on paper, are taken off in days
        ([term("26-03-01", "26-03-31")], "26-09-01", "28-08-02"),
        ([term("24-03-01", "24-03-11"), term("26-03-01", "26-09-01")], "26-09-01", "28-02-20"),
    ],
)
def test_4_2_all_terms_are_counted(earlier: Sequence[Term], begins: str, ends: str) -> None:
    for given in (earlier, earlier[::-1]):
        assert term_ends(CHARTER, given, begins=day(begins)) == day(ends)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (term("25-01-01", "27-01-01"), TOO_LONG),  # three years with the one that follows
        (term("26-01-01", "26-06-01"), NO_RETURN),  # the one that follows would be a return
    ],
)
def test_4_2_a_term_before_another_is_counted_with_it(new: Term, expected: Verdict) -> None:
    answer = may_seat(
        CHARTER,
        citizen=True,
        others=[],
        terms=[term("27-01-01", "28-01-01")],
        body=Body.COMMITTEE,
        term=new,
    )
    assert verdict(answer) == expected


@pytest.mark.parametrize(
    ("begins", "months", "ends"),
    [
        ("26-01-31", 1, "26-02-28"),
        ("28-01-31", 1, "28-02-29"),
        ("28-01-30", 1, "28-02-29"),
        ("26-03-31", 1, "26-04-30"),
        ("26-12-15", 1, "27-01-15"),
        ("26-11-30", 3, "27-02-28"),
        ("28-02-29", 12, "29-02-28"),
        ("28-02-29", 24, "30-02-28"),
        ("28-02-29", 48, "32-02-29"),
        ("26-05-04", 0, "26-05-04"),
        ("26-12-31", 12, "27-12-31"),
    ],
)
def test_4_2_a_day_that_a_month_lacks_becomes_its_last(begins: str, months: int, ends: str) -> None:
    assert add_months(day(begins), months) == day(ends)


# 5 declarations and conflicts


@pytest.mark.parametrize(
    ("declared", "on", "expected"),
    [
        ("26-05-04", "26-05-04", None),
        ("26-05-04", "27-05-03", None),
        ("26-05-04", "27-05-04", ("5.1", Why.NO_DECLARATION)),
        ("28-02-29", "29-02-27", None),
        ("28-02-29", "29-02-28", ("5.1", Why.NO_DECLARATION)),
        (None, "26-05-04", ("5.1", Why.NO_DECLARATION)),
    ],
)
def test_5_1_a_declaration_holds_a_year_to_its_last_day(
    declared: str | None, on: str, expected: Verdict
) -> None:
    until = declaration_ends(CHARTER, day(declared)) if declared else None
    long = replace(AIDA, ends=date(2040, 1, 1), declared_until=until)
    assert verdict(may_act(long, Body.COMMITTEE, on=day(on))) == expected


@pytest.mark.parametrize(
    ("today", "expected"), [(False, None), (True, ("5.1", Why.DECLARED_TODAY))]
)
def test_5_1_one_declaration_a_day(*, today: bool, expected: Verdict) -> None:
    assert verdict(may_declare(declared_today=today)) == expected


@pytest.mark.parametrize("member", [AIDA, GULNAR, FOUNDER])
@pytest.mark.parametrize(
    ("declared_until", "recused", "expected"),
    [
        (date(2027, 5, 4), False, None),
        (DAY, False, ("5.1", Why.NO_DECLARATION)),
        (None, False, ("5.1", Why.NO_DECLARATION)),
        (None, True, ("5.1", Why.NO_DECLARATION)),
    ],
)
def test_5_1_without_a_valid_declaration_nothing_is_read(
    *, member: Member, declared_until: date | None, recused: bool, expected: Verdict
) -> None:
    reader = replace(member, declared_until=declared_until)
    assert verdict(may_read_case(reader, recused=recused, on=DAY)) == expected


@pytest.mark.parametrize("member", [AIDA, GULNAR, FOUNDER])
@pytest.mark.parametrize(("recused", "expected"), [(False, None), (True, ("5.2", Why.RECUSED))])
def test_5_2_who_is_in_conflict_reads_nothing(
    *, member: Member, recused: bool, expected: Verdict
) -> None:
    assert verdict(may_read_case(member, recused=recused, on=DAY)) == expected


# 6 blindness


@pytest.mark.parametrize(
    ("released", "expected"), [(True, None), (False, ("6.1", Why.STILL_BLIND))]
)
def test_6_1_nobody_learns_who_applied_before_release(*, released: bool, expected: Verdict) -> None:
    assert verdict(may_know_applicant(CHARTER, met=True, released=released)) == expected


@pytest.mark.parametrize("body", [Body.COMMITTEE, Body.BOARD, Body.FOUNDER])
@pytest.mark.parametrize("responsible", [True, False])
def test_6_3_a_number_never_given_is_no_case_for_anybody(*, body: Body, responsible: bool) -> None:
    answer = may_judge(body, responsible=responsible, exists=False)
    assert verdict(answer) == ("6.3", Why.NOT_OPENED)


# 7 the first stage


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({"need": 1, "team": 5}, None),
        ({"team": 3, "need": 3}, None),
        ({"need": 0, "team": 5}, ("7.1", Why.MARKS_INCOMPLETE)),
        ({"need": 1, "team": 6}, ("7.1", Why.MARKS_INCOMPLETE)),
        ({"need": -1, "team": 5}, ("7.1", Why.MARKS_INCOMPLETE)),
        ({"need": 1}, ("7.1", Why.MARKS_INCOMPLETE)),
        ({}, ("7.1", Why.MARKS_INCOMPLETE)),
        ({"need": 1, "team": 5, "looks": 5}, ("7.1", Why.MARKS_INCOMPLETE)),
        ({"need": 1, "looks": 5}, ("7.1", Why.MARKS_INCOMPLETE)),
    ],
)
def test_7_1_a_mark_from_one_to_five_for_every_criterion(
    marks: dict[str, int], expected: Verdict
) -> None:
    answer = may_hand_in_marks(marks, criteria=["team", "need"], highest=CHARTER.highest_mark)
    assert verdict(answer) == expected


SEALED = ("7.2", Why.SCORES_SEALED)


@pytest.mark.parametrize(
    ("author", "handed_in", "expected"),
    [
        ("A", "A", None),  # one's own
        ("B", "B", SEALED),
        ("B", "AB", SEALED),
        ("B", "BC", SEALED),  # even where only the reader's own is missing
        ("B", "ABC", None),
        ("B", "ABD", SEALED),  # a recused expert's sheet opens nothing
        ("B", "ABCD", None),
    ],
)
def test_7_2_nobody_peeks_at_a_sealed_sheet(
    author: str, handed_in: Collection[str], expected: Verdict
) -> None:
    answer = may_read_sheet(CHARTER, "A", author, panel=("A", "B", "C"), handed_in=handed_in)
    assert verdict(answer) == expected


@pytest.mark.parametrize("panel", ["AB", "A", ""])
def test_7_2_sheets_stay_sealed_while_a_place_is_empty(panel: str) -> None:
    assert verdict(may_read_sheet(CHARTER, "A", "B", panel=panel, handed_in=panel)) == SEALED


# 10 release and award


@pytest.mark.parametrize(
    ("roles", "open_cases", "released", "expected"),
    [
        ([Role.EXECUTIVE], 0, False, None),
        ([Role.EXECUTIVE], 1, False, ("10.1", Why.NOT_FINAL)),
        ([Role.EXECUTIVE], 0, True, ("10.1", Why.ALREADY_RELEASED)),
        ([Role.COORDINATOR, Role.GRANTS_MANAGER], 0, False, ("10.1", Why.WRONG_ROLE)),
        ([Role.AUDITOR], 0, False, ("10.1", Why.WRONG_ROLE)),
        ([], 0, False, ("10.1", Why.WRONG_ROLE)),
    ],
)
def test_10_1_the_executive_head_releases_a_list_without_open_cases(
    *, roles: list[Role], open_cases: int, released: bool, expected: Verdict
) -> None:
    assert verdict(may_release(roles, open_cases=open_cases, released=released)) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (601, None),
        (600, None),
        (599, ("10.3", Why.ENVELOPE_SPENT)),
        (0, ("10.3", Why.ENVELOPE_SPENT)),
    ],
)
def test_10_3_no_award_beyond_what_the_envelope_has_left(left: int, expected: Verdict) -> None:
    assert verdict(may_award(600, left=left)) == expected


# 12 staff


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("responsible", [True, False])
def test_12_1_no_case_is_judged_by_staff(*, exists: bool, responsible: bool) -> None:
    answer = may_judge(Body.STAFF, responsible=responsible, exists=exists)
    assert verdict(answer) == ("12.1", Why.NOT_OF_THIS_BODY)


@pytest.mark.parametrize("role", list(Role))
def test_12_2_the_grants_manager_and_nobody_else_manages_grants(role: Role) -> None:
    expected = None if role is Role.GRANTS_MANAGER else ("12.2", Why.WRONG_ROLE)
    assert verdict(may_manage_grants([role])) == expected
    assert verdict(may_manage_grants([])) == ("12.2", Why.WRONG_ROLE)


@pytest.mark.parametrize("role", list(Role))
def test_12_3_a_coordinator_and_nobody_else_runs_calls(role: Role) -> None:
    expected = None if role is Role.COORDINATOR else ("12.3", Why.WRONG_ROLE)
    assert verdict(may_manage_calls([role])) == expected
    assert verdict(may_manage_calls([])) == ("12.3", Why.WRONG_ROLE)
