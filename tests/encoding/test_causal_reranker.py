"""A causal reranker scores as its authors' published loop does, and hears the whole instruction."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Pair, Role, Vectors
from ifir_eval.encoding.question import Question
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import RetrieverError

pytest.importorskip("sentence_transformers")

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

sys.path.insert(0, str(Path(__file__).parents[1] / "retrievers"))
from small_rerankers import save_causal_reranker

from ifir_eval.encoding.causal_reranker import CausalReranker
from ifir_eval.retrievers.causal_reranker import reranker_for

WORDS = "choir concerts in old churches and new halls with free entry for everyone on summer nights".split()
QWEN = reranker_for("Qwen/Qwen3-Reranker-0.6B").question
FOLLOWIR = reranker_for("jhu-clsp/FollowIR-7B").question
PAIRS = [Pair("choir concerts Only free ones.", " ".join(WORDS[:n]) + "!") for n in range(1, 12)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [" ".join(WORDS), QWEN.prompt, FOLLOWIR.prompt]
    return save_causal_reranker(tmp_path_factory.mktemp("causal") / "model", texts)


def scorer(folder: Path, question: Question = QWEN, **settings: Any) -> CausalReranker:
    return CausalReranker(LocalModel(folder), ModelSettings(device="cpu", **settings), question)


def scores_of(model: CausalReranker, pairs: list[Pair]) -> Vectors:
    scores = np.zeros(len(pairs), dtype=np.float32)
    for chunk in model.encode(pairs, Role.PAIR, range(len(pairs))):
        scores[chunk.items] = chunk.values[:, 0]
    return scores


def published(folder: Path, texts: list[list[int]], relevant: str, irrelevant: str) -> Vectors:
    """The probability of the relevant answer among the two after each prompt, one prompt at a time."""
    model = AutoModelForCausalLM.from_pretrained(folder)  # which puts it into evaluation
    known = AutoTokenizer.from_pretrained(folder).get_vocab()
    with torch.inference_mode():
        last = torch.stack([model(torch.tensor([ids])).logits[0, -1] for ids in texts])
    both = last[:, [known[irrelevant], known[relevant]]].log_softmax(dim=1)
    probabilities: Vectors = both[:, 1].exp().numpy()
    return probabilities


def sigmoid(scores: Vectors) -> Vectors:
    return torch.from_numpy(scores).sigmoid().numpy()


def test_scores_are_the_log_odds_of_qwen3_rerankers_published_loop(folder: Path) -> None:
    """Its authors tokenize what stands before, the texts, and what stands after, each alone."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    before, after = QWEN.prompt.partition("{query}")[0], QWEN.prompt.partition("{document}")[2]
    assert after == "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    parts = [(before, f"<Instruct>: Only free.\n<Query>: {q}\n<Document>: {d}", after) for q, d in PAIRS]
    prompts = [[token for part in each for token in tokenizer(part)["input_ids"]] for each in parts]
    asked = [Pair(f"<Instruct>: Only free.\n<Query>: {q}", d) for q, d in PAIRS]
    found = scores_of(scorer(folder), asked)
    np.testing.assert_allclose(sigmoid(found), published(folder, prompts, "yes", "no"), atol=1e-5)


def test_scores_are_the_log_odds_of_followirs_published_loop(folder: Path) -> None:
    template = FOLLOWIR.prompt.replace("{document}", "{text}")
    assert template.startswith("<s> [INST] You are an expert")
    assert template.endswith('"false"): [/INST] ')
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompts = [tokenizer(template.format(query=q, text=d))["input_ids"] for q, d in PAIRS]
    found = scores_of(scorer(folder, FOLLOWIR), PAIRS)
    np.testing.assert_allclose(sigmoid(found), published(folder, prompts, "true", "false"), atol=1e-5)


@pytest.mark.parametrize("budget", [1, 400, 100_000])
def test_the_batch_changes_no_score_beyond_rounding(folder: Path, budget: int) -> None:
    found = scores_of(scorer(folder, batch_tokens=budget), PAIRS)
    np.testing.assert_allclose(found, scores_of(scorer(folder), PAIRS), atol=1e-4)


def test_a_long_document_is_cut_inside_the_prompt(folder: Path) -> None:
    """Cut on the right, as FollowIR's own loop does, the prompt lost the very words that ask for the answer."""
    query, words = "choir concerts", " ".join(WORDS * 60)
    model = scorer(folder, max_length=300)
    (chunk,) = model.encode([Pair(query, words)], Role.PAIR, [0])
    assert chunk.tokens[0] > model.limit == 300
    tokenizer = AutoTokenizer.from_pretrained(folder)
    whole = tokenizer(QWEN.ask(Pair(query, words)).text)["input_ids"]
    tail = tokenizer(QWEN.prompt.partition("{document}")[2])["input_ids"]
    seen = [*whole[: 300 - len(tail)], *tail]
    (expected,) = published(folder, [seen], "yes", "no")
    assert sigmoid(chunk.values[0])[0] == pytest.approx(expected, abs=1e-5)


def test_the_instruction_survives_a_long_document(folder: Path) -> None:
    """Trap 3: what does not reach the model reads as p-MRR exactly 0.000."""
    documents = " ".join(WORDS * 60)
    asked = [Pair(f"choir concerts Only {what}.", documents) for what in ("free ones", "in old churches")]
    one, other = scores_of(scorer(folder, max_length=300), asked)
    assert abs(one - other) > 1e-3


def test_braces_in_texts_stand_for_themselves() -> None:
    asked = QWEN.ask(Pair("what is {document}?", "it is {query}"))
    assert asked.text[slice(*asked.query)] == "what is {document}?"
    assert asked.text[slice(*asked.document)] == "it is {query}"


def test_limit_identity_and_environment_load_no_weights(folder: Path) -> None:
    """A second run answers from the cache; a model of 7 billion weights would cost minutes for nothing."""
    model = scorer(folder)
    assert (model.limit, model.environment) == (4_096, {"device": "cpu", "dtype": "float32"})
    assert model.identity["prompt"] == QWEN.prompt
    assert "_model" not in vars(model)


def test_a_vocabulary_without_the_answers_is_refused(folder: Path) -> None:
    question = Question(QWEN.prompt, "jawohl", "keineswegs", 100)
    with pytest.raises(RetrieverError, match="'jawohl' or 'keineswegs', which is no token of its vocabulary"):
        scores_of(scorer(folder, question), PAIRS)


@pytest.mark.parametrize("prompt", ["{document} {query}", "{query}", "{query} {document} {document}", ""])
def test_a_prompt_without_its_places_is_refused(prompt: str) -> None:
    with pytest.raises(RetrieverError, match=r"must have \{query\} and after it \{document\}, each once"):
        Question(prompt, "yes", "no", 100)
