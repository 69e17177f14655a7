from django.db import migrations

from tarazy.engine.frozen import freeze


class Migration(migrations.Migration):
    dependencies = [("decisions", "0001_initial")]

    operations = [freeze("decisions_sheet"), freeze("decisions_minute")]
