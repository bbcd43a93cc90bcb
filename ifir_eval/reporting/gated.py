"""A gate's judgement in words and in the formats of CI systems: one line a rule, one line of verdict last."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from ifir_eval.comparison.gate import Finding, Judgement, Outcome
from ifir_eval.reporting.text import visible

_MARKS = {Outcome.PASSED: "pass", Outcome.UNDECIDED: "warn", Outcome.FAILED: "FAIL"}
_GITHUB = {Outcome.UNDECIDED: "warning", Outcome.FAILED: "error"}
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}


def sentence(finding: Finding) -> str:
    """What one rule found, without its outcome."""
    rule, column = finding.rule, finding.rule.column
    where = f" in {rule.slice[0]}: {rule.slice[1]}" if rule.slice else ""
    if rule.is_floor:
        said = f"{column.label}{where} is {column.shown(finding.candidate)}, floor {column.shown(rule.limit)}"
    else:
        before, after = column.shown(finding.baseline or 0.0), column.shown(finding.candidate)
        lost = f"lost {_amount(finding, finding.shortfall)}" if finding.shortfall > 0 else "lost nothing"
        said = f"{column.label}{where}: {before} to {after}, {lost} (tolerated {_amount(finding, rule.limit)})"
    interval = ""
    if finding.low is not None and finding.high is not None:
        interval = f", 95% interval [{_amount(finding, finding.low)}, {_amount(finding, finding.high)}]"
    said += f"{interval}, p {finding.p:.4f}, {finding.n} topics"
    if finding.outcome is Outcome.UNDECIDED and finding.needed:
        said += f"; too few to decide, it would take about {finding.needed:,}"
    elif finding.outcome is Outcome.PASSED and not rule.is_floor and (finding.sees or 0) > rule.limit:
        said += f"; a true loss below {_amount(finding, finding.sees or 0)} can escape so few topics"
    return visible(said)


def verdict_line(judgement: Judgement) -> str:
    """The last line: what, against what, and how it ended."""
    candidate, baseline = judgement.candidate, judgement.baseline
    counts = ", ".join(
        f"{number} {outcome.value}"
        for outcome in Outcome
        if (number := sum(finding.outcome is outcome for finding in judgement.findings))
    )
    word = {
        Outcome.PASSED: "PASSED",
        Outcome.UNDECIDED: "PASSED with warnings",
        Outcome.FAILED: "FAILED",
    }[judgement.outcome]
    who = f"{candidate.retriever['spec']} on {candidate.benchmark['name']}"
    return visible(f"gate {word}: {who} against {baseline.retriever['spec']} ({counts})")


def as_text(judgement: Judgement) -> str:
    """For people."""
    lines = [f"{_MARKS[finding.outcome]}  {sentence(finding)}" for finding in judgement.findings]
    return "\n".join([*lines, verdict_line(judgement)]) + "\n"


def as_github(judgement: Judgement) -> str:
    """Workflow commands: an annotation for each rule that did not pass, then the text."""
    annotations = [
        f"::{_GITHUB[finding.outcome]} title={_property(f'ifir-eval: {finding.rule.column.name}')}"
        f"::{_data(sentence(finding))}\n"
        for finding in judgement.findings
        if finding.outcome in _GITHUB
    ]
    return "".join(annotations) + as_text(judgement)


def as_markdown(judgement: Judgement) -> str:
    """For a step summary or a comment on a pull request."""
    rows = [
        f"| {_MARKS[finding.outcome]} | {sentence(finding).replace('|', chr(92) + '|').replace('<', '&lt;')} |"
        for finding in judgement.findings
    ]
    return "\n".join([f"**{verdict_line(judgement)}**", "", "| | rule |", "|---|---|", *rows]) + "\n"


def as_json(judgement: Judgement) -> str:
    """All of it as data."""
    body = {
        "outcome": judgement.outcome.value,
        "benchmark": judgement.candidate.benchmark["name"],
        "baseline": judgement.baseline.retriever["spec"],
        "candidate": judgement.candidate.retriever["spec"],
        "confidence": judgement.policy.confidence,
        "demand": judgement.policy.demand,
        "findings": [_data_of(finding) for finding in judgement.findings],
    }
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def as_junit(judgement: Judgement) -> str:
    """A test suite: a failed rule is a failure; an undecided one passes and says so in its output."""
    suite = ET.Element(
        "testsuite",
        name=f"ifir-eval gate {judgement.candidate.benchmark['name']}",
        tests=str(len(judgement.findings)),
        failures=str(sum(finding.outcome is Outcome.FAILED for finding in judgement.findings)),
        errors="0",
        skipped="0",
        time="0",
    )
    for finding in judgement.findings:
        name = finding.rule.column.name + (f" {': '.join(finding.rule.slice)}" if finding.rule.slice else "")
        kind = "floor" if finding.rule.is_floor else "loss"
        case = ET.SubElement(suite, "testcase", classname=f"ifir_eval.gate.{kind}", name=name, time="0")
        if finding.outcome is Outcome.FAILED:
            ET.SubElement(case, "failure", message=sentence(finding), type=kind).text = sentence(finding)
        else:
            ET.SubElement(case, "system-out").text = f"{_MARKS[finding.outcome]}: {sentence(finding)}"
    suites = ET.Element("testsuites")
    suites.append(suite)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _data_of(finding: Finding) -> dict[str, Any]:
    return {
        "column": finding.rule.column.name,
        "kind": "floor" if finding.rule.is_floor else "loss",
        "slice": list(finding.rule.slice) if finding.rule.slice else None,
        "limit": finding.rule.limit,
        "outcome": finding.outcome.value,
        "baseline": finding.baseline,
        "candidate": finding.candidate,
        "shortfall": finding.shortfall,
        "low": finding.low,
        "high": finding.high,
        "n": finding.n,
        "p": finding.p,
        "sees": finding.sees,
        "topics_needed": finding.needed,
        "sentence": sentence(finding),
    }


def _amount(finding: Finding, value: float) -> str:
    """A loss in the column's unit, without a plus."""
    return finding.rule.column.shown(value).lstrip("+")


def _data(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)


def _property(text: str) -> str:
    return "".join({**_ESCAPES, ":": "%3A", ",": "%2C"}.get(char, char) for char in text)
