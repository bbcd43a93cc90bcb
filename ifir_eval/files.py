"""Files that are whole or not there, folders that one process holds, and what a disk refuses as a sentence."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ifir_eval.errors import IfirEvalError, IncompleteError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of ``path`` when the block ends well and vanishes when it does not.

    A reader, or a crash, sees the old file or the new one. What is written is flushed to the disk before the
    rename; the folder is made if it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Opened like any other file, so that the user's umask holds; mkstemp would make it private.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of ``path``; see `replacing`."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def writing(folder: Path, option: str = "--cache") -> Iterator[None]:
    """Turns what a disk or its owner refuses into a sentence, which names the option for another folder.

    Raises:
        IncompleteError: if the disk, the quota or the largest size of a file is full.
        IfirEvalError: if the folder cannot be written to at all.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            raise IncompleteError(
                f"no space in {folder}: {reason}. What is finished is kept: free some space, or move the "
                f"folder to a larger disk and name it with {option}; the same command then goes on"
            ) from error
        raise IfirEvalError(
            f"{folder} cannot be written to: {reason}; choose another folder with {option}"
        ) from error


def claim(file: IO[bytes]) -> bool:
    """Mark ``file`` as in use for as long as it is open; whether nobody else has marked it.

    Where locks do not exist, nothing is marked.
    """
    if sys.platform == "win32":  # which lets nobody remove an open file
        return True
    from fcntl import LOCK_EX, LOCK_NB, flock  # noqa: PLC0415  (POSIX only)

    with suppress(OSError):
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return False
    return True
