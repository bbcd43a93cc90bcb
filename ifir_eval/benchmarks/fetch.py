"""Published data at a pinned commit: read where the user has it, else downloaded once and checked.

Every byte is hashed while it arrives, in a temporary file that takes its final name only if size and SHA-256
are the pinned ones; so a file in the cache is either whole and right, or not there. Where no SHA-256 of the
files is known, git fetches the commit, whose hash covers them.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from zipfile import BadZipFile, ZipFile

from platformdirs import user_cache_path

from ifir_eval.benchmarks import git
from ifir_eval.errors import IfirEvalError
from ifir_eval.files import replacing
from ifir_eval.progress import Advance, Progress, silent

_CHUNK = 1 << 16
_TIMEOUT_S = 60
#: What a transfer, a broken archive or a full disk can raise.
_FAULTS = (OSError, HTTPException, BadZipFile, EOFError, RuntimeError, zlib.error)


class Content(NamedTuple):
    """One file: its path inside the release's folder, and what its bytes must be."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Download:
    """What one address gives: a single file, or a zip ``archive`` of at most that size (bytes) with several.

    The members of an archive are found by their names, in whatever folder of it they lie.
    """

    url: str
    contents: tuple[Content, ...]
    archive: int | None = None

    @property
    def size(self) -> int:
        """What is transferred, in bytes (of an archive: at most)."""
        return self.archive or self.contents[0].size


@dataclass(frozen=True, slots=True)
class Release:
    """A public repository at one commit.

    ``name`` is the benchmark's family and its folder under the user's data directory, ``revision`` the
    commit's full hash. Without ``downloads``, git fetches the whole commit.
    """

    name: str
    repository: str
    revision: str
    downloads: tuple[Download, ...] = ()

    def remedy(self) -> str:
        """How to get the data without this module; git checks every byte against the commit."""
        folder = f"DIR/{self.name}"
        archives = [Path(download.url).name for download in self.downloads if download.archive]
        return (
            f"Get it with `git clone {self.repository} {folder} && git -C {folder} checkout {self.revision}`, "
            f"{''.join(f'unpack {archive} there, ' for archive in archives)}"
            "and pass --data DIR or set IFIR_EVAL_DATA=DIR"
        )


def locate(release: Release, data: Path | None, progress: Progress = silent) -> Path:
    """The folder with the release's files: ``data/<name>`` if it exists, else the filled cache.

    Raises:
        IfirEvalError: if ``data`` does not exist, or the files cannot be fetched.
    """
    if data is not None and not data.is_dir():
        raise IfirEvalError(f"the data directory {str(data)!r} does not exist; check --data and IFIR_EVAL_DATA")
    if data is not None and (data / release.name).is_dir():
        return data / release.name
    return fetch(release, progress=progress)


def fetch(release: Release, cache: Path | None = None, progress: Progress = silent) -> Path:
    """Download what is missing of ``release``, or damaged; returns its folder in the ``cache``.

    What git fetched is complete where it exists, and not looked at again.

    Raises:
        IfirEvalError: if an address cannot be reached, its content is not the pinned one, or git is missing.
    """
    if cache is None:
        cache = user_cache_path("ifir-eval") / "benchmarks"
    folder = cache / release.name / release.revision
    if not release.downloads and not folder.is_dir():
        task = f"fetching {release.name} with git, steps"
        with _explained(release, release.repository), progress(task, total=git.STEPS) as advance:
            git.check_out(release.repository, release.revision, folder, advance)
    for download in release.downloads:
        if not all(_is_intact(folder / content.path, content) for content in download.contents):
            task = f"downloading {release.name}, bytes"
            with _explained(release, download.url), progress(task, total=download.size) as advance:
                _download(download, folder, advance)
    return folder


@contextmanager
def _explained(release: Release, address: str) -> Iterator[None]:
    """Turn what a transfer can raise into a sentence with the way round it."""
    try:
        yield
    except _FAULTS as error:
        what = f"{release.name}: {address} could not be fetched ({_reason(error)})"
        raise IfirEvalError(f"{what}. {release.remedy()}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        error.close()  # it is a response, too
        return str(error)
    return str(error.reason if isinstance(error, URLError) else error)


def _is_intact(path: Path, content: Content) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == content.sha256


def _download(download: Download, folder: Path, advance: Advance) -> None:
    with urlopen(download.url, timeout=_TIMEOUT_S) as response:  # noqa: S310 - addresses are constants of this package
        arriving = _counted(_chunks(response, download.size), advance)
        if download.archive is None:
            (content,) = download.contents
            _store(arriving, content, folder)
            return
        with TemporaryFile() as spool:
            spool.writelines(arriving)
            with ZipFile(spool) as archive:
                for content in download.contents:
                    with _member(archive, content.path) as stream:
                        _store(_chunks(stream, content.size), content, folder)


def _member(archive: ZipFile, path: str) -> IO[bytes]:
    name = PurePosixPath(path).name
    for member in archive.namelist():
        if PurePosixPath(member).name == name:
            return archive.open(member)
    raise BadZipFile(f"the archive holds no {name}")


def _chunks(stream: IO[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise OSError(f"it is longer than the expected {limit} bytes")
        yield chunk


def _counted(chunks: Iterable[bytes], advance: Advance) -> Iterator[bytes]:
    for chunk in chunks:
        advance(len(chunk))
        yield chunk


def _store(chunks: Iterable[bytes], content: Content, folder: Path) -> None:
    digest, size = hashlib.sha256(), 0
    with replacing(folder / content.path) as part:
        for chunk in chunks:
            size += len(chunk)
            digest.update(chunk)
            part.write(chunk)
        if size < content.size:
            raise OSError(f"{content.path} ended after {size} of {content.size} bytes")
        if digest.hexdigest() != content.sha256:
            raise OSError(f"{content.path} has the SHA-256 {digest.hexdigest()}, expected {content.sha256}")
