"""Films with one genre whose sentence states it and the year: rows whose reversals can be checked exactly.

``python films.py FOLDER_OF_WIKIPEDIA_MOVIES OUT [ROWS [SEED]]`` writes ``corpus.jsonl`` (the films with their
metadata) and ``rows.jsonl`` (by default 320 rows). Half of the rows constrain the year within a genre, half
the genre within a decade; half have one instruction negative, half have two.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from ifir_eval.training.rows import Row, write_rows

ROWS = 320
MOST_WORDS = 18
LEAST_GAP = 8
NOUNS = {
    "Western": "westerns",
    "Comedy": "comedies",
    "Drama": "dramas",
    "Horror": "horror films",
    "Musical": "musicals",
    "War": "war films",
    "Thriller": "thrillers",
    "Mystery": "mysteries",
    "Adventure": "adventure films",
}
YEAR_WORDINGS = (
    ("Only films released after {a}.", "Only films released in {a} or earlier."),
    ("Skip films from {a} or earlier.", "Skip films released after {a}."),
    ("The film must be newer than {a}.", "The film must be from {a} or before."),
    ("Leave out films made before {b}.", "Leave out films made in {b} or later."),
)
GENRE_WORDINGS = (
    "Only {noun}.",
    "I am looking for {noun}.",
    "Restrict this to {noun}.",
    "Just show me {noun}.",
)


class Film(NamedTuple):
    """A film whose sentence states its year and its one genre."""

    title: str
    text: str
    year: int
    genre: str


def read_films(folder: Path) -> Iterator[Film]:
    """All such films of 1930 to 2009."""
    for decade in range(1930, 2010, 10):
        for entry in json.loads((folder / f"movies-{decade}s.json").read_text(encoding="utf-8")):
            sentence = re.split(r"(?<=[a-z])\.(?:\s|$)", entry.get("extract") or "", maxsplit=1)[0].strip()
            sentence = " ".join(sentence.split()[:MOST_WORDS]).rstrip(",;")
            if len(entry["genres"]) != 1 or entry["genres"][0] not in NOUNS:
                continue
            film = Film(entry["title"], f"{sentence}.", entry["year"], entry["genres"][0])
            if _states_exactly(film):
                yield film


def _states_exactly(film: Film) -> bool:
    """Whether the sentence says "is a 1953 American horror film" and no other year, and the title neither."""
    said = rf"\bis an? {film.year} (?:American |British )?{film.genre} (?:film|movie)\b"
    told = re.search(r"\d", film.title) or any(genre.casefold() in film.title.casefold() for genre in NOUNS)
    years = re.findall(r"\b(?:1[89]|20)\d\d\b", film.text)
    return bool(re.search(said, film.text, re.IGNORECASE)) and len(years) == 1 and not told


def rows(found: list[Film], count: int, rng: Random) -> Iterator[Row]:
    """``count`` rows, of the four kinds in turn."""
    by_genre: Mapping[str, list[Film]] = defaultdict(list)
    by_decade: Mapping[int, list[Film]] = defaultdict(list)
    for film in found:
        by_genre[film.genre].append(film)
        by_decade[film.year // 10 * 10].append(film)
    for number in range(count):
        two = bool(number // 2 % 2)
        pair = f"film-{number:03}"
        if number % 2:
            decade = rng.choice(sorted(by_decade))
            yield _by_genre(pair, decade, by_decade[decade], two, rng)
        else:
            genre = rng.choice(sorted(by_genre))
            yield _by_year(pair, genre, by_genre[genre], two, rng)


def _by_year(pair: str, genre: str, films: Sequence[Film], two: bool, rng: Random) -> Row:
    """Within a genre; with two negatives the target lies between the others or beyond the nearer one."""
    while True:
        target, positive, other = rng.sample(films, 3)
        gap = range(min(target.year, positive.year), max(target.year, positive.year))
        if len(gap) < LEAST_GAP or (
            two and min(abs(other.year - film.year) for film in (target, positive)) < LEAST_GAP
        ):
            continue
        above = positive.year > target.year
        if two and (other.year > positive.year if above else other.year < positive.year):
            continue  # it would keep to the old instruction
        if two and other.year in gap:
            continue
        break
    limit = rng.choice(gap[2:-3])
    after, before = rng.choice(YEAR_WORDINGS)
    wording = (after if above else before).format(a=limit, b=limit + 1)
    negatives = (target.text, other.text) if two else (target.text,)
    return Row(
        pair,
        "original",
        NOUNS[genre] if "film" in NOUNS[genre] else f"{genre.lower()} films",
        wording,
        positive.text,
        negatives,
        source="films",
    )


def _by_genre(pair: str, decade: int, films: Sequence[Film], two: bool, rng: Random) -> Row:
    """Within a decade; the three films are of three genres."""
    while True:
        positive, target, other = rng.sample(films, 3)
        if len({film.genre for film in (positive, target, other)}) == 3:  # noqa: PLR2004 - all different
            break
    wording = rng.choice(GENRE_WORDINGS).format(noun=NOUNS[positive.genre])
    negatives = (target.text, other.text) if two else (target.text,)
    return Row(pair, "original", f"films of the {decade}s", wording, positive.text, negatives, source="films")


def main(folder: str, out: str, count: str = str(ROWS), seed: str = "7") -> None:
    """Write both files."""
    found = sorted({film.text: film for film in read_films(Path(folder))}.values())
    print(f"{len(found)} films")
    into = Path(out)
    made = list(rows(found, int(count), Random(int(seed))))
    write_rows(into / "rows.jsonl", made)
    with (into / "corpus.jsonl").open("w", encoding="utf-8") as stream:
        for number, film in enumerate(found):
            metadata = {"year": film.year, "genres": [film.genre]}
            line = {"_id": f"{number}", "text": film.text, "metadata": metadata}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
