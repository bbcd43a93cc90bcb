"""``openai:MODEL`` against real servers on loopback, good and bad ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from misbehaving_server import (
    Fault,
    MisbehavingServer,
    changed,
    echoing,
    good_one,
    reset,
    slow,
    status,
    truncated,
)
from served_models import embeddings, hasty_client, vector
from small_benchmarks import TEXTS, benchmark

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.catalog import load_all
from ifir_eval.campaign import Campaign
from ifir_eval.encoding.cache import VectorCache
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.once import encode_once
from ifir_eval.errors import IfirEvalError, IncompleteError, RetrieverError
from ifir_eval.progress import Advance, silent
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.endpoint.batches import batches, estimated_tokens
from ifir_eval.retrievers.endpoint.build import build_embedder, build_reranker
from ifir_eval.retrievers.endpoint.embeddings import EndpointEmbedder
from ifir_eval.retrievers.endpoint.served import Served
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Template, document_text
from ifir_eval.retrievers.retriever import Answer, Retriever

SECRET = "sk-0123456789abcdef"
NO_PREFIXES = {Role.QUERY: "", Role.DOCUMENT: ""}


@pytest.fixture(scope="module")
def mirror() -> Benchmark:
    return load_all(["mirror"], None)[0].limited(2)


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IFIR_EVAL_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def hasty(url: str, cache: Path, **client: Any) -> Served:
    """What ``openai:m`` builds, but with little patience."""
    asked = hasty_client(url, **client)
    embedder = EndpointEmbedder(asked, "m", prefixes=NO_PREFIXES)
    template = Template.parse(None)
    return Served(ByVectors("openai:m", "openai", embedder, template, VectorCache(cache)), asked)


def expected_scores(asked: Benchmark, retriever: Retriever) -> dict[str, dict[str, float]]:
    """Cosines of the vectors themselves, one pair at a time."""

    def cosine(query: str, document: str) -> float:
        one, other = vector(query).astype(float), vector(document).astype(float)
        return float(one @ other / np.sqrt((one @ one) * (other @ other)))

    return {
        view.id: {
            id_: cosine(retriever.render(view) or "", document_text(asked.corpus[id_]))
            for id_ in view.candidates or ()
        }
        for view in asked.views()
    }


def check_run(asked: Benchmark, retriever: Retriever, answer: Any) -> None:
    for query, scores in expected_scores(asked, retriever).items():
        hits = answer.run.hits[query]
        got = dict(zip(hits.documents, hits.scores.tolist(), strict=True))
        assert got == pytest.approx(scores, abs=1e-6)


def scores_of(answer: Answer) -> dict[str, list[float]]:
    return {query: hits.scores.tolist() for query, hits in answer.run.hits.items()}


def reordered(reply: Any) -> Any:
    return {**reply, "data": reply["data"][::-1]}


def in_base64(reply: Any) -> Any:
    def written(numbers: list[float]) -> str:
        return base64.b64encode(np.array(numbers, dtype="<f4").tobytes()).decode()

    return {**reply, "data": [{**one, "embedding": written(one["embedding"])} for one in reply["data"]]}


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [status(429, Retry_After="0.1"), status(500), status(500)],
        [slow(1)],
        [truncated(), reset()],
        [changed(reordered), changed(in_base64)],
    ],
    ids=["good", "429 and 500", "slow", "cut off", "reordered and base64"],
)
def test_a_served_model_answers_mirror_as_its_vectors_say_whatever_the_server_does(
    faults: list[Fault], mirror: Benchmark, tmp_path: Path
) -> None:
    with MisbehavingServer(embeddings, *faults) as server:
        retriever = hasty(server.url, tmp_path, timeout=0.5)
        check_run(mirror, retriever, retriever.answer(mirror, silent))


def test_a_second_answer_asks_one_text_again_and_nothing_else(mirror: Benchmark, tmp_path: Path) -> None:
    """To see that the model behind the server is still that of the cached vectors."""
    with MisbehavingServer(embeddings) as server:
        first = hasty(server.url, tmp_path).answer(mirror, silent)
        asked = len(server.received)
        again = hasty(server.url, tmp_path).answer(mirror, silent)
        (check,) = server.received[asked:]
    assert len(check.body["input"]) == 1
    assert first.effort["requests"] == asked
    assert (again.effort["requests"], again.effort["texts_computed"]) == (1, 0)
    assert (again.counts, again.warnings) == (first.counts, first.warnings)


def served_as(noise: float) -> Callable[[str, Any], Any]:
    """The model, each vector moved by ``noise`` times its length in a direction of its own."""

    def answer(path: str, body: Any) -> Any:
        good = embeddings(path, body)
        for text, one in zip(body["input"], good["data"], strict=True):
            meant, aside = vector(text), vector(f"{text} again")
            one["embedding"] = (meant + noise * np.linalg.norm(meant) / np.linalg.norm(aside) * aside).tolist()
        return good

    return answer


@pytest.mark.parametrize("finished", [True, False])
def test_vectors_of_the_model_that_a_server_had_before_are_not_used(
    finished: bool, mirror: Benchmark, tmp_path: Path
) -> None:
    """A server with another checkpoint under the same name got the old one's vectors, or a run mixed both."""
    with MisbehavingServer(embeddings) as server:
        hasty(server.url, tmp_path).answer(mirror if finished else mirror.limited(1), silent)
        kept = {file: file.read_bytes() for file in tmp_path.rglob("*.vectors")}
        server.becomes(served_as(0.1))
        asked = len(server.received)
        with pytest.raises(RetrieverError, match=r"its model has changed; .*--no-cache") as caught:
            hasty(server.url, tmp_path).answer(mirror, silent)
        assert len(server.received) == asked + 1
    assert server.url in str(caught.value)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.vectors")} == kept


