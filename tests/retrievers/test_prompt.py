"""Query and instruction become one text here and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifir_eval.benchmarks.benchmark import Document, View
from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.prompt import PRESETS, Template, document_text


def view(query: str, instruction: str) -> View:
    return View("q", "original", query, instruction, {"d": 1})


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (None, "choirs Only free ones."),
        ("default", "choirs Only free ones."),
        ("instruction-first", "Only free ones. choirs"),
        ("instruct", "Instruct: Only free ones.\nQuery: choirs"),
        (r"Task: {instruction}\nQ: {query}", "Task: Only free ones.\nQ: choirs"),
        ("query:  {query} {instruction}", "query:  choirs Only free ones."),
        ("{query} {{{instruction}}}", "choirs {Only free ones.}"),
    ],
)
def test_a_template_joins_query_and_instruction(written: str | None, text: str) -> None:
    rendered = Template.parse(written).render(view("choirs", "Only free ones."))
    assert rendered.text == text
    assert rendered.text[rendered.start : rendered.stop] == "Only free ones."


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("instruction", ["", " \n"])
def test_a_view_without_instruction_is_its_query_alone(preset: str, instruction: str) -> None:
    assert Template.parse(preset).render(view("choirs", instruction)) == ("choirs", 0, 0)


@given(query=st.text(), instruction=st.text().filter(str.strip), preset=st.sampled_from(sorted(PRESETS)))
def test_whatever_the_texts_hold_both_arrive_unchanged(query: str, instruction: str, preset: str) -> None:
    """Braces and placeholders inside a query are text, not template."""
    text, start, stop = Template.parse(preset).render(view(query, instruction))
    assert text[start:stop] == instruction
    assert text[:start] + text[stop:] == PRESETS[preset].replace("{instruction}", "").replace("{query}", query)


def test_a_template_without_instruction_is_allowed() -> None:
    assert Template.parse("{query}").render(view("choirs", "Only free ones.")) == ("choirs", 0, 0)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("{instruction}", "{query} is missing"),
        ("instruction-last", "{query} is missing"),
        ("{query} {instructions}", "no placeholder {instructions}"),
        ("{query} {}", "no placeholder {}"),
        ("{query} {query.id}", "no placeholder {query.id}"),
        ("{query} {instruction", "braces do not pair up"),
        ("{query!r} {instruction}", "no format or conversion"),
        ("{query:>10} {instruction}", "no format or conversion"),
        ("{query} {query} {instruction}", "may stand once"),
    ],
)
def test_a_wrong_template_is_refused_with_the_presets(written: str, reason: str) -> None:
    with pytest.raises(RetrieverError) as caught:
        Template.parse(written)
    assert reason in str(caught.value)
    assert "instruct" in str(caught.value)


@pytest.mark.parametrize(
    ("title", "text", "joined"),
    [("A title", "a text", "A title a text"), ("", "a text ", "a text"), ("A title", "", "A title")],
)
def test_title_and_text_are_joined_as_in_mteb(title: str, text: str, joined: str) -> None:
    """mteb: ``(row["title"] + " " + row["text"]).strip()``."""
    assert document_text(Document("d", text, title)) == joined
