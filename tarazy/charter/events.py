"""What can happen, in the past tense: frozen, plain values, naming nobody."""

from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, TypeAlias

Plain: TypeAlias = "None | bool | int | str | list[Plain] | dict[str, Plain]"


def sealed(**options: Any) -> Any:
    """Mark a field that the public log shows only as part of a salted commitment."""
    return field(metadata={"sealed": True}, **options)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `kind` is its name in the log: room and past participle."""

    kind: ClassVar[str]


def is_sealed(item: Field[Any]) -> bool:
    """Say whether a field is shown as a commitment only."""
    return bool(item.metadata.get("sealed"))


def sealed_fields(event: type[Event]) -> tuple[str, ...]:
    """Return the names of the fields that the public log shows as a commitment only."""
    return tuple(item.name for item in fields(event) if is_sealed(item))
