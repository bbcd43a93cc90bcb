"""One commit of a public repository, fetched by git.

The hash of a commit covers every byte of its files, and git checks them against it while they arrive: for
what is fetched by its hash, the pinned commit is the checksum.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from ifir_eval.progress import Advance

#: Calls of git in `check_out`.
STEPS = 4
#: Give up on a connection over which nothing came for a minute, as other downloads do.
_PATIENCE = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60")


def check_out(repository: str, revision: str, folder: Path, advance: Advance) -> None:
    """Put the files of ``repository`` at ``revision`` (a full commit hash) into the new ``folder``.

    They arrive in a temporary folder beside it, which takes the final name when they are complete.
    ``advance`` is called `STEPS` times.

    Raises:
        OSError: with git's reason, or because there is no git; nothing is left behind.
    """
    git = which("git")
    if git is None:
        raise OSError("git is not on the PATH; install it, or bring a copy from where it is")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".part-") as scratch:
        files = Path(scratch, "files")
        files.mkdir()
        environment = _environment(Path(scratch))

        def run(*arguments: str) -> str:
            output = _run([git, *_PATIENCE, *arguments], environment)
            advance()
            return output

        run("init", "--quiet", "--template=")
        run("fetch", "--quiet", "--depth=1", "--no-tags", repository, revision)
        fetched = run("rev-parse", "FETCH_HEAD").strip()
        if fetched != revision:
            raise OSError(f"it gave the commit {fetched}, expected {revision}")
        run("checkout", "--quiet", "--detach", "FETCH_HEAD")
        try:
            files.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was first, with the same commit
                raise


def _environment(scratch: Path) -> Mapping[str, str]:
    """Variables under which git works in ``scratch`` only, asks nothing and speaks English.

    An empty home keeps out the user's settings, which could convert line ends, run hooks or go elsewhere;
    a ``GIT_DIR`` of the caller's, say of a hook that runs us, would write into that repository. Proxies and
    certificates named by the environment stay.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith("GIT_SSL_")
    }
    home = str(scratch / "home")
    return kept | {
        "HOME": home,
        "XDG_CONFIG_HOME": home,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_DIR": str(scratch / "git"),
        "GIT_WORK_TREE": str(scratch / "files"),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",  # set and empty: not SSH_ASKPASS's window either
        "LC_ALL": "C",
    }


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    """The output of git, or its first complaint as an error."""
    done = subprocess.run(  # noqa: S603 - addresses and commits are constants of this package
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        complaints = [line for line in done.stderr.splitlines() if line.startswith(("fatal: ", "error: "))]
        raise OSError(
            complaints[0] if complaints else f"git ended with {done.returncode}: {done.stderr.strip()}"
        )
    return done.stdout
