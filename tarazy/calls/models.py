"""Programmes, calls, their criteria and published conditions."""

from django.db import models
from django.db.models import F, Q

from tarazy.charter.rules import Window
from tarazy.engine.fields import TextJSONField
from tarazy.governance.models import Body


class Programme(models.Model):
    """A field of work with its own committee, before one Board. Words by language."""

    code = models.SlugField(max_length=20, unique=True)
    name = TextJSONField()
    aim = TextJSONField()
    committee = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    board = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")


class Call(models.Model):
    """An invitation to apply. Sums are minor units of `currency`.

    `criteria`: [{code, weight in percent, name and anchor by language}]; `conditions`: [{code,
    name by language}]; `title` and `about` by language.
    """

    code = models.SlugField(max_length=40, unique=True)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    title = TextJSONField()
    about = TextJSONField()
    opens = models.DateTimeField()
    closes = models.DateTimeField(null=True)
    currency = models.CharField(max_length=3)
    envelope = models.BigIntegerField()
    ceiling = models.BigIntegerField()
    criteria = TextJSONField()
    conditions = TextJSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closes=None) | Q(closes__gt=F("opens")), name="call_closes_later"
            ),
            models.CheckConstraint(
                condition=Q(envelope__gt=0, ceiling__gt=0), name="call_has_money"
            ),
        ]

    @property
    def window(self) -> Window:
        """When the call takes applications."""
        return Window(self.opens, self.closes)
