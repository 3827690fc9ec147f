"""The HTML tags and attributes that the HTML of a text may contain.

HTML in a source stays text. So a tag also needs Markdown that makes it: see inlines, blocks and tables.
"""

TAGS = frozenset(
    [
        "p",
        "br",
        "strong",
        "em",
        "del",
        "a",
        "blockquote",
        "code",
        "pre",
        "ul",
        "ol",
        "li",
        "hr",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ]
)
# The last step of `render` sets `rel` on every link.
ATTRIBUTES = {"a": ["href", "title"], "ol": ["start"], "li": ["value"]}
