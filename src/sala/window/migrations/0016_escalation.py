"""Who was told that a request gets late: the steps taken, and the last one on the request itself."""

import django.db.models.deletion
import sala.kit.clock
import sala.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('offices', '0002_no_overlap'),
        ('window', '0015_postponement'),
    ]

    operations = [
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.UUIDField(default=sala.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('step', models.CharField(max_length=16)),
                ('due', models.DateTimeField()),
                ('post', models.CharField(max_length=48)),
                ('at', models.DateTimeField(default=sala.kit.clock.now)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='event',
            name='window_event_act',
        ),
        migrations.AddField(
            model_name='request',
            name='escalated',
            field=models.CharField(blank=True, db_default='', default='', max_length=16),
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(condition=models.Q(('joined__isnull', True), ('open', True), ('paused_at__isnull', True)), fields=['escalated', 'due_at', 'id'], name='window_escalate'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('act__in', ['receive', 'take', 'assign', 'ask', 'reply', 'answer', 'note', 'finish', 'refuse', 'forward', 'return', 'reopen', 'rate', 'withdraw', 'close', 'erase', 'correct', 'dispute', 'settle', 'recount', 'join', 'part', 'lead', 'escalate'])), name='window_event_act'),
        ),
        migrations.AddField(
            model_name='escalation',
            name='office',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='offices.office'),
        ),
        migrations.AddField(
            model_name='escalation',
            name='request',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='window.request'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.UniqueConstraint(fields=('request', 'due', 'step', 'office', 'post'), name='window_escalation_once'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('step', ''), _negated=True), models.Q(('post', ''), _negated=True)), name='window_escalation_says'),
        ),
    ]
