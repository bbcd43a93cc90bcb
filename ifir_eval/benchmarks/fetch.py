"""Published data at a pinned commit: read where the user has it, else downloaded once and checked.

Every byte is hashed while it arrives, in a temporary file that takes its final name only if size and SHA-256
are the pinned ones; so a file in the cache is either whole and right, or not there.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from zipfile import BadZipFile, ZipFile

from platformdirs import user_cache_path

from ifir_eval.errors import IfirEvalError

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


@dataclass(frozen=True, slots=True)
class Release:
    """A public repository at one commit.

    ``name`` is the benchmark's family and its folder under the user's data directory. ``by_hand``, if not
    empty, is why the files cannot be fetched and checked by this package.
    """

    name: str
    repository: str
    revision: str
    downloads: tuple[Download, ...] = ()
    by_hand: str = ""

    def remedy(self) -> str:
        """How to get the data without this module; git checks every byte against the commit."""
        folder = f"DIR/{self.name}"
        archives = [Path(download.url).name for download in self.downloads if download.archive]
        return (
            f"Get it with `git clone {self.repository} {folder} && git -C {folder} checkout {self.revision}`, "
            f"{''.join(f'unpack {archive} there, ' for archive in archives)}"
            "and pass --data DIR or set IFIR_EVAL_DATA=DIR"
        )


def locate(release: Release, data: Path | None) -> Path:
    """The folder with the release's files: ``data/<name>`` if it exists, else the filled cache.

    Raises:
        IfirEvalError: if ``data`` does not exist, or the files cannot be fetched.
    """
    if data is not None and not data.is_dir():
        raise IfirEvalError(f"the data directory {str(data)!r} does not exist; check --data and IFIR_EVAL_DATA")
    if data is not None and (data / release.name).is_dir():
        return data / release.name
    if release.by_hand:
        raise IfirEvalError(f"{release.name} is not fetched, as {release.by_hand}. {release.remedy()}")
    return fetch(release)


def fetch(release: Release, cache: Path | None = None) -> Path:
    """Download what is missing or damaged of ``release``; returns its folder in the ``cache``.

    Raises:
        IfirEvalError: if an address cannot be reached or its content is not the pinned one.
    """
    if cache is None:
        cache = user_cache_path("ifir-eval") / "benchmarks"
    folder = cache / release.name / release.revision
    for download in release.downloads:
        if not all(_is_intact(folder / content.path, content) for content in download.contents):
            try:
                _download(download, folder)
            except _FAULTS as error:
                what = f"{release.name}: {download.url} could not be fetched ({_reason(error)})"
                raise IfirEvalError(f"{what}. {release.remedy()}") from error
    return folder


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


def _download(download: Download, folder: Path) -> None:
    with urlopen(download.url, timeout=_TIMEOUT_S) as response:  # noqa: S310 - addresses are constants of this package
        if download.archive is None:
            (content,) = download.contents
            _store(response, content, folder)
            return
        with TemporaryFile() as spool:
            for chunk in _chunks(response, download.archive):
                spool.write(chunk)
            with ZipFile(spool) as archive:
                for content in download.contents:
                    with _member(archive, content.path) as stream:
                        _store(stream, content, folder)


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


def _store(stream: IO[bytes], content: Content, folder: Path) -> None:
    digest, size = hashlib.sha256(), 0
    with _replacing(folder / content.path) as part:
        for chunk in _chunks(stream, content.size):
            size += len(chunk)
            digest.update(chunk)
            part.write(chunk)
        if size < content.size:
            raise OSError(f"{content.path} ended after {size} of {content.size} bytes")
        if digest.hexdigest() != content.sha256:
            raise OSError(f"{content.path} has the SHA-256 {digest.hexdigest()}, expected {content.sha256}")


@contextmanager
def _replacing(target: Path) -> Iterator[IO[bytes]]:
    """A file beside ``target`` that becomes it when the block ends well and vanishes when it does not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as part:
        path = Path(part.name)
        try:
            yield part
            part.close()
            path.replace(target)
        finally:
            path.unlink(missing_ok=True)