def test_the_rounding_of_a_server_is_not_taken_for_another_model(mirror: Benchmark, tmp_path: Path) -> None:
    """A server batches, and half precision then rounds otherwise: here 2% of a vector's length."""
    with MisbehavingServer(embeddings) as server:
        first = hasty(server.url, tmp_path).answer(mirror, silent)
        server.becomes(served_as(0.02))
        again = hasty(server.url, tmp_path).answer(mirror, silent)
    assert (scores_of(again), again.warnings) == (scores_of(first), first.warnings)


def test_finished_vectors_answer_without_their_server_and_say_so(mirror: Benchmark, tmp_path: Path) -> None:
    """What was not seen is told, and one try is enough for it; unfinished ones must not be mixed, and fail."""
    with MisbehavingServer(embeddings) as server:
        first = hasty(server.url, tmp_path).answer(mirror.limited(1), silent)
    again = hasty(server.url, tmp_path).answer(mirror.limited(1), silent)
    assert scores_of(again) == scores_of(first)
    assert again.effort["requests"] == 1
    assert [warning for warning in again.warnings if "nobody has seen whether" in warning]
    with pytest.raises(IncompleteError):
        hasty(server.url, tmp_path).answer(mirror, silent)


def test_work_that_is_cut_off_keeps_what_was_finished_and_goes_on_with_the_rest(tmp_path: Path) -> None:
    """From the third request on the server fails; the second time only what is missing is asked."""
    texts = [f"text {number}" for number in range(160)]
    space = VectorCache(tmp_path).space({"of": "this test"})
    with MisbehavingServer(embeddings, good_one, good_one, *[status(500)] * 8) as server:
        embedder = EndpointEmbedder(hasty_client(server.url, concurrency=1), "m", prefixes=NO_PREFIXES)
        with pytest.raises(IncompleteError):
            encode_once(embedder, space, texts, Role.DOCUMENT, silent)
        before = len(server.received)
        encoded = encode_once(embedder, space, texts, Role.DOCUMENT, silent)
        assert encoded.computed == 160 - 64
        rest = {text for received in server.received[before:] for text in received.body["input"]}
    assert rest == set(texts[64:])
    np.testing.assert_array_equal(encoded.of(texts).values, [vector(text) for text in texts])


