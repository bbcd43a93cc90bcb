"""Late interaction, sparse and static retrievers answer the mirror benchmark, and the instruction arrives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.errors import RetrieverError
from ifir_eval.evaluation import evaluate
from ifir_eval.progress import silent
from ifir_eval.retrievers import late_interaction, sparse, static
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Template, document_text

pytest.importorskip("sentence_transformers", minversion="6.0")
pytest.importorskip("model2vec")

import library_models

KINDS: dict[str, tuple[Any, Callable[..., Path]]] = {
    "colbert": (late_interaction.build, library_models.pylate),
    "splade": (sparse.build, library_models.splade),
    "static": (static.build, library_models.static),
}


@pytest.fixture(scope="module")
def mirror() -> Benchmark:
    return load_mirror().limited(2)


@pytest.fixture(scope="module")
def words() -> list[str]:
    some = load_mirror().limited(48)
    asked = [Template.parse(None).render(view).text for view in some.views()]
    return [*asked, *(document_text(document) for document in some.documents_asked_for())]


@pytest.fixture(scope="module", params=KINDS)
def spec(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> str:
    folder = KINDS[request.param][1](tmp_path_factory.mktemp(request.param), words)
    return f"{request.param}:{folder}"


def build(spec: str, cache: Path, **options: Any) -> ByVectors:
    kind, _, argument = spec.partition(":")
    settings = {"device": "cpu", "cache": cache, "max_length": 96, **options}
    found: ByVectors = KINDS[kind][0](spec, argument, Options(**settings))
    return found


def test_the_mirror_is_answered_and_a_second_run_encodes_nothing(
    spec: str, mirror: Benchmark, tmp_path: Path
) -> None:
    first = evaluate(mirror, build(spec, tmp_path))
    assert first.record.retriever["kind"] == spec.partition(":")[0]
    assert set(mirror.measures) <= first.record.measures.keys()
    answers = [build(spec, tmp_path).answer(mirror, silent) for _ in range(2)]
    assert [answer.effort["texts_computed"] for answer in answers] == [0, 0]
    for query, hits in answers[0].run.hits.items():
        assert hits.scores.tobytes() == answers[1].run.hits[query].scores.tobytes()


def test_the_same_texts_give_the_same_bytes_in_a_fresh_cache(
    spec: str, mirror: Benchmark, tmp_path: Path
) -> None:
    runs = [build(spec, tmp_path / name).answer(mirror, silent).run for name in ("a", "b")]
    for query, hits in runs[0].hits.items():
        assert hits.scores.tobytes() == runs[1].hits[query].scores.tobytes()


def test_without_the_instruction_in_the_template_all_views_score_bit_equal(
    spec: str, mirror: Benchmark, tmp_path: Path
) -> None:
    """So the instruction is what makes the scores differ where it is in the template."""
    views = mirror.topics[0].views
    for template, is_equal in (("{query}", True), ("default", False)):
        hits = build(spec, tmp_path, template=template).answer(mirror, silent).run.hits
        one, other = (hits[views[name].id].scores for name in ("original", "reversed"))
        assert np.array_equal(one, other) is is_equal


def test_what_is_cut_is_counted(spec: str, mirror: Benchmark, tmp_path: Path) -> None:
    """The instruction stands last, so at 8 tokens most are cut into."""
    counts = build(spec, tmp_path, max_length=8).answer(mirror, silent).counts
    assert counts["max_length"] == 8
    assert counts["documents_truncated"] == len(mirror.documents_asked_for())
    assert 0 < counts["instructions_truncated"] <= counts["queries_truncated"]


def test_the_dimension_of_a_sparse_vector_is_that_of_its_vocabulary(
    words: list[str], mirror: Benchmark, tmp_path: Path
) -> None:
    """Not 2, for the index and the weight that are kept of each word that has one."""
    folder = library_models.splade(tmp_path / "splade", words)
    counts = build(f"splade:{folder}", tmp_path).answer(mirror, silent).counts
    assert counts["dimension"] == len(library_models.tokenizer(words))


def test_a_colbert_says_where_its_queries_end(words: list[str], mirror: Benchmark, tmp_path: Path) -> None:
    """With the limit of documents for both, cut instructions were counted as 0 and nothing was said."""
    folder = library_models.pylate(tmp_path / "colbert", words, query_length=16)
    answer = build(f"colbert:{folder}", tmp_path, max_length=None).answer(mirror, silent)
    assert answer.counts["max_length"] == 16
    assert 0 < answer.counts["instructions_truncated"] <= answer.counts["queries_truncated"]
    assert "queries are longer than 16 tokens and were cut" in answer.warnings[0]
    assert "documents are longer than 100 tokens and were cut" in answer.warnings[1]


def test_two_models_and_two_lengths_have_their_own_identities(
    spec: str, words: list[str], tmp_path: Path
) -> None:
    """Trap 2: two checkpoints shared a key, and the second reported the first one's score."""
    other = KINDS[spec.partition(":")[0]][1](tmp_path / "other", words[:50])
    found = [
        build(spec, tmp_path).identity,
        build(spec, tmp_path, max_length=95).identity,
        build(spec, tmp_path, template="instruction-first").identity,
        build(f"{spec.partition(':')[0]}:{other}", tmp_path).identity,
    ]
    assert len({tuple(identity.settings.items()) for identity in found}) == len(found)
    assert build(spec, tmp_path / "elsewhere", batch_tokens=64).identity == found[0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_names_no_model_is_refused_with_the_remedy(kind: str, tmp_path: Path) -> None:
    with pytest.raises(RetrieverError, match=rf"names no model; write {kind}:org/model"):
        build(f"{kind}:", tmp_path)
    with pytest.raises(RetrieverError, match="there is no folder"):
        build(f"{kind}:{tmp_path}/nowhere", tmp_path)


def test_no_option_is_left_out_in_silence(spec: str, tmp_path: Path) -> None:
    """Pooling and backend were taken and ignored."""
    with pytest.raises(RetrieverError, match=r"takes no --pooling, --append-eos, --adapter, --backend; leave"):
        build(spec, tmp_path, adapter="org/lora", pooling="cls", append_eos=True, backend="openvino")


def test_a_bag_of_tokens_does_not_follow_an_instruction_and_its_reversal(
    words: list[str], tmp_path: Path
) -> None:
    """Both name the same thing, wanted or not, so it keeps preferring one document (chance: 25% and 50%)."""
    folder = library_models.static(tmp_path / "static", words)
    record = evaluate(load_mirror().limited(48), build(f"static:{folder}", tmp_path)).record
    assert record.measures["swap-accuracy"].value < 0.2
    assert record.measures["topic-lock"].value > 0.6
