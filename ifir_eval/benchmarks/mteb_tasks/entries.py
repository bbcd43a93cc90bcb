"""The benchmarks that mteb loads, by name. Facts stand here so that listing them does not import mteb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.entry import Entry
from ifir_eval.benchmarks.mteb_tasks.loading import load_mteb
from ifir_eval.benchmarks.mteb_tasks.shapes import shape_of
from ifir_eval.benchmarks.mteb_tasks.task import Selection
from ifir_eval.progress import Progress

#: ``mteb:<TaskName>`` or ``mteb:<TaskName>:<subset>``.
PREFIX = "mteb:"


def selection(name: str) -> Selection:
    """What ``mteb:NevIR`` or ``mteb:mFollowIR:fas`` selects."""
    task, _, subset = name.removeprefix(PREFIX).partition(":")
    return Selection(task, subset)


def entries() -> tuple[Entry, ...]:
    """All of them, in the order in which to show them."""
    return (*_followir(), *_mfollowir(), *_single(), *_ifir(), *_bright())


def groups() -> Mapping[str, tuple[str, ...]]:
    """Names that stand for several benchmarks: ``followir`` for its three sets, and so on."""
    families = {"followir": _followir, "mfollowir": _mfollowir, "ifir": _ifir, "bright": _bright}
    return {family: tuple(entry.name for entry in members()) for family, members in families.items()}


def selections() -> Mapping[Selection, Entry]:
    """The entry of each selection."""
    return {entry.load.chosen: entry for entry in entries() if isinstance(entry.load, _Loader)}


@dataclass(frozen=True, slots=True)
class _Loader:
    """Loads what ``chosen`` selects under the name that we give it."""

    name: str
    chosen: Selection

    def __call__(self, data: Path | None, seed: int | None, progress: Progress) -> Benchmark:
        del seed, progress  # nothing is drawn, and the hub's client shows its own progress
        return load_mteb(self.name, self.chosen, data)


def _entry(
    name: str, chosen: Selection, hub: str, summary: str, sizes: tuple[int, int], *, licence: str = "mit"
) -> Entry:
    shape = shape_of(chosen.task, "ndcg_at_10")
    topics, documents = sizes
    return Entry(
        name=name,
        summary=summary,
        views=shape.views,
        contrasts=shape.contrasts,
        measures=shape.measures,
        topics=topics,
        documents=documents,
        licence=licence,
        load=_Loader(name, chosen),
        hub=hub,
    )


def _followir() -> tuple[Entry, ...]:
    sizes = {"Robust04": (52, 47_492), "News21": (32, 30_921), "Core17": (20, 19_899)}
    return tuple(
        _entry(
            f"followir-{source.lower()}",
            Selection(f"{source}InstructionRetrieval"),
            f"mteb/{source}InstructionRetrieval",
            f"FollowIR: narratives of TREC {source}, and made stricter ('followir': all three sets)",
            size,
        )
        for source, size in sizes.items()
    )


def _mfollowir() -> tuple[Entry, ...]:
    languages = {
        "fas": ("Persian", (40, 41_189)),
        "rus": ("Russian", (40, 39_326)),
        "zho": ("Chinese", (43, 41_120)),
    }
    return tuple(
        _entry(
            f"mfollowir-{language}",
            Selection("mFollowIR", language),
            "jhu-clsp/mFollowIR-parquet-mteb",
            f"FollowIR in {spoken}: NeuCLIR narratives, and made stricter ('mfollowir': all six)",
            size,
            licence="odc-by",
        )
        for language, (spoken, size) in languages.items()
    ) + tuple(
        _entry(
            f"mfollowir-eng-{language}",
            Selection("mFollowIRCrossLingual", f"eng-{language}"),
            "jhu-clsp/mFollowIR-cross-lingual-parquet-mteb",
            f"the same over {spoken} documents, asked in English",
            size,
            licence="odc-by",
        )
        for language, (spoken, size) in languages.items()
    )


def _single() -> tuple[Entry, ...]:
    return (
        _entry(
            "instructir",
            Selection("InstructIR"),
            "mteb/InstructIR-mteb",
            "each query under six to ten users' instructions, each with its own passage",
            (1267, 16_072),
        ),
        _entry(
            "nevir",
            Selection("NevIR"),
            "orionweller/NevIR-mteb",
            "two questions that differ in negation, over two passages that do",
            (1383, 5112),
        ),
    )


def _ifir() -> tuple[Entry, ...]:
    subsets = {
        "Aila": ("aila", "legal cases", (85, 2914)),
        "Cds": ("cds", "clinical decision support", (42, 633_955)),
        "FiQA": ("fiqa", "financial advice", (1718, 57_638)),
        "Fire": ("fire", "legal precedents", (167, 1745)),
        "NFCorpus": ("nfcorpus", "nutrition and medicine", (86, 3633)),
        "Pm": ("pm", "precision medicine", (172, 241_006)),
        "Scifact": ("scifact_open", "scientific claims", (152, 500_000)),
    }
    return tuple(
        _entry(
            f"ifir-{task.lower()}",
            Selection(f"IFIR{task}"),
            f"if-ir/{hub}",
            f"IFIR: instructions of experts, {field} ('ifir': all seven sets)",
            size,
        )
        for task, (hub, field, size) in subsets.items()
    )


def _bright() -> tuple[Entry, ...]:
    sizes = {
        "Biology": (103, 57_359),
        "EarthScience": (116, 121_249),
        "Economics": (103, 50_220),
        "Psychology": (101, 52_835),
        "Robotics": (101, 61_961),
        "Stackoverflow": (117, 107_081),
        "SustainableLiving": (108, 60_792),
        "Pony": (112, 7894),
        "Leetcode": (142, 413_932),
        "Aops": (111, 188_002),
        "TheoremQATheorems": (65, 23_839),
        "TheoremQAQuestions": (205, 188_002),
    }
    return tuple(
        _entry(
            f"bright-{domain.lower()}",
            Selection(f"Bright{domain}Retrieval"),
            "mteb/BRIGHT",
            "BRIGHT: questions whose answers take reasoning to find ('bright': all twelve sets)",
            size,
            licence="cc-by-4.0",
        )
        for domain, size in sizes.items()
    )
