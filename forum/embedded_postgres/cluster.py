"""Functions on a cluster's files: make it, read its state, and set who may connect."""

import contextlib
import glob
import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

from forum.embedded_postgres.location import NAME, WEB_ROLE, Account, DatabaseProblem
from forum.processes import end_with_parent

MADE_WITHIN = 120
COMPLAINT = re.compile(r"(?:FATAL|PANIC|ERROR):\s*(.+)|error: (.+)")


def version_of(home: Path) -> str | None:
    """Return the major version of the cluster in `home`; None if there is no cluster.

    Raises DatabaseProblem for a folder that holds something else or cannot be read.
    """
    try:
        return (home / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        if home.exists() and any(home.iterdir()):
            raise DatabaseProblem(
                f"{home} holds files but no database: please move them away, or give another FORUM_PG_DATA."
            ) from None
        return None


def make(data_folder: Path, home: Path, folder: Path, account: Account, lock: int) -> None:
    """Make the cluster `home` with its role and database, using the binaries in `folder`.

    The cluster is made next to `home` and moved there when it is complete, so that an interrupted start leaves nothing
    that disturbs the next one. The programs inherit the descriptor `lock`, so that a later start waits until they end.
    """
    if not home.parent.exists():
        shared_folder(home.parent)
    for abandoned in home.parent.glob(f"{glob.escape(home.name)}.new-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    draft = home.with_name(f"{home.name}.new-{os.getpid()}")
    draft.mkdir(mode=0o700)
    try:
        if os.geteuid() == 0:
            os.chown(draft, account.uid, account.gid)
        _initialise(folder, draft, account, lock)
        _create_database(folder, draft, account, lock)
        if home.is_dir():
            home.rmdir()
        draft.rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    if home != data_folder and not data_folder.is_symlink():
        if data_folder.is_dir():
            data_folder.rmdir()
        data_folder.symlink_to(home)


def shared_folder(folder: Path) -> None:
    """Make `folder` with mode 0755, independent of the umask."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)


def allow_only_us(home: Path, account: Account) -> None:
    """Allow connections only through the socket, from the system users that run the forum and the server."""
    users = {account.name, pwd.getpwuid(os.geteuid()).pw_name}
    (home / "pg_ident.conf").write_text(
        "".join(f'us "{user}" {role}\n' for user in sorted(users) for role in (NAME, WEB_ROLE))
    )
    (home / "pg_hba.conf").write_text("local all all peer map=us\n")


def status(home: Path, pid: int | None = None) -> str | None:
    """Return the status in the server's pid file ("starting", "ready", "stopping"), or None.

    Returns None, too, if `pid` is given and the file names another process.
    """
    with contextlib.suppress(OSError, IndexError, ValueError):
        lines = (home / "postmaster.pid").read_text().splitlines()
        if pid is None or int(lines[0]) == pid:
            return lines[7].strip()
    return None


def pid_of(home: Path) -> int | None:
    """Return the process id in the pid file, or None."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int((home / "postmaster.pid").read_text().splitlines()[0])
    return None


def server_on(home: Path) -> int | None:
    """Return the process id of a running server on `home`, or None.

    The process id in the pid file is checked, because it may belong to another process by now.
    """
    pid = pid_of(home)
    if not pid or pid < 0:
        return None
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            # a server's working directory is its data folder
            return pid if os.path.samefile(f"/proc/{pid}/cwd", home) else None
        return None
    said = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return pid if str(home) in said else None


def last_complaint(log_file: Path, start: int) -> str:
    """Return the last error message of the log after the byte `start`, or that there is none."""
    with open(log_file, "rb") as log:
        log.seek(start)
        lines = log.read().decode(errors="replace").splitlines()
    for line in reversed(lines):
        if found := COMPLAINT.search(line):
            return f"{found.group(1) or found.group(2)} (more in {log_file})"
    return f"it gave no reason (see {log_file})"


def environment() -> dict[str, str]:
    """Return the server's environment: ours without PostgreSQL's variables and without the forum's secrets."""
    kept = ("PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


class UserOptions(TypedDict, total=False):
    """Keyword arguments of subprocess that run a program as another user."""

    user: int
    group: int
    extra_groups: list[int]


def as_user(account: Account) -> UserOptions:
    """Return the keyword arguments of subprocess that run a program as `account`; none unless we are root."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if os.geteuid() == 0 else {}


def _initialise(folder: Path, draft: Path, account: Account, lock: int) -> None:
    command: list[str | Path] = [
        folder / "initdb",
        "-D",
        draft,
        "-U",
        NAME,
        "--auth=peer",
        "--encoding=UTF8",
        "--data-checksums",
        "--no-instructions",
    ]
    done = _run([*command, "--locale=C.UTF-8"], account, lock)
    if done.returncode and "locale" in done.stderr:
        # a system without C.UTF-8: C sorts the same way, but letters outside ASCII have no case
        done = _run([*command, "--locale=C"], account, lock)
    if done.returncode:
        raise DatabaseProblem(f"The database could not be made: {_reason(done.stderr)}.")


def _create_database(folder: Path, draft: Path, account: Account, lock: int) -> None:
    done = _run([folder / "postgres", "--single", "-D", draft, "postgres"], account, lock, f"CREATE DATABASE {NAME};\n")
    if done.returncode or "ERROR" in done.stderr:
        raise DatabaseProblem(f"The database could not be made: {_reason(done.stderr)}.")


def _run(command: list[str | Path], account: Account, lock: int, text: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=MADE_WITHIN,
            cwd="/",
            env=environment(),
            check=False,
            pass_fds=[lock],
            preexec_fn=end_with_parent(),
            **as_user(account),
        )
    except subprocess.TimeoutExpired:
        raise DatabaseProblem(f"The database could not be made within {MADE_WITHIN} seconds.") from None


def _reason(said: str) -> str:
    """Return the first error message in PostgreSQL's output, or its last line."""
    reasons = [found.group(1) or found.group(2) for found in map(COMPLAINT.search, said.splitlines()) if found]
    return (reasons or said.strip().splitlines()[-1:] or ["it gave no reason"])[0].rstrip(".")
