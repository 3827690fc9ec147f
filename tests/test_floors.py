"""The floors of the house: an import goes down only, and the kinds of modules that invite clutter do not exist."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ["forum", "accounts", "posts"]
CLUTTER = {"utils", "common", "helpers", "services", "misc"}
# Who may call whom inside posts: models know nothing of verbs, verbs nothing of doors.
ROOMS = {
    "posts/tree.py": set(),
    "posts/essay.py": set(),
    "posts/passages.py": set(),
    "posts/models": {"posts.tree", "posts.passages", "posts.models"},
    "posts/safety": set(),
    "posts/statements.py": {"posts.models"},
    "posts/actions": {
        "posts.tree", "posts.passages", "posts.models", "posts.actions", "posts.safety", "posts.seed",
        "posts.statements",
    },
    "posts/export": {"posts.export"},
    "posts/orders.py": set(),
    "posts/page.py": {"posts.orders", "posts.tree", "posts.models"},
    "posts/place.py": {"posts.orders", "posts.page"},
    "posts/personal.py": {"posts.tree", "posts.models"},
    "posts/avatar.py": set(),
    "posts/drawing.py": {"posts.avatar", "posts.models", "posts.orders", "posts.page", "posts.personal", "posts.tree"},
    "posts/forms.py": {"posts.models"},
}  # fmt: skip


def modules(*places):
    """The Python files of these places, migrations aside."""
    for place in places:
        path = ROOT / place
        found = path.rglob("*.py") if path.is_dir() else [path]
        yield from (file for file in sorted(found) if "migrations" not in file.parts)


def imports(file):
    """The full names a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides where it leads"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("level", range(len(FLOORS)), ids=FLOORS)
def test_an_import_goes_down_only(level):
    above = FLOORS[level + 1 :]
    files = list(modules(FLOORS[level]))
    assert len(files) > 5
    upward = [(str(file), name) for file in files for name in imports(file) if name.split(".")[0] in above]
    assert upward == []


@pytest.mark.parametrize("room", ROOMS)
def test_inside_the_talk_every_room_knows_only_those_below(room):
    files = list(modules(room))
    assert files
    strangers = [
        (str(file), name)
        for file in files
        for name in imports(file)
        if name.startswith("posts.") and not any(name == ok or name.startswith(f"{ok}.") for ok in ROOMS[room])
    ]
    assert strangers == []


def test_only_one_folder_names_the_makers_of_html():
    """Markdown, bleach and nh3 are named in forum/markup and nowhere else."""
    makers = {"markdown", "bleach", "nh3"}
    naming = {f.parent.relative_to(ROOT) for f in modules(*FLOORS) if makers & {n.split(".")[0] for n in imports(f)}}
    assert naming == {Path("forum/markup")}


def test_no_module_is_called_after_nothing():
    assert [str(file) for file in modules(*FLOORS) if CLUTTER & set(file.with_suffix("").parts)] == []


def test_our_models_do_their_work_in_verbs_and_not_in_save():
    overridden = [
        f"{file}:{node.lineno}"
        for file in modules(*FLOORS)
        if "models" in file.parts or file.name == "models.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}
    ]
    assert overridden == []


def test_the_checks_above_would_notice(tmp_path):
    """The reading of imports sees every way to write one."""
    file = tmp_path / "upward.py"
    file.write_text("import posts.models\ndef late():\n    from accounts import models\n")
    assert list(imports(file)) == ["posts.models", "accounts", "accounts.models"]
