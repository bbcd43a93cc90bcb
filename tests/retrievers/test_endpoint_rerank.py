"""``rerank:MODEL`` against real servers on loopback, good and bad ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from misbehaving_server import Answer, Fault, MisbehavingServer, changed, reset, status, truncated
from served_models import cohere_rerank, hasty_client, jina_rerank, score
from small_benchmarks import TEXTS

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.catalog import load_all
from ifir_eval.encoding.encoder import Pair, Role
from ifir_eval.errors import RetrieverError
from ifir_eval.progress import silent
from ifir_eval.retrievers.endpoint.build import build_reranker
from ifir_eval.retrievers.endpoint.rerank import EndpointReranker
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import document_text

NO_PREFIXES = {Role.QUERY: "", Role.DOCUMENT: ""}
PAIRS = [Pair("choirs", text) for text in TEXTS.values()]


@pytest.fixture(scope="module")
def mirror() -> Benchmark:
    return load_all(["mirror"], None)[0].limited(2)


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IFIR_EVAL_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.mark.parametrize("answer", [cohere_rerank, jina_rerank], ids=["Cohere", "Jina"])
def test_a_served_reranker_answers_mirror_as_its_scores_say(
    answer: Answer, mirror: Benchmark, tmp_path: Path
) -> None:
    """Best first, as both send them: taken in that order, every document would have another's score."""
    with MisbehavingServer(answer) as server:
        retriever = build_reranker("rerank:m", "m", Options(base_url=server.url, cache=tmp_path))
        got = retriever.answer(mirror, silent)
    for view in mirror.views():
        hits = got.run.hits[view.id]
        expected = [
            score(retriever.render(view) or "", document_text(mirror.corpus[id_])) for id_ in hits.documents
        ]
        assert hits.scores.tolist() == pytest.approx(expected)
        assert set(hits.documents) == set(view.candidates or ())
    assert got.effort["tokens_billed"] == (0 if answer is cohere_rerank else got.counts["pairs"])
    assert retriever.identity.kind == "rerank"


def test_a_first_stage_is_reranked_and_its_effort_is_added(mirror: Benchmark, tmp_path: Path) -> None:
    with MisbehavingServer(jina_rerank) as server:
        options = Options(base_url=server.url, cache=tmp_path, first_stage="bm25", depth=5)
        answer = build_reranker("rerank:m", "m", options).answer(mirror, silent)
    assert answer.counts["pairs"] <= 5 * len(list(mirror.views()))
    assert answer.effort["tokens_billed"] == answer.counts["pairs"]


def test_scores_of_the_model_that_a_server_had_before_are_not_used(mirror: Benchmark, tmp_path: Path) -> None:
    """One request of a query is asked again as it was, for a listwise model's scores depend on the company."""
    with MisbehavingServer(jina_rerank) as server:
        options = Options(base_url=server.url, cache=tmp_path)
        first = build_reranker("rerank:m", "m", options).answer(mirror, silent)
        asked = len(server.received)
        server.becomes(shifted(0.01))
        again = build_reranker("rerank:m", "m", options).answer(mirror, silent)
        server.becomes(shifted(0.2))
        with pytest.raises(RetrieverError, match=r"its model has changed.*--no-cache"):
            build_reranker("rerank:m", "m", options).answer(mirror, silent)
        once, twice = (received.body for received in server.received[asked:])
        assert once == twice
        assert once in [received.body for received in server.received[:asked]]
    for query, hits in first.run.hits.items():
        assert again.run.hits[query].scores.tolist() == hits.scores.tolist()


def shifted(amount: float) -> Answer:
    """Every score is off by ``amount``."""

    def answer(path: str, body: Any) -> Any:
        good = jina_rerank(path, body)
        for one in good["results"]:
            one["relevance_score"] += amount
        return good

    return answer


@pytest.mark.parametrize("fault", [status(429, Retry_After="0"), truncated(), reset()])
def test_passing_failures_change_no_score(fault: Fault) -> None:
    with MisbehavingServer(cohere_rerank, fault) as server:
        reranker = EndpointReranker(hasty_client(server.url), "m", prefixes=NO_PREFIXES)
        (chunk,) = reranker.encode(PAIRS, Role.PAIR, range(5))
    assert chunk.values[:, 0].tolist() == pytest.approx([score(*pair) for pair in PAIRS])


def with_first(change: Any) -> Fault:
    return changed(lambda good: {"results": [change(good["results"][0]), *good["results"][1:]]})


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (changed(lambda good: {"results": good["results"][:3]}), "5 texts with 3 items"),
        (with_first(lambda one: {**one, "index": 9}), "index 9"),
        (with_first(lambda one: {**one, "relevance_score": None}), "None as the relevance_score"),
        (with_first(lambda one: {**one, "relevance_score": float("nan")}), "nan as the relevance_score"),
        (changed(lambda good: {"data": []}), "no list of objects named 'results'"),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused_in_a_sentence(fault: Fault, said: str) -> None:
    with MisbehavingServer(cohere_rerank, fault) as server:
        reranker = EndpointReranker(hasty_client(server.url), "m", prefixes=NO_PREFIXES)
        with pytest.raises(RetrieverError, match=said):
            list(reranker.encode(PAIRS, Role.PAIR, range(5)))


def test_documents_of_one_query_share_requests_of_a_hundred_and_prefixes_stand_before_both() -> None:
    """Pairs of two queries that stand mixed; what is cached already is not sent."""
    pairs = [Pair(query, f"text {n}") for n in range(150) for query in ("a", "b")]
    wanted = [place for place, pair in enumerate(pairs) if pair != ("b", "text 0")]
    with MisbehavingServer(cohere_rerank) as server:
        client = hasty_client(server.url, concurrency=1)
        prefixes = {Role.QUERY: "q: ", Role.DOCUMENT: "d: "}
        chunks = list(EndpointReranker(client, "m", prefixes=prefixes).encode(pairs, Role.PAIR, wanted))
        sent = [(one.body["query"], len(one.body["documents"])) for one in server.received]
    assert sent == [("q: a", 100), ("q: a", 50), ("q: b", 99), ("q: b", 50)]
    got = {item: value for chunk in chunks for item, (value,) in zip(chunk.items, chunk.values, strict=True)}
    assert sorted(got) == wanted
    assert got == pytest.approx(
        {place: score("q: " + pairs[place].query, "d: " + pairs[place].document) for place in wanted}
    )
