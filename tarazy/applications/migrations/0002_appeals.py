from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="application",
            name="checked_on",
            field=models.DateField(null=True),
        ),
        migrations.AlterField(
            model_name="application",
            name="status",
            field=models.CharField(
                choices=[
                    ("submitted", "Submitted"),
                    ("eligible", "Eligible"),
                    ("ineligible", "Ineligible"),
                    ("appealed", "Appealed"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="submitted",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(model_name="application", name="known_status"),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["submitted", "eligible", "ineligible", "appealed", "withdrawn"])
                ),
                name="known_status",
            ),
        ),
    ]
