"""A cross-encoder gives the library's own scores, and cuts documents before instructions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Pair, Role, Vectors
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import RetrieverError

sentence_transformers = pytest.importorskip("sentence_transformers")

import torch  # noqa: E402  (after the check that it is here)
from tiny_models import HEADS, SIZES, tokenizer  # noqa: E402  (likewise)
from transformers import RobertaConfig, RobertaForSequenceClassification  # noqa: E402  (likewise)

sys.path.insert(0, str(Path(__file__).parents[1] / "retrievers"))
from small_rerankers import save_causal_reranker, save_cross_encoder  # noqa: E402  (a neighbouring folder's)

from ifir_eval.encoding.cross_encoder import CrossEncoder  # noqa: E402

WORDS = "choir concerts in old churches and new halls with free entry for everyone on summer nights".split()
SHORT = [Pair("choir concerts", " ".join(WORDS[:n])) for n in range(1, 13)]
LONG_QUERY = " ".join(WORDS * 4)  # 60 tokens, of 96
LONG_DOCUMENT = " ".join(WORDS[::-1] * 9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [" ".join(WORDS), "only without tickets", "query: "]
    return save_cross_encoder(tmp_path_factory.mktemp("cross") / "model", texts)


def scorer(folder: Path, **settings: str | int) -> CrossEncoder:
    return CrossEncoder(LocalModel(folder), ModelSettings(**{"device": "cpu", **settings}))  # type: ignore[arg-type]


def scores_of(model: CrossEncoder, pairs: list[Pair], wanted: list[int] | None = None) -> Vectors:
    scores = np.full(len(pairs), np.nan, dtype=np.float32)
    places = list(range(len(pairs))) if wanted is None else wanted
    for chunk in model.encode(pairs, Role.PAIR, places):
        assert chunk.values.shape == (len(chunk.items), 1)
        scores[chunk.items] = chunk.values[:, 0]
    return scores


def library(folder: Path, pairs: list[Pair], dtype: torch.dtype = torch.float32) -> Vectors:
    model = sentence_transformers.CrossEncoder(
        str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype}
    )
    scores: Vectors = model.predict([list(pair) for pair in pairs], activation_fn=torch.nn.Identity())
    return scores


def test_scores_are_the_raw_outputs_of_sentence_transformers(folder: Path) -> None:
    pairs = [*SHORT, Pair("choir concerts", LONG_DOCUMENT)]  # the library cuts this document alone, too
    np.testing.assert_allclose(scores_of(scorer(folder), pairs), library(folder, pairs), atol=2e-5)


@pytest.mark.parametrize("budget", [1, 40, 100_000])
def test_the_batch_changes_no_score_beyond_rounding(folder: Path, budget: int) -> None:
    found = scores_of(scorer(folder, batch_tokens=budget), SHORT)
    np.testing.assert_allclose(found, scores_of(scorer(folder), SHORT), atol=2e-5)


def test_only_what_is_wanted_is_computed(folder: Path) -> None:
    found = scores_of(scorer(folder), SHORT, wanted=[2, 5])
    assert np.flatnonzero(~np.isnan(found)).tolist() == [2, 5]


def test_the_document_is_cut_and_not_the_instruction(folder: Path) -> None:
    """Truncation ``longest_first``, the library's, cut 14 tokens of this query: the instruction among them.

    Both instructions then had one score, which read as p-MRR 0.000 (docs/methods.md, trap 3).
    """
    # Six, since the tokenizer numbers its words anew each time: any two may happen to score alike.
    texts = ("free entry", "without tickets", "old churches", "tickets without choir", "everyone", "new halls")
    pairs = [Pair(f"{LONG_QUERY} only {text}", LONG_DOCUMENT) for text in texts]
    assert np.ptp(library(folder, pairs)) < 1e-5
    model = scorer(folder)
    assert np.ptp(scores_of(model, pairs)) > 1e-2
    assert not any(model.loses(pair.query, len(LONG_QUERY), len(pair.query)) for pair in pairs)


def test_a_cut_document_scores_as_its_beginning_does(folder: Path) -> None:
    """96 tokens less [CLS], [SEP], [SEP] and 60 of the query leave 33 to the document."""
    beginning = " ".join(LONG_DOCUMENT.split()[:33])
    cut, whole = scores_of(scorer(folder), [Pair(LONG_QUERY, LONG_DOCUMENT), Pair(LONG_QUERY, beginning)])
    assert cut == pytest.approx(whole, abs=1e-5)


def test_a_query_leaves_an_eighth_of_the_room_to_the_document(folder: Path) -> None:
    """Of 93 tokens a document that is too long keeps 11, and the query 82."""
    query = " ".join(WORDS * 10)
    shorter = Pair(" ".join(query.split()[:82]), " ".join(LONG_DOCUMENT.split()[:11]))
    model = scorer(folder)
    cut, whole = scores_of(model, [Pair(query, LONG_DOCUMENT), shorter])
    assert cut == pytest.approx(whole, abs=1e-5)
    end = len(shorter.query)
    assert (model.loses(query, 0, end), model.loses(query, 0, end + 2)) == (False, True)


def test_tokens_are_counted_whole(folder: Path) -> None:
    (chunk,) = scorer(folder).encode([Pair("choir concerts", LONG_DOCUMENT)], Role.PAIR, [0])
    assert chunk.tokens.tolist() == [3 + 2 + 9 * len(WORDS)]
    assert scorer(folder).limit == 96


def test_prefixes_stand_before_both_texts(folder: Path) -> None:
    prefixed = scorer(folder, query_prefix="query: ", document_prefix="new halls ")
    written = [Pair("query: " + pair.query, "new halls " + pair.document) for pair in SHORT]
    assert np.array_equal(scores_of(prefixed, SHORT), scores_of(scorer(folder), written))


def test_half_precision_is_that_of_the_library(folder: Path) -> None:
    model = scorer(folder, dtype="bfloat16")
    assert model.environment == {"device": "cpu", "dtype": "bfloat16"}
    np.testing.assert_allclose(scores_of(model, SHORT), library(folder, SHORT, torch.bfloat16), atol=0.1)


def test_a_classifier_of_several_labels_is_refused(tmp_path: Path) -> None:
    folder = save_cross_encoder(tmp_path / "nli", WORDS, labels=3)
    with pytest.raises(
        RetrieverError, match="a classifier of 3 labels, and none of them is known to be the rel"
    ):
        _ = scorer(folder).limit


def test_a_causal_model_is_sent_to_its_own_kind(tmp_path: Path) -> None:
    with pytest.raises(RetrieverError, match="causal language model: write causal: instead of cross:"):
        _ = scorer(save_causal_reranker(tmp_path / "causal", WORDS)).limit


def test_a_length_beyond_the_positions_is_refused(folder: Path) -> None:
    with pytest.raises(RetrieverError, match="maximum length 97 is more than the 96 positions"):
        _ = scorer(folder, max_length=97).limit


def test_a_length_without_room_for_texts_is_refused(folder: Path) -> None:
    with pytest.raises(RetrieverError, match="10 tokens leaves no room for query and document"):
        scores_of(scorer(folder, max_length=10), SHORT)


def test_a_batch_that_memory_does_not_hold_is_halved(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The GPU's error cannot be caused here, so the model is made to raise it for more than two pairs."""
    model, sizes = scorer(folder), []
    score = model._score

    def small(columns: list[dict[str, np.ndarray]]) -> torch.Tensor:
        sizes.append(len(columns))
        if len(columns) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return score(columns)

    expected = scores_of(model, SHORT)
    monkeypatch.setattr(model, "_score", small)
    np.testing.assert_allclose(scores_of(model, SHORT), expected, atol=2e-5)
    assert max(sizes) > 2


def test_a_model_that_names_no_maximum_length_is_cut_at_its_last_position(tmp_path: Path) -> None:
    """RoBERTa's two first positions are never used: at 64 tokens, its configuration's number, it failed."""
    settings: dict[str, Any] = {**SIZES, **HEADS, "num_labels": 1, "pad_token_id": 1}
    config = RobertaConfig(**settings)
    RobertaForSequenceClassification(config).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    model = scorer(tmp_path)
    (chunk,) = model.encode([Pair("choir concerts", "noon " * 100)], Role.PAIR, [0])
    assert (model.limit, chunk.tokens.tolist()) == (62, [102])
