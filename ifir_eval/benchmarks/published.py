"""The catalog's entries of published benchmarks that mteb does not have, each read by its own adapter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

from ifir_eval.benchmarks import birco, excluir, followtable, inf_ir, infosearch, recipe_mpr
from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.entry import Entry, Load
from ifir_eval.benchmarks.fetch import Release, locate
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.errors import IfirEvalError
from ifir_eval.progress import Progress

Read = Callable[[Path], Benchmark]


@dataclass(frozen=True)
class PublishedEntry(Entry):
    """An entry that may lack a published number of documents (then 0) and a way to fetch it.

    ``by_hand`` says, where it is not empty, why the files cannot be fetched.
    """

    by_hand: str = ""

    @property
    def size(self) -> str:
        """Topics, views and, where their number is published, documents in words."""
        return super().size if self.documents else super().size.removesuffix(", 0 documents")

    @property
    def download(self) -> str:
        """What has to be fetched before the first use."""
        return f"by hand: {self.by_hand}" if self.by_hand else super().download


def entries() -> tuple[Entry, ...]:
    """All of them, in the order in which to show them."""
    return (
        *(_infosearch(subset) for subset in infosearch.SUBSETS),
        _entry(
            excluir,
            excluir.NAME,
            "queries that want one of two documents and refuse the other",
            sizes=excluir.SIZES,
            release=excluir.RELEASE,
            read=excluir.read_excluir,
            by_hand=excluir.BY_HAND,
        ),
        _entry(
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
    )


def _entry(
    adapter: ModuleType,
    name: str,
    summary: str,
    *,
    sizes: Sizes,
    release: Release,
    read: Read,
    by_hand: str = "",
) -> Entry:
    """The entry ``name``, with the views, contrasts, measures and licence of ``adapter``."""
    return PublishedEntry(
        name=name,
        summary=summary,
        views=adapter.VIEWS,
        contrasts=adapter.CONTRASTS,
        measures=adapter.MEASURES,
        topics=sizes.topics,
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
    return _entry(
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
    return _entry(
        birco,
        birco.name_of(task),
        f"queries with and without the task's objective as instruction ({title})",
        sizes=sizes,
        release=birco.RELEASE,
        read=partial(birco.read_birco, task=task),
    )


def _inf_ir(split: str) -> Entry:
    return _entry(
        inf_ir,
        inf_ir.name_of(split),
        f"a poisoned instruction makes another passage the right one ({split} rows)",
        sizes=inf_ir.SPLITS[split],
        release=inf_ir.RELEASE,
        read=partial(inf_ir.read_inf_ir, split=split),
        by_hand=inf_ir.BY_HAND,
    )


def _followtable(collection: str) -> Entry:
    return _entry(
        followtable,
        followtable.name_of(collection),
        f"tables that satisfy an instruction about content or schema ({collection})",
        sizes=followtable.COLLECTIONS[collection],
        release=followtable.RELEASE,
        read=partial(followtable.read_followtable, collection=collection),
    )
