"""What the catalog knows about a benchmark before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.progress import Progress

Load = Callable[[Path | None, int | None, Progress], Benchmark]


@dataclass(frozen=True, slots=True)
class Entry:
    """One benchmark of the catalog.

    ``load`` takes the user's data directory (or None), the seed (or None) and who is told of a download's
    progress. Only generated benchmarks have a seed; only the others read the directory or are downloaded:
    from their ``release``, or from ``hub``, a data set of the Hugging Face hub that mteb loads at the revision
    that the installed mteb pins. ``by_hand`` says, where it is not empty, why the files cannot be fetched.
    ``topics`` and ``documents`` are 0 where no source says how many.
    """

    name: str
    summary: str
    views: tuple[str, ...]
    contrasts: tuple[Contrast, ...]
    measures: tuple[str, ...]
    topics: int
    documents: int
    licence: str
    load: Load
    release: Release | None = None
    hub: str = ""
    by_hand: str = ""

    @property
    def is_generated(self) -> bool:
        """Whether it is made here, from a seed, and not fetched."""
        return self.release is None and not self.hub

    @property
    def source(self) -> str:
        """Where it comes from: an address, or ``generated``."""
        if self.hub:
            return f"https://huggingface.co/datasets/{self.hub}"
        return self.release.repository if self.release else "generated"

    @property
    def size(self) -> str:
        """Views and, where their number is known, topics and documents in words."""
        topics = f"{self.topics:,} topics, " if self.topics else ""
        documents = f", {self.documents:,} documents" if self.documents else ""
        return f"{topics}{len(self.views)} view{'s' if len(self.views) != 1 else ''}{documents}"

    @property
    def download(self) -> str:
        """What has to be fetched before the first use."""
        if self.by_hand:
            return f"by hand: {self.by_hand}"
        if self.hub:
            return "by mteb, from the Hugging Face hub"
        if self.release is None:
            return "nothing"
        if not self.release.downloads:
            return "by git, at the pinned commit"
        return f"{sum(part.size for part in self.release.downloads) / 1e6:.1f} MB"

    def facts(self) -> dict[str, object]:
        """All of it for machines, in JSON's types; null where no source says."""
        return {
            "name": self.name,
            "summary": self.summary,
            "views": list(self.views),
            "contrasts": [str(contrast) for contrast in self.contrasts],
            "measures": list(self.measures),
            "topics": self.topics or None,
            "documents": self.documents or None,
            "licence": self.licence,
            "source": self.source,
            "revision": self.release.revision if self.release else None,
            "download": self.download,
        }
