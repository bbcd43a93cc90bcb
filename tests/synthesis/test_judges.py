"""Judges other than language models, and how each is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from library_models import tokenizer
from misbehaving_server import MisbehavingServer, status
from sentence_transformers import CrossEncoder
from served_models import cohere_rerank
from transformers import BertConfig, BertForSequenceClassification
from written_rows import row

from ifir_eval.errors import IfirEvalError, InvalidInputError
from ifir_eval.synthesis.judges import build_judge
from ifir_eval.synthesis.judges.judge import Claim, Finding
from ifir_eval.synthesis.language_model import Hosting, Sampling
from ifir_eval.training.rows import Row


def find(spec: str, claim: Claim) -> Finding:
    with build_judge(spec, Sampling(), Hosting()).session() as judging:
        return judging(claim)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """120 films; the genre is Western below 60, the year grows."""
    file = tmp_path / "films.jsonl"
    lines = [
        {
            "_id": f"{n}",
            "text": f"Film {n}.",
            "metadata": {"year": 1900 + n, "genre": "Western" if n < 60 else "War"},
        }
        for n in range(120)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def film_row(instruction: str, positive: int, *negatives: int) -> Claim:
    texts = tuple(f"Film {number}." for number in negatives)
    return Claim(Row("p", "reversed", "films", instruction, f"Film {positive}.", texts), texts)


def test_metadata_agrees_with_what_is_so(corpus: Path) -> None:
    assert find(f"metadata:{corpus}", film_row("Only films after 1950.", 70, 10, 50)).holds


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (film_row("Only films after 1950.", 70, 10, 51), "a negative fits as well"),
        (film_row("Only films after 1950.", 50, 10), "the positive does not fit"),
        (film_row("Only good films after 1950.", 70, 10), "metadata does not decide the instruction"),
        (film_row("Only films after 1950.", 70, 999), "the judge cannot tell"),
    ],
)
def test_metadata_says_what_it_does_not_agree_with(claim: Claim, why: str, corpus: Path) -> None:
    finding = find(f"metadata:{corpus}", claim)
    assert not finding.holds
    assert finding.why == why


def test_metadata_that_is_null_says_nothing(corpus: Path) -> None:
    """It ended in a traceback; what does not say breaks a demand."""
    with corpus.open("a", encoding="utf-8") as lines:
        lines.write('{"_id": "120", "text": "Film 120.", "metadata": null}\n')
    assert find(f"metadata:{corpus}", film_row("Only films after 1950.", 70, 120)).holds


def test_a_corpus_without_metadata_is_no_judge(tmp_path: Path) -> None:
    file = tmp_path / "bare.jsonl"
    file.write_text('{"_id": "1", "text": "a"}\n')
    with pytest.raises(InvalidInputError, match="no document has metadata"):
        build_judge(f"metadata:{file}", Sampling(), Hosting())
    with pytest.raises(InvalidInputError, match="is missing"):
        build_judge(f"metadata:{tmp_path / 'none.jsonl'}", Sampling(), Hosting())


def test_a_reranker_agrees_where_the_positive_stands_above_every_negative(tmp_path: Path) -> None:
    """Whatever its scores are: those that the library's own class gives query, instruction and passage."""
    source = row(1)
    words = tokenizer([source.query, source.instruction, *source.passages])
    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "num_labels": 1,
    }
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(words), initializer_range=0.5, **sizes)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)
    model = CrossEncoder(str(tmp_path), device="cpu", local_files_only=True)
    asked = f"{source.query} {source.instruction}"
    scores = model.predict([(asked, text) for text in source.passages], activation_fn=torch.nn.Identity())
    best = int(scores.argmax())
    for positive in range(len(source.passages)):
        others = tuple(text for place, text in enumerate(source.passages) if place != positive)
        claim = Claim(replace(source, positive=source.passages[positive]), others)
        finding = find(f"cross:{tmp_path}", claim)
        below = [scores[place] < scores[positive] for place in range(len(scores)) if place != positive]
        assert list(finding.breaking) == below
        assert finding.holds is (positive == best)
        assert finding.why == ("" if positive == best else "a negative stands above the positive")


def test_a_reranker_cannot_tell_where_there_is_nothing_below_or_a_server_refuses() -> None:
    source = row(1)
    with MisbehavingServer(cohere_rerank, status(413, "too long")) as server:
        judge = build_judge("rerank:m", Sampling(), Hosting(server.url))
        with judge.session() as judging:
            alone = judging(Claim(source, ()))
            assert server.received == []
            refused = judging(Claim.of(source))
    for finding in (alone, refused):
        assert finding.positive is None
        assert finding.why == "the judge cannot tell"


def test_a_served_reranker_is_asked_once_for_each_claim() -> None:
    """It keeps nobody else's scores, so that it needs no request to see whether its model has changed."""
    with MisbehavingServer(cohere_rerank) as server:
        judge = build_judge("rerank:m", Sampling(), Hosting(server.url, dtype="bfloat16"))
        with judge.session() as judging:
            for source in (row(1), replace(row(1), positive="another")):  # with passages in common
                judging(Claim.of(source))
        assert len(server.received) == 2


@pytest.mark.parametrize(
    ("spec", "hosting", "told"),
    [
        ("openai:", Hosting(), "names no model"),
        ("openai:m", Hosting(base_url="ftp://x"), "--base-url"),
        ("no such model", Hosting(), "is no language model"),
        ("org/model", Hosting(base_url="http://x"), "write openai:org/model"),
        ("cross:", Hosting(), "names no model"),
    ],
)
def test_a_judge_that_cannot_be_built_is_told_at_once(spec: str, hosting: Hosting, told: str) -> None:
    with pytest.raises(IfirEvalError, match=told):
        build_judge(spec, Sampling(), hosting)
