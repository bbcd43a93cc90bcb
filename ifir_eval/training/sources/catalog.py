"""The sources by name, and how each is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ifir_eval.benchmarks import condaqa
from ifir_eval.benchmarks.fetch import Release, locate
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.benchmarks.swap import asking
from ifir_eval.errors import Mistakes, UnknownNameError
from ifir_eval.progress import Progress, silent
from ifir_eval.training.readers import read_layout
from ifir_eval.training.readers.benchmark import rows_of
from ifir_eval.training.rows import Row
from ifir_eval.training.sources import films, instructir
from ifir_eval.training.sources.condaqa import condaqa_rows

_FLAGEMBEDDING = Release(
    "flagembedding_toy",
    "https://github.com/FlagOpen/FlagEmbedding",
    "7ed43d67ec03fbe5c31c0992dbfa941fb1860549",
)
_FLAGEMBEDDING_ROWS = Path("examples/finetune/embedder/example_data/retrieval")


class _Generated(NamedTuple):
    """A source that is made here, anew with every seed; None is the pinned one."""

    read: Callable[[int | None], Sequence[Row]]
    licence: str = "Apache-2.0"


class _Published(NamedTuple):
    """A source that is made of the files of a release; ``read`` takes their folder, seed and progress."""

    read: Callable[[Path, int, Progress], Sequence[Row]]
    release: Release
    licence: str
    has_seed: bool = False


_WIKIPEDIA = "Wikipedia's texts: CC BY-SA"
_MS_MARCO = "MS MARCO's texts: Microsoft's terms, not for commerce"

_SOURCES: Mapping[str, _Generated | _Published] = {
    "mirror-train": _Generated(lambda seed: rows_of(load_mirror("train", seed))),
    "mirror-train-asking": _Generated(lambda seed: rows_of(asking(load_mirror("train", seed)))),
    "condaqa": _Published(lambda folder, *_: condaqa_rows(folder), condaqa.release("test"), condaqa.LICENCE),
    "films": _Published(
        lambda *given: rows_of(films.constrained(*given)), films.RELEASE, f"MIT; {_WIKIPEDIA}", has_seed=True
    ),
    "films-asking": _Published(
        lambda *given: rows_of(asking(films.constrained(*given))),
        films.RELEASE,
        f"MIT; {_WIKIPEDIA}",
        has_seed=True,
    ),
    "film-plots": _Published(lambda folder, *_: films.plot_rows(folder), films.RELEASE, f"MIT; {_WIKIPEDIA}"),
    "instructir-seeds": _Published(
        lambda folder, *_: instructir.seed_rows(folder), instructir.RELEASE, f"MIT; {_MS_MARCO}"
    ),
    "flagembedding": _Published(
        lambda folder, *_: _flagembedding_rows(folder), _FLAGEMBEDDING, f"MIT; {_MS_MARCO}"
    ),
}


def names() -> tuple[str, ...]:
    """The named sources."""
    return tuple(_SOURCES)


def licence(source: str) -> str | None:
    """Under which terms the rows of ``source``, as a mix calls it, may be used; None where we do not know."""
    found = _SOURCES.get(source.partition("@")[0])
    return found.licence if found else None


def read_sources(
    sources: Sequence[str], folder: Path, data: Path | None, progress: Progress = silent
) -> dict[str, tuple[Row, ...]]:
    """The rows of each of ``sources``; their pair ids begin with the source's name, so that none meet.

    Paths start in ``folder``. ``data`` holds local copies of published data, one folder each; what is not there
    is fetched once, at its pinned commit, and what was made of it stays in memory: a study draws many times.

    Raises:
        UnknownNameError: naming every source that does not exist, before anything is read.
        IfirEvalError: listing what is missing or wrong, of all sources.
    """
    if unknown := [source for source in sources if not (_is_path(source) or _is_named(source))]:
        seeded = [f"{name}@<seed>, {name}@<first>-<last>" for name in _SOURCES if _has_seed(name)]
        raise UnknownNameError("source", unknown, [*_SOURCES, *seeded, "a path with a / or an ending"])
    mistakes = Mistakes()
    rows: dict[str, tuple[Row, ...]] = {}
    for source in sources:
        with mistakes:
            if _is_path(source):
                rows[source] = _named(source, read_layout(folder / Path(source).expanduser()))
            else:
                rows[source] = _read(source, data, progress)  # type: ignore[arg-type]  # functions can be hashed
    mistakes.raise_all()
    return rows


def _is_path(source: str) -> bool:
    return "/" in source or os.sep in source or bool(Path(source).suffix)


def _is_named(source: str) -> bool:
    name, at, seeds = source.partition("@")
    return name in _SOURCES and (not at or (_has_seed(name) and bool(_seeds(seeds))))


def _seeds(text: str) -> Sequence[int]:
    """``7`` or ``0-7``, both ends among them; empty if it is neither."""
    first, dash, last = text.partition("-")
    numbers = [first, last] if dash else [first]
    return range(int(first), int(numbers[-1]) + 1) if all(map(str.isdecimal, numbers)) else ()


def _has_seed(name: str) -> bool:
    source = _SOURCES[name]
    return isinstance(source, _Generated) or source.has_seed


@lru_cache(maxsize=32)  # a study draws from the same sources for every cell
def _read(source: str, data: Path | None, progress: Progress) -> tuple[Row, ...]:
    name, at, seeds = source.partition("@")
    draws = [f"{name}@{seed}" for seed in _seeds(seeds)] if at else [name]
    found = (row for draw in draws for row in _read_draw(draw, data, progress))
    return tuple(replace(row, source=source) for row in found)


def _read_draw(source: str, data: Path | None, progress: Progress) -> tuple[Row, ...]:
    name, _, seed = source.partition("@")
    match _SOURCES[name]:
        case _Generated(read):
            return _named(source, read(int(seed) if seed else None))
        case _Published(read, release):
            return _named(source, read(locate(release, data, progress), int(seed or 0), progress))


def _named(source: str, rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(replace(row, pair_id=f"{source}/{row.pair_id}", source=source) for row in rows)


def _flagembedding_rows(folder: Path) -> Sequence[Row]:
    """The examples in a copy of the repository, or of their folder alone."""
    inside = folder / _FLAGEMBEDDING_ROWS
    return read_layout(inside if inside.is_dir() else folder, "flagembedding")
