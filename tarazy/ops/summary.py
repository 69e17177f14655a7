"""What happened in a round, for whoever ran it."""

from collections import Counter

from tarazy.applications.queries import counts
from tarazy.calls.models import Call
from tarazy.cases.models import Case, Recusal
from tarazy.charter.events import Ground
from tarazy.grants.queries import of_call
from tarazy.ops.terminal import money, table


def show_round(call: Call) -> None:
    """Print the round of a call: how many applications became what."""
    states = [case.now for case in Case.objects.filter(docket__call=call)]
    stages = Counter(state.stage.value for state in states)
    grounds = Counter(state.ground for state in states if state.stage == "not_confirmed")
    recused = Counter(
        Recusal.objects.filter(case__docket__call=call).values_list("found", flat=True)
    )
    rows: list[tuple[str, object]] = [
        ("applications received", sum(counts(call).values())),
        ("eligible, now blind cases", len(states)),
        ("members recused by comparing declarations", recused["matched"]),
        ("members who stood aside themselves", recused["declared"]),
        ("recommended by the committee", sum(state.amount > 0 for state in states)),
        ("declined by the committee", stages["declined"]),
        ("sent back once for a smaller sum", sum(state.returns > 0 for state in states)),
        ("not confirmed: does not fit", grounds[Ground.FIT]),
        ("not confirmed: inflated budget", grounds[Ground.BUDGET]),
        ("not confirmed: impartiality", grounds[Ground.IMPARTIALITY]),
        ("decided with the founder's office", sum(state.heard for state in states)),
        ("confirmed, but the envelope was spent", stages["unfunded"]),
        ("withdrawn", stages["withdrawn"]),
        ("still open", sum(stages[s] for s in ("in_committee", "before_board", "with_founder"))),
        ("awards", len(of_call(call))),
    ]
    title = f"The round of {call.code}: {call.title['en']}"
    table(title, ["what", "how many"], rows)


def show_awards(call: Call) -> None:
    """Print a call's awards, and what its envelope has left."""
    grants = list(of_call(call))
    rows = [
        (
            grant.number,
            grant.title if len(grant.title) <= 60 else grant.title[:59] + "…",
            grant.recipient if len(grant.recipient) <= 40 else grant.recipient[:39] + "…",
            money(grant.amount, grant.currency),
            money(sum(t.amount for t in grant.tranches.all() if t.paid_on), grant.currency),
        )
        for grant in grants
    ]
    table("Awards", ["grant", "title", "recipient", "awarded", "paid"], rows)
    left = call.envelope - sum(grant.amount for grant in grants)
    envelope, rest = money(call.envelope, call.currency), money(left, call.currency)
    table("", ["envelope", "left"], [(envelope, rest)])
