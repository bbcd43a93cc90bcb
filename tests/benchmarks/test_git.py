"""Releases that git fetches: the pinned commit or nothing. Tried on real repositories on this disk."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import NamedTuple

import pytest

from ifir_eval.benchmarks.fetch import Release, fetch
from ifir_eval.benchmarks.git import STEPS, check_out
from ifir_eval.errors import IfirEvalError

pytestmark = pytest.mark.skipif(which("git") is None, reason="needs git")

PINNED = b'{"paper_id": "1"}\n{"paper_id": "2"}\n'
WHO = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "a"), ("EMAIL", "a@b"))
}


def git(folder: Path, *arguments: str) -> str:
    """The output of git in ``folder``, free of the settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = kept | WHO | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


class Origin(NamedTuple):
    """A repository of two commits, of which the first is pinned."""

    folder: Path
    pinned: str
    tip: str

    def release(self, revision: str | None = None) -> Release:
        """The release of the benchmark tiny at ``revision``, or at the pinned commit."""
        return Release("tiny", self.folder.as_uri(), revision or self.pinned)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """A repository that, like the public hosts, hands out any commit of its history by its hash."""
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "uploadpack.allowReachableSHA1InWant", "true")
    commits = []
    for body in (PINNED, PINNED * 2):
        (folder / "data").mkdir(exist_ok=True)
        (folder / "data/rows.jsonl").write_bytes(body)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message=rows")
        commits.append(git(folder, "rev-parse", "HEAD"))
    return Origin(folder, *commits)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder`` by its path, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_pinned_commit_is_fetched_once(origin: Origin, tmp_path: Path) -> None:
    """Its files, not the later ones, and none of git's; the second time the origin may be gone."""
    cache = tmp_path / "cache"
    folder = fetch(origin.release(), cache)
    assert contents(cache) == {f"tiny/{origin.pinned}/data/rows.jsonl": PINNED}
    assert list(folder.parent.iterdir()) == [folder]
    origin.folder.rename(tmp_path / "gone")
    assert fetch(origin.release(), cache) == folder


def test_the_settings_of_the_user_change_nothing(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Converted line ends, hooks, other addresses, and the repository of a hook that runs us."""
    home, hooks = tmp_path / "home", tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    (hooks / "post-checkout").chmod(0o755)
    (home / "git").mkdir(parents=True)
    (home / "git/attributes").write_text("* text eol=crlf\n")
    (home / ".gitconfig").write_text(
        f'[core]\nautocrlf = true\nhooksPath = {hooks}\n[url "file:///elsewhere/"]\ninsteadOf = file:///\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(origin.folder / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(origin.folder / ".git/index"))
    before = contents(origin.folder)
    folder = fetch(origin.release(), tmp_path / "cache")
    assert contents(folder) == {"data/rows.jsonl": PINNED}
    assert contents(origin.folder) == before
    assert not (tmp_path / "hooked").exists()


def _unknown_commit(origin: Origin, _: pytest.MonkeyPatch) -> Release:
    return origin.release("0123456789abcdef" * 2 + "01234567")


def _branch(origin: Origin, _: pytest.MonkeyPatch) -> Release:
    return origin.release("main")


def _no_repository(origin: Origin, _: pytest.MonkeyPatch) -> Release:
    origin.folder.rename(origin.folder.with_name("moved"))
    return origin.release()


def _damaged(origin: Origin, _: pytest.MonkeyPatch) -> Release:
    blob = git(origin.folder, "rev-parse", f"{origin.pinned}:data/rows.jsonl")
    wrong = git(origin.folder, "rev-parse", f"{origin.tip}:data/rows.jsonl")
    objects = origin.folder / ".git/objects"
    target = objects / blob[:2] / blob[2:]
    target.chmod(0o644)
    target.write_bytes((objects / wrong[:2] / wrong[2:]).read_bytes())
    return origin.release()


def _no_network(_: Origin, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Release("tiny", f"http://127.0.0.1:{port}/tiny", "0" * 40)


def _no_git(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.setenv("PATH", str(origin.folder))
    return origin.release()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (_unknown_commit, "not our ref 0123456789abcdef"),
        (_branch, r"it gave the commit \w{40}, expected main"),
        (_no_repository, "does not (exist|appear to be a git repository)"),
        (_damaged, r"(fatal|error): "),
        (_no_network, "unable to access"),
        (_no_git, "git is not on the PATH; install it, or bring a copy"),
    ],
)
def test_what_git_cannot_fetch_leaves_nothing_and_says_what_to_do(
    origin: Origin,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[Origin, pytest.MonkeyPatch], Release],
    reason: str,
) -> None:
    """Absent, damaged, unreachable, or no hash at all: one sentence with the benchmark and the way round."""
    release = fault(origin, monkeypatch)
    cache = tmp_path / "cache"
    with pytest.raises(IfirEvalError, match=reason) as caught:
        fetch(release, cache)
    message = str(caught.value)
    assert message.startswith(f"tiny: {release.repository} could not be fetched (")
    assert f"git clone {release.repository} DIR/tiny && git -C DIR/tiny checkout {release.revision}" in message
    assert "pass --data DIR or set IFIR_EVAL_DATA=DIR" in message
    assert "\n" not in message
    assert [path for path in cache.rglob("*") if path.name != "tiny"] == []


def test_two_processes_may_fetch_the_same_commit(origin: Origin, tmp_path: Path) -> None:
    """The later one finds the folder in place, keeps it and cleans up its own."""
    folder = tmp_path / "cache" / origin.pinned
    folder.mkdir(parents=True)
    (folder / "rows.jsonl").write_bytes(PINNED)
    steps: list[int] = []
    check_out(origin.folder.as_uri(), origin.pinned, folder, lambda count=1: steps.append(count))
    assert contents(folder.parent) == {f"{origin.pinned}/rows.jsonl": PINNED}
    assert sum(steps) == STEPS
