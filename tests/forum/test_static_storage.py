"""Collected static files: every name in them leads to a file by its fingerprint."""

import re

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from forum.static_storage import Storage


def test_scripts_import_each_other_by_hashed_name(tmp_path):
    source = FileSystemStorage(settings.BASE_DIR / "static")
    storage = Storage(location=tmp_path, base_url="/static/")
    paths = {f"js/{name}": (source, f"js/{name}") for name in source.listdir("js")[1]}
    for path in paths:
        with source.open(path) as file:
            storage.save(path, file)
    collected = storage.post_process(paths)
    hashed = {path: name for path, name, _processed in collected if path in paths and name.endswith(".js")}
    named = []
    for name in hashed.values():
        named += re.findall(r'(?:from ?|import\()"\./([^"]+)"', (tmp_path / name).read_text())
    assert {"editor", "drafts", "quote", "marks", "mention", "markdown"} == {name.partition(".")[0] for name in named}
    assert {f"js/{name}" for name in named} <= set(hashed.values())


def test_own_files_are_stored_without_comments_and_other_files_unchanged(tmp_path):
    storage = Storage(location=tmp_path, base_url="/static/")
    for name in ("js/a.js", "css/a.css", "package/a.js"):
        storage.save(name, ContentFile(b"/* why */\n.a  { b: url(c) }\n"))
    assert (tmp_path / "js/a.js").read_text() == ".a{b:url(c)}"
    assert (tmp_path / "css/a.css").read_text() == ".a{b:url(c)}"
    assert (tmp_path / "package/a.js").read_text() == "/* why */\n.a  { b: url(c) }\n"
