"""Parts of the work on a request that lie with somebody of the office."""

import django.db.models.deletion
import sala.kit.clock
import sala.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('window', '0012_joined'),
    ]

    operations = [
        migrations.CreateModel(
            name='SubTask',
            fields=[
                ('id', models.UUIDField(default=sala.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('office', models.UUIDField()),
                ('post', models.UUIDField()),
                ('text', models.TextField(blank=True)),
                ('due', models.DateField()),
                ('created', models.DateTimeField(default=sala.kit.clock.now)),
                ('done', models.DateTimeField(null=True)),
                ('dropped', models.DateTimeField(null=True)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='window.request')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('done__isnull', True), ('dropped__isnull', True), _connector='OR'), name='window_subtask_ends_once')],
            },
        ),
    ]
