"""A cluster on disk: how it is made, what its files say, and who may connect."""

import contextlib
import glob
import os
import pwd
import re
import shutil
import subprocess
import sys

from forum.embedded_postgres.location import NAME, WEB_ROLE, DatabaseProblem
from forum.processes import end_with_parent

MADE_WITHIN = 120
COMPLAINT = re.compile(r"(?:FATAL|PANIC|ERROR):\s*(.+)|error: (.+)")


def version_of(home):
    """The major version of the cluster in `home` as text; None if there is none.

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


def make(data_folder, home, folder, account, lock):
    """Makes the cluster `home` with its role and database, using the binaries in `folder`.

    Built beside its place and moved there when whole: an interrupted start leaves nothing that a later one trips over.
    The programs inherit the descriptor `lock`, so that a later start waits for the last of them.
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


def shared_folder(folder):
    """Makes `folder` so that everybody may pass through it, whatever the umask."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)


def allow_only_us(home, account):
    """Lets in the system users who run the forum and the server, through the socket, and nobody else."""
    users = {account.name, pwd.getpwuid(os.geteuid()).pw_name}
    (home / "pg_ident.conf").write_text(
        "".join(f'us "{user}" {role}\n' for user in sorted(users) for role in (NAME, WEB_ROLE))
    )
    (home / "pg_hba.conf").write_text("local all all peer map=us\n")


def status(home, pid=None):
    """What the server (process `pid`, if given) says of itself in its pid file: starting, ready, stopping; or None."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        lines = (home / "postmaster.pid").read_text().splitlines()
        if pid is None or int(lines[0]) == pid:
            return lines[7].strip()
    return None


def pid_of(home):
    """The process id in the pid file, or None."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int((home / "postmaster.pid").read_text().splitlines()[0])
    return None


def server_on(home):
    """The process id of a living server on `home`, else None: the one in its pid file may be somebody else's by now."""
    pid = pid_of(home)
    if not pid or pid < 0:
        return None
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            # a server works in its data folder
            return pid if os.path.samefile(f"/proc/{pid}/cwd", home) else None
        return None
    said = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return pid if str(home) in said else None


def last_complaint(log_file, start):
    """The last line of the log, from the byte `start` on, that tells a reason."""
    with open(log_file, "rb") as log:
        log.seek(start)
        lines = log.read().decode(errors="replace").splitlines()
    for line in reversed(lines):
        if found := COMPLAINT.search(line):
            return f"{found.group(1) or found.group(2)} (more in {log_file})"
    return f"it gave no reason (see {log_file})"


def environment():
    """The server's environment: ours without what steers PostgreSQL and without the forum's secrets."""
    kept = ("PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def as_user(account):
    """Keywords for subprocess that run a program as `account`, where we may choose."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if os.geteuid() == 0 else {}


def _initialise(folder, draft, account, lock):
    command = [
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
        # a system without C.UTF-8: its sorting is C as well, only letters outside ASCII have no case
        done = _run([*command, "--locale=C"], account, lock)
    if done.returncode:
        raise DatabaseProblem(f"The database could not be made: {_reason(done.stderr)}.")


def _create_database(folder, draft, account, lock):
    done = _run([folder / "postgres", "--single", "-D", draft, "postgres"], account, lock, f"CREATE DATABASE {NAME};\n")
    if done.returncode or "ERROR" in done.stderr:
        raise DatabaseProblem(f"The database could not be made: {_reason(done.stderr)}.")


def _run(command, account, lock, text=""):
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


def _reason(said):
    """The sentence of PostgreSQL's that tells why."""
    reasons = [found.group(1) or found.group(2) for found in map(COMPLAINT.search, said.splitlines()) if found]
    return (reasons or said.strip().splitlines()[-1:] or ["it gave no reason"])[0].rstrip(".")
