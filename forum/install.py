"""Create `.venv` and install the locked packages with uv if it is available, otherwise with pip.

Run it as `python3 forum/install.py`, or with `--dev` for tests and checks as well. It uses the standard library only,
and any Python 3 can parse it, so that an old version can report that it is too old.
"""

import hashlib
import os
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LOCK = os.path.join(ROOT, "requirements.lock")
# Everything in LOCK, and the dependency group "dev" of pyproject.toml.
DEV_LOCK = os.path.join(ROOT, "requirements-dev.lock")
STAMP = os.path.join(VENV, "installed")


def fits(version: tuple) -> bool:
    """Return whether the forum runs on Python `version`, a pair (major, minor)."""
    return OLDEST <= tuple(version) <= NEWEST


def find_python() -> "str | None":
    """Return the path of a Python that fits: this one, or one on PATH that works; None if there is none."""
    if fits(sys.version_info[:2]):
        # inside .venv, the Python it was made with, because .venv may have to be made again
        return getattr(sys, "_base_executable", None) or sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)  # noqa: UP031  (an old Python reads this)
        if found and subprocess.call([found, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return found
    return None


def fingerprint(python: str, lock_path: str) -> str:
    """Return the content of the stamp of a finished install: the lock's hash and the path of its Python."""
    with open(lock_path, "rb") as lock:
        return hashlib.sha256(lock.read()).hexdigest() + " " + os.path.realpath(python)


def is_installed(python: str, locks: list) -> bool:
    """Return whether an earlier run finished with one of these locks and this Python."""
    if not os.path.exists(os.path.join(VENV, "bin", "python")):
        return False
    try:
        with open(STAMP) as stamp:
            found = stamp.read()
        return any(found == fingerprint(python, lock_path) for lock_path in locks)
    except OSError:
        return False


def run(command: list) -> None:
    """Run `command`; exit with a sentence if it fails."""
    code = subprocess.call(command, cwd=ROOT)
    if code:
        sys.exit("The packages could not be installed (see above). What is there is kept: run it again to go on.")


def install(python: str, lock_path: str) -> None:
    """Create .venv and install the lock into it; after an interruption it can be run again."""
    if os.path.exists(STAMP):
        os.remove(STAMP)
    with open(lock_path) as lock:
        count = sum("==" in line for line in lock)
    print("Installing %d packages into .venv ..." % count, flush=True)  # noqa: UP031
    uv = shutil.which("uv")
    inside = os.path.join(VENV, "bin", "python")
    if not is_healthy(inside, python):
        if os.path.lexists(VENV):
            shutil.rmtree(VENV)
        run([uv, "venv", "--quiet", "--python", python, VENV] if uv else [python, "-m", "venv", VENV])
    if uv:
        run([uv, "pip", "install", "--python", inside, "--require-hashes", "-r", lock_path])
    else:
        run(
            [
                inside,
                "-m",
                "pip",
                "--disable-pip-version-check",
                "install",
                "--quiet",
                "--progress-bar",
                "on",
                "--require-hashes",
                "-r",
                lock_path,
            ]
        )
    with open(STAMP, "w") as stamp:
        stamp.write(fingerprint(python, lock_path))


def is_healthy(inside: str, python: str) -> bool:
    """Return whether the Python `inside` .venv runs, has the version of `python`, and has pip if uv is missing."""
    version = "import sys; print(sys.version_info[:2])"
    probes = [(inside, version + ("" if shutil.which("uv") else "; import pip")), (python, version)]
    try:
        said = [
            subprocess.run([each, "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for each, probe in probes
        ]
    except OSError:
        return False
    return said[0].returncode == 0 and said[0].stdout == said[1].stdout


def main() -> None:
    """Install what is missing; exit with a sentence and code 1 if that fails."""
    python = find_python()
    if python is None:
        sys.exit(
            "This is Python %d.%d; the forum needs Python 3.11, 3.12 or 3.13. "  # noqa: UP031
            "Install one and run it again, or name it: make run PYTHON=/path/to/python3.12" % sys.version_info[:2]
        )
    try:
        # what tests need is enough to run the forum
        lock_path, locks = (DEV_LOCK, [DEV_LOCK]) if "--dev" in sys.argv else (LOCK, [LOCK, DEV_LOCK])
        if not is_installed(python, locks):
            install(python, lock_path)
    except OSError as fault:
        sys.exit("The packages could not be installed: %s: %s" % (fault.filename or VENV, fault.strerror or fault))  # noqa: UP031
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
