"""A gate's judgement in words and in the formats of CI systems: one line a rule, one line of verdict last."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from ifir_eval.comparison.gate import Finding, Judgement, Outcome
from ifir_eval.reporting.text import marked_down, visible

_MARKS = {Outcome.PASSED: "pass", Outcome.UNDECIDED: "warn", Outcome.FAILED: "FAIL"}
_GITHUB = {Outcome.UNDECIDED: "warning", Outcome.FAILED: "error"}
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}


def sentence(finding: Finding) -> str:
    """What one rule found, without its outcome."""
    rule, column = finding.rule, finding.rule.column
    where = f" in {rule.slice[0]}: {rule.slice[1]}" if rule.slice else ""
    if rule.is_floor:
        bound = "ceiling" if column.higher_is_better is False else "floor"
        said = f"{column.label}{where} is {column.shown(finding.candidate)}, {bound} {column.shown(rule.limit)}"
    else:
        before, after = column.shown(finding.baseline or 0.0), column.shown(finding.candidate)
        lost = f"lost {_amount(finding, finding.shortfall)}" if finding.shortfall > 0 else "lost nothing"
        said = f"{column.label}{where}: {before} to {after}, {lost} (tolerated {_amount(finding, rule.limit)})"
    said += f"{_interval(finding)}, p {finding.p:.4f}, {finding.n} topics{_limits(finding)}"
    return _line(said)


def _interval(finding: Finding) -> str:
    """That of the loss, or of the value that a floor bounds."""
    if finding.low is None or finding.high is None:
        return ""
    rule, column, of = finding.rule, finding.rule.column, " of the loss"
    ends = (finding.low, finding.high)
    if rule.is_floor:
        sign, of = (1 if column.higher_is_better is False else -1), ""
        ends = (rule.limit + sign * finding.low, rule.limit + sign * finding.high)
    low, high = sorted(ends)
    return f", 95% interval{of} [{column.shown(low)}, {column.shown(high)}]"


def _limits(finding: Finding) -> str:
    """What so many topics cannot tell."""
    if finding.needed:
        what = "not shown to hold" if finding.outcome is Outcome.FAILED else "too few topics to decide"
        return f"; {what}, it would take about {finding.needed:,}"
    passed = finding.outcome is Outcome.PASSED and not finding.rule.is_floor
    if passed and finding.sees and finding.sees > finding.rule.limit:
        return f"; sees losses from {_amount(finding, finding.sees)} on"
    return ""


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
    return _line(f"gate {word}: {who} against {baseline.retriever['spec']} ({counts})")


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
        f"| {_MARKS[finding.outcome]} | {marked_down(sentence(finding))} |" for finding in judgement.findings
    ]
    verdict = marked_down(verdict_line(judgement))
    return "\n".join([f"**{verdict}**", "", "| | rule |", "|---|---|", *rows]) + "\n"


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
    return json.dumps(body, indent=1) + "\n"


def as_junit(judgement: Judgement) -> str:
    """A test suite: a failed rule is a failure; an undecided one passes and says so in its output."""
    failures = sum(finding.outcome is Outcome.FAILED for finding in judgement.findings)
    name = f"ifir-eval gate {judgement.candidate.benchmark['name']}"
    suites, suite = _suite(name, len(judgement.findings), failures=failures)
    for finding in judgement.findings:
        rule = finding.rule
        kind = "floor" if rule.is_floor else "loss"
        named = rule.column.name + (f" {': '.join(rule.slice)}" if rule.slice else "")
        case = _case(suite, f"ifir_eval.gate.{kind}", named)
        if finding.outcome is Outcome.FAILED:
            told = _xml(sentence(finding))
            ET.SubElement(case, "failure", message=told, type=kind).text = told
        else:
            told = f"{_MARKS[finding.outcome]}: {_xml(sentence(finding))}"
            ET.SubElement(case, "system-out").text = told
    return _document(suites)


def written(judgement: Judgement, format_: str) -> str:
    """``judgement`` in the format called ``format_``."""
    formats = {
        "text": as_text,
        "github": as_github,
        "json": as_json,
        "junit": as_junit,
        "markdown": as_markdown,
    }
    return formats[format_](judgement)


def unverifiable(reason: str, format_: str) -> str:
    """The report where nothing could be judged; empty where standard error tells it all."""
    if format_ == "github":
        return f"::error title={_property('ifir-eval gate')}::{_data(visible(reason))}\n"
    if format_ == "json":
        return json.dumps({"outcome": "unverifiable", "reason": reason}, indent=1) + "\n"
    if format_ == "markdown":
        lines = "<br>".join(marked_down(line.strip()) for line in reason.splitlines())
        return f"**gate UNVERIFIABLE**: {lines}\n"
    if format_ == "junit":
        suites, suite = _suite("ifir-eval gate", 1, errors=1)
        case = _case(suite, "ifir_eval.gate", "verifiable")
        told = _xml(reason)
        ET.SubElement(case, "error", message=told, type="unverifiable").text = told
        return _document(suites)
    return ""


def _suite(name: str, tests: int, *, failures: int = 0, errors: int = 0) -> tuple[ET.Element, ET.Element]:
    counts = {"tests": tests, "failures": failures, "errors": errors, "skipped": 0, "time": 0}
    suites = ET.Element("testsuites")
    told = {key: f"{count}" for key, count in counts.items()}
    return suites, ET.SubElement(suites, "testsuite", {"name": _xml(name), **told})


def _case(suite: ET.Element, kind: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=kind, name=_xml(name), time="0")


def _document(suites: ET.Element) -> str:
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


def _line(text: str) -> str:
    """One line: a CI system takes a line that begins with ``::`` for a command."""
    return visible(text).replace("\n", "⟨U+000A⟩")


def _data(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)


def _property(text: str) -> str:
    return "".join({**_ESCAPES, ":": "%3A", ",": "%2C"}.get(char, char) for char in visible(text))


def _xml(text: str) -> str:
    """``text`` without what XML cannot hold, not even escaped."""
    return visible(text).replace("\ufffe", "⟨U+FFFE⟩").replace("\uffff", "⟨U+FFFF⟩")
