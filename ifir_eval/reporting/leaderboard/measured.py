"""The boards of our own records: by benchmark, ranked by paired tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np

from ifir_eval.comparison.compare import compare
from ifir_eval.records.column import Column
from ifir_eval.records.record import Record
from ifir_eval.reporting.leaderboard.board import Band, Board, Cell, Entry
from ifir_eval.reporting.leaderboard.facts import Facts
from ifir_eval.reporting.leaderboard.ranks import Rank, ranks
from ifir_eval.reporting.leaderboard.records import read_records, shown
from ifir_eval.reporting.overview import Answered, Overview, overviews
from ifir_eval.reporting.verdict import verdict
from ifir_eval.statistics.estimate import Estimate

_PACKAGED = "sentence-transformers/"
"""Whose models ``demo:`` specs carry."""
_UNLEARNED = {"bm25", "random"}


def measured_boards(folder: Path, known: Mapping[str, Facts]) -> list[Board]:
    """A board for each benchmark that records in ``folder`` answer, by the column of its verdict.

    Raises:
        InvalidInputError: if a record cannot be read or must not stand there.
    """
    files = read_records(folder)
    addresses = {id(record): quote(file.relative_to(folder).as_posix()) for file, record in files.items()}
    return [_board(overview, addresses, known) for overview in overviews(list(files.values()))]


def model_of(record: Record) -> str:
    """The model's name on the hub, by which facts about it are known."""
    name = str(record.retriever["spec"]).partition("@")[0]
    return _PACKAGED + name.removeprefix("demo:") if name.startswith("demo:") else name


def _board(overview: Overview, addresses: Mapping[int, str], known: Mapping[str, Facts]) -> Board:
    column, *beside = shown(overview)
    benchmark = overview.benchmark
    entries = [
        Entry(
            name=answer.name,
            notes=tuple(answer.cautions()),
            source="record",
            address=addresses[id(answer.record)],
            estimate=answer.record.measures[column.name],
            rank=rank,
            cells=tuple(_cell(other, answer.record) for other in beside),
            facts=_facts(answer.record, known),
        )
        for answer, rank in zip(overview.answers, _ranks(overview.answers, column), strict=True)
    ]
    return Board(
        anchor=f"measured-{benchmark['name']}",
        title=overview.title,
        about=f"{verdict(overview).headline} {benchmark['topics']} topics; licence: {benchmark['licence']}.",
        column=column,
        is_measured=True,
        headers=tuple(other.label for other in beside),
        entries=tuple(sorted(entries, key=lambda entry: (entry.rank, -column.sign * entry.estimate.value))),
        band=_band(overview, column),
    )


def _ranks(answers: Sequence[Answered], column: Column) -> list[Rank]:
    """By the paired test over topics, corrected by Holm over all pairs.

    Where chance is known, only who is shown to lie above it can be better than anybody: swap accuracy is 0
    where the instruction is ignored and 0.25 for noise, so that below chance a higher value is no better.
    """
    better = np.zeros((len(answers), len(answers)), dtype=np.bool_)
    if len(answers) > 1:
        comparison = compare([answer.record for answer in answers], [column.name])
        places = {name: place for place, name in enumerate(comparison.names)}
        for pair in comparison.pairs:
            difference = pair.difference
            if pair.is_significant and difference.is_better is not None:
                new, old = places[difference.new], places[difference.old]
                winner, loser = (new, old) if difference.is_better else (old, new)
                better[winner, loser] = _follows(column, answers[winner].record.measures[column.name])
    return ranks(better)


def _follows(column: Column, estimate: Estimate) -> bool:
    if column.chance is None or column.low < 0:  # below 0, values with a sign still tell wrong from worse
        return True
    worst = estimate.low if column.sign > 0 else estimate.high
    return worst is not None and column.sign * worst > column.sign * column.chance


def _band(overview: Overview, column: Column) -> Band | None:
    """The interval of the random ranking among the answers, around chance; None where neither is known."""
    drawn = [a.record.measures[column.name] for a in overview.answers if a.record.retriever["kind"] == "random"]
    if drawn and drawn[0].low is not None and drawn[0].high is not None:
        return Band(drawn[0].low, drawn[0].high, column.chance)
    return None if column.chance is None else Band(column.chance, column.chance, column.chance)


def _cell(column: Column, record: Record) -> Cell:
    estimate = record.measures.get(column.name)
    return Cell() if estimate is None else Cell.of(column, estimate)


def _facts(record: Record, known: Mapping[str, Facts]) -> Facts:
    """Where no source knows the model, its kind is known from the record, and that some kinds learn nothing."""
    kind = str(record.retriever["kind"])
    facts = known.get(model_of(record), Facts(parameters=0 if kind in _UNLEARNED else None))
    return facts if facts.type else replace(facts, type=kind)
