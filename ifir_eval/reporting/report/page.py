"""The report: one HTML file that asks nothing of the network, with a script that opens every topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.files import write_atomically
from ifir_eval.records.record import Record
from ifir_eval.reporting.overview import Overview, overviews
from ifir_eval.reporting.page import digest, page_context, templates
from ifir_eval.reporting.report.plots import plots
from ifir_eval.reporting.report.sources import Source
from ifir_eval.reporting.report.standings import Standings, standings
from ifir_eval.reporting.report.svg import Plot
from ifir_eval.reporting.report.texts import Texts, pack_texts, page_bytes, written_out
from ifir_eval.reporting.report.topics import FEWEST_ROWS, explorer, shown_rankings, shown_within

LARGEST = 4_900_000
"""Bytes that a page is kept below, as long as every ranking can show `FEWEST_ROWS` documents."""
_FOR_RANKINGS = 0.45
"""The part of a benchmark's room that its rankings may take; texts get what is left."""

FindTexts = Callable[[Record], Texts]


class Explored(NamedTuple):
    """What the script shows of one benchmark: its topics, and their documents' texts."""

    topics: Mapping[str, Any]
    texts: Mapping[str, Any]


class _Addition(NamedTuple):
    """What a report has over the page of a run, for one benchmark."""

    standings: Standings
    plots: Sequence[Plot]


def render_report(sources: Sequence[Source], find_texts: FindTexts, command: str = "") -> str:
    """``sources`` as one self-contained HTML document; ``command`` is shown as what made it.

    All text is escaped, and what hides or reorders text is written out. The content security policy admits
    this page's style sheet and script, by their hashes, and nothing else.

    Raises:
        MissingPackageError: without matplotlib.
        InvalidInputError: if what lies beside a record cannot be read.
    """
    loaded = templates()
    loaded.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    style = "".join(loaded.get_template(name).render() for name in ("page.css", "report.css"))
    find_texts = _found_once(find_texts)
    sources = [Source(_without_withheld(source.record, find_texts), source.folder) for source in sources]
    context = page_context(overviews([source.record for source in sources]))
    sections = {section.anchor: section.overview for section in context["sections"]}
    context |= {
        "additions": {
            anchor: _Addition(standings(overview), plots(overview, anchor))
            for anchor, overview in sections.items()
        },
        "style_hash": digest(style),
        "script_hash": digest(loaded.get_template("report.js").render()),
        "command": command,
    }
    template = loaded.get_template("report.html.j2")
    bare = len(template.render(explored=dict.fromkeys(sections), **context).encode())
    folders = {id(source.record): source.folder for source in sources}
    explored = {
        anchor: _explored(overview, folders, find_texts, (LARGEST - bare) // len(sections))
        for anchor, overview in sections.items()
    }
    return template.render(explored=explored, **context)


def write_report(sources: Sequence[Source], path: Path, find_texts: FindTexts, command: str = "") -> None:
    """Write `render_report` to ``path``, atomically, making its folder where needed."""
    write_atomically(path, render_report(sources, find_texts, command).encode())


def _found_once(find_texts: FindTexts) -> FindTexts:
    found: dict[tuple[str, str], Texts] = {}

    def find(record: Record) -> Texts:
        benchmark = str(record.benchmark["name"]), str(record.benchmark["content_hash"])
        if benchmark not in found:
            found[benchmark] = find_texts(record)
        return found[benchmark]

    return find


def _without_withheld(record: Record, find_texts: FindTexts) -> Record:
    """``record`` without its rendered query where the benchmark's texts are left out: it is one of them."""
    if not record.retriever.get("example") or find_texts(record).benchmark:
        return record
    return replace(record, retriever={**record.retriever, "example": None})


def _explored(
    overview: Overview, folders: Mapping[int, Path], find_texts: FindTexts, room: int
) -> Explored | None:
    """The topics of ``overview`` in about ``room`` bytes; None for published figures, which have none."""
    records = [answer.record for answer in overview.answers]
    if not any(record.topics for record in records):
        return None
    texts = find_texts(records[0])
    shown = shown_within(overview, int(_FOR_RANKINGS * room))
    rankings = [shown_rankings(overview, folders[id(record)], shown) for record in records]
    told = explorer(overview, rankings, texts, shown)
    while (size := page_bytes(told)) > room and shown.rows > FEWEST_ROWS:
        shown = shown._replace(rows=max(FEWEST_ROWS, 3 * shown.rows // 4))
        told = explorer(overview, rankings, texts, shown)
    documents = (document for topic in told["topics"] for document, _ in topic["documents"])
    return Explored(written_out(told), pack_texts(texts, documents, room - size)._asdict())
