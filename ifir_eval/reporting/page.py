"""The page of one or more records: one HTML file that asks nothing of the network and runs no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ifir_eval.files import write_atomically
from ifir_eval.records.record import Record
from ifir_eval.reporting.overview import Answered, Overview, overviews
from ifir_eval.reporting.panel import Panel, judged_panel, measure_panels, slice_panels
from ifir_eval.reporting.text import visible
from ifir_eval.reporting.verdict import ENOUGH, Verdict, verdict

if TYPE_CHECKING:
    from jinja2 import Environment


class _Caution(NamedTuple):
    about: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Section:
    """All that the page says about one benchmark."""

    anchor: str
    overview: Overview
    verdict: Verdict
    judged: Panel | None
    measures: Sequence[Panel]
    slices: Sequence[Panel]
    cautions: Sequence[_Caution]


class _Use(NamedTuple):
    """One record of a retriever, for its provenance."""

    benchmark: str
    record: Record


@dataclass(frozen=True, slots=True)
class _Source:
    """A retriever with everything it was measured on."""

    name: str
    number: int
    retriever: Mapping[str, Any]
    uses: Sequence[_Use]


class _Setting(NamedTuple):
    """An environment and the records made in it."""

    harness: str
    environment: Mapping[str, str]
    made: Sequence[str]


def render_page(records: Sequence[Record]) -> str:
    """``records`` as one self-contained HTML document.

    Everything a record says is escaped, and characters that hide or reorder text are written out. The
    content security policy admits this page's own style sheet, by its hash, and nothing else.
    """
    loaded = templates()
    style = loaded.get_template("page.css").render()
    context = page_context(overviews(records))
    return loaded.get_template("page.html.j2").render(style_hash=digest(style), **context)


def templates() -> Environment:
    """The templates of all pages: everything is escaped, what hides or reorders text is written out."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - not needed at --help

    return Environment(
        loader=PackageLoader("ifir_eval.reporting"),
        autoescape=True,  # select_autoescape(["html"]) would leave *.html.j2 unescaped
        undefined=StrictUndefined,
        finalize=_written_out,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_context(compared: Sequence[Overview]) -> dict[str, Any]:
    """What ``page.html.j2`` shows of ``compared``, but for the hash of its style sheet."""
    return {
        "sections": [_section(number, overview) for number, overview in enumerate(compared, start=1)],
        "sources": _sources(compared),
        "settings": _settings(compared),
        "enough": ENOUGH,
    }


def digest(content: str) -> str:
    """The hash by which a content security policy admits ``content``."""
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def write_page(records: Sequence[Record], path: Path) -> None:
    """Write `render_page` of ``records`` to ``path``, atomically, making its folder where needed."""
    write_atomically(path, render_page(records).encode())


def _written_out(value: object) -> object:
    # A str only: the Markup that macros return has been through here already.
    return visible(value) if type(value) is str else value


def _section(number: int, overview: Overview) -> _Section:
    notes = [_Caution("this benchmark", note) for note in overview.benchmark.get("notes", ())]
    cautions = [_Caution(answer.name, each) for answer in overview.answers for each in answer.cautions()]
    return _Section(
        anchor=f"benchmark-{number}",
        overview=overview,
        verdict=verdict(overview),
        judged=judged_panel(overview),
        measures=measure_panels(overview),
        slices=slice_panels(overview),
        cautions=[*notes, *cautions],
    )


def _answers(compared: Sequence[Overview]) -> list[tuple[Overview, Answered]]:
    return [(overview, answer) for overview in compared for answer in overview.answers]


def _sources(compared: Sequence[Overview]) -> list[_Source]:
    sources: dict[int, _Source] = {}
    uses: dict[int, list[_Use]] = {}
    for overview, answer in _answers(compared):
        held = uses.setdefault(answer.number, [])
        held.append(_Use(overview.title, answer.record))
        sources.setdefault(answer.number, _Source(answer.name, answer.number, answer.record.retriever, held))
    return list(sources.values())


def _settings(compared: Sequence[Overview]) -> list[_Setting]:
    """The distinct environments, each with the records that it made."""
    settings: list[_Setting] = []
    made: dict[str, list[str]] = {}
    for overview, answer in _answers(compared):
        record = answer.record
        key = repr((record.harness, sorted(record.environment.items())))
        if key not in made:
            made[key] = []
            settings.append(_Setting(record.harness, record.environment, made[key]))
        made[key].append(f"{answer.name} on {overview.title}")
    return settings
