"""The identity side: who applied, what was handed in, which case it became."""

from django.db import models
from django.db.models import Q

from tarazy.calls.models import Call
from tarazy.cases.models import Case
from tarazy.engine.fields import TextJSONField
from tarazy.governance.models import Seat
from tarazy.people.models import Person


class Application(models.Model):
    """A frozen application. `token` makes handing in twice harmless; `requested` is minor units.

    `original` names the file of what was handed in, `document` is that file's digest. Who
    appeals within days of `checked_on` keeps the status `APPEALED`, whatever the committee decides.
    """

    class Status(models.TextChoices):
        SUBMITTED = "submitted"
        ELIGIBLE = "eligible"
        INELIGIBLE = "ineligible"
        APPEALED = "appealed"
        WITHDRAWN = "withdrawn"

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="+")
    token = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.SUBMITTED)
    checked_on = models.DateField(null=True)
    failed_condition = models.CharField(max_length=40, blank=True)
    submitted_at = models.DateTimeField()
    submitted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested = models.BigIntegerField(null=True)
    original = models.CharField(max_length=64, unique=True)
    document = models.CharField(max_length=64)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "token"], name="received_once"),
            models.CheckConstraint(
                condition=Q(
                    status__in=["submitted", "eligible", "ineligible", "appealed", "withdrawn"]
                ),
                name="known_status",
            ),
            models.CheckConstraint(
                condition=Q(requested=None) | Q(requested__gt=0), name="requested_above_zero"
            ),
        ]


class IdentityCard(models.Model):
    """Who applied. `names`, `people`, `emails`, `urls`, `phones`, `numbers` are lists of text."""

    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, primary_key=True, related_name="card"
    )
    name = models.TextField()
    legal_name = models.TextField(blank=True)
    individual = models.BooleanField(default=False)
    bin = models.CharField(max_length=12, blank=True)
    region = models.CharField(max_length=8, blank=True)
    names = TextJSONField()
    people = TextJSONField()
    emails = TextJSONField()
    urls = TextJSONField()
    phones = TextJSONField()
    numbers = TextJSONField()


class Proposal(models.Model):
    """What is proposed, as written: it may name its applicant. `sections`: [{heading, text}]."""

    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, primary_key=True, related_name="proposal"
    )
    language = models.CharField(max_length=2)
    title = models.TextField()
    duration = models.TextField()
    sections = TextJSONField()


class ConflictMatch(models.Model):
    """A declaration named somebody of an application: the seat was recused when its case opened."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="+")
    declared = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "seat"], name="matched_once"),
        ]
