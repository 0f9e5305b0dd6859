"""Keys in their sequence, and who read personal data: after release 0.1.0."""

import sala.kit.clock
import sala.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Key',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('public', models.CharField(max_length=64, unique=True)),
                ('after', models.BigIntegerField(unique=True)),
                ('at', models.DateTimeField(default=sala.kit.clock.now)),
            ],
            options={
                'db_table': 'ledger_key',
                'constraints': [models.CheckConstraint(condition=models.Q(('after__gte', 0)), name='ledger_key_after')],
            },
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.UUIDField(default=sala.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=sala.kit.clock.now)),
                ('post', models.CharField(max_length=80)),
                ('act', models.CharField(max_length=64)),
                ('kind', models.CharField(max_length=64)),
                ('subject', models.CharField(max_length=64)),
                ('place', models.CharField(blank=True, max_length=16)),
                ('batch', models.BigIntegerField(null=True)),
            ],
            options={
                'db_table': 'ledger_look',
                'indexes': [models.Index(fields=['kind', 'subject', 'at'], name='ledger_look_subject'), models.Index(fields=['batch'], name='ledger_look_batch')],
            },
        ),
    ]
