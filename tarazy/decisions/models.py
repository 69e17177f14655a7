"""The judging side's own tables: score sheets and the words of decisions."""

from django.db import models
from django.db.models import Q

from tarazy.cases.models import Case
from tarazy.charter.events import Body
from tarazy.engine.fields import TextJSONField
from tarazy.governance.models import Seat


class Sheet(models.Model):
    """An expert's score sheet, handed in. `marks`: {criterion: 1 to the highest mark}."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="+")
    marks = TextJSONField()
    strengths = models.TextField()
    weaknesses = models.TextField()
    handed_in_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "seat"], name="one_sheet_a_seat")]


class Minute(models.Model):
    """The words that a body gave with a decision, in the order of its decisions on the case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    body = models.CharField(max_length=12)
    ordinal = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=16)
    words = models.TextField()
    decided_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "ordinal"], name="one_minute_an_ordinal"),
            models.CheckConstraint(
                condition=Q(body__in=[body.value for body in Body if body != Body.STAFF]),
                name="known_deciding_body",
            ),
        ]
