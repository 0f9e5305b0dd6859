"""Second matters that were split off from a request, and the steps by which they are."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('offices', '0002_no_overlap'),
        ('window', '0016_escalation'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='event',
            name='window_event_act',
        ),
        migrations.AddField(
            model_name='request',
            name='split_from',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='window.request'),
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(condition=models.Q(('split_from__isnull', False)), fields=['split_from'], name='window_split_from'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('act__in', ['receive', 'take', 'assign', 'ask', 'reply', 'answer', 'note', 'finish', 'refuse', 'forward', 'return', 'reopen', 'rate', 'withdraw', 'close', 'erase', 'correct', 'dispute', 'settle', 'recount', 'join', 'part', 'lead', 'split', 'second', 'escalate'])), name='window_event_act'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(('split_from__isnull', True), models.Q(('split_from', models.F('id')), _negated=True), _connector='OR'), name='window_request_split'),
        ),
    ]
