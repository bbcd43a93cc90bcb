"""The catalog's entries of published benchmarks that mteb does not have, each read by its own adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType

from ifir_eval.benchmarks import birco, excluir, followtable, inf_ir, infosearch, mair, multiconir, recipe_mpr
from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.entry import Entry, Load
from ifir_eval.benchmarks.fetch import Release, locate
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.errors import IfirEvalError
from ifir_eval.progress import Progress

Read = Callable[[Path], Benchmark]


def entries() -> tuple[Entry, ...]:
    """All of them, in the order in which to show them."""
    return (
        *(_infosearch(subset) for subset in infosearch.SUBSETS),
        entry(
            excluir,
            excluir.NAME,
            "queries that want one of two documents and refuse the other",
            sizes=excluir.SIZES,
            release=excluir.RELEASE,
            read=excluir.read_excluir,
            by_hand=excluir.BY_HAND,
        ),
        entry(
            recipe_mpr,
            recipe_mpr.NAME,
            "recipe requests with several wishes, five options each",
            sizes=recipe_mpr.SIZES,
            release=recipe_mpr.RELEASE,
            read=recipe_mpr.read_recipe_mpr,
        ),
        *(_birco(task) for task in birco.TASKS),
        *(_inf_ir(split) for split in inf_ir.SPLITS),
        *(_followtable(collection) for collection in followtable.COLLECTIONS),
        *(_mair(task) for task in mair.TASKS),
        *(_multiconir(domain, task) for task in multiconir.TASKS for domain in multiconir.DOMAINS),
    )


def groups() -> Mapping[str, tuple[str, ...]]:
    """Names that stand for several benchmarks: ``infosearch`` for its six subsets, and so on."""
    names = [entry.name for entry in entries()]
    return {
        family.NAME: tuple(name for name in names if name.startswith(f"{family.NAME}-"))
        for family in (infosearch, birco, followtable, mair, multiconir)
    }


def entry(
    adapter: ModuleType,
    name: str,
    summary: str,
    *,
    sizes: Sizes,
    release: Release,
    read: Read,
    by_hand: str = "",
    views: tuple[str, ...] = (),
) -> Entry:
    """The entry ``name``, with the contrasts, measures, licence and, unless given, ``views`` of ``adapter``."""
    return Entry(
        name=name,
        summary=summary,
        views=views or adapter.VIEWS,
        contrasts=adapter.CONTRASTS,
        measures=adapter.MEASURES,
        topics=sizes.topics or 0,
        documents=sizes.documents or 0,
        licence=adapter.LICENCE,
        load=_loader(release, read, by_hand),
        release=release,
        by_hand=by_hand,
    )


def _loader(release: Release, read: Read, by_hand: str) -> Load:
    def load(data: Path | None, _: int | None, progress: Progress) -> Benchmark:
        if by_hand and (data is None or not (data / release.name).is_dir()):
            raise IfirEvalError(
                f"{release.name} cannot be fetched: {by_hand}. Put the files of {release.repository} "
                f"into DIR/{release.name} and pass --data DIR or set IFIR_EVAL_DATA=DIR"
            )
        return read(locate(release, data, progress))

    return load


def _infosearch(subset: str) -> Entry:
    published = infosearch.SUBSETS[subset]
    release = published.release(subset)
    return entry(
        infosearch,
        release.name,
        f"queries with a condition on a document's {subset}, without it and with its negation",
        sizes=published.sizes,
        release=release,
        read=partial(infosearch.read_infosearch, subset=subset),
        by_hand="" if release.revision else "no revision of it is known to this package",
    )


def _birco(task: str) -> Entry:
    title, sizes = birco.TASKS[task]
    return entry(
        birco,
        birco.name_of(task),
        f"queries with and without the task's objective as instruction ({title})",
        sizes=sizes,
        release=birco.RELEASE,
        read=partial(birco.read_birco, task=task),
    )


def _inf_ir(split: str) -> Entry:
    return entry(
        inf_ir,
        inf_ir.name_of(split),
        f"a poisoned instruction makes another passage the right one ({split} rows)",
        sizes=inf_ir.SPLITS[split],
        release=inf_ir.RELEASE,
        read=partial(inf_ir.read_inf_ir, split=split),
        by_hand=inf_ir.BY_HAND,
    )


def _followtable(collection: str) -> Entry:
    return entry(
        followtable,
        followtable.name_of(collection),
        f"tables that satisfy an instruction about content or schema ({collection})",
        sizes=followtable.COLLECTIONS[collection],
        release=followtable.RELEASE,
        read=partial(followtable.read_followtable, collection=collection),
    )


def _mair(task: str) -> Entry:
    return entry(
        mair,
        mair.name_of(task),
        f"queries with and without a detailed instruction (MAIR's sample of {mair.TASKS[task]})",
        sizes=mair.SIZES,
        release=mair.RELEASE,
        read=partial(mair.read_mair, task=task),
        by_hand=mair.BY_HAND,
    )


def _multiconir(domain: str, task: str) -> Entry:
    return entry(
        multiconir,
        multiconir.name_of(domain, task),
        f"{multiconir.TASKS[task].summary} ({multiconir.DOMAINS[domain]})",
        sizes=multiconir.SIZES,
        release=multiconir.RELEASE,
        read=partial(multiconir.read_multiconir, domain=domain, task=task),
        by_hand=multiconir.BY_HAND,
        views=tuple(multiconir.TASKS[task].views),
    )
