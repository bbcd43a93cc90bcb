"""The page of a study: one HTML file that asks nothing of the network and runs no script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.comparison.compare import letter
from ifir_eval.files import write_atomically
from ifir_eval.records.column import Column
from ifir_eval.reporting.budget.plots import Look, look_of, plots
from ifir_eval.reporting.budget.words import Findings, answers, column_change, shown_p
from ifir_eval.reporting.page import digest, templates
from ifir_eval.reporting.report.svg import Plot
from ifir_eval.training.study.cells import Arm, Finished
from ifir_eval.training.study.results import Question, Results, is_base, pareto

_MINUS = re.compile(r"(?<![\w\]])-(?=\d)")
"""As wide as the digits' plus, and read out as minus; hyphens of names stay."""


class _Cell(NamedTuple):
    value: str
    interval: str
    spread: str
    beats: str


class _Row(NamedTuple):
    """One arm in a table; ``mark`` is its letter there."""

    arm: Arm
    look: Look
    mark: str
    on_front: bool
    cells: Sequence[_Cell | None]


class _Group(NamedTuple):
    """The arms of one base at one budget, the base itself first."""

    title: str
    rows: Sequence[_Row]


class _Test(NamedTuple):
    group: str
    new: str
    old: str
    change: str
    interval: str
    p_topics: str
    p_seeds: str
    p_holm: str
    p_planned: str
    is_significant: bool


class _Tests(NamedTuple):
    question: Question
    rows: Sequence[_Test]


class _Header(NamedTuple):
    """What stands over a column; the benchmark is empty where the table names it."""

    benchmark: str
    column: Column


class _Whole(NamedTuple):
    """Every column of one benchmark."""

    benchmark: str
    headers: Sequence[_Header]
    groups: Sequence[_Group]


class _Effort(NamedTuple):
    """What one arm was trained on, and what that took; means over its seeds."""

    arm: Arm
    look: Look
    rows: str
    tokens: str
    sources: str
    views: str
    dropped: str
    train: str
    evaluate: str


def write_page(findings: Findings, path: Path) -> None:
    """Write `render_page` to ``path``, atomically."""
    write_atomically(path, render_page(findings).encode())


def render_page(findings: Findings) -> str:
    """The study as one self-contained HTML document; everything that a file or a model names is escaped.

    The content security policy admits the page's own style sheet, by its hash, and nothing else.

    Raises:
        MissingPackageError: without matplotlib.
    """
    loaded = templates()
    loaded.filters["minus"] = lambda text: _MINUS.sub("−", text)
    results = findings.results
    style = loaded.get_template("page.css").render() + loaded.get_template("budget.css").render()
    return loaded.get_template("budget.html.j2").render(
        style_hash=digest(style),
        study=results.study,
        results=results,
        answers=answers(findings),
        questions=results.leading(),
        groups=list(_groups(findings, results.leading())),
        plots=[_named(results, base, place) for place, base in enumerate(results.study.bases, 1)],
        keys=[(mix.name, mix.about, look_of(results, mix.name)) for mix in results.study.mixes],
        tests=[_tests(findings, question) for question in results.leading()],
        wholes=[_whole(findings, benchmark) for benchmark in (*results.instruction, *results.general)],
        efforts=list(_efforts(results)),
        benchmarks=[results.cells[0].records[name].benchmark for name in results.study.benchmarks],
        environments=_environments(results.cells),
    )


def _named(results: Results, base: str, place: int) -> tuple[str, list[Plot]]:
    return base, plots(results, base, f"base-{place}")


def _groups(findings: Findings, questions: Sequence[Question]) -> Iterator[_Group]:
    results = findings.results
    for base in results.study.bases:
        front = set(pareto(results, base))
        for budget in map(str, results.study.budgets):
            arms = [arm for arm in results.arms if arm.base == base and (is_base(arm) or arm.budget == budget)]
            marks = {arm: letter(place) for place, arm in enumerate(arms)}
            yield _Group(
                _title(results, base, budget),
                [
                    _Row(
                        arm,
                        look_of(results, arm.mix),
                        marks[arm],
                        arm in front,
                        [_cell(findings, arm, question, marks) for question in questions],
                    )
                    for arm in arms
                ],
            )


def _title(results: Results, base: str, budget: str) -> str:
    return budget if len(results.study.bases) == 1 else f"{base}, {budget}"


def _cell(findings: Findings, arm: Arm, question: Question, marks: Mapping[Arm, str]) -> _Cell | None:
    value = findings.results.value(arm, question)
    if value is None:
        return None
    return _Cell(
        question.column.shown(value.estimate.value),
        question.column.interval(value.estimate),
        "" if value.spread is None else question.column.spread(value.spread),
        "".join(sorted(_beaten(findings, arm, question, marks))),
    )


def _beaten(findings: Findings, arm: Arm, question: Question, marks: Mapping[Arm, str]) -> Iterator[str]:
    """The letters of those at the same budget that ``arm`` significantly beats."""
    for one in findings.contrasts.get(question, ()):
        is_better = one.difference.is_better
        if is_better is None or not one.is_significant or not {one.old, one.new} <= marks.keys():
            continue
        winner, loser = (one.new, one.old) if is_better else (one.old, one.new)
        if winner == arm:
            yield marks[loser]


def _tests(findings: Findings, question: Question) -> _Tests:
    column = question.column
    rows = []
    for one in findings.contrasts[question]:
        _, low, high, _ = one.difference.estimate
        ends = (
            ""
            if low is None or high is None
            else f"[{column_change(column, low)}, {column_change(column, high)}]"
        )
        rows.append(
            _Test(
                _title(findings.results, one.new.base, one.budget),
                one.new.mix,
                one.old.mix,
                column_change(column, one.difference.estimate.value),
                ends,
                shown_p(one.p_topics).removeprefix("p "),
                "not known" if one.p_seeds is None else shown_p(one.p_seeds).removeprefix("p "),
                shown_p(one.p_holm).removeprefix("p "),
                "" if one.p_planned is None else shown_p(one.p_planned).removeprefix("p "),
                one.is_significant,
            )
        )
    return _Tests(question, rows)


def _whole(findings: Findings, benchmark: str) -> _Whole:
    columns = findings.results.columns(benchmark)
    questions = [Question(benchmark, column) for column in columns]
    headers = [_Header("", column) for column in columns]
    return _Whole(benchmark, headers, list(_groups(findings, questions)))


def _efforts(results: Results) -> Iterator[_Effort]:
    for arm in results.arms:
        seeds = [cell for cell in results.cells if cell.key.arm == arm]
        first = seeds[0].data
        leaked = sum(dict(first.get("leaked", {})).values())
        yield _Effort(
            arm,
            look_of(results, arm.mix),
            f"{first['rows']:,}" if first else "",
            f"{first['tokens']:,}" if first else "",
            _listed(first.get("sources", {})),
            _listed(first.get("views", {})),
            f"{first['duplicates']:,} and {leaked:,}" if first else "",
            _mean(seeds, "train_s"),
            _mean(seeds, "evaluate_s"),
        )


def _listed(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _mean(cells: Sequence[Finished], name: str) -> str:
    found = [cell.effort[name] for cell in cells if name in cell.effort]
    return f"{sum(found) / len(found):,.0f}" if found else ""


def _environments(cells: Sequence[Finished]) -> list[Mapping[str, str]]:
    """The distinct environments in which cells were judged."""
    records = [next(iter(cell.records.values())) for cell in cells]
    found = {repr(sorted(record.environment.items())): record for record in records}
    return [{"ifir-eval": record.harness, **record.environment} for record in found.values()]
