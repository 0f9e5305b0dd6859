"""Restorations that took over faults: after release 0.1.0."""

import sala.kit.clock
import sala.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('installation', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Restoration',
            fields=[
                ('id', models.UUIDField(default=sala.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=sala.kit.clock.now)),
                ('written', models.CharField(max_length=40)),
                ('count', models.PositiveIntegerField()),
                ('faults', models.JSONField(default=list)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='installation_restored_faults')],
            },
        ),
    ]