def with_first(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """The first item of a good answer becomes what ``change`` makes of it."""
    return changed(lambda good: {**good, "data": [change(good["data"][0]), *good["data"][1:]]})


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            with_first(lambda one: {**one, "embedding": one["embedding"][:7]}),
            "16 dimensions .* after vectors of 7",
        ),
        (with_first(lambda one: {**one, "index": 1}), "5 items of index 1, 1, 2"),
        (with_first(lambda one: {"embedding": one["embedding"]}), "index None, 1"),
        (changed(lambda good: {**good, "data": good["data"][1:]}), "5 texts with 4 items of index 1, 2"),
        (changed(lambda good: {"embeddings": []}), "no list of objects named 'data'"),
        (changed(lambda good: ["what"]), "no list of objects named 'data'"),
        (
            with_first(lambda one: {**one, "embedding": [float("nan")] * 16}),
            "NaN or infinity for the text 'The choir",
        ),
        (with_first(lambda one: {**one, "embedding": [1e300] * 16}), "NaN or infinity"),
        (with_first(lambda one: {**one, "embedding": [None] * 16}), "NaN or infinity"),
        (with_first(lambda one: {**one, "embedding": [0] * 16}), "only zeros"),
        (with_first(lambda one: {**one, "embedding": [[1, 2]]}), "no vector"),
        (with_first(lambda one: {**one, "embedding": "not base64"}), "no vector"),
        (with_first(lambda one: {"index": 0}), "no vector"),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused_in_a_sentence(fault: Fault, said: str) -> None:
    with MisbehavingServer(embeddings, fault) as server:
        embedder = EndpointEmbedder(hasty_client(server.url), "m", prefixes=NO_PREFIXES)
        with pytest.raises(RetrieverError, match=said):
            list(embedder.encode(list(TEXTS.values()), Role.DOCUMENT, range(5)))
        assert len(server.received) == 1


def test_vectors_of_changing_dimension_are_refused() -> None:
    """A second request answered by another model."""
    shorter = changed(lambda good: {**good, "data": [{**one, "embedding": [1.0]} for one in good["data"]]})
    with MisbehavingServer(embeddings, good_one, shorter) as server:
        embedder = EndpointEmbedder(hasty_client(server.url, concurrency=1), "m", prefixes=NO_PREFIXES)
        with pytest.raises(RetrieverError, match="1 dimensions for the text 'text 32', after vectors of 16"):
            list(embedder.encode([f"text {n}" for n in range(40)], Role.DOCUMENT, range(40)))


def test_chunks_come_in_order_though_the_first_answer_comes_last() -> None:
    with MisbehavingServer(embeddings, slow(0.2), slow(0.1)) as server:
        embedder = EndpointEmbedder(hasty_client(server.url), "m", prefixes=NO_PREFIXES)
        chunks = list(embedder.encode([f"text {n}" for n in range(100)], Role.DOCUMENT, range(100)))
    assert np.concatenate([chunk.items for chunk in chunks]).tolist() == list(range(100))


@given(
    st.lists(st.integers(1, 50), max_size=60),
    st.integers(1, 100),
    st.integers(1, 10),
)
def test_batches_keep_the_order_and_the_limits_and_are_as_full_as_can_be(
    sizes: list[int], tokens: int, most: int
) -> None:
    planned = list(batches(dict(enumerate(sizes)), tokens=tokens, most=most))
    assert [item for batch in planned for item in batch] == list(range(len(sizes)))
    for batch in planned:
        assert len(batch) <= most
        assert len(batch) == 1 or sum(sizes[item] for item in batch) <= tokens
    for batch, after in pairwise(planned):
        assert len(batch) == most or sum(sizes[item] for item in [*batch, after[0]]) > tokens


def test_batch_tokens_bounds_the_estimated_tokens_of_a_request() -> None:
    texts = ["x" * 400] * 5
    with MisbehavingServer(embeddings) as server:
        embedder = EndpointEmbedder(hasty_client(server.url), "m", prefixes=NO_PREFIXES, batch_tokens=210)
        list(embedder.encode(texts, Role.DOCUMENT, range(5)))
        assert sorted(len(received.body["input"]) for received in server.received) == [1, 2, 2]
    assert estimated_tokens(texts[0]) == 101


def test_prefixes_reach_the_server_and_the_identity(tmp_path: Path) -> None:
    options = Options(query_prefix="query: ", document_prefix="passage: ", cache=tmp_path)
    with MisbehavingServer(embeddings) as server:
        retriever = build_embedder("openai:m", "m", replace(options, base_url=server.url))
        retriever.answer(benchmark(), silent)
        sent = {text for received in server.received for text in received.body["input"]}
    assert {text for text in sent if not text.startswith(("query: choir", "passage: "))} == set()
    assert retriever.identity.settings["query_prefix"] == "query: "


