"""Services of whose requests nothing is public."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('window', '0017_split'),
    ]

    operations = [
        migrations.AddField(
            model_name='service',
            name='protected',
            field=models.BooleanField(default=False),
        ),
    ]
