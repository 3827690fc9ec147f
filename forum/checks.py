"""System checks of `manage.py check` for rate limits and templates.

Rate limits must be readable. Templates must compile, use existing URL names, and contain nothing that the
Content-Security-Policy refuses.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.template import TemplateSyntaxError
from django.template.backends.django import Template as DjangoTemplate
from django.template.defaulttags import URLNode
from django.template.loader import get_template
from django.urls import get_resolver

from forum import rates

INLINE = re.compile(r"""<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*["']|\shx-on|href\s*=\s*["']javascript:""", re.I)
SCRIPT = re.compile(r"<script\b(?![^>]*\b(?:src=|type=[\"']application/(?:ld\+)?json))", re.I)


@register()
def check_limits(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Return an Error for each rate limit that cannot be parsed or has an unknown subject."""
    problems: list[CheckMessage] = []
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
def check_templates(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Return an Error for each template of ours that does not compile, and for each unknown URL name or inline code."""
    folder = settings.BASE_DIR / "templates"
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    problems: list[CheckMessage] = []
    for path in sorted(folder.rglob("*.*")):
        name = str(path.relative_to(folder))
        source = path.read_text()
        problems += [
            Error(
                f"{name}: inline code that the Content-Security-Policy refuses: {found.group(0).strip()}",
                id="forum.E001",
            )
            # our policy does not apply to mails, and mail programs need inline styles
            for pattern in ((SCRIPT,) if name.startswith("emails/") else (INLINE, SCRIPT))
            for found in pattern.finditer(source)
        ]
        try:
            template = get_template(name, using="fast" if name.endswith(".jinja") else "django")
        except TemplateSyntaxError as fault:
            problems.append(Error(f"{name}: {fault}", id="forum.E002"))
            continue
        if not isinstance(template, DjangoTemplate):
            continue
        nodes = template.template.nodelist.get_nodes_by_type(URLNode)
        for node in (node for node in nodes if isinstance(node, URLNode)):
            target = getattr(node.view_name.var, "strip", lambda: None)() if not node.view_name.filters else None
            if isinstance(target, str) and ":" not in target and target not in names:
                problems.append(Error(f"{name}: no address is called “{target}”", id="forum.E003"))
    return problems