def test_tokens_and_cost_are_counted_as_the_server_bills_them_and_shown_as_they_come(tmp_path: Path) -> None:
    shown: list[tuple[str, int]] = []

    @contextmanager
    def bar(task: str, *, total: int) -> Iterator[Advance]:
        def advance(count: int = 1, /) -> None:
            shown.append((task, count))

        yield advance

    with MisbehavingServer(embeddings, status(500)) as server:
        answer = hasty(server.url, tmp_path, price=2.0).answer(benchmark(), bar)
        words = sum(len(text.split()) for received in server.received[1:] for text in received.body["input"])
        host = server.url.removeprefix("http://").removesuffix("/v1")
    assert answer.effort == {
        "texts_computed": 5,
        "requests": 3,
        "retries": 1,
        "tokens_billed": words,
        "cost": pytest.approx(words * 2e-6),
    }
    billed = [count for task, count in shown if task == f"tokens billed by {host} at 2 a million"]
    assert sum(billed) == words


def test_no_cost_is_told_where_the_server_does_not_say_its_tokens(tmp_path: Path) -> None:
    def silent_about_usage(path: str, body: Any) -> Any:
        return {"data": embeddings(path, body)["data"]}

    with MisbehavingServer(silent_about_usage) as server:
        answer = hasty(server.url, tmp_path, price=2.0).answer(benchmark(), silent)
    assert answer.effort["tokens_billed"] == 0
    assert "cost" not in answer.effort


@pytest.mark.parametrize("code", [200, 401])
def test_the_key_is_in_no_record_run_page_or_message(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IFIR_EVAL_API_KEY", SECRET)
    faults = [echoing(401)] * 8 if code == 401 else []
    with MisbehavingServer(embeddings, *faults) as server:
        retriever = build_embedder("openai:m", "m", Options(base_url=server.url, cache=tmp_path / "cache"))
        outcome = Campaign(tmp_path / "results").carry_out([benchmark()], [retriever])
        assert server.received[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert len(outcome.records) == (code == 200)
    assert ("Bearer ***" in str(outcome.failures)) == (code == 401)
    written = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    told = "".join([*capfd.readouterr(), repr(outcome), repr(retriever), repr(asdict(retriever.identity))])
    assert not any(SECRET.encode() in content for content in [*written, told.encode()])


def test_the_record_says_that_no_revision_is_known(tmp_path: Path) -> None:
    with MisbehavingServer(embeddings) as server:
        retriever = build_embedder("openai:m", "m", Options(base_url=f"{server.url}/", cache=tmp_path))
        answer = retriever.answer(benchmark(), silent)
        assert retriever.identity.settings["base_url"] == server.url
    assert retriever.identity.kind == "openai"
    assert retriever.identity.settings["revision"] == "unknown, served"
    assert "may change it without notice" in answer.warnings[-1]
    json.dumps(asdict(retriever.identity))


@pytest.mark.parametrize(("build", "spec"), [(build_embedder, "openai:m"), (build_reranker, "rerank:m")])
def test_options_that_reach_no_server_are_refused(build: Callable[..., Served], spec: str) -> None:
    """They were ignored, and the record of the plain model seemed to be that of the adapted one."""
    given = Options(adapter="org/lora", pooling="cls", max_length=64, base_url="http://a/v1")
    with pytest.raises(IfirEvalError) as caught:
        build(spec, "m", given)
    assert "takes no --pooling, --adapter; leave that out" in str(caught.value)
    assert "takes no --max-length" in str(caught.value)
    # Device and dtype are for the models of this machine that the same command may name beside it.
    build(
        spec, "m", replace(Options(query_prefix="q: ", device="cpu", dtype="float16"), base_url="http://a/v1")
    )


def test_what_a_served_reranker_hands_to_its_first_stage_is_not_refused() -> None:
    first = f"org/model@{'0' * 40}"
    options = Options(base_url="http://a/v1", first_stage=first, pooling="cls", dtype="float16")
    settings = build_reranker("rerank:m", "m", options).identity.settings
    assert (settings["first_stage.pooling"], settings["first_stage.dtype"]) == ("cls", "float16")


def test_models_of_different_servers_or_prefixes_do_not_share_vectors(tmp_path: Path) -> None:
    """docs/methods.md, trap 1: one got the other's vectors."""

    def identity(**given: Any) -> Any:
        options = Options(**{"base_url": "http://127.0.0.1:1/v1", "cache": tmp_path, **given})
        return build_embedder("openai:m", "m", options).identity

    different = [identity(), identity(base_url="http://127.0.0.1:2/v1"), identity(document_prefix="passage: ")]
    assert len({json.dumps(asdict(one)) for one in different}) == 3
    assert identity(concurrency=1, price=3.0) == identity()
