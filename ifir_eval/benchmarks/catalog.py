"""The benchmarks by name: what each one is, and how it is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from ifir_eval.benchmarks import cacm, condaqa, csfcube, cystic_fibrosis, negconstraint, published
from ifir_eval.benchmarks.benchmark import ORIGINAL, REVERSED, Benchmark, Contrast
from ifir_eval.benchmarks.entry import Entry
from ifir_eval.benchmarks.folder import read_folder
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.benchmarks.mteb_tasks import entries as mteb_entries
from ifir_eval.benchmarks.mteb_tasks.loading import load_mteb
from ifir_eval.benchmarks.swap import MEASURES, VIEWS
from ifir_eval.errors import IfirEvalError, UnknownNameError
from ifir_eval.progress import Progress, silent


def catalog() -> Mapping[str, Entry]:
    """All benchmarks by name, in the order in which to show them."""
    return {entry.name: entry for entry in _ENTRIES}


def groups() -> Mapping[str, tuple[str, ...]]:
    """Names that stand for several benchmarks, with these."""
    return {**mteb_entries.groups(), **published.groups()}


def load(name: str, *, data: Path | None = None, progress: Progress = silent) -> Benchmark:
    """The benchmark called ``name``: of the catalog, ``mirror@<seed>``, ``mteb:<TaskName>`` or a folder.

    ``data`` holds local copies of published benchmarks, one folder each; what is not there is downloaded.

    Raises:
        UnknownNameError: if there is no such benchmark.
        InvalidInputError: listing all problems of its files.
        IfirEvalError: if its data cannot be fetched.
    """
    if members := groups().get(name):
        raise IfirEvalError(f"{name} stands for several benchmarks; name one of them: {', '.join(members)}")
    (benchmark,) = load_all([name], data, progress)
    return benchmark


def load_all(names: Sequence[str], data: Path | None = None, progress: Progress = silent) -> list[Benchmark]:
    """The benchmarks called ``names``, in their order; see `load`.

    Here a name may also stand for several benchmarks: ``followir`` for its three sets.

    Raises:
        UnknownNameError: naming every unknown name at once, before anything is read.
        IfirEvalError: with the problems of all benchmarks that cannot be loaded.
    """
    families = groups()
    names = list(dict.fromkeys(member for name in names for member in families.get(name, (name,))))
    loaders = [_loader(name) for name in names]
    if unknown := [name for name, loader in zip(names, loaders, strict=True) if loader is None]:
        seeded = [f"{entry.name}@<seed>" for entry in _ENTRIES if entry.is_generated]
        raise UnknownNameError("benchmark", unknown, [*catalog(), *families, *seeded, "mteb:<TaskName>"])
    benchmarks: list[Benchmark] = []
    errors: list[IfirEvalError] = []
    for loader in filter(None, loaders):
        try:
            benchmarks.append(loader(data, progress))
        except IfirEvalError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise IfirEvalError("\n".join(map(str, errors)))
    return benchmarks


def _loader(name: str) -> Callable[[Path | None, Progress], Benchmark] | None:
    """What loads ``name``; None if nothing answers to it. The catalog comes before folders."""
    base, at, seed = name.partition("@")
    entry = catalog().get(base)
    if entry and not at:
        return lambda data, progress: entry.load(data, None, progress)
    if entry and entry.is_generated and seed.isdecimal():
        return lambda data, progress: entry.load(data, int(seed), progress)
    if name.startswith(mteb_entries.PREFIX):
        return lambda data, _: load_mteb(name, mteb_entries.selection(name), data)
    if "/" in name or os.sep in name or Path(name).is_dir():
        return lambda *_: read_folder(Path(name).expanduser())
    return None


def _mirror(name: str, split: str, summary: str, topics: int, documents: int) -> Entry:
    return Entry(
        name=name,
        summary=summary,
        views=VIEWS,
        contrasts=(Contrast(ORIGINAL, REVERSED),),
        measures=MEASURES,
        topics=topics,
        documents=documents,
        licence="Apache-2.0",
        load=lambda _, seed, __: load_mirror(split, seed),
    )


def _condaqa(name: str, split: str, sizes: Sizes) -> Entry:
    return published.entry(
        condaqa,
        name,
        f"passages that imply yes against no, derived from CondaQA's {split} split (not NevIR)",
        sizes=sizes,
        release=condaqa.release(split),
        read=partial(condaqa.read_condaqa, split=split),
    )


_ENTRIES = (
    _mirror("mirror", "test", "embedded and generated: every instruction also reversed, 8 domains", 240, 3935),
    published.entry(
        csfcube,
        csfcube.NAME,
        "papers similar to a query paper in background, method or result, judged by experts",
        sizes=Sizes(34, 4205),
        release=csfcube.RELEASE,
        read=csfcube.read_csfcube,
    ),
    published.entry(
        negconstraint,
        negconstraint.NAME,
        "queries with and without what they exclude, over one corpus",
        sizes=Sizes(196, 3946),
        release=negconstraint.RELEASE,
        read=negconstraint.read_negconstraint,
    ),
    _condaqa("condaqa", "dev", Sizes(234, 398)),
    _condaqa("condaqa-test", "test", Sizes(1571, 2591)),
    published.entry(
        cacm,
        cacm.NAME,
        "abstracts of the CACM without instructions: general quality",
        sizes=cacm.SIZES,
        release=cacm.RELEASE,
        read=cacm.read_cacm,
    ),
    published.entry(
        cystic_fibrosis,
        cystic_fibrosis.NAME,
        "medical abstracts judged by experts, without instructions: general quality",
        sizes=cystic_fibrosis.SIZES,
        release=cystic_fibrosis.RELEASE,
        read=cystic_fibrosis.read_cystic_fibrosis,
        by_hand=cystic_fibrosis.BY_HAND,
    ),
    _mirror("mirror-dev", "dev", "as mirror, in other domains and wordings, to choose checkpoints by", 60, 987),
    _mirror("mirror-train", "train", "as mirror, in other domains and wordings again, to train on", 150, 2457),
    *published.entries(),
    *mteb_entries.entries(),
)
