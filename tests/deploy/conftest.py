"""The cluster of the launcher's tests is used here as well."""

from tests.forum.conftest import template  # noqa: F401
