"""Make `.venv` and install a hashed lock, with uv if it is there, else with pip. Standard library only.

Run as `python3 forum/install.py`, or with `--dev` for tests and checks as well. The file compiles under any Python 3,
so that an old one gets a sentence too.
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


def fits(version):
    """Is `version`, (major, minor), one the forum runs on?"""
    return OLDEST <= tuple(version) <= NEWEST


def find_python():
    """The path of a Python that fits: this one, else one on PATH that really runs; None without one."""
    if fits(sys.version_info[:2]):
        # inside .venv: the one it was made with, since .venv may have to be made anew
        return getattr(sys, "_base_executable", None) or sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)  # noqa: UP031  (an old Python reads this)
        if found and subprocess.call([found, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return found
    return None


def fingerprint(python, lock_path):
    """What the stamp of a finished install holds: the lock's hash and the Python it was made with."""
    with open(lock_path, "rb") as lock:
        return hashlib.sha256(lock.read()).hexdigest() + " " + os.path.realpath(python)


def is_installed(python, locks):
    """Did an earlier run finish with this lock and this Python?"""
    if not os.path.exists(os.path.join(VENV, "bin", "python")):
        return False
    try:
        with open(STAMP) as stamp:
            found = stamp.read()
        return any(found == fingerprint(python, lock_path) for lock_path in locks)
    except OSError:
        return False


def run(command):
    """Runs `command`; raises SystemExit with a sentence when it fails."""
    code = subprocess.call(command, cwd=ROOT)
    if code:
        sys.exit("The packages could not be installed (see above). What is there is kept: run it again to go on.")


def install(python, lock_path):
    """Makes .venv and installs the lock into it; interrupted, it can be run again."""
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


def is_healthy(inside, python):
    """Does the environment's Python run, in the same version as `python`, with what the installer needs?"""
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


def main():
    """Installs what is missing; a sentence and exit code 1 when it cannot."""
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
