"""What rests on some rules is told in numbers alone; a reason at hand brings its rule along."""

from django.db import migrations, models

# as posts/seed/rules.md and migration 0008 have them
IN_NUMBERS = ["Leave other people’s lives to them", "Risk"]
RULE_OF = {
    "Unkind to a person": "Be kind",
    "Somebody could be recognised": "Leave other people’s lives to them",
    "Off topic": "Your own words, about this",
    "Advertising": "Your own words, about this",
    "Advice that could harm": "No advice that could harm",
}


def begin(apps, schema_editor):
    """The rules and reasons that the forum began with say so, where they are still there."""
    rules, reasons = apps.get_model("posts", "Rules"), apps.get_model("posts", "CannedReason")
    for version in rules.objects.all():
        titles = [title for title in IN_NUMBERS if f"## {title}\n" in version.text]
        rules.objects.filter(pk=version.pk).update(in_numbers="\n".join(titles))
    for title, rule in RULE_OF.items():
        reasons.objects.filter(title=title).update(rule=rule)


class Migration(migrations.Migration):
    dependencies = [("posts", "0009_verification_requests")]
    operations = [
        migrations.AddField(
            model_name="rules",
            name="in_numbers",
            field=models.TextField(
                blank=True,
                default="",
                help_text="Titles, one on a line. What rests on these rules stands in the public log as a number per month.",
                verbose_name="told in numbers only",
            ),
        ),
        migrations.AddField(
            model_name="cannedreason",
            name="rule",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The title of the rule that it goes with.",
                max_length=200,
                verbose_name="rule",
            ),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
