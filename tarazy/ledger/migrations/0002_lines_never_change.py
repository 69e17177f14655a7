from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from tarazy.engine.frozen import freeze


def begin(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("ledger", "Head").objects.using(editor.connection.alias).create(pk=1, size=0)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunPython(begin, migrations.RunPython.noop),
        freeze("ledger_entry"),
    ]
