"""Numbers and addresses that tell of somebody: which may be shown, and texts without them."""

import re

# A text is the applicant's own: what reaches somebody, or counts them, is left out of it.
PRIVATE = re.compile(
    r"[^\s<>()«»\"',;:]+@[^\s<>()«»\"',;:]+\.\w+"  # an e-mail address
    r"|(?<!\w)KZ\d{2}(?:\s?[A-Z0-9]){16}(?!\w)"  # an account
    r"|(?<![\w.])\+\d[\d ()\u00a0-]{7,}\d"  # a telephone number, from abroad
    r"|(?<![\w.,-])8[ (\u00a0-]*7\d{2}[ )\u00a0-]*\d{3}(?:[ \u00a0-]?\d{2}){2}(?!\w)"  # at home
    r"|(?<!\d)\d{12}(?!\d)"  # an IIN or a BIN
)
LEFT_OUT = "[…]"


def is_bin(text: str) -> bool:
    """Say whether a text is the number of an organisation: its form and its check digit.

    A sole trader's number is a person's, an IIN, and is no BIN.
    """
    if not re.fullmatch(r"[0-9]{2}(?:0[1-9]|1[0-2])[4-6][0-3][0-9]{6}", text):
        return False
    digits = [int(digit) for digit in text]
    for weights in ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        check = sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
        if check < 10:
            return check == digits[11]
    return False


def without_contacts(text: str) -> str:
    """Return a text of the applicant's without what reaches or counts a person."""
    return PRIVATE.sub(LEFT_OUT, text).strip()
