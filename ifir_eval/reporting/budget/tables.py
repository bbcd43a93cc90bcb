"""A study's results for the terminal and for machines."""

from __future__ import annotations

import json
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from ifir_eval.reporting.budget.words import Findings, answers
from ifir_eval.reporting.text import visible
from ifir_eval.training.study.cells import Arm
from ifir_eval.training.study.contrasts import Contrast
from ifir_eval.training.study.results import Question, Value, pareto


def as_tables(findings: Findings) -> list[Table]:
    """A table for each benchmark, arms down, leading questions across; the first has the title, the last a key.

    Values are means, and after ± the standard deviation over seeds.
    """
    results = findings.results
    benchmarks = dict.fromkeys(question.benchmark for question in results.leading())
    tables = [_table(findings, benchmark) for benchmark in benchmarks]
    tables[0].title = Text(
        f"{visible(results.study.name)} · {len(results.cells)} of {len(results.study.keys())} cells", "bold"
    )
    tables[-1].caption = Text(
        "mean ± standard deviation over seeds; * nobody is better in both "
        f"{results.headline().column.name} and general quality",
        style="dim",
    )
    return tables


def _table(findings: Findings, benchmark: str) -> Table:
    results = findings.results
    questions = [question for question in results.leading() if question.benchmark == benchmark]
    front = {arm for base in results.study.bases for arm in pareto(results, base)}
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, caption_justify="left")
    for header in ("budget", Text(visible(benchmark))):
        table.add_column(header, no_wrap=True)
    for question in questions:
        table.add_column(Text(visible(question.column.label)), justify="right")
    budget = ""
    for arm in results.arms:
        if arm.budget != budget:
            table.add_section()
        mark = " *" if arm in front else ""
        name = visible(arm.mix if len(results.study.bases) == 1 else f"{arm.mix} ({arm.base})")
        cells = (_cell(question, results.value(arm, question)) for question in questions)
        table.add_row("" if arm.budget == budget else arm.budget, Text(f"{name}{mark}"), *cells)
        budget = arm.budget
    return table


def _cell(question: Question, value: Value | None) -> str:
    if value is None:
        return "–"
    shown = question.column.shown(value.estimate.value)
    if value.spread is None:
        return shown
    return f"{shown} {question.column.spread(value.spread)}"


def as_json(findings: Findings) -> str:
    """All of it, fractions unrounded, as one line of JSON."""
    results = findings.results
    body = {
        "study": results.study.name,
        "cells": len(results.cells),
        "missing": results.missing,
        "arms": [_arm(findings, arm) for arm in results.arms],
        "contrasts": [_contrast(one) for found in findings.contrasts.values() for one in found],
        "pareto": [arm._asdict() for base in results.study.bases for arm in pareto(results, base)],
        "answers": [str(answer) for answer in answers(findings)],
    }
    return json.dumps(body, ensure_ascii=False) + "\n"


def _arm(findings: Findings, arm: Arm) -> dict[str, Any]:
    values = {
        f"{question.benchmark} {question.column.name}": {**value.estimate._asdict(), "seeds": list(value.seeds)}
        for question in findings.results.leading()
        if (value := findings.results.value(arm, question))
    }
    return {**arm._asdict(), "values": values}


def _contrast(one: Contrast) -> dict[str, Any]:
    value, low, high, topics = one.difference.estimate
    return {
        "question": f"{one.question.benchmark} {one.question.column.name}",
        "base": one.new.base,
        "budget": one.budget,
        "old": one.old.mix,
        "new": one.new.mix,
        "difference": value,
        "ci": None if low is None else [low, high],
        "topics": topics,
        "p_topics": one.p_topics,
        "p_seeds": one.p_seeds,
        "p_holm": one.p_holm,
        "p_planned": one.p_planned,
    }
