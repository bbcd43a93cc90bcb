"""Rows to write from, and a language model whose answers anybody can foretell, as a server gives them."""

from __future__ import annotations

import re
from typing import Any

from ifir_eval.training.rows import Row


def row(number: int, negatives: int = 2, **fields: Any) -> Row:
    """An instructed row; its passages name its number and their part."""
    given = {
        "pair_id": f"pair-{number}",
        "view": "original",
        "query": f"query {number}",
        "instruction": f"Only the kind {number}.",
        "positive": f"positive {number}",
        "instruction_negatives": tuple(f"negative {number} {letter}" for letter in "abc"[:negatives]),
        "hard_negatives": (f"hard {number}",),
        "source": "made",
    }
    return Row(**{**given, **fields})


def rows(count: int) -> list[Row]:
    return [row(number) for number in range(count)]


def prompt_of(body: Any) -> str:
    """The first message of a request."""
    content: str = body["messages"][0]["content"]
    return content


def number_of(prompt: str) -> int:
    """The row that a prompt is about."""
    found = re.search(r"Query: query (\d+)", prompt)
    return int(found[1]) if found else -1


def chat_reply(text: str, finish: str = "stop", read: int = 10, written: int = 3) -> dict[str, Any]:
    """As OpenAI answers."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}


def obedient(path: str, body: Any) -> Any:
    """Writes "Not the kind 7." for row 7, and judges that a passage fits what names its part.

    Positives fit the original instruction and the first negatives the written one.
    """
    assert path == "/v1/chat/completions"
    prompt = prompt_of(body)
    if prompt.startswith("Answer with the word yes"):
        return chat_reply("yes")
    if "Does it fit" in prompt:
        wanted = "Passage: positive" if "Only the kind" in prompt else r"Passage: negative \d+ a"
        return chat_reply("yes" if re.search(wanted, prompt) else "No.")
    text = f"Not the kind {number_of(prompt)}."
    return chat_reply(f"<instruction>{text}</instruction>\n<query>other query {number_of(prompt)}</query>")
