import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("grants", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Closing",
            fields=[
                (
                    "grant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="grants.grant",
                    ),
                ),
                ("moved", models.TextField()),
                ("closed_on", models.DateField()),
            ],
        ),
    ]
