"""Accounts, roles and yearly declarations."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from tarazy.charter.events import Role


class People(BaseUserManager["Person"]):
    """Finds accounts."""


class Person(AbstractBaseUser):
    """Somebody with an account. What they may do lies in roles and seats, not here."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    citizen = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    objects = People()

    @property
    def ref(self) -> str:
        """Name the account in the log's sealed part."""
        return f"person:{self.code}"

    def __str__(self) -> str:
        return str(self.code)


class StaffRole(models.Model):
    """A role on the staff, from a day on and before another."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)
    begins = models.DateField()
    ends = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]), name="known_role"
            ),
            models.CheckConstraint(
                condition=Q(ends=None) | Q(ends__gt=F("begins")), name="role_ends_after_it_begins"
            ),
        ]


class Disclosure(models.Model):
    """A yearly declaration: only that it exists and until when it holds. No names here."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    declared_on = models.DateField()
    valid_until = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "declared_on"], name="one_disclosure_a_day"),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("declared_on")), name="disclosure_holds_a_while"
            ),
        ]


class Relation(models.Model):
    """Somebody, or an organisation, that a declaration names."""

    class Kind(models.TextChoices):
        FAMILY = "family"
        RELATIVE = "relative"
        FRIEND = "friend"
        ORGANISATION = "organisation"

    disclosure = models.ForeignKey(Disclosure, on_delete=models.CASCADE, related_name="relations")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=300)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["family", "relative", "friend", "organisation"]),
                name="known_relation",
            ),
        ]
