"""The rules by which the new requests of an office find their officer."""

import django.db.models.deletion
import sala.kit.clock
import sala.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('offices', '0002_no_overlap'),
        ('window', '0010_saved_lists'),
    ]

    operations = [
        migrations.CreateModel(
            name='RoutingRule',
            fields=[
                ('id', models.UUIDField(default=sala.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('position', models.PositiveIntegerField()),
                ('place', models.CharField(blank=True, max_length=16)),
                ('service', models.CharField(blank=True, max_length=32)),
                ('attribute', models.CharField(blank=True, max_length=64)),
                ('answer', models.CharField(blank=True, max_length=64)),
                ('to_post', models.CharField(blank=True, max_length=40)),
                ('on', models.BooleanField(default=False)),
                ('created', models.DateTimeField(default=sala.kit.clock.now)),
                ('changed', models.DateTimeField(default=sala.kit.clock.now)),
                ('ended', models.DateTimeField(null=True)),
                ('office', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offices.office')),
                ('to_office', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offices.office')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('to_office__isnull', False), ('to_post', '')), models.Q(models.Q(('to_post', ''), _negated=True), ('to_office__isnull', True)), _connector='OR'), name='window_rule_one_goal'), models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('attribute', '')), models.Q(models.Q(('attribute', ''), _negated=True), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='window_rule_answer'), models.CheckConstraint(condition=models.Q(('on', False), ('ended__isnull', True), _connector='OR'), name='window_rule_ended')],
            },
        ),
    ]
