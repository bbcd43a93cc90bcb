"""A job: rows in, a language model and perhaps a judge at work, rows out; it can be killed at any time.

::

    <out>/journal.jsonl   one line a row that is done with, written as it happens
          rows.jsonl      the rows that are kept, in the order of the source; written at the end
          report.json     what became of all rows, likewise
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ifir_eval.files import write_atomically
from ifir_eval.progress import Progress, silent
from ifir_eval.servers.completion import Complete
from ifir_eval.servers.server import RefusedTextError
from ifir_eval.synthesis.asking import Asker, RefusalError
from ifir_eval.synthesis.journal import Journal, Outcome, opened
from ifir_eval.synthesis.judges.judge import Judge, Judging
from ifir_eval.synthesis.language_model import PROBE, LanguageModel
from ifir_eval.synthesis.methods.method import Method, Writer
from ifir_eval.synthesis.prompt import Prompt
from ifir_eval.synthesis.report import Prices, Report, reported
from ifir_eval.training.rows import Row, as_line

ROWS, REPORT = "rows.jsonl", "report.json"


@dataclass(frozen=True)
class Job:
    """What to write from ``rows``, and with whom; ``hands`` rows are worked on at a time."""

    rows: Sequence[Row]
    method: Method
    prompts: Mapping[str, Prompt]
    model: LanguageModel
    judge: Judge | None = None
    tries: int = 3
    hands: int = 4
    prices: Prices = field(default_factory=Prices)

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that can change what comes out of it."""
        texts = "".join(map(as_line, self.rows))
        return {
            "method": self.method.identity,
            "rows": hashlib.sha256(texts.encode()).hexdigest(),
            "prompts": {name: prompt.source for name, prompt in self.prompts.items()},
            "model": dict(self.model.identity),
            "judge": dict(self.judge.identity) if self.judge else None,
            "tries": self.tries,
        }


def run_job(job: Job, folder: Path, progress: Progress = silent) -> Report:
    """Do what is left of ``job`` in ``folder``, and write its rows and its report.

    Raises:
        InvalidInputError: if the folder holds another job.
        IncompleteError: if a server fails for good; what is done stays.
        RetrieverError: if a server refuses whatever it is asked, or a model cannot be used.
    """
    lacks = {position: job.method.lacks(row) for position, row in enumerate(job.rows)}
    with opened(folder, job.identity) as journal:
        todo = [position for position, lack in lacks.items() if not lack and position not in journal.outcomes]
        if todo:
            _work(job, todo, journal, progress)
        outcomes = [journal.outcomes[position] for position, lack in lacks.items() if not lack]
        report = reported(job.rows, lacks, outcomes, job.prices)
        kept = "".join(map(as_line, _kept(job.rows, outcomes)))
        write_atomically(folder / ROWS, kept.encode())
        content = json.dumps({"job": job.identity, **asdict(report)}, indent=1, ensure_ascii=False)
        write_atomically(folder / REPORT, f"{content}\n".encode())
    return report


def _kept(source: Sequence[Row], outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """The rows that stay; views of a pair whose twins have one name become pairs of their own."""
    counts = Counter((row.pair_id, row.view) for outcome in outcomes for row in outcome.rows)
    crowded = {pair for (pair, _), count in counts.items() if count > 1}
    for outcome in outcomes:
        view = source[outcome.position].view
        for row in outcome.rows:
            yield replace(row, pair_id=f"{row.pair_id}-{view}") if row.pair_id in crowded else row


def _work(job: Job, todo: Sequence[int], journal: Journal, progress: Progress) -> None:
    """Row by row in order, several at a time; each is noted as soon as it is done."""
    with ExitStack() as stack:
        complete = stack.enter_context(job.model.session())
        judging = stack.enter_context(job.judge.session()) if job.judge else None
        complete(PROBE)  # a wrong key, model or parameter is told before a text can be blamed for it
        advance = stack.enter_context(progress(job.method.name, total=len(todo)))
        tokens = stack.enter_context(progress("tokens read and written", total=0))
        hands = stack.enter_context(_hands(job.hands))
        under_way: set[Future[Outcome]] = set()
        for position in (*todo, None):
            while under_way and (position is None or len(under_way) >= job.hands):
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for outcome in _noted(done, journal):
                    advance()
                    tokens(_tokens(outcome))
            if position is not None:
                under_way.add(hands.submit(_outcome, job, position, complete, judging))


def _noted(done: set[Future[Outcome]], journal: Journal) -> Iterator[Outcome]:
    """Note what is done; only then raise the error of one that failed."""
    failed = [future for future in done if future.exception()]
    for future in done.difference(failed):
        journal.add(future.result())
        yield future.result()
    for future in failed:
        future.result()


@contextmanager
def _hands(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that nobody waits for after an error: the sessions behind them are about to end."""
    pool = ThreadPoolExecutor(count, thread_name_prefix="synthesis")
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _outcome(job: Job, position: int, complete: Complete, judging: Judging | None) -> Outcome:
    row = job.rows[position]
    asker = Asker(complete, job.tries)
    try:
        claims = job.method.write(row, Writer(job.prompts, asker))
    except RefusalError as refusal:
        return Outcome(position, reason=refusal.reason, detail=refusal.detail, effort=asker.effort)
    except RefusedTextError as error:
        return Outcome(position, reason="the server refuses the text", detail=f"{error}", effort=asker.effort)
    written = tuple(claim.row for claim in claims)
    if faults := [fault for each in written for fault in each.faults()]:
        reason = f"makes no row: {faults[0]}"
        return Outcome(position, written=written, reason=reason, effort=asker.effort)
    if judging is None:
        return Outcome(position, written, written, effort=asker.effort)
    findings = tuple(judging(claim) for claim in claims)
    rows = job.method.survivors(claims, findings)
    found = next((f"{finding.view}: {finding.why}" for finding in findings if finding.why), "")
    reason = "" if rows else f"judge, {found}"
    return Outcome(position, rows, written, findings, reason, effort=asker.effort)


def _tokens(outcome: Outcome) -> int:
    return outcome.effort.tokens + sum(finding.effort.tokens for finding in outcome.findings)
