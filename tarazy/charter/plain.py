"""Events and cases as plain values, and back: what is stored and what the log commits to."""

from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Turn a frozen dataclass into dicts, lists, strings and integers; dates as YYYY-MM-DD.

    Sets become sorted lists. Anything else is a `TypeError`: an event carries plain values.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, Enum):
        return value.value
    if type(value) is date:
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(to_plain(item) for item in value)
    if is_dataclass(value):
        return {item.name: to_plain(getattr(value, item.name)) for item in fields(value)}
    raise TypeError(f"not a plain value: {type(value).__name__}")


def from_plain(kind: type[T], values: Mapping[str, Any]) -> T:
    """Build a dataclass of this kind from what `to_plain` made of it.

    Raises `ValueError` naming a field that is missing or unknown.
    """
    types = _types(cast(Hashable, kind))
    if values.keys() != types.keys():
        wrong = ", ".join(sorted(values.keys() ^ types.keys()))
        raise ValueError(f"{kind.__name__}: missing or unknown: {wrong}")
    return kind(**{name: _read(types[name], value) for name, value in values.items()})


@cache
def _types(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}


def _day(value: Any) -> date:
    """Read a day as `to_plain` writes it, and no other way: one day, one digest."""
    day = date.fromisoformat(value) if isinstance(value, str) else None
    if day is None or day.isoformat() != value:
        raise ValueError(f"not a day YYYY-MM-DD: {value!r}")
    return day


def _read(kind: Any, value: Any) -> Any:
    if isinstance(kind, UnionType):
        present = next(choice for choice in get_args(kind) if choice is not type(None))
        return None if value is None else _read(present, value)
    if get_origin(kind) in (tuple, frozenset):
        return _items(kind, value)
    if kind is date:
        return _day(value)
    if is_dataclass(kind) and isinstance(kind, type):
        return _inner(kind, value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if type(value) is not kind:
        raise ValueError(f"not {kind.__name__}: {value!r}")
    return value


def _items(kind: Any, value: Any) -> Any:
    if not isinstance(value, list):
        raise ValueError(f"not a list: {value!r}")
    return get_origin(kind)(_read(get_args(kind)[0], item) for item in value)


def _inner(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(f"not a {kind.__name__}: {value!r}")
    return from_plain(kind, value)
