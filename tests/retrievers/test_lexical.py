"""BM25 scores every candidate, by the formula of Lucene."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest
from small_benchmarks import TEXTS, benchmark

from ifir_eval.progress import silent
from ifir_eval.retrievers.lexical import BM25, K1, B
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Template

DEFAULT = BM25(Template.parse(None))


def test_every_candidate_is_scored_in_a_large_corpus() -> None:
    """Trap 4: retrieving 1,000 and then filtering scored 53 of 100 candidates at 6,000 documents."""
    texts = {f"d{number}": f"choir number {number} sang" if number % 2 else "soil" for number in range(6_000)}
    candidates = tuple(f"d{number}" for number in range(0, 6_000, 60))
    hits = DEFAULT.answer(benchmark(texts, candidates), silent).run.hits["q-original"]
    assert hits.documents == candidates
    assert hits.scores.shape == (100,)


def test_scores_follow_the_formula_of_lucene_over_the_whole_corpus() -> None:
    """Sum over query words of idf * tf / (tf + k1 (1 - b + b length / mean length)), worked out by hand."""
    texts = {"d1": "choir choir church", "d2": "choir hall", "d3": "soil", "d4": "ferry pier noon boat"}
    asked = benchmark(texts, candidates=("d1", "d2", "d3"), instructions={"bare": ""})
    mean_length = 10 / 4
    idf = math.log(1 + (4 - 2 + 0.5) / (2 + 0.5))

    def expected(tf: int, length: int) -> float:
        return idf * tf / (tf + K1 * (1 - B + B * length / mean_length))

    scores = DEFAULT.answer(asked, silent).run.hits["q-bare"].scores
    assert scores.tolist() == pytest.approx([expected(2, 3), expected(1, 2), 0.0], rel=1e-6)


def test_the_instruction_reaches_the_words_and_the_template_decides_how() -> None:
    asked = benchmark(instructions={"original": "church", "changed": "hall"})
    hits = DEFAULT.answer(asked, silent).run.hits
    assert hits["q-original"].scores[0] > hits["q-changed"].scores[0]
    deaf = BM25.build("bm25", "", Options(template="{query}"))
    hits = deaf.answer(asked, silent).run.hits
    assert hits["q-original"].scores.tolist() == hits["q-changed"].scores.tolist()


@pytest.mark.parametrize("text", ["zzz", "the and of", "?"])
def test_a_query_without_known_words_scores_zero_everywhere(text: str) -> None:
    texts = {"d1": "soil", "d2": "ferry"}
    asked = benchmark(texts, candidates=None, instructions={"bare": ""}, query=text)
    assert DEFAULT.answer(asked, silent).run.hits["q-bare"].scores.tolist() == [0.0, 0.0]


def test_a_corpus_without_any_word_scores_zero_everywhere() -> None:
    """bm25s failed on it with "max() arg is an empty sequence"."""
    asked = benchmark({"d1": "a", "d2": "the", "d3": "I"}, instructions={"bare": ""})
    assert DEFAULT.answer(asked, silent).run.hits["q-bare"].scores.tolist() == [0.0, 0.0, 0.0]


def test_the_whole_corpus_is_searched_where_there_are_no_candidates() -> None:
    hits = DEFAULT.answer(benchmark(candidates=None), silent).run.hits
    assert set(hits["q-original"].documents) == set(TEXTS)


def test_scores_are_the_same_whatever_the_hash_seed() -> None:
    """bm25s numbers its stems in the order of a set, which differs from process to process."""
    script = (
        "from small_benchmarks import benchmark; from test_lexical import DEFAULT;"
        "from ifir_eval.progress import silent;"
        "print([hits.scores.tobytes().hex() for hits in DEFAULT.answer(benchmark(), silent).run.hits.values()])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
