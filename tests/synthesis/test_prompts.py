"""Prompts as they are shipped, and a user's own in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ifir_eval.errors import InvalidInputError, UnknownNameError
from ifir_eval.synthesis.methods import METHODS
from ifir_eval.synthesis.prompt import load_prompt, load_prompts


@pytest.mark.parametrize("name", sorted({name for method in METHODS.values() for name in method.prompts}))
def test_every_shipped_prompt_allows_none_and_shows_what_it_is_given(name: str) -> None:
    fields = {
        "query": "Q & A",
        "instruction": "<I>",
        "positive": "P\n{{ x }}",
        "target": "T",
        "others": ["O1", "O2"],
    }
    text = load_prompt(name).render(**fields)
    assert "None" in text
    for shown in ("Q & A", "<I>"):
        assert shown in text  # as it is: escaped or cut, the model would judge another text


def test_the_reversal_shows_every_passage_once_and_numbered() -> None:
    text = load_prompt("polarity-reversal").render(
        query="q", instruction="i", positive="the first", target="the second", others=["third", "fourth"]
    )
    wanted = ["FORMER (passage 1): the first", "TARGET (passage 2): the second"]
    wanted += ["OTHER (passage 3): third", "OTHER (passage 4): fourth"]
    assert [line for line in text.splitlines() if "(passage" in line] == wanted


def test_a_users_file_takes_the_place_of_a_prompt(tmp_path: Path) -> None:
    file = tmp_path / "own.j2"
    file.write_text("Mine: {{ query }}")
    assert load_prompts(["paraphrase"], [str(file)])["paraphrase"].render(query="q") == "Mine: q"
    two = load_prompts(["poisoned-instruction", "poisoned-query"], [f"poisoned-query={file}"])
    assert two["poisoned-query"].source == "Mine: {{ query }}"
    assert two["poisoned-instruction"].source == load_prompt("poisoned-instruction").source


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ quary }}", "'quary' is undefined.*its fields are query, instruction"),
        ("{% for x in %}", "its fields are"),
        ("  ", "empty"),
        (None, "No such file"),
    ],
)
def test_a_file_that_cannot_serve_is_told_before_anything_is_asked(
    text: str | None, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "own.j2"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InvalidInputError, match=told):
        load_prompts(["paraphrase"], [str(file)])


def test_a_file_must_say_which_of_several_prompts_it_replaces() -> None:
    with pytest.raises(InvalidInputError, match="poisoned-instruction or poisoned-query=FILE"):
        load_prompts(["poisoned-instruction", "poisoned-query"], ["own.j2"])
    with pytest.raises(UnknownNameError, match="there is no prompt 'reverse'"):
        load_prompts(["paraphrase"], ["reverse=own.j2"])
