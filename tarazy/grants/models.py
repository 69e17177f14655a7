"""The envelope opened: who got what, the agreement, the tranches."""

from django.db import models
from django.db.models import Q

from tarazy.applications.models import Application
from tarazy.cases.models import Case


class Grant(models.Model):
    """An award. What stands here is public; sums are minor units of `currency`.

    `recipient_id` is KZ-BIN-… for an organisation, a random id of ours otherwise.
    """

    number = models.CharField(max_length=20, unique=True)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="+")
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="+")
    title = models.TextField()
    purpose = models.TextField()
    recipient = models.TextField()
    recipient_id = models.CharField(max_length=64)
    individual = models.BooleanField()
    region = models.CharField(max_length=8, blank=True)
    currency = models.CharField(max_length=3)
    asked = models.BigIntegerField(null=True)
    amount = models.BigIntegerField()
    awarded_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="award_above_zero"),
            models.CheckConstraint(
                condition=Q(asked=None) | Q(amount__lte=models.F("asked")),
                name="award_within_what_was_asked",
            ),
        ]


class Agreement(models.Model):
    """The grant agreement, signed by both sides."""

    grant = models.OneToOneField(
        Grant, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    signed_on = models.DateField()


class Tranche(models.Model):
    """A part of the award; paid once."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="tranches")
    ordinal = models.PositiveSmallIntegerField()
    amount = models.BigIntegerField()
    due_on = models.DateField()
    paid_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grant", "ordinal"], name="one_tranche_an_ordinal"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="tranche_above_zero"),
        ]


class Closing(models.Model):
    """A closed grant: what it set in motion, in the foundation's words. The log has a digest."""

    grant = models.OneToOneField(
        Grant, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    moved = models.TextField()
    closed_on = models.DateField()
