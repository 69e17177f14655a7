"""Five tables in a registry of their own, so that no migration of the project knows them."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import connection, models

registry = Apps(["tests.engine_tables"])


class Copy(models.Model):
    """What a judge reads and changes, and a secret table points at."""

    text = models.TextField()

    objects: ClassVar[models.Manager["Copy"]] = models.Manager()

    class Meta:
        app_label = "engine_tables"
        apps = registry

    def __str__(self) -> str:
        return self.text


class Identity(models.Model):
    """Whose copy it is. Secret."""

    name = models.TextField(unique=True)
    copy = models.OneToOneField(Copy, on_delete=models.CASCADE, related_name="identity")

    objects: ClassVar[models.Manager["Identity"]] = models.Manager()

    class Meta:
        app_label = "engine_tables"
        apps = registry

    def __str__(self) -> str:
        return self.name


class Note(models.Model):
    """What a judge reads, adds, changes and deletes."""

    text = models.TextField()

    objects: ClassVar[models.Manager["Note"]] = models.Manager()

    class Meta:
        app_label = "engine_tables"
        apps = registry

    def __str__(self) -> str:
        return self.text


class Rule(models.Model):
    """What a judge may only read."""

    text = models.TextField()

    objects: ClassVar[models.Manager["Rule"]] = models.Manager()

    class Meta:
        app_label = "engine_tables"
        apps = registry

    def __str__(self) -> str:
        return self.text


class Opening(models.Model):
    """What a judge may only add. Its key is given: a key made by the engine must be read back."""

    seq = models.BigIntegerField(primary_key=True)
    text = models.TextField()

    objects: ClassVar[models.Manager["Opening"]] = models.Manager()

    class Meta:
        app_label = "engine_tables"
        apps = registry

    def __str__(self) -> str:
        return self.text


RIGHTS = {
    "engine_tables_copy": frozenset({"read", "update"}),
    "engine_tables_note": frozenset({"read", "insert", "update", "delete"}),
    "engine_tables_rule": frozenset({"read"}),
    "engine_tables_opening": frozenset({"insert"}),
}


def create() -> None:
    """Create the tables on `default` and put a row into each."""
    with connection.schema_editor() as editor:
        for model in (Copy, Identity, Note, Rule, Opening):
            editor.create_model(model)
    copy = Copy.objects.create(text="the copy")
    Identity.objects.create(name="Айгүл Сериковна", copy=copy)
    Note.objects.create(text="the note")
    Rule.objects.create(text="the rule")
    Opening.objects.create(seq=1, text="the opening")
