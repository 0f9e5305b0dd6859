"""Ready answers of offices and of the country."""

import django.db.models.deletion
import sala.kit.clock
import sala.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('offices', '0002_no_overlap'),
        ('window', '0008_catalogue'),
    ]

    operations = [
        migrations.CreateModel(
            name='Phrase',
            fields=[
                ('id', models.UUIDField(default=sala.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('act', models.CharField(max_length=10)),
                ('name_km', models.CharField(max_length=120)),
                ('name_en', models.CharField(max_length=120)),
                ('text_km', models.TextField()),
                ('text_en', models.TextField()),
                ('created', models.DateTimeField(default=sala.kit.clock.now)),
                ('changed', models.DateTimeField(default=sala.kit.clock.now)),
                ('ended', models.DateTimeField(null=True)),
                ('office', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offices.office')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('code', ''), _negated=True), fields=('code',), name='window_phrase_code'), models.CheckConstraint(condition=models.Q(('act__in', ['answer', 'ask', 'finish', 'refuse'])), name='window_phrase_act'), models.CheckConstraint(condition=models.Q(models.Q(('office__isnull', True), models.Q(('code', ''), _negated=True)), models.Q(('code', ''), ('office__isnull', False)), _connector='OR'), name='window_phrase_whose'), models.CheckConstraint(condition=models.Q(models.Q(('name_km', ''), _negated=True), models.Q(('name_en', ''), _negated=True), models.Q(('text_km', ''), _negated=True), models.Q(('text_en', ''), _negated=True)), name='window_phrase_both_languages')],
            },
        ),
    ]
