"""Long jobs with a real server that misbehaves: what is done is kept, what is refused is counted."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from misbehaving_server import MisbehavingServer, changed, good_one, reset, slow, status, truncated
from served_models import hasty_client
from written_rows import chat_reply, number_of, obedient, prompt_of, row, rows

from ifir_eval.errors import IfirEvalError, IncompleteError, InvalidInputError, RetrieverError
from ifir_eval.servers.chat import ChatModel
from ifir_eval.synthesis.job import Job, run_job
from ifir_eval.synthesis.journal import JOURNAL, opened, read_outcomes
from ifir_eval.synthesis.judges.llm import LanguageModelJudge
from ifir_eval.synthesis.methods import METHODS
from ifir_eval.synthesis.prompt import load_prompt
from ifir_eval.synthesis.report import Prices
from ifir_eval.training.rows import Row, read_rows

PARAMETERS = {"temperature": 0.0, "max_tokens": 64, "seed": 0}


def job(url: str, source: Sequence[Row], hands: int = 3, *, judged: bool = False, **fields: Any) -> Job:
    """Reversals of ``source`` by the server at ``url``, which also judges them if they are to be ``judged``."""
    model = ChatModel(hasty_client(url, concurrency=hands), "tiny", PARAMETERS)
    judge = LanguageModelJudge(model, load_prompt("judge"), tries=2) if judged else None
    prompts = {"polarity-reversal": load_prompt("polarity-reversal")}
    return Job(source, METHODS["polarity-reversal"], prompts, model, judge, 2, hands, **fields)


def answering(answers: dict[int, str]) -> Callable[[str, Any], Any]:
    """Obedient, but for the rows of these numbers."""

    def answer(path: str, body: Any) -> Any:
        number = number_of(prompt_of(body))
        return chat_reply(answers[number]) if number in answers else obedient(path, body)

    return answer


def test_every_row_that_can_be_used_gets_its_twin_in_the_order_of_the_source(tmp_path: Path) -> None:
    source = rows(12)
    delays = [good_one] + [slow(0.1 + 0.03 * (number % 4)) for number in range(12)]
    with MisbehavingServer(obedient, *delays) as server:
        report = run_job(job(server.url, source), tmp_path)
        assert server.busiest == 3
    made = read_rows(tmp_path / "rows.jsonl")
    assert [(each.pair_id, each.view) for each in made] == [
        (f"pair-{number}", view) for number in range(12) for view in ("original", "reversed")
    ]
    assert made[1].instruction == "Not the kind 0."
    assert (report.read, report.asked, report.written, report.kept, report.rows) == (12, 12, 12, 12, 24)


def test_views_of_a_pair_that_get_twins_of_one_name_become_pairs_of_their_own(tmp_path: Path) -> None:
    """FollowIR's original and changed, CSFCube's three facets: what is written can be read again."""
    source = [row(0), row(0, view="changed", instruction="Only the kind 0 of late."), row(1)]
    with MisbehavingServer(obedient) as server:
        run_job(job(server.url, source), tmp_path)
    made = [(each.pair_id, each.view) for each in read_rows(tmp_path / "rows.jsonl")]
    assert made == [
        ("pair-0-original", "original"),
        ("pair-0-original", "reversed"),
        ("pair-0-changed", "changed"),
        ("pair-0-changed", "reversed"),
        ("pair-1", "original"),
        ("pair-1", "reversed"),
    ]


def test_the_rows_do_not_depend_on_how_many_hands_there_are(tmp_path: Path) -> None:
    contents = set()
    for hands in (1, 5):
        with MisbehavingServer(obedient) as server:
            run_job(job(server.url, rows(7), hands), tmp_path / f"{hands}")
        contents.add((tmp_path / f"{hands}" / "rows.jsonl").read_bytes())
    assert len(contents) == 1


def test_passing_failures_cost_no_row(tmp_path: Path) -> None:
    faults = good_one, status(429), truncated(), reset(), status(503), status(500)
    with MisbehavingServer(obedient, *faults) as server:
        assert run_job(job(server.url, rows(6)), tmp_path).kept == 6


def test_what_comes_of_no_row_is_counted_by_its_reason_with_examples(tmp_path: Path) -> None:
    source = [*rows(8), row(8, negatives=0), row(9, view="reversed")]
    answers = {1: "None", 2: "<instruction>None</instruction>", 4: "gibberish", 5: "<instruction>half"}
    with MisbehavingServer(answering(answers)) as server:
        report = run_job(job(server.url, source, hands=1), tmp_path)
    assert report.unusable == {"no instruction negative": 1, "is a twin itself (view reversed)": 1}
    assert report.refused == {
        "none: the model finds nothing that would do": 2,
        "malformed: it holds no whole <instruction> where one is wanted": 2,
    }
    assert (report.read, report.asked, report.written) == (10, 8, 4)
    (gibberish, half) = report.examples["malformed: it holds no whole <instruction> where one is wanted"]
    assert (gibberish.pair_id, gibberish.answer) == ("pair-4", "gibberish")
    assert half.instruction == "Only the kind 5."
    assert json.loads((tmp_path / "report.json").read_text())["refused"] == report.refused


def test_a_text_that_the_server_refuses_costs_its_row_only(tmp_path: Path) -> None:
    """The request before the first row proves that it is not the key, the model or a parameter."""
    with MisbehavingServer(obedient, good_one, status(400, "too long"), good_one) as server:
        report = run_job(job(server.url, rows(3), hands=1), tmp_path)
    assert report.refused == {"the server refuses the text": 1}
    assert "too long" in report.examples["the server refuses the text"][0].answer


@pytest.mark.parametrize("code", [400, 401, 404])
def test_a_server_that_refuses_whatever_is_asked_ends_the_job_at_the_first_request(
    code: int, tmp_path: Path
) -> None:
    with MisbehavingServer(obedient, *[status(code)] * 50) as server:
        with pytest.raises(RetrieverError, match="refuses the request"):
            run_job(job(server.url, rows(40)), tmp_path)
        assert len(server.received) == 1
    assert read_outcomes(tmp_path) == []


def test_a_judge_keeps_what_holds_on_both_sides(tmp_path: Path) -> None:
    def answer(path: str, body: Any) -> Any:
        """Row 1's positive fits the written instruction as well; row 2's target does not."""
        prompt = prompt_of(body)
        if "Does it fit" in prompt and "Not the kind" in prompt:
            if "Passage: positive 1" in prompt:
                return chat_reply("yes")
            if "Passage: negative 2 a" in prompt:
                return chat_reply("no")
            if "Passage: positive 3" in prompt:
                return chat_reply("Perhaps.")
        return obedient(path, body)

    with MisbehavingServer(answer) as server:
        report = run_job(job(server.url, rows(5), judged=True), tmp_path)
    assert report.rejected == {
        "judge, reversed: a negative fits as well": 1,
        "judge, reversed: the positive does not fit": 1,
        "judge, reversed: the judge cannot tell": 1,
    }
    assert (report.written, report.kept, report.survival) == (5, 2, 0.4)
    original, reverse = report.agreement
    assert (original.view, original.holding, original.claims) == ("original", 5, 5)
    assert (reverse.holding, reverse.positives_agreed, reverse.breaking, reverse.breaking_agreed) == (
        2,
        4,
        10,
        8,
    )
    assert reverse.untold == 1
    assert report.examples["judge, reversed: a negative fits as well"][0].written == ("Not the kind 1.",)
    assert [each.pair_id for each in read_rows(tmp_path / "rows.jsonl")] == ["pair-0"] * 2 + ["pair-4"] * 2


def test_tokens_and_cost_are_counted_over_all_tries_and_judgements(tmp_path: Path) -> None:
    """10 tokens read and 3 written a request: three rows at one request, one malformed one at two."""
    prices = Prices(read=1.0, written=10.0)
    with MisbehavingServer(answering({2: "gibberish"})) as server:
        report = run_job(job(server.url, rows(4), judged=True, prices=prices), tmp_path)
    assert (report.effort.requests, report.effort.tokens_read, report.effort.tokens_written) == (5, 50, 15)
    assert report.judge_effort.requests == 3 * 2 * 3
    assert report.cost == pytest.approx((230 * 1.0 + 69 * 10.0) / 1e6)


def test_there_is_no_cost_where_the_server_does_not_say_its_tokens(tmp_path: Path) -> None:
    silent = changed(lambda good: {key: value for key, value in good.items() if key != "usage"})
    with MisbehavingServer(obedient, good_one, silent) as server:
        report = run_job(job(server.url, rows(2), hands=1, prices=Prices(1.0, 1.0)), tmp_path)
    assert report.effort.untold == 1
    assert report.cost is None


def test_a_job_that_failed_goes_on_with_the_rest(tmp_path: Path) -> None:
    """What was done before is not asked again, nor what came in beside it; the server may have moved."""
    source = rows(8)
    failing = MisbehavingServer(obedient, *[good_one] * 4, *[status(503)] * 40)
    with failing as server, pytest.raises(IncompleteError, match="the same command goes on"):
        run_job(job(server.url, source, hands=2), tmp_path)
    done = {outcome.position for outcome in read_outcomes(tmp_path)}
    assert done == {0, 1, 2}
    assert not (tmp_path / "rows.jsonl").exists()
    with MisbehavingServer(obedient) as server:
        report = run_job(job(server.url, source, hands=2), tmp_path)
        assert len(server.received) == 1 + 5
    assert report.kept == 8


def test_a_finished_job_asks_nobody(tmp_path: Path) -> None:
    with MisbehavingServer(obedient) as server:
        first = run_job(job(server.url, rows(3)), tmp_path)
        asked = len(server.received)
        assert run_job(job(server.url, rows(3)), tmp_path) == first
        assert len(server.received) == asked


def test_half_a_line_at_the_end_is_done_again_and_a_broken_one_is_told(tmp_path: Path) -> None:
    with MisbehavingServer(obedient) as server:
        run_job(job(server.url, rows(3), hands=1), tmp_path)
        whole = (tmp_path / "rows.jsonl").read_bytes()
        content = (tmp_path / JOURNAL).read_bytes()
        (tmp_path / JOURNAL).write_bytes(content[:-40])
        asked = len(server.received)
        run_job(job(server.url, rows(3), hands=1), tmp_path)
        assert len(server.received) - asked == 2
        assert (tmp_path / "rows.jsonl").read_bytes() == whole
        (tmp_path / JOURNAL).write_bytes(content.replace(b'{"position"', b'{"place"', 1))
        with pytest.raises(InvalidInputError, match=r"journal.jsonl:2: is no outcome .*remove the line"):
            run_job(job(server.url, rows(3), hands=1), tmp_path)


def test_a_folder_serves_one_process_and_one_job(tmp_path: Path) -> None:
    with MisbehavingServer(obedient) as server:
        first = job(server.url, rows(3))
        with opened(tmp_path, first.identity), pytest.raises(IfirEvalError, match="another process is writing"):
            run_job(first, tmp_path)
        run_job(first, tmp_path)
        with pytest.raises(InvalidInputError, match="differs in rows, tries; choose another folder"):
            run_job(replace(first, rows=rows(4), tries=9), tmp_path)
        other = ChatModel(hasty_client(server.url, concurrency=1), "small", PARAMETERS)
        with pytest.raises(InvalidInputError, match="differs in model; choose another folder"):
            run_job(replace(first, model=other), tmp_path)


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGINT"])
def test_a_killed_job_loses_at_most_what_was_in_flight(signal: str, tmp_path: Path) -> None:
    """Three hands: whatever the server had answered before those requests is on the disk."""
    program = f"""
        import sys
        from pathlib import Path
        sys.path[:0] = {sys.path!r}
        from test_job import job, rows
        from ifir_eval.synthesis.job import run_job
        run_job(job(sys.argv[1], rows(30), 3), Path(sys.argv[2]))
    """
    with MisbehavingServer(obedient, *[slow(0.02)] * 14, *[slow(30)] * 50) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program), server.url, tmp_path], stderr=subprocess.DEVNULL
        )
        while len(server.received) < 17:
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(getattr(__import__("signal"), signal))
        started = time.monotonic()
        process.wait(timeout=20)
        assert time.monotonic() - started < 5
        asked = len(server.received)
        assert len(read_outcomes(tmp_path)) == 13
        # The same server goes on, and answers at once.
        server._faults.clear()
        report = run_job(job(server.url, rows(30), 3), tmp_path)
        assert len(server.received) - asked == 1 + 17
    assert report.kept == 30


def test_progress_counts_what_is_left_and_tokens_as_they_come(tmp_path: Path) -> None:
    bars: dict[str, list[int]] = {}

    @contextmanager
    def progress(task: str, *, total: int) -> Any:
        bars[f"{task} of {total}"] = []
        yield lambda count=1: bars[f"{task} of {total}"].append(count)

    with MisbehavingServer(obedient) as server:
        run_job(job(server.url, rows(4)), tmp_path, progress)
    assert bars == {"polarity-reversal of 4": [1] * 4, "tokens read and written of 0": [13] * 4}
