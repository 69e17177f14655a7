"""What happens to an application on the identity side. No line names an applicant or a case."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from tarazy.charter.events import Event, sealed


@dataclass(frozen=True, slots=True)
class Submitted(Event):
    """An application entered its call, and was frozen.

    The line's seal commits to `document`, the digest of what was handed in: with the salt from
    the receipt the applicant can show that it was received.
    """

    kind: ClassVar[str] = "applications.submitted"
    call: str
    document: str = sealed()


@dataclass(frozen=True, slots=True)
class EligibilityChecked(Event):
    """A coordinator checked an application; `failed` is the condition not met, None if all are.

    Quiet: how many are left after it is how many cases there are.
    """

    kind: ClassVar[str] = "applications.eligibility_checked"
    quiet: ClassVar[bool] = True

    on: date
    call: str
    failed: str | None
    document: str


@dataclass(frozen=True, slots=True)
class Appealed(Event):
    """An applicant asked the committee to hear an application that was found ineligible.

    Quiet, as its check is: it will be a case, too.
    """

    kind: ClassVar[str] = "applications.appealed"
    quiet: ClassVar[bool] = True

    on: date
    call: str
    document: str


@dataclass(frozen=True, slots=True)
class Withdrawn(Event):
    """An applicant took back an application that was not a case yet; quiet, as its check is."""

    kind: ClassVar[str] = "applications.withdrawn"
    quiet: ClassVar[bool] = True

    on: date
    call: str
    document: str
