"""Lists of the queue that a post keeps."""

import sala.kit.clock
import sala.kit.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('window', '0009_phrases'),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedList',
            fields=[
                ('id', models.UUIDField(default=sala.kit.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('post', models.UUIDField()),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(max_length=500)),
                ('created', models.DateTimeField(default=sala.kit.clock.now)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('post', 'name'), name='window_saved_list_name')],
            },
        ),
    ]
