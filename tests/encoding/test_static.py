"""Static embeddings are those of model2vec, with nothing cut in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Ragged, Role
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.static import StaticEmbedder
from ifir_eval.errors import RetrieverError

model2vec = pytest.importorskip("model2vec")
pytest.importorskip("sentence_transformers")

import library_models  # noqa: E402 - needs the packages above
from sentence_transformers.util import cos_sim  # noqa: E402 - likewise

TEXTS = [
    "the choir sang in the old church, and entry was free.",
    "potatoes are best planted when the soil has warmed.",
    "zymurgy a ferry zymurgy leaves at noon",
    "noon",
    "zymurgy",
    "old church " * 40,
]
KNOWN = [text.replace("zymurgy", "") for text in TEXTS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library_models.static(tmp_path_factory.mktemp("static"), KNOWN)


def embedder(folder: Path, **settings: Any) -> StaticEmbedder:
    return StaticEmbedder(LocalModel(folder), ModelSettings(**settings))


def encode(model: StaticEmbedder, texts: list[str], role: Role = Role.DOCUMENT) -> NDArray[np.float32]:
    return np.concatenate([chunk.values for chunk in model.encode(texts, role, range(len(texts)))])


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("max_length", [512, 7, None])
def test_vectors_are_those_of_model2vec(tmp_path: Path, normalize: bool, max_length: int | None) -> None:
    """Unknown words do not count, a text of unknown words alone is zero, and tokens are cut alike."""
    folder = library_models.static(tmp_path, KNOWN, normalize=normalize, max_length=max_length)
    reference = model2vec.StaticModel.from_pretrained(folder)
    reference.median_token_length = 99  # of so small a vocabulary it is short, and characters would be cut
    expected = reference.encode(TEXTS)
    np.testing.assert_allclose(encode(embedder(folder), TEXTS), expected, atol=1e-6)
    assert not expected[4].any()


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_quantised_tables_and_vocabularies_give_the_vectors_of_model2vec(tmp_path: Path, dtype: str) -> None:
    words = library_models.tokenizer(KNOWN).backend_tokenizer
    draw = np.random.default_rng(0)
    table = (draw.standard_normal((5, 16)) * 30).astype(dtype)
    mapping = draw.integers(0, 5, words.get_vocab_size())
    weights = draw.random(words.get_vocab_size()).astype(np.float32)
    model2vec.StaticModel(table, words, weights=weights, token_mapping=mapping).save_pretrained(tmp_path)
    expected = model2vec.StaticModel.from_pretrained(tmp_path).encode(TEXTS)
    np.testing.assert_allclose(encode(embedder(tmp_path), TEXTS), expected, rtol=2e-3, atol=1e-2)


def test_a_text_has_the_same_bytes_whatever_stands_beside_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = embedder(folder)
    whole = encode(model, TEXTS)
    for place, text in enumerate(TEXTS):
        assert encode(model, [text]).tobytes() == whole[place].tobytes()
    monkeypatch.setattr("ifir_eval.encoding.static._TEXTS_AT_ONCE", 2)
    chunks = list(model.encode(TEXTS, Role.DOCUMENT, [5, 0, 3]))
    assert [chunk.items.tolist() for chunk in chunks] == [[5, 0], [3]]
    assert np.concatenate([chunk.values for chunk in chunks]).tobytes() == whole[[5, 0, 3]].tobytes()


def test_tokens_are_counted_before_they_are_cut(folder: Path) -> None:
    model = embedder(folder, max_length=7)
    (chunk,) = model.encode(TEXTS, Role.DOCUMENT, range(len(TEXTS)))
    assert chunk.tokens.tolist() == [13, 10, 7, 1, 1, 80]
    assert (model.limit, embedder(folder).limit) == (7, 512)
    assert model.loses(TEXTS[0], 20, 40, Role.QUERY)
    assert not model.loses(TEXTS[0], 0, 20, Role.QUERY)
    assert not model.loses(TEXTS[5], 9, 9, Role.QUERY)


def test_long_words_are_not_taken_for_many_tokens(tmp_path: Path) -> None:
    """model2vec cuts characters before tokens: of 12 words that fit into 12 tokens it reads fewer."""
    short, long_ = [chr(97 + i) for i in range(26)], [letter * 30 for letter in "abcdefghijkl"]
    folder = library_models.static(tmp_path, [*short, *long_], max_length=12)
    text = " ".join(long_)
    uncut = model2vec.StaticModel.from_pretrained(folder, max_length=None).encode([text])
    np.testing.assert_allclose(encode(embedder(folder), [text]), uncut, atol=1e-6)
    assert not np.allclose(model2vec.StaticModel.from_pretrained(folder).encode([text]), uncut, atol=1e-3)


def test_the_users_prefixes_are_read(folder: Path) -> None:
    model = embedder(folder, query_prefix="old ", document_prefix="free ")
    for role, prefix in ((Role.QUERY, "old "), (Role.DOCUMENT, "free ")):
        typed = encode(embedder(folder), [prefix + "choir"])
        assert encode(model, ["choir"], role).tobytes() == typed.tobytes()


def test_scores_are_cosines_and_zeros_are_similar_to_nothing(tmp_path: Path) -> None:
    model = embedder(library_models.static(tmp_path, KNOWN, normalize=False))
    vectors = encode(model, TEXTS)
    ragged = Ragged(vectors, np.ones(len(TEXTS), dtype=np.int64))
    scores = model.similarity(ragged, ragged)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, cos_sim(vectors, vectors), atol=1e-6)
    assert not scores[4].any()


def test_what_changes_a_number_is_in_the_identity_and_no_model_is_loaded_for_it(folder: Path) -> None:
    model = embedder(folder)
    assert model.identity.keys() >= {"fingerprint", "max_length", "model2vec", "tokenizers"}
    assert "_model" not in vars(model)
    for changed in ({"max_length": 16}, {"query_prefix": "q"}, {"document_prefix": ""}):
        assert embedder(folder, **changed).identity != model.identity


def test_what_fails_while_loading_becomes_a_sentence(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(RetrieverError, match="cannot load the static embeddings in"):
        _ = embedder(tmp_path).limit
