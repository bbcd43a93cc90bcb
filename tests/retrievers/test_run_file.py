"""Runs of other systems are read strictly and fitted to the benchmark."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
from small_benchmarks import benchmark

from ifir_eval.errors import InvalidInputError, RetrieverError
from ifir_eval.progress import silent
from ifir_eval.ranking.trec import trec_lines
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.random_scores import RandomScores
from ifir_eval.retrievers.run_file import RunFile

GOOD = "q-original Q0 d1 1 0.5 me\nq-changed Q0 d1 1 0.25 me\n"


def read(*paths: Path) -> RunFile:
    argument = ",".join(map(str, paths))
    return RunFile.build(f"run:{argument}", argument, Options())


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_run_written_and_read_again_has_the_very_same_scores(tmp_path: Path) -> None:
    run = RandomScores("random:3", 3).answer(benchmark(), silent).run
    path = written(tmp_path / "run.trec", "".join(trec_lines(run)))
    again = read(path).answer(benchmark(), silent)
    assert again.warnings == ()
    for query, hits in run.hits.items():
        found = again.run.hits[query]
        assert dict(zip(found.documents, found.scores.tolist(), strict=True)) == dict(
            zip(hits.documents, hits.scores.tolist(), strict=True)
        )


def test_files_are_merged_and_may_be_compressed(tmp_path: Path) -> None:
    first, second = GOOD.splitlines(keepends=True)
    compressed = tmp_path / "b.trec.gz"
    compressed.write_bytes(gzip.compress(second.encode()))
    answer = read(written(tmp_path / "a.trec", first), compressed).answer(benchmark(), silent)
    assert answer.run.hits["q-original"].scores.tolist() == [0.5]
    assert answer.run.hits["q-changed"].scores.tolist() == [0.25]


def test_a_byte_order_mark_belongs_to_no_query(tmp_path: Path) -> None:
    """The first line's query was read with the mark before its name, and went lost."""
    answer = read(written(tmp_path / "run.trec", "\ufeff" + GOOD)).answer(benchmark(), silent)
    assert answer.run.hits.keys() == {"q-original", "q-changed"}


def test_the_largest_float32_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "run.trec", GOOD.replace("0.5", "3.4028235e+38"))
    assert read(path).answer(benchmark(), silent).run.hits["q-original"].scores[0] == np.finfo(np.float32).max


def test_a_comma_in_the_name_of_an_existing_file_does_not_split_it(tmp_path: Path) -> None:
    answer = read(written(tmp_path / "a,b.trec", GOOD)).answer(benchmark(), silent)
    assert len(answer.run.hits) == 2


def test_every_wrong_line_of_every_file_is_listed_with_its_place(tmp_path: Path) -> None:
    bad = written(
        tmp_path / "bad.trec",
        "q-original Q0 d1 1 0.5 me\n\nq-original Q0 d1 2 0.4 me\nq-original d2 0.1\n"
        "q-original Q0 d2 3 high me\nq-original Q0 d2 3 NaN me\nq-original Q0 d2 3 -inf me\n"
        "q-original Q0 d2 3 -1e300 me\n",
    )
    second = written(tmp_path / "second.trec", GOOD)
    absent, torn = tmp_path / "absent.trec", tmp_path / "torn.trec.gz"
    torn.write_bytes(gzip.compress(b"q9 Q0 d1 1 0.5 me\n")[:-9])
    with pytest.raises(InvalidInputError) as caught:
        read(bad, second, absent, torn)
    problems = [str(problem) for problem in caught.value.problems]
    expected = [
        (f"{bad}:3", "ranks document 'd1' a second time"),
        (f"{bad}:4", "has 3 columns, a run has 6"),
        (f"{bad}:5", "the score 'high' is not a number"),
        (f"{bad}:6", "the score is NaN"),
        (f"{bad}:7", "the score is -inf"),
        (f"{bad}:8", "the score -1e300 is beyond 3.4e38, where float32 ends"),
        (f"{second}:1", "ranks document 'd1' a second time"),
        (f"{absent}", "cannot be read"),
        (f"{torn}", "cannot be read"),
    ]
    assert len(problems) == len(expected)
    for problem, (place, message) in zip(problems, expected, strict=True):
        assert problem.startswith(place)
        assert message in problem


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00"])
def test_a_file_without_lines_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.trec"
    path.write_bytes(content)
    with pytest.raises((RetrieverError, InvalidInputError), match=r"holds no lines|cannot be read"):
        read(path)


def test_a_spec_without_a_file_is_refused() -> None:
    with pytest.raises(RetrieverError, match=r"write run:results\.trec"):
        RunFile.build("run:", "", Options())


def test_queries_of_another_benchmark_are_ignored_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "run.trec", GOOD + "q9 Q0 d1 1 0.5 me\n")
    answer = read(path).answer(benchmark(), silent)
    assert answer.counts["queries_ignored"] == 1
    assert "1 queries of the run are not in the benchmark" in answer.warnings[0]


def test_a_run_that_answers_nothing_shows_the_ids_of_both_sides(tmp_path: Path) -> None:
    path = written(tmp_path / "run.trec", "301-og Q0 d1 1 0.5 me\n")
    with pytest.raises(RetrieverError, match=r"'301-og'.*'q-original', 'q-changed'"):
        read(path).answer(benchmark(), silent)


def test_the_identity_is_the_content_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = written(tmp_path / "run.trec", GOOD)
    second = written(tmp_path / "other" / "run.trec", GOOD.replace("0.5", "0.6"))
    assert read(first).identity.settings == {"sha256": hashlib.sha256(GOOD.encode()).hexdigest()}
    assert read(first).identity.settings != read(second).identity.settings
