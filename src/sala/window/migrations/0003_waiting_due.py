"""Few requests wait for their applicant: PostgreSQL counts them without looking at all that are open."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("window", "0002_office_open_due")]

    operations = [
        migrations.AddIndex(
            model_name="request",
            index=models.Index(
                condition=models.Q(state="waiting"), fields=["due_at", "id"], name="window_waiting_due"
            ),
        ),
    ]
