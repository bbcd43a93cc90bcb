"""The named sources, on the real data they are made of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.benchmarks.swap import asking
from ifir_eval.errors import UnknownNameError
from ifir_eval.training.mixes import Budget, Screen, draw, read_mix
from ifir_eval.training.rows import Row
from ifir_eval.training.sources import read_sources
from ifir_eval.training.sources.films import plot_rows

SHIPPED = Path(__file__).parents[2] / "baselines" / "mixes"


def by_pair(rows: tuple[Row, ...]) -> list[Mapping[str, Row]]:
    pairs: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        pairs[row.pair_id][row.view] = row
    return list(pairs.values())


@pytest.mark.parametrize(
    ("source", "folder", "rows"),
    [
        ("condaqa", "condaqa", 4336),
        ("instructir-seeds", "instructir_partial", 1743),
        ("film-plots", "wikipedia_movies", 19530),
        ("flagembedding", "flagembedding_toy", 30),
    ],
)
def test_a_source_has_sound_rows_of_its_own_name(
    source: str, folder: str, rows: int, shared_data: Callable[[str], Path]
) -> None:
    """None lacks a positive, has it among its negatives, or repeats a negative."""
    found = read_sources([source], Path(), shared_data(folder).parent)[source]
    assert len(found) == rows
    assert not [fault for row in found for fault in row.faults()]
    assert all(row.pair_id.startswith(f"{source}/") and row.source == source for row in found)
    assert all(row.hard_negatives for row in found)


def test_questions_of_condaqa_swap_their_passages_under_many_wordings(
    shared_data: Callable[[str], Path],
) -> None:
    """Which view is the original is drawn, and so is the wording: one sentence would teach only itself."""
    pairs = by_pair(read_sources(["condaqa"], Path(), shared_data("condaqa").parent)["condaqa"])
    assert len(pairs) == 2168
    for views in pairs:
        assert views["original"].positive in views["reversed"].instruction_negatives
        assert views["reversed"].positive in views["original"].instruction_negatives
    wordings = Counter(views["original"].instruction for views in pairs)
    assert len(wordings) == 12
    assert max(wordings.values()) < 0.15 * len(pairs)


def test_another_seed_of_mirror_train_gives_other_rows() -> None:
    found = read_sources(["mirror-train", "mirror-train@7"], Path(), None)
    pinned, seeded = ({row.positive for row in rows} for rows in found.values())
    assert len(found["mirror-train"]) == 4215
    assert len(pinned & seeded) < 0.01 * len(pinned)


def test_several_draws_are_one_source() -> None:
    """Each pair is known by its draw; weights and counts go by the name in the mix."""
    found = read_sources(["mirror-train@0-1", "mirror-train@0", "mirror-train@1"], Path(), None)
    both, *single = found.values()
    assert {row.pair_id for row in both} == {row.pair_id for rows in single for row in rows}
    assert {row.source for row in both} == {"mirror-train@0-1"}
    with pytest.raises(UnknownNameError, match="mirror-train@<first>-<last>"):
        read_sources(["mirror-train@3-1"], Path(), None)


def test_asking_topics_say_in_the_original_what_is_wanted() -> None:
    """Half of their reversals do so, too; the others forbid."""
    source = "mirror-train-asking"
    rows = read_sources([source], Path(), None)[source]
    topics = asking(load_mirror("train")).topics
    originals = {(row.query, row.instruction) for row in rows if row.view == "original"}
    asked = [topic.views["original"] for topic in topics]
    assert originals == {(view.query, view.instruction) for view in asked}
    assert Counter(topic.slices["polarity"] for topic in topics) == {
        "positive/positive": 40,
        "positive/negative": 40,
    }


def test_hard_negatives_of_a_title_are_films_of_its_year(shared_data: Callable[[str], Path]) -> None:
    """By their texts, which mostly name it."""
    rows = plot_rows(shared_data("wikipedia_movies"))
    year = {row.positive: row for row in rows}
    shared = [
        any(f" {number} " in f" {text} " for text in row.hard_negatives)
        for row in rows[:200]
        for number in range(1900, 2024)
        if f" {number} American" in row.positive
    ]
    assert len(year) == len(rows)
    assert sum(shared) > 0.95 * len(shared)


def test_the_shipped_diversity_draws_what_it_says_from_the_published_data(
    shared_data: Callable[[str], Path],
) -> None:
    """Its ordinary part alone: the films under constraints take half a minute to build."""
    mix = read_mix(SHIPPED / "diversity-heavy.toml")
    ordinary = replace(mix, parts=(replace(mix.parts[1], share=1.0),))
    found = draw(ordinary, Budget(rows=500), shared_data("instructir_partial").parent, Screen([]))
    assert found.sources == {"instructir-seeds": 352, "film-plots": 118, "flagembedding": 30}
    assert found.views == {"bare": 500}
