"""The foundation, its bodies, who sits in them and until when."""

from django.db import models
from django.db.models import F, Q

from tarazy.charter.events import Body as BodyKind
from tarazy.engine.fields import TextJSONField
from tarazy.people.models import Person


class Foundation(models.Model):
    """The one foundation of this installation. `name` by language: kk, ru, en."""

    name = TextJSONField()
    bin = models.CharField(max_length=12)
    zone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    prefix = models.CharField(max_length=40)
    site = models.URLField()
    founded_at = models.DateTimeField()
    invented = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_foundation")]


class Body(models.Model):
    """A body that decides."""

    code = models.SlugField(max_length=40, unique=True)
    type = models.CharField(max_length=12)
    name = TextJSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(type__in=[kind.value for kind in BodyKind if kind != BodyKind.STAFF]),
                name="known_body",
            ),
        ]


class Seat(models.Model):
    """A person in a body for a term. `code` is random: it names a seat where no name may be."""

    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=12, unique=True)
    place = models.PositiveSmallIntegerField()
    reserve = models.BooleanField(default=False)
    begins = models.DateField()
    ends = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="term_ends_later"),
            models.UniqueConstraint(fields=["body", "person", "begins"], name="one_seat_a_term"),
            models.UniqueConstraint(fields=["body", "place"], name="one_seat_a_place"),
        ]

    @property
    def ref(self) -> str:
        """Name the seat in the log's sealed part."""
        return f"seat:{self.code}"


class SeatAgreement(models.Model):
    """The agreement that a member signed for a seat."""

    seat = models.OneToOneField(Seat, on_delete=models.PROTECT, primary_key=True, related_name="+")
    signed_on = models.DateField()
