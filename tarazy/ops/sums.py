"""Reading a sum as people write it: «4 800 000 KZT», "$27,500", "10k USD", «2,5 млн тенге»."""

import re
from collections.abc import Mapping
from decimal import Decimal

MINOR_UNITS = 100
LONGEST = 80  # more is an explanation, and its numbers may be anything
HIGHEST = 10**15  # minor units; more is a slip of the hand, and soon more than a column holds
SIGNS = {"$": "USD", "＄": "USD", "US$": "USD", "U$D": "USD", "€": "EUR", "£": "GBP", "₸": "KZT"}
WORDS = {"ТГ": "KZT", "ТНГ": "KZT", "ТЕНГЕ": "KZT", "ТЕҢГЕ": "KZT", "TENGE": "KZT"}
TIMES = {
    1_000: ("k", "K", "к", "К", "тыс", "тысяч", "тысячи", "мың", "thousand"),
    1_000_000: ("M", "mln", "млн", "миллион", "миллиона", "миллионов", "million"),
}

SPACES = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " "))
GROUPED = r"\d{1,3}(?P<gap>[ .,'’])\d{3}(?:(?P=gap)\d{3})*(?:[.,]\d{1,2})?"
WHOLE = r"\d+(?:\.\d{1,8}|,\d{1,2})?"
TIMES_WORDS = "|".join(word for words in TIMES.values() for word in words)
SIGN = "|".join(map(re.escape, sorted(SIGNS, key=len, reverse=True)))
SUM = re.compile(
    rf"(?:(?P<before>(?<![A-Z])[A-Z]{{3,4}}|{SIGN})\s*|(?<![\w.,'’−-]))"
    rf"(?P<number>{GROUPED}|{WHOLE})(?![.,'’]*\d|\s*%)"
    rf"(?:\s*(?P<times>{TIMES_WORDS})(?![^\W\d])\.?)?\s*(?P<after>{SIGN}|[^\W\d]+)?"
)
# A range, an addition or a product: what is asked in the end stands nowhere.
RECKONING = re.compile(
    rf"\d\s*(?:{TIMES_WORDS})?\s*[-–—−+/]\s*(?:{SIGN})?\s*\d|\d\s*[^\W\d]{{0,4}}\s*[x×*хХ]\s*\d"
)


def read_sum(text: str, *, currency: str, rates: Mapping[str, Decimal]) -> int | None:
    """Return the sum in minor units of `currency`; None where none can be read with certainty.

    A sum in that currency comes before one in another, which is converted by `rates` (units of
    `currency` for one unit of the other). A number with no word to it counts as `currency`.
    Zero is no sum, nor is prose, a range or a reckoning, nor are two different sums of one rank.
    """
    text = text.translate(SPACES)
    if len(text) > LONGEST or RECKONING.search(text):
        return None
    found = [_one(match, currency=currency, rates=rates) for match in SUM.finditer(text)]
    known = {item for item in found if item is not None}
    best = {amount for rank, amount in known if rank == min(known)[0]}
    return best.pop() if len(best) == 1 and 0 < min(best) <= HIGHEST else None


def _one(
    match: re.Match[str], *, currency: str, rates: Mapping[str, Decimal]
) -> tuple[int, int] | None:
    """Return (rank, minor units): rank 0 for the wanted currency, 1 for none named, 2 converted."""
    number = _number(match["number"], match["gap"])
    names = [_name(match["after"]), _name(match["before"])]
    named = next((name for name in names if name in {currency, *rates}), None)
    if number is None or (named is None and any(names)):
        return None
    times = next((by for by, words in TIMES.items() if match["times"] in words), 1)
    rate = Decimal(1) if named in (None, currency) else rates[named or ""]
    rank = 0 if named == currency else 1 if named is None else 2
    return rank, int((number * times * rate * MINOR_UNITS).to_integral_value())


def _name(text: str | None) -> str | None:
    if not text:
        return None
    return SIGNS.get(text) or WORDS.get(text.upper()) or text.upper()


def _number(text: str, gap: str | None) -> Decimal | None:
    if text.startswith("0"):
        # 0.500 is a half; what 010,000 is, nobody knows.
        return Decimal(text.replace(",", ".")) if re.match(r"0(?:[.,]|$)", text) else None
    if gap is None:
        return Decimal(text.replace(",", "."))
    point = next((text[place] for place in (-3, -2) if text[place] in ".,"), "")
    whole, _, cents = text.rpartition(point) if point else (text, "", "")
    digits = re.sub(r"\D", "", whole)
    return Decimal(f"{digits}.{cents or 0}")
