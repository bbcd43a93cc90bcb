"""Records come back as they were written, and are never half there."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import operator
import re
from pathlib import Path
from typing import Any

import pytest

from ifir_eval.errors import InvalidInputError
from ifir_eval.records.record import Record, TopicValues
from ifir_eval.records.schema import from_json, to_json
from ifir_eval.records.storage import folder_for, load_record, save, slug
from ifir_eval.statistics.estimate import Estimate

RECORD = Record(
    harness="0.1.0",
    retriever={"spec": "bm25", "kind": "bm25", "settings": {"k1": 1.5}, "example": None},
    benchmark={
        "name": "mirror",
        "version": "1",
        "content_hash": "00",
        "licence": "CC0",
        "primary": "p-MRR",
        "measures": ["p-MRR"],
        "contrasts": [["original", "reversed"]],
        "topics": 2,
    },
    measures={"p-MRR": Estimate(1 / 3, -0.1, 0.7, 2), "MRR@10": Estimate(0.5, None, None, 1)},
    slices={"constraint": {"time": {"p-MRR": Estimate(1 / 3, -0.1, 0.7, 2)}}},
    topics=(TopicValues("t1", {"constraint": "time"}, {"p-MRR": 1 / 3}),),
    missing_queries=("t2-original",),
    warnings=("one query was cut",),
    counts={"texts_encoded": 12},
    timing={"answer_s": 0.25},
    environment={"python": "3.11"},
    complete=False,
)


def test_a_record_survives_the_round_trip_exactly(tmp_path: Path) -> None:
    """Every field and every digit comes back; nothing is rounded before it is stored."""
    save(tmp_path / "r" / "b", RECORD, ["q Q0 d 1 0.5 t\n"], ['{"topic": "t1"}\n'])
    assert load_record(tmp_path / "r" / "b") == RECORD
    assert load_record(tmp_path / "r" / "b" / "record.json") == RECORD
    assert sorted(file.name for file in (tmp_path / "r" / "b").iterdir()) == [
        "documents.jsonl",
        "record.json",
        "run.trec.gz",
        "timing.json",
    ]


def test_what_a_run_took_lies_beside_its_record(tmp_path: Path) -> None:
    """So the record of a run that was cut off and resumed is the same to the byte."""
    save(tmp_path, RECORD, [], [])
    before = (tmp_path / "record.json").read_bytes()
    save(tmp_path, dataclasses.replace(RECORD, timing={"answer_s": 9.5}), [], [])
    assert (tmp_path / "record.json").read_bytes() == before
    assert load_record(tmp_path).timing == {"answer_s": 9.5}
    (tmp_path / "timing.json").unlink()
    assert load_record(tmp_path).timing == {}


def test_the_first_schema_stays_readable() -> None:
    """The fixture was written by version 0.1.0 and must be read by every later one."""
    text = (Path(__file__).parent / "record_schema_1.json").read_text(encoding="utf-8")
    assert from_json(text, "record_schema_1.json") == RECORD


def test_a_newer_schema_is_refused_by_name() -> None:
    """The user learns which schema it is and that an upgrade helps."""
    body = json.loads(to_json(RECORD)) | {"schema": 99}
    with pytest.raises(InvalidInputError, match="schema 99, this version reads up to 1; upgrade"):
        from_json(json.dumps(body), "x.json")


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 1}', '{"schema": "x"}', '{"measures": {}}'])
def test_what_is_no_record_is_named(text: str) -> None:
    """A sentence with the file, never a traceback."""
    with pytest.raises(InvalidInputError, match=r"x\.json: this is no ifir-eval record"):
        from_json(text, "x.json")


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("benchmark", "primary"), None, "benchmark.primary is None, but must be a text"),
        (("benchmark", "contrasts"), [1], "benchmark.contrasts holds 1"),
        (("benchmark", "topics"), True, "benchmark.topics is True, but must be a whole number"),
        (("benchmark", "measure_facts"), {"p-MRR": {"low": "-1"}}, "measure_facts.p-MRR.low is '-1'"),
        (("measures", "p-MRR", "value"), "0.3", "measures.p-MRR.value is '0.3', but must be a number"),
        (("measures", "p-MRR", "value"), math.nan, "measures.p-MRR.value is nan"),
        (("measures", "p-MRR", "n"), 0.5, "measures.p-MRR.n is 0.5"),
        (("slices", "constraint", "time", "p-MRR", "ci"), [0, None], "slices.constraint.time.p-MRR.ci is None"),
        (("topics", 0, "values", "p-MRR"), False, "p-MRR of topic t1 is False"),
        pytest.param(("topics", 0, "values", "p-MRR"), 10**400, "no ifir-eval record", id="too large"),
        (("complete",), "no", "complete is 'no'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_place(
    place: tuple[str | int, ...], value: object, said: str
) -> None:
    """It was read, and ended the command that used it with a TypeError, or counted as something else."""
    body: Any = json.loads(to_json(RECORD))
    *way, last = place
    functools.reduce(operator.getitem, way, body)[last] = value
    with pytest.raises(InvalidInputError, match=re.escape(said)):
        from_json(json.dumps(body), "x.json")


def test_everything_that_a_record_lacks_is_listed() -> None:
    """With only some of it checked, the rest was a KeyError of whichever command came to need it."""
    body = json.loads(to_json(RECORD))
    for name in ("primary", "version", "contrasts", "licence"):
        del body["benchmark"][name]
    with pytest.raises(InvalidInputError) as caught:
        from_json(json.dumps(body), "x.json")
    assert [str(problem).partition("record: ")[2] for problem in caught.value.problems] == [
        f"benchmark.{name} is missing" for name in ("version", "licence", "primary", "contrasts")
    ]


def test_what_is_no_table_hides_none_of_the_other_faults() -> None:
    body = json.loads(to_json(RECORD))
    body |= {"harness": 7, "benchmark": None, "measures": []}
    with pytest.raises(InvalidInputError) as caught:
        from_json(json.dumps(body), "x.json")
    assert [str(problem).partition("record: ")[2] for problem in caught.value.problems] == [
        "harness is 7, but must be a text",
        "benchmark is None, but must be a table",
        "measures is [], but must be a table",
    ]


def test_not_a_number_is_never_written() -> None:
    """JSON has no NaN, and a measure that yields one is a mistake to be seen at once."""
    broken = dataclasses.replace(RECORD, timing={"answer_s": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(broken)


def test_equal_names_with_other_settings_lie_apart(tmp_path: Path) -> None:
    """Two checkpoints of one name shared a result key, and the second reported the first one's score."""
    first = folder_for(tmp_path, "./model", {"fingerprint": "a"}, "mirror", "00")
    second = folder_for(tmp_path, "./model", {"fingerprint": "b"}, "mirror", "00")
    assert first != second


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BAAI/bge-small-en-v1.5", "BAAI-bge-small-en-v1.5"),
        ("../../etc/passwd", "etc-passwd"),
        ("run:a b.trec", "run-a-b.trec"),
        ("..", "unnamed"),
    ],
)
def test_names_become_harmless_folders(name: str, expected: str) -> None:
    """No separator, no white space, no way out of the results folder."""
    assert slug(name) == expected
