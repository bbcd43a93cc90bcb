"""The report of a synthesis job, as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator

from ifir_eval.synthesis.report import Report

_LONGEST = 300
"""Characters of an answer that are quoted."""


def report_lines(report: Report) -> Iterator[str]:
    """What became of all rows: counts, the judge's agreement, tokens, and an example of each reason."""
    usable = f", {report.read - report.asked} of no use here" if report.unusable else ""
    yield f"read      {report.read} rows{usable}"
    for reason, count in report.unusable.items():
        yield f"            {count:5}  {reason}"
    yield f"written   {report.written} of {report.asked}"
    for reason, count in report.refused.items():
        yield f"            {count:5}  {reason}"
    if report.agreement:
        yield f"kept      {report.kept} of {report.written} ({report.survival:.0%}) by the judge"
        for reason, count in report.rejected.items():
            yield f"            {count:5}  {reason}"
        for view in report.agreement:
            yield (
                f"agreement {view.view}: positives {view.positives_agreed}/{view.positives}, "
                f"negatives {view.breaking_agreed}/{view.breaking}, whole rows {view.holding}/{view.claims}"
            )
    cost = "" if report.cost is None else f", cost {report.cost:.4f}"
    writing, judging = (effort.tokens for effort in (report.effort, report.judge_effort))
    yield f"tokens    {writing:,} for writing, {judging:,} for judging{cost}"
    for reason, examples in report.examples.items():
        yield f"\nexample   {reason}"
        example = examples[0]
        yield f"  query        {example.query}\n  instruction  {example.instruction}"
        for written in example.written:
            yield f"  written      {written}"
        if example.answer:
            yield f"  answer       {' '.join(example.answer.split())[:_LONGEST]}"
