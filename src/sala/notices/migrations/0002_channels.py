"""SMS and Telegram beside e-mail; what is known of gateways, linked chats, and the state uncertain."""

import sala.kit.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notices', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Chat',
            fields=[
                ('about', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('chat', models.CharField(db_index=True, max_length=24)),
                ('created', models.DateTimeField(default=sala.kit.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name='Gateway',
            fields=[
                ('channel', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('closed_until', models.DateTimeField(null=True)),
                ('minute', models.DateTimeField(default=sala.kit.clock.now)),
                ('handed', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='notice',
            name='notices_known_state',
        ),
        migrations.RemoveConstraint(
            model_name='notice',
            name='notices_known_channel',
        ),
        migrations.RemoveConstraint(
            model_name='notice',
            name='notices_open_has_next',
        ),
        migrations.RemoveIndex(
            model_name='notice',
            name='notices_due',
        ),
        migrations.AddField(
            model_name='notice',
            name='asked',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='notice',
            name='office',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='notice',
            name='reference',
            field=models.CharField(blank=True, db_default='', default='', max_length=100),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['channel', 'next_at'], name='notices_channel_due'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['address', 'id'], name='notices_in_order'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('delivered__isnull', True)), fields=['office', 'changed'], name='notices_trouble'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['created', 'sending', 'delivered', 'temporary', 'permanent', 'technical', 'uncertain'])), name='notices_known_states'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms', 'telegram'])), name='notices_known_channels'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_at__isnull', True), ('state__in', ['delivered', 'permanent'])), models.Q(('next_at__isnull', False), ('state__in', ['created', 'sending', 'temporary', 'technical'])), ('state', 'uncertain'), _connector='OR'), name='notices_waiting_has_next'),
        ),
        migrations.AddConstraint(
            model_name='chat',
            constraint=models.CheckConstraint(condition=models.Q(('chat', ''), _negated=True), name='notices_chat_is_named'),
        ),
        migrations.AddConstraint(
            model_name='gateway',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms', 'telegram'])), name='notices_gateway_channel'),
        ),
    ]
