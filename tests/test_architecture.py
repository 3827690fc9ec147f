"""Imports go down only, through the complete list of layers and packages in docs/architecture.md."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ["forum", "accounts", "posts"]
VAGUE_NAMES = {"utils", "common", "helpers", "services", "misc"}
# The packages and modules of posts, the lowest first. A module may import from its own line and from lines above it.
ORDER = [
    "posts.models",
    "posts.safety",
    "posts.threads",
    "posts.reading",
    "posts.forms",
    "posts.notifications",
    "posts.moderation",
    "posts.writing",
    "posts.search",
    "posts.privacy",
    "posts.importers",
    "posts.api",
    "posts.feeds",
    "posts.sitemaps",
    "posts.seed",
    "posts.templatetags",
    "posts.management",
    "posts.urls",
    "posts.admin",
    "posts.apps",
]
# Pure functions below the models: they import nothing of posts, so that constraints and models may use them.
PURE = ["posts.models.path", "posts.safety", "forum.invisible"]
# The parts of a package of posts, the lowest first: functions, then forms, then pages.
PARTS = ["", "forms", "views", "admin"]


def files(*places):
    """The Python files of these places, migrations aside."""
    for place in places:
        path = ROOT / place
        found = path.rglob("*.py") if path.is_dir() else [path]
        yield from (file for file in sorted(found) if "migrations" not in file.parts)


def name_of(file):
    """The dotted name of the module in `file`."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file):
    """The full names that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides where it leads"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_in(name, package):
    """Is the module `name` the `package`, or inside of it?"""
    return name == package or name.startswith(f"{package}.")


def place_of(name):
    """The position of a module of posts in ORDER."""
    return next((place for place, package in enumerate(ORDER) if is_in(name, package)), None)


def part_of(name):
    """The position in PARTS of a module inside its package of posts."""
    return max((PARTS.index(part) for part in name.split(".")[2:] if part in PARTS), default=0)


@pytest.mark.parametrize("level", range(len(APPS)), ids=APPS)
def test_app_imports_from_apps_below_it_only(level):
    above = APPS[level + 1 :]
    found = list(files(APPS[level]))
    assert len(found) > 5
    assert [(str(file), name) for file in found for name in imports(file) if name.split(".")[0] in above] == []


def test_every_module_of_posts_is_in_a_package_of_the_list():
    assert [
        name_of(file)
        for file in files("posts")
        if file.parent != ROOT / "posts" or file.stem != "__init__"
        if place_of(name_of(file)) is None
    ] == []


def test_package_of_posts_imports_from_packages_below_it_only():
    upward = [
        (name_of(file), name)
        for file in files("posts")
        if name_of(file) != "posts"
        for name in imports(file)
        if name.startswith("posts.")
        and not any(is_in(name, pure) for pure in PURE)
        and place_of(name) > place_of(name_of(file))
    ]
    assert upward == []


def test_pure_modules_import_nothing_of_the_project():
    found = [file for package in PURE for file in files("posts") if is_in(name_of(file), package)]
    assert len(found) > 3
    strangers = [
        (name_of(file), name)
        for file in found
        for name in imports(file)
        if name.split(".")[0] in APPS and not any(is_in(name, pure) for pure in PURE)
    ]
    assert strangers == []


def test_functions_import_neither_forms_nor_pages():
    upward = [
        (name_of(file), name)
        for file in files("posts")
        for name in imports(file)
        if name.startswith("posts.")
        and place_of(name) is not None
        and place_of(name) == place_of(name_of(file))
        and part_of(name) > part_of(name_of(file))
    ]
    assert upward == []


@pytest.mark.parametrize("app", APPS)
def test_every_package_says_what_it_does(app):
    packages = [file for file in files(app) if file.name == "__init__.py" and "management" not in file.parts]
    silent = [name_of(file) for file in packages if not ast.get_docstring(ast.parse(file.read_text()))]
    assert silent == []


def test_forum_names_nothing_of_the_apps_above_it():
    """Not even by a dotted string; urls.py and settings.py mount the apps, which is their task."""
    named = [
        (str(file.relative_to(ROOT)), node.value)
        for file in files("forum")
        if file.name not in ("settings.py", "urls.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_name_of_an_app(node.value)
    ]
    assert named == []


def is_name_of_an_app(text):
    """Is `text` a dotted name such as "posts.models", or the table of an app?"""
    words = text.split(".")
    is_dotted = len(words) > 1 and words[0] in APPS[1:] and all(word.isidentifier() for word in words)
    return is_dotted or (text.isidentifier() and text.startswith(("posts_", "accounts_")))


def test_markdown_is_made_in_one_package():
    """Markdown, bleach and nh3 are named in forum/markup and nowhere else."""
    makers = {"markdown", "bleach", "nh3"}
    naming = {f.parent.relative_to(ROOT) for f in files(*APPS) if makers & {n.split(".")[0] for n in imports(f)}}
    assert naming == {Path("forum/markup")}


def test_no_module_has_a_vague_name():
    assert [str(file) for file in files(*APPS) if VAGUE_NAMES & set(file.with_suffix("").parts)] == []


def test_models_do_no_work_in_save_or_delete():
    overridden = [
        f"{file}:{node.lineno}"
        for file in files(*APPS)
        if "models" in file.parts or file.name == "models.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}
    ]
    assert overridden == []


def test_imports_are_found_wherever_they_are_written(tmp_path):
    file = tmp_path / "upward.py"
    file.write_text("import posts.models\ndef late():\n    from accounts import models\n")
    assert list(imports(file)) == ["posts.models", "accounts", "accounts.models"]
