"""The gate's reports as CI systems read them, whatever the records say."""

from __future__ import annotations

import json
from functools import cache
from xml.etree import ElementTree as ET

import pytest
from hostile_comparisons import hostile_pair
from hostile_records import HOSTILE

from ifir_eval.comparison.gate import Judgement, judge
from ifir_eval.comparison.policy import Policy
from ifir_eval.reporting.gated import unverifiable, written

MORE = ("\n::error::made up", "\ufffe\uffff", "](javascript:alert(1))", "a|b`c")


@cache
def judgement(hostile: str) -> Judgement:
    """Every column, and the slice whose name and values are hostile."""
    old, new = hostile_pair(hostile)
    columns = list(dict.fromkeys(name for row in old.topics for name in row.values if name != "topic-lock"))
    return judge(old, new, Policy(dict.fromkeys(columns, 0.0)))


@pytest.mark.parametrize("hostile", [*HOSTILE, *MORE])
def test_junit_is_what_its_schema_allows(hostile: str) -> None:
    """Parsed again, with the elements and attributes of the schema that Jenkins publishes, and true counts."""
    (suite,) = root = ET.fromstring(written(judgement(hostile), "junit"))
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    assert set(suite.attrib) <= {"name", "tests", "failures", "errors", "skipped", "time"}
    assert suite.get("name")
    assert int(suite.get("tests", "")) == len(suite)
    for case in suite:
        assert (case.tag, set(case.attrib)) == ("testcase", {"name", "classname", "time"})
        (told,) = case
        assert told.tag in {"failure", "system-out"}
        assert set(told.attrib) <= {"message", "type"}
    assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
    (broken,) = ET.fromstring(unverifiable(f"because{hostile}", "junit"))
    assert (broken.get("errors"), len(broken.findall("testcase/error"))) == ("1", 1)


@pytest.mark.parametrize("hostile", [*HOSTILE, *MORE])
def test_no_record_can_give_commands_to_a_ci_system(hostile: str) -> None:
    """A line break in a slice's or a retriever's name began a line, and ``::`` begins a command."""
    judged = judgement(hostile)
    annotations = sum(finding.outcome.value != "passed" for finding in judged.findings)
    lines = written(judged, "github").splitlines()
    assert [line.startswith("::") for line in lines] == [True] * annotations + [False] * (
        len(lines) - annotations
    )
    assert not any(line.startswith("::") for line in written(judged, "text").splitlines())
    assert len(unverifiable(f"because{hostile}", "github").splitlines()) == 1


@pytest.mark.parametrize("hostile", [*HOSTILE, *MORE])
def test_json_can_be_written_and_read_back(hostile: str) -> None:
    """A lone surrogate in a spec cannot be written as UTF-8."""
    judged = judgement(hostile)
    found = json.loads(written(judged, "json").encode())
    assert found["candidate"] == judged.candidate.retriever["spec"]
    assert len(found["findings"]) == len(judged.findings)


@pytest.mark.parametrize("hostile", [*HOSTILE, *MORE])
def test_a_step_summary_is_a_table_of_two_columns(hostile: str) -> None:
    text = written(judgement(hostile), "markdown")
    rows = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {3}
    assert "<" not in text
    assert "](" not in text
    assert "](" not in unverifiable(f"because{hostile}", "markdown")
