"""An entry of the log: its one spelling, its seal, and what it may say."""

import hashlib
import hmac
import json
import re
from datetime import date, datetime
from typing import Any

LARGEST_INTEGER = 2**53 - 1  # beyond it, readers that count in doubles read another number
LARGEST_ENTRY = 65_535  # bytes: a bundle gives each length two bytes
SALT_LENGTH = 32

_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SIMPLE = (bool, str)


def canonical(value: object) -> bytes:
    """Return the one spelling of a plain value: RFC 8785 (JCS), UTF-8.

    Plain is None, bool, int within ±(2**53 - 1), str, list, and dict with str keys.
    TypeError: any other type, floats among them. ValueError: an integer too large, or a lone
    surrogate.
    """
    ordered = _ordered(value)
    try:
        return _WRITER.encode(ordered).encode()
    except UnicodeEncodeError:
        raise ValueError("A lone surrogate has no UTF-8 form.") from None


def _ordered(value: object) -> object:
    """Return the value with every dict in the order of its keys' UTF-16 code units."""
    if value is None or isinstance(value, _SIMPLE):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"{value} is beyond ±(2**53 - 1): write it as a string.")
        return value
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=_code_units)}
    raise TypeError(f"{type(value).__name__} has no canonical form.")


def _code_units(key: object) -> bytes:
    if not isinstance(key, str):
        raise TypeError(f"A key must be str, not {type(key).__name__}.")
    return key.encode("utf-16-be", "surrogatepass")


def seal(value: object, *, salt: bytes) -> str:
    """Commit to a plain value without showing it: HMAC-SHA256(salt, canonical(value)), 64 hex.

    The salt is exactly 32 random bytes and is kept, with the value, where both can be erased.
    """
    if len(salt) != SALT_LENGTH:
        raise ValueError(f"A salt is {SALT_LENGTH} bytes, not {len(salt)}.")
    return hmac.new(salt, canonical(value), hashlib.sha256).hexdigest()


KIND = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(DAY.pattern + r"T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?Z")
DIGEST = re.compile(r"[0-9a-f]{64}")

CYRILLIC = re.compile(r"[\u0400-\u052f\u1c80-\u1c8f\u1d2b\u1d78\u2de0-\u2dff\ua640-\ua69f]")
MAIL = re.compile(r"[^\s\"@]+@[^\s\"@]+\.[^\s\"@]")
TWELVE_DIGITS = re.compile(r"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")
PHONE = re.compile(
    r"\+[0-9][0-9 ().\u00a0-]{7,}[0-9]"
    r"|(?<![0-9A-Za-z.-])[78][ (.\u00a0-]*[0-9]{3}[ ).\u00a0-]*[0-9]{3}(?:[ .\u00a0-]?[0-9]{2}){2}"
    r"(?![0-9A-Za-z])"
)


def entry_faults(entry: bytes, *, seq: int) -> list[str]:
    """Say in words what is wrong with the bytes of entry number `seq`; empty when nothing is.

    An entry is a canonical JSON object with `kind`, `seq`, and `on` (a day) or `at` (an instant
    of UTC), and names nobody. What is found by look alone (an e-mail address, a telephone
    number, twelve digits, a Cyrillic letter) catches slips, not intent.
    """
    if len(entry) > LARGEST_ENTRY:
        return [f"is {len(entry)} bytes long, more than {LARGEST_ENTRY}"]
    try:
        value = json.loads(entry)
        spelling = canonical(value)
    except (ValueError, TypeError, RecursionError):
        return ["is not canonical JSON"]
    if spelling != entry:
        return ["is not canonical JSON"]
    if not isinstance(value, dict):
        return ["is not an object"]
    return [*_form_faults(value, seq), *_personal_faults(entry.decode(), value)]


def _form_faults(value: dict[str, Any], seq: int) -> list[str]:
    faults = []
    if not _is_text(value.get("kind"), KIND):
        faults.append("has no `kind` of the form room.happened")
    if type(value.get("seq")) is not int or value["seq"] != seq:
        faults.append(f"does not carry its number {seq} as `seq`")
    if "on" not in value and "at" not in value:
        faults.append("has neither `on` nor `at`")
    if "on" in value and not _is_day(value["on"]):
        faults.append("has an `on` that is no day YYYY-MM-DD")
    if "at" in value and not _is_instant(value["at"]):
        faults.append("has an `at` that is no instant of UTC ending in Z")
    if "seal" in value and not _is_text(value["seal"], DIGEST):
        faults.append("has a `seal` that is not 64 hexadecimal digits")
    return faults


def _is_text(value: object, form: re.Pattern[str]) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_instant(value: object) -> bool:
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _personal_faults(text: str, value: dict[str, Any]) -> list[str]:
    faults = []
    if not text.isascii() and CYRILLIC.search(text):
        faults.append("holds a Cyrillic letter")
    if "@" in text and MAIL.search(text):
        faults.append("holds an e-mail address")
    # Sums are whole numbers of any length, in minor units: so only words count.
    if TWELVE_DIGITS.search(text) and any(TWELVE_DIGITS.search(word) for word in _words(value)):
        faults.append("holds a number of twelve digits")
    if PHONE.search(text) and any(PHONE.search(word) for word in _words(value)):
        faults.append("holds a telephone number")
    return faults


def _words(value: object) -> list[str]:
    """Return every key and every text in a plain value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    if isinstance(value, dict):
        return [word for key, item in value.items() for word in (key, *_words(item))]
    return []
