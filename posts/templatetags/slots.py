"""The tag {% slot %}, which declares a slot of a rendered page, for Django templates and for Jinja templates."""

from django import template
from django.utils.safestring import SafeString
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from posts.reading import slot_markers

register = template.Library()


@register.simple_block_tag(end_name="endslot")
def slot(content: SafeString, kind: str, pk: int) -> SafeString:
    """Declare the slot `kind` of the comment `pk`, or 0, with the content as its default.

    Raises ValueError if the kind is unknown.
    """
    return SafeString(slot_markers.slot(kind, pk) + content + slot_markers.ENDSLOT)


class SlotTag(Extension):
    """The tag `{% slot "KIND", PK %}default{% endslot %}` of Jinja templates.

    It becomes text around the default when the template is compiled, because a page has a thousand slots.
    """

    tags = {"slot"}

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return the nodes of the marker, the default and the end. Raises ValueError if the kind is unknown."""
        line = next(parser.stream).lineno
        kind = parser.stream.expect("string").value
        parser.stream.expect("comma")
        pk = parser.parse_expression()
        default = parser.parse_statements(("name:endslot",), drop_needle=True)
        before, after = slot_markers.slot(kind, 0).split("0")
        marker = [nodes.TemplateData(before), pk, nodes.TemplateData(after)]
        end = nodes.TemplateData(slot_markers.ENDSLOT)
        return [nodes.Output(marker, lineno=line), *default, nodes.Output([end], lineno=line)]
