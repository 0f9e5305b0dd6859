"""An office's lists read by whether a request is open, in the order of its deadline, as a place's lists are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("offices", "0001_initial"), ("window", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="request",
            index=models.Index(fields=["office", "open", "due_at"], name="window_office_open_due"),
        ),
        migrations.RemoveIndex(model_name="request", name="window_office_state_due"),
    ]
