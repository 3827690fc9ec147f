"""The installer: one sentence for an old Python, no work when nothing changed, and recovery from an interruption."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from forum import install
from tests.forum.launching import CLEAN, ROOT, python, until

pytestmark = pytest.mark.processes
PYENV = Path.home() / ".pyenv" / "versions"
OLD = [
    path
    for path in (PYENV / version / "bin" / "python" for version in ("3.6.15", "3.8.18", "3.10.13"))
    if path.exists()
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a lock that names one package, in a folder with a space; the installer works there."""
    folder = tmp_path / "a project"
    folder.mkdir()
    (folder / "requirements.lock").write_text("plain==1.0 \\\n    --hash=sha256:0\n")
    monkeypatch.setattr(install, "ROOT", str(folder))
    monkeypatch.setattr(install, "VENV", str(folder / ".venv"))
    monkeypatch.setattr(install, "LOCK", str(folder / "requirements.lock"))
    monkeypatch.setattr(sys, "argv", ["install.py"])
    monkeypatch.setattr(install, "STAMP", str(folder / ".venv" / "installed"))
    return folder


@pytest.fixture
def commands(project, monkeypatch):
    """What the installer would run, run by nobody: making an environment leaves one that works."""
    ran = []

    def run(command):
        ran.append([str(part) for part in command])
        if "venv" in command:
            inside = project / ".venv" / "bin"
            inside.mkdir(parents=True)
            (inside / "python").symlink_to(sys.executable)

    monkeypatch.setattr(install, "run", run)
    monkeypatch.setattr(install, "is_healthy", lambda inside, _python: os.path.exists(inside))
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    return ran


def test_supported_versions_of_python():
    assert [install.fits(version) for version in ((2, 7), (3, 10), (3, 11), (3, 13), (3, 14))] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_old_python_is_refused_with_reason(monkeypatch, capsys):
    monkeypatch.setattr(install, "find_python", lambda: None)
    with pytest.raises(SystemExit, match=r"This is Python 3\.\d+; the forum needs Python 3.11, 3.12 or 3.13."):
        install.main()


