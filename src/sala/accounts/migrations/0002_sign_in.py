"""What signing in needs since the first release: what a session shows of itself, limits of tokens, invitations."""

import django.db.models.deletion
import sala.kit.clock
import sala.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='browser',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name='session',
            name='seen',
            field=models.DateTimeField(default=sala.kit.clock.now),
        ),
        migrations.AddField(
            model_name='token',
            name='limits',
            field=models.JSONField(default=list),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=sala.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('created', models.DateTimeField(default=sala.kit.clock.now)),
                ('expires', models.DateTimeField()),
                ('used', models.DateTimeField(null=True)),
                ('revoked', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('expires__gt', models.F('created'))), name='invitation_ends_after_start'), models.CheckConstraint(condition=models.Q(('used__isnull', True), ('revoked__isnull', True), _connector='OR'), name='invitation_used_or_revoked'), models.UniqueConstraint(condition=models.Q(('revoked__isnull', True), ('used__isnull', True)), fields=('user',), name='invitation_one_open')],
            },
        ),
    ]
