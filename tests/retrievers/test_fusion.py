"""Fusion by reciprocal rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_benchmarks import TEXTS, benchmark

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.benchmarks.catalog import load
from ifir_eval.errors import InstructionIgnoredError, RetrieverError, UnknownNameError
from ifir_eval.evaluation import evaluate
from ifir_eval.progress import Progress, silent
from ifir_eval.ranking.order import rank
from ifir_eval.ranking.run import Run
from ifir_eval.retrievers.fusion import Fusion
from ifir_eval.retrievers.hits import hits_of
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.retriever import Answer, Identity


class Fixed:
    """Gives every view's documents the scores that it was made with."""

    def __init__(self, name: str, scores: Mapping[str, Mapping[str, float]], text: str | None = None) -> None:
        self.identity = Identity(name, "fixed")
        self._scores = scores
        self._text = text

    def render(self, view: View) -> str | None:
        return self._text if self._text is None else self._text + view.instruction

    def answer(self, asked: Benchmark, progress: Progress) -> Answer:
        views = [view for view in asked.views() if view.id in self._scores]
        scored = {view.id: self._scores[view.id] for view in views}
        hits = {
            view.id: hits_of(view, tuple(scored[view.id]), list(scored[view.id].values())) for view in views
        }
        return Answer(Run(hits), {"seen": len(hits)}, ("odd",), {"device": "none"}, effort={"steps": 2})


def both(original: Mapping[str, float], changed: Mapping[str, float]) -> dict[str, Mapping[str, float]]:
    return {"q-original": original, "q-changed": changed}


def fused(*parts: Fixed) -> Answer:
    return Fusion("rrf:A+B", parts).answer(benchmark(candidates=tuple(TEXTS)), silent)


def test_each_list_gives_one_part_in_sixty_and_the_rank() -> None:
    one = Fixed("A", both({"d1": 3, "d2": 2, "d3": 1}, {"d1": 1, "d2": 2, "d3": 3}))
    other = Fixed("B", both({"d2": 0.9, "d4": 0.1}, {"d2": 0.1, "d4": 0.9}))
    hits = fused(one, other).run.hits["q-original"]
    found = dict(zip(hits.documents, hits.scores.tolist(), strict=True))
    expected = {"d1": 1 / 61, "d2": 1 / 62 + 1 / 61, "d3": 1 / 63, "d4": 1 / 62}
    assert found == pytest.approx(expected)
    assert rank(hits).documents == ("d2", "d1", "d4", "d3")


@given(st.tuples(*[st.permutations(list(TEXTS))] * 3))
def test_the_order_of_the_retrievers_decides_nothing(orders: Sequence[Sequence[str]]) -> None:
    scores = [{document: -place for place, document in enumerate(order)} for order in orders]
    moved = [{document: -score for document, score in each.items()} for each in scores]
    parts = [Fixed(str(number), both(*pair)) for number, pair in enumerate(zip(scores, moved, strict=True))]
    hits = [fused(*chosen).run.hits["q-original"] for chosen in (parts, parts[::-1])]
    one, other = (dict(zip(each.documents, each.scores.tolist(), strict=True)) for each in hits)
    assert one == other


def test_ties_fall_to_the_higher_document_id() -> None:
    one = Fixed("A", both({"d1": 2, "d2": 1}, {"d1": 1, "d2": 2}))
    other = Fixed("B", both({"d2": 2, "d1": 1}, {"d2": 1, "d1": 2}))
    assert rank(fused(one, other).run.hits["q-original"]).documents == ("d2", "d1")


def test_a_query_that_one_part_lacks_is_the_others() -> None:
    one = Fixed("A", {"q-original": {"d1": 2, "d2": 1}})
    other = Fixed("B", both({"d1": 2, "d2": 1}, {"d2": 2, "d1": 1}))
    assert rank(fused(one, other).run.hits["q-changed"]).documents == ("d2", "d1")


def test_scores_that_move_no_rank_are_no_ignored_instruction() -> None:
    """Fused scores were bit-equal under both views, though the instruction moved every score of both parts."""
    asked = benchmark()
    parts = [
        Fixed(name, both({"d1": 3, "d2": 2, "d3": 1}, {"d1": 3 + shift, "d2": 2 + shift, "d3": 1}))
        for name, shift in (("A", 0.25), ("B", 0.5))
    ]
    evaluation = evaluate(asked, Fusion("rrf:A+B", parts))
    assert evaluation.record.measures["p-MRR"].value == 0
    assert not any("bit-equal" in warning for warning in evaluation.record.warnings)


def test_a_part_whose_scores_ignore_the_instruction_is_named() -> None:
    hearing = Fixed("A", both({"d1": 2, "d2": 1}, {"d1": 1, "d2": 2}))
    deaf = Fixed("B", both({"d1": 2, "d2": 1}, {"d1": 2, "d2": 1}))
    with pytest.raises(InstructionIgnoredError, match="B: the instruction never reached the scores"):
        fused(hearing, deaf)


def test_a_part_whose_text_ignores_the_instruction_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    options = Options(template="{query}", cache=tmp_path)
    fusion = Fusion.build("rrf:random:0+bm25", "random:0+bm25", options)
    with pytest.raises(InstructionIgnoredError, match="bm25: the instruction does not reach the retriever"):
        fusion.answer(benchmark(), silent)


def test_what_the_parts_saw_stands_side_by_side() -> None:
    parts = [Fixed(name, both({"d1": 1, "d2": 2}, {"d1": 2, "d2": 1})) for name in ("A", "B")]
    answer = fused(*parts)
    assert answer.counts == {"1.seen": 2, "2.seen": 2}
    assert answer.environment == {"1.device": "none", "2.device": "none"}
    assert answer.effort == {"steps": 4}
    assert answer.warnings == ("A: odd", "B: odd")


def test_the_text_is_told_where_all_parts_are_asked_the_same() -> None:
    view = next(benchmark().views())
    same, other = Fixed("A", {}, "ask "), Fixed("B", {}, "beg ")
    assert Fusion("", [same, same]).render(view) == "ask Only free concerts."
    assert Fusion("", [same, other]).render(view) is None


def test_the_identity_holds_all_parts() -> None:
    identity = Fusion.build("rrf:bm25+random:3", "bm25+random:3", Options()).identity
    assert (identity.kind, identity.settings["k"]) == ("rrf", 60)
    assert (identity.settings["1.spec"], identity.settings["2.spec"]) == ("bm25", "random:3")
    assert identity.settings["1.k1"] == 1.5


def test_the_mirror_is_answered_for_all_candidates() -> None:
    asked = load("mirror").limited(2)
    fusion = Fusion.build("rrf:bm25+random:3", "bm25+random:3", Options())
    hits = fusion.answer(asked, silent).run.hits
    assert all(set(hits[view.id].documents) == set(view.candidates or ()) for view in asked.views())


@pytest.mark.parametrize("argument", ["", "bm25", "bm25+", "bm25+bm25"])
def test_fewer_than_two_retrievers_are_refused(argument: str) -> None:
    with pytest.raises(RetrieverError, match=r"two different retrievers or more, rrf:A\+B"):
        Fusion.build(f"rrf:{argument}", argument, Options())


def test_all_wrong_parts_are_told_at_once() -> None:
    with pytest.raises(UnknownNameError) as told:
        Fusion.build("rrf:bm26+oracel", "bm26+oracel", Options())
    assert "'bm26'" in str(told.value)
    assert "'oracel'" in str(told.value)
