"""Films of Wikipedia as training rows: under exact constraints on their metadata, and as titles with plots."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

from ifir_eval.benchmarks.benchmark import BARE, Benchmark, Document
from ifir_eval.benchmarks.builder import Plan, build_benchmark
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.items import read_items
from ifir_eval.benchmarks.reading import FolderReader
from ifir_eval.progress import Progress
from ifir_eval.training.rows import Row

RELEASE = Release(
    "wikipedia_movies",
    "https://github.com/prust/wikipedia-movie-data",
    "91ae721d3672e8ef4f15b213c763a634250ef61a",
)
"""Extracts are Wikipedia's text (CC BY-SA)."""

FIELDS = ("year", "genres")

_LEAST_WORDS = 40
"""Words that a plot has at least; shorter ones say little more than the title."""

_TOPICS = 2000
"""More than the films give."""

_OTHERS = 8
"""Films of the same year that serve as hard negatives of a title."""


def constrained(folder: Path, seed: int, progress: Progress) -> Benchmark:
    """Films under complementary constraints on year and genres, as ``benchmarks build`` makes them.

    Raises:
        InvalidInputError: listing every problem of the files in ``folder``.
    """
    with TemporaryDirectory() as scratch:  # the builder reads JSON lines
        corpus = Path(scratch) / "films.jsonl"
        with corpus.open("w", encoding="utf-8") as stream:
            for film in _films(folder).values():
                fields = {"_id": film.id, "text": film.text, "metadata": dict(film.metadata)}
                stream.write(json.dumps(fields, ensure_ascii=False) + "\n")
        return build_benchmark(Plan(corpus, FIELDS, "films", topics=_TOPICS, seed=seed), progress)


def plot_rows(folder: Path) -> list[Row]:
    """Rows that ask for a film by its title; hard negatives are other films of its year.

    Titles of several films are left out: they have several answers.

    Raises:
        InvalidInputError: listing every problem of the files in ``folder``.
    """
    by_title, by_year = defaultdict(list), defaultdict(list)
    for film in _films(folder).values():
        by_title[film.title.casefold()].append(film)
    alone = [films[0] for films in by_title.values() if len(films) == 1]
    for film in sorted(alone, key=lambda film: blake2b(film.id.encode()).digest()):
        by_year[film.metadata["year"]].append(film)
    return [
        Row(
            pair_id=film.id,
            view=BARE,
            query=film.title,
            instruction="",
            positive=film.text,
            hard_negatives=tuple(
                films[(place + step) % len(films)].text for step in range(1, min(_OTHERS + 1, len(films)))
            ),
        )
        for films in by_year.values()
        for place, film in enumerate(films)
    ]


def _films(folder: Path) -> Mapping[str, Document]:
    """The films with year, genres and a plot, by what identifies them; equal plots once."""
    reader = FolderReader(folder)
    films: dict[str, Document] = {}
    for path in sorted(folder.glob("movies-*.json")):
        for item in read_items(reader, path.name):
            title, plot, year = item.text("title"), item.text("extract", ""), item.integer("year")
            genres = sorted(item.strings("genres"))
            if title and plot and year and genres and len(plot.split()) >= _LEAST_WORDS:
                id_ = blake2b(plot.encode(), digest_size=8).hexdigest()
                films.setdefault(id_, Document(id_, plot, title, {"year": year, "genres": genres}))
    if not films and not reader.problems:
        reader.report("there are no films", "movies-*.json")
    reader.check("the films in")
    return films
