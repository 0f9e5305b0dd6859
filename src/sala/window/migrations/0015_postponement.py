"""A holiday that moved deadlines, until the worker has told whose they are."""

import sala.kit.clock
import sala.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('window', '0014_dispute'),
    ]

    operations = [
        migrations.CreateModel(
            name='Postponement',
            fields=[
                ('id', models.UUIDField(default=sala.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('requests', models.JSONField(default=list)),
                ('created', models.DateTimeField(default=sala.kit.clock.now)),
                ('told_at', models.DateTimeField(null=True)),
            ],
        ),
    ]
