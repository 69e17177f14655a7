"""The log's tables: lines that never change, and the openings that may be erased."""

from django.db import models


class Head(models.Model):
    """How many lines there are: one row, locked by whoever appends."""

    size = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_head")]


class Entry(models.Model):
    """One line: canonical JSON without personal data. The database refuses a change."""

    seq = models.BigIntegerField(primary_key=True)
    body = models.TextField()


class Opening(models.Model):
    """What a line's seal commits to, and its salt. Erasing it leaves the line as it is.

    `seq` names the line without a foreign key: the desk may write lines but read none.
    """

    seq = models.BigIntegerField(primary_key=True)
    salt = models.BinaryField(max_length=32)
    value = models.TextField()
