"""A language model of this machine answers as the library lets it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from library_models import tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from ifir_eval.errors import RetrieverError
from ifir_eval.servers.completion import Completion, Message
from ifir_eval.synthesis.language_model import Hosting, Sampling, language_model

TEXTS = ["find westerns", "only films after nineteen fifty please", "leave out dramas", "yes or no"]
CHAT = (
    "{% for message in messages %}[unused0] {{ message['content'] }} {% endfor %}"
    "{% if add_generation_prompt %}[unused1]{% endif %}"
)


def save(folder: Path, chat: str | None = CHAT) -> Path:
    """A Llama of two layers with random weights, whose answers end at ``[SEP]``."""
    words = tokenizer(TEXTS)
    words.chat_template = chat
    words.save_pretrained(folder)
    torch.manual_seed(3)
    sizes: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(
        vocab_size=len(words),
        intermediate_size=32,
        initializer_range=0.6,
        eos_token_id=words.sep_token_id,
        pad_token_id=words.pad_token_id,
        bos_token_id=words.cls_token_id,
        **sizes,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def expected(folder: Path, text: str, most: int) -> Completion:
    """What the library's own model writes after the prompt."""
    words: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    prompt = words(f"[unused0] {text} [unused1]", add_special_tokens=False, return_tensors="pt")
    written = model.generate(**prompt, max_new_tokens=most, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    tokens = written.tolist()
    ended = words.sep_token_id in tokens
    if ended:
        tokens = tokens[: tokens.index(words.sep_token_id)]
    text = words.decode(tokens, skip_special_tokens=True)
    return Completion(text, not ended, prompt["input_ids"].shape[1], len(tokens))


def test_answers_are_the_librarys_and_do_not_depend_on_who_asks_beside(tmp_path: Path) -> None:
    """Texts of different length in one batch: padding on the wrong side would change them."""
    folder = save(tmp_path)
    model = language_model(str(folder), Sampling(max_tokens=12), Hosting(concurrency=4, device="cpu"))
    start = threading.Barrier(len(TEXTS))
    with model.session() as complete:

        def ask(text: str) -> Any:
            start.wait()
            return complete([Message("user", text)])

        with ThreadPoolExecutor(len(TEXTS)) as pool:
            answers = list(pool.map(ask, TEXTS))
    assert answers == [expected(folder, text, 12) for text in TEXTS]
    assert len({answer.tokens_read for answer in answers}) > 1
    assert {answer.cut for answer in answers} == {True, False}


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    model = language_model(str(save(tmp_path, chat=None)), Sampling(), Hosting())
    with pytest.raises(RetrieverError, match="has no chat template"), model.session():
        pass


def test_the_identity_tells_the_weights_and_the_sampling(tmp_path: Path) -> None:
    folder = save(tmp_path)
    one = language_model(str(folder), Sampling(temperature=0.5), Hosting()).identity
    assert one["temperature"] == 0.5
    assert one != language_model(str(folder), Sampling(), Hosting()).identity
    model = AutoModelForCausalLM.from_pretrained(folder)
    model.model.norm.weight.data += 1
    model.save_pretrained(folder)
    assert one != language_model(str(folder), Sampling(temperature=0.5), Hosting()).identity
