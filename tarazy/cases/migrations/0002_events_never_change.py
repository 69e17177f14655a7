from django.db import migrations

from tarazy.engine.frozen import freeze


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]

    operations = [freeze("cases_storedevent")]
