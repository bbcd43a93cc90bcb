"""What the catalog knows about a benchmark before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast
from ifir_eval.benchmarks.fetch import Release

Load = Callable[[Path | None, int | None], Benchmark]


@dataclass(frozen=True, slots=True)
class Entry:
    """One benchmark of the catalog.

    ``load`` takes the user's data directory (or None) and the seed (or None); only generated benchmarks,
    whose ``release`` is None, have a seed, and only the others read the directory.
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

    @property
    def size(self) -> str:
        """Topics, views and documents in words."""
        return f"{self.topics:,} topics, {len(self.views)} views, {self.documents:,} documents"

    @property
    def download(self) -> str:
        """What has to be fetched before the first use."""
        if self.release is None:
            return "nothing"
        if self.release.by_hand:
            return f"by hand, as {self.release.by_hand}"
        size = sum(part.archive or part.contents[0].size for part in self.release.downloads)
        return f"{size / 1e6:.1f} MB"

    def facts(self) -> dict[str, object]:
        """All of it for machines, in JSON's types."""
        return {
            "name": self.name,
            "summary": self.summary,
            "views": list(self.views),
            "contrasts": [str(contrast) for contrast in self.contrasts],
            "measures": list(self.measures),
            "topics": self.topics,
            "documents": self.documents,
            "licence": self.licence,
            "source": self.release.repository if self.release else "generated",
            "revision": self.release.revision if self.release else None,
            "download": self.download,
        }