@pytest.mark.skipif(not OLD, reason="needs an old Python in ~/.pyenv")
@pytest.mark.parametrize("old", OLD, ids=lambda path: path.parts[-3])
def test_installer_under_old_python_ends_with_one_sentence(old):
    ran = subprocess.run([old, ROOT / "forum" / "install.py"], env={"PATH": ""}, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "the forum needs Python 3.11, 3.12 or 3.13" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_old_python_finds_newer_one_that_runs(tmp_path, monkeypatch):
    for name, exit_code in (("python3.13", 1), ("python3.12", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {exit_code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install, "fits", lambda version: False)
    assert install.find_python() == str(tmp_path / "python3.12")


def test_base_python_is_used_from_within_environment():
    assert Path(install.find_python()).resolve() == Path(sys.executable).resolve()
    assert not install.find_python().startswith(sys.prefix + os.sep) or sys.prefix == sys.base_prefix


def test_complete_environment_is_not_touched(project, commands, capsys):
    install.main()
    assert len(commands) == 2
    assert "Installing 1 packages" in capsys.readouterr().out
    stamp = Path(install.STAMP).stat()
    install.main()
    assert len(commands) == 2
    assert capsys.readouterr().out == ""
    assert Path(install.STAMP).stat() == stamp


def test_development_environment_can_run_forum(project, commands, monkeypatch):
    monkeypatch.setattr(install, "DEV_LOCK", str(project / "requirements-dev.lock"))
    Path(install.DEV_LOCK).write_text("plain==1.0 \\\n    --hash=sha256:0\nmore==1.0 \\\n    --hash=sha256:0\n")
    monkeypatch.setattr(sys, "argv", ["install.py", "--dev"])
    install.main()
    assert commands[-1][-1] == install.DEV_LOCK
    monkeypatch.setattr(sys, "argv", ["install.py"])
    install.main()
    assert len(commands) == 2


def test_environment_without_development_packages_cannot_run_tests(project, commands, monkeypatch):
    monkeypatch.setattr(install, "DEV_LOCK", str(project / "requirements-dev.lock"))
    Path(install.DEV_LOCK).write_text("plain==1.0 \\\n    --hash=sha256:0\nmore==1.0 \\\n    --hash=sha256:0\n")
    install.main()
    monkeypatch.setattr(sys, "argv", ["install.py", "--dev"])
    install.main()
    assert [command[-1] for command in commands if "install" in command] == [install.LOCK, install.DEV_LOCK]


def test_changed_lock_file_is_installed_into_same_environment(project, commands):
    install.main()
    Path(install.LOCK).write_text("plain==2.0 \\\n    --hash=sha256:0\n")
    install.main()
    assert ["venv" in command for command in commands] == [True, False, False]
    assert "--require-hashes" in commands[-1]
    assert install.is_installed(install.find_python(), [install.LOCK])


def test_environment_is_made_again_for_another_python(project, commands):
    install.main()
    assert not install.is_installed("/usr/bin/another", [install.LOCK])


def test_interrupted_installation_is_repeated(project, commands, monkeypatch):
    def interrupted(command):
        if "install" in command:
            raise KeyboardInterrupt
        return run(command)

    run = install.run
    monkeypatch.setattr(install, "run", interrupted)
    with pytest.raises(SystemExit) as raised:
        install.main()
    assert raised.value.code == 130
    assert not install.is_installed(install.find_python(), [install.LOCK])
    monkeypatch.setattr(install, "run", run)
    install.main()
    assert install.is_installed(install.find_python(), [install.LOCK])


def test_interrupted_update_is_repeated(project, commands, monkeypatch):
    """The lock changed, the install was cut short, and the lock changed back: half of it is there."""
    install.main()
    before = Path(install.LOCK).read_text()
    Path(install.LOCK).write_text("plain==2.0 \\\n    --hash=sha256:0\n")
    monkeypatch.setattr(install, "run", lambda command: sys.exit("cut short"))
    with pytest.raises(SystemExit):
        install.main()
    Path(install.LOCK).write_text(before)
    assert not install.is_installed(install.find_python(), [install.LOCK])


def test_failed_command_is_reported_in_one_sentence(project):
    with pytest.raises(SystemExit, match=r"could not be installed .* run it again"):
        install.run([sys.executable, "-c", "raise SystemExit(3)"])


def test_missing_lock_file_is_reported_in_one_sentence(project):
    Path(install.LOCK).unlink()
    with pytest.raises(SystemExit, match=r"could not be installed: .*requirements.lock: No such file"):
        install.main()


def test_broken_environment_is_made_again(project, commands, monkeypatch):
    install.main()
    monkeypatch.setattr(install, "is_healthy", lambda inside, _python: False)
    Path(install.STAMP).unlink()
    (project / ".venv" / "leftover").touch()
    install.main()
    assert not (project / ".venv" / "leftover").exists()


def test_environment_is_recognised_as_complete_or_broken(tmp_path, monkeypatch):
    monkeypatch.setattr(install.shutil, "which", lambda name: "/somewhere/uv")
    assert install.is_healthy(sys.executable, sys.executable)
    assert not install.is_healthy(str(tmp_path / "none"), sys.executable)
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho '(3, 9)'\n")
    old.chmod(0o755)
    assert not install.is_healthy(str(old), sys.executable)
    # pip is needed inside the environment only, and only without uv
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    no_pip = tmp_path / "no pip"
    no_pip.write_text(f'#!/bin/sh\ncase "$2" in *pip*) exit 1;; esac\nexec {sys.executable} "$@"\n')
    no_pip.chmod(0o755)
    assert install.is_healthy(sys.executable, str(no_pip)) == (
        subprocess.call([sys.executable, "-c", "import pip"]) == 0
    )
    assert not install.is_healthy(str(no_pip), sys.executable)


def test_environment_in_folder_with_space_works(tmp_path):
    """Without the network: a lock that names nothing; killed in the middle and run again."""
    project = tmp_path / "a project"
    (project / "forum").mkdir(parents=True)
    shutil.copy(ROOT / "forum" / "install.py", project / "forum")
    (project / "requirements.lock").write_text("")
    base = getattr(sys, "_base_executable", sys.executable)
    environment = CLEAN | {"PATH": f"{Path(base).parent}:/usr/bin:/bin"}
    command = [base, project / "forum" / "install.py"]
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert until(lambda: (project / ".venv" / "bin").exists())
    first.kill()
    first.wait()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (project / ".venv" / "installed").exists()
    again = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_ctrl_c_has_no_traceback(project):
    process = python(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from forum import install\n"
        "def interrupted(*args): raise KeyboardInterrupt\n"
        "install.is_installed = interrupted\n"
        "install.main()\n"
    )
    _out, err = process.communicate()
    assert (process.returncode, err) == (130, "")
