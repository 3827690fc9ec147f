"""A verification says how it was checked: so the forms have it, and now the database, too.

Whatever has been written without it, past the forms, says so from now on; its badge stays.
"""

from django.db import migrations, models

SAY_SO = "UPDATE accounts_verification SET method = 'not recorded' WHERE method = ''"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_clinicians")]
    operations = [
        migrations.RunSQL(SAY_SO, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="verification",
            constraint=models.CheckConstraint(
                condition=models.Q(("method", ""), _negated=True), name="verification_has_method"
            ),
        ),
    ]
