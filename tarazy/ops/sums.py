"""Reading a sum as people write it: «4 800 000 KZT», "$27,500", "10k USD", "0.5 BTC"."""

import re
from collections.abc import Mapping
from decimal import Decimal

MINOR_UNITS = 100
LONGEST = 80  # more is an explanation, and its numbers may be anything
SIGNS = {"$": "USD", "＄": "USD", "€": "EUR", "£": "GBP", "₸": "KZT"}

GROUPED = r"\d{1,3}(?:[ \u00a0\u202f.,'’]\d{3})+(?:[.,]\d{1,2})?(?!\d)"
WHOLE = r"\d+(?:\.\d{1,8}|,\d{1,2})?(?![\d,])"
SUM = re.compile(
    rf"(?P<before>[A-Z]{{3,4}}|[{''.join(SIGNS)}])?\s*(?<![\d.,])(?P<number>{GROUPED}|{WHOLE})"
    r"\s*(?P<thousands>[kKкК](?![A-Za-zА-Яа-я]))?\s*(?P<after>[A-Za-z]{3,4}(?![a-z])|[$€£₸])?"
)


def read_sum(text: str, *, currency: str, rates: Mapping[str, Decimal]) -> int | None:
    """Return the sum in minor units of `currency`; None where none can be read with certainty.

    A sum in that currency comes before one in another, which is converted by `rates` (units of
    `currency` for one unit of the other). A number without a currency counts as `currency`.
    Zero is no sum, nor is prose, nor are two different sums of one rank.
    """
    if len(text) > LONGEST:
        return None
    found = [_one(match, currency=currency, rates=rates) for match in SUM.finditer(text)]
    known = {item for item in found if item is not None}
    best = {amount for rank, amount in known if rank == min(known)[0]}
    return best.pop() if len(best) == 1 and min(best) > 0 else None


def _one(
    match: re.Match[str], *, currency: str, rates: Mapping[str, Decimal]
) -> tuple[int, int] | None:
    """Return (rank, minor units): rank 0 for the wanted currency, 1 for none named, 2 converted."""
    names = [_name(match["after"]), _name(match["before"])]
    named = next((name for name in names if name in {currency, *rates}), None)
    if named is None and any(names):
        return None
    amount = _number(match["number"]) * (1000 if match["thousands"] else 1)
    rate = Decimal(1) if named in (None, currency) else rates[named or ""]
    rank = 0 if named == currency else 1 if named is None else 2
    return rank, int((amount * rate * MINOR_UNITS).to_integral_value())


def _name(text: str | None) -> str | None:
    return SIGNS.get(text, text.upper()) if text else None


def _number(text: str) -> Decimal:
    if re.fullmatch(GROUPED, text) and not text.startswith("0"):
        whole, cents = text, ""
        point = next((text[place] for place in (-3, -2) if text[place] in ".,"), "")
        if point:
            whole, _, cents = text.rpartition(point)
        digits = re.sub(r"\D", "", whole)
        return Decimal(f"{digits}.{cents or 0}")
    return Decimal(text.replace(",", "."))
