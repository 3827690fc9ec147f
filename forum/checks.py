"""Checks run by `manage.py check`: our limits can be read; each template compiles, each address it names exists, and
nothing in it would be refused by the Content-Security-Policy."""

import re

from django.conf import settings
from django.core.checks import Error, register
from django.template import TemplateSyntaxError
from django.template.defaulttags import URLNode
from django.template.loader import get_template
from django.urls import get_resolver

from forum import rates

INLINE = re.compile(r"""<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*["']|\shx-on|href\s*=\s*["']javascript:""", re.I)
SCRIPT = re.compile(r"<script\b(?![^>]*\b(?:src=|type=[\"']application/(?:ld\+)?json))", re.I)


@register()
def check_limits(app_configs, **options):
    """One Error for each limit whose words cannot be read."""
    problems = []
    for act, limit in settings.LIMITS.items():
        unknown = sorted(set(limit) - rates.SUBJECTS)
        problems += [Error(f"LIMITS, {act}: nobody is called “{name}”", id="forum.E004") for name in unknown]
        for words in limit.values():
            try:
                rates.parse(words)
            except ValueError as fault:
                problems.append(Error(f"LIMITS, {act}: {fault}", id="forum.E004"))
    return problems


@register("templates")
def check_templates(app_configs, **options):
    """One Error for each template of ours that does not compile, names an unknown address, or has inline code."""
    folder = settings.BASE_DIR / "templates"
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    problems = []
    for path in sorted(folder.rglob("*.*")):
        name = str(path.relative_to(folder))
        source = path.read_text()
        problems += [
            Error(
                f"{name}: inline code that the Content-Security-Policy refuses: {found.group(0).strip()}",
                id="forum.E001",
            )
            # a mail stands under no policy of ours, and mail programs read no style sheets
            for pattern in ((SCRIPT,) if name.startswith("emails/") else (INLINE, SCRIPT))
            for found in pattern.finditer(source)
        ]
        try:
            template = get_template(name, using="fast" if name.endswith(".jinja") else "django")
        except TemplateSyntaxError as fault:
            problems.append(Error(f"{name}: {fault}", id="forum.E002"))
            continue
        if name.endswith(".jinja"):
            continue
        for node in template.template.nodelist.get_nodes_by_type(URLNode):
            target = getattr(node.view_name.var, "strip", lambda: None)() if not node.view_name.filters else None
            if isinstance(target, str) and ":" not in target and target not in names:
                problems.append(Error(f"{name}: no address is called “{target}”", id="forum.E003"))
    return problems
