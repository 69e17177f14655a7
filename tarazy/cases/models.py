"""The blind side: numbered copies, what happened to each, and no key to a person."""

from django.db import models

from tarazy.calls.models import Call
from tarazy.charter.case import Case as State
from tarazy.charter.plain import from_plain
from tarazy.engine.fields import TextJSONField
from tarazy.governance.models import Seat


class Docket(models.Model):
    """The cases of a call that are judged and released together.

    A call with a deadline has one; a continuous call opens the next when one is released. All
    its cases are pinned to the charter in force on `charter_day`, when the call opened.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="+")
    ordinal = models.PositiveSmallIntegerField()
    charter_day = models.DateField()
    opened_on = models.DateField()
    released_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "ordinal"], name="one_docket_an_ordinal"),
        ]


class Case(models.Model):
    """A numbered case; `state` is what its events fold to, kept beside them."""

    number = models.CharField(max_length=12, unique=True)
    docket = models.ForeignKey(Docket, on_delete=models.PROTECT, related_name="+")
    state = TextJSONField()

    @property
    def now(self) -> State:
        """The state as the charter's own dataclass."""
        return from_plain(State, self.state)


class StoredEvent(models.Model):
    """One event of a case, in its place; never changed."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    ordinal = models.PositiveIntegerField()
    kind = models.CharField(max_length=60)
    data = TextJSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "ordinal"], name="one_event_an_ordinal"),
        ]


class BlindCopy(models.Model):
    """What judges read: the proposal with every mention of its applicant taken out.

    `sections`: [{heading, text}]; `asked` is minor units, None where no sum was asked.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True, related_name="+")
    language = models.CharField(max_length=2)
    title = models.TextField()
    duration = models.TextField()
    asked = models.BigIntegerField(null=True)
    sections = TextJSONField()


class Recusal(models.Model):
    """A seat for which a case does not exist."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="+")
    found = models.CharField(max_length=8)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "seat"], name="recused_once"),
        ]
