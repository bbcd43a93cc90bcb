"""Every benchmark asked of every retriever, with finished work kept and never done twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.errors import (
    IfirEvalError,
    IncompleteError,
    InvalidInputError,
    Problem,
    RetrieverError,
    UnknownNameError,
)
from ifir_eval.evaluation import Evaluation, describe_benchmark, document_lines, evaluate, measure
from ifir_eval.files import write_atomically
from ifir_eval.measures.measure import Measure, find
from ifir_eval.progress import Progress, silent
from ifir_eval.ranking.trec import trec_lines
from ifir_eval.records.record import PUBLISHED, Record
from ifir_eval.records.storage import RUN, folder_for, load_record, save, stored
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.retriever import Retriever
from ifir_eval.retrievers.run_file import RunFile


@dataclass(frozen=True, slots=True)
class Outcome:
    """The records that exist now, and what failed, as one sentence each.

    ``resumable`` says that every failure is one with which the same command may go on later.
    """

    records: tuple[Record, ...]
    failures: tuple[str, ...]
    resumable: bool = False

    def raise_failures(self) -> None:
        """Raise one error for all failures, if there are any."""
        if self.failures:
            raise (IncompleteError if self.resumable else IfirEvalError)("\n".join(self.failures))


@dataclass(frozen=True, slots=True)
class Campaign:
    """Where the results of a grid of retrievers and benchmarks go, and how it is carried out.

    ``measures`` are measure names, empty for each benchmark's own. With ``resume``, what already lies in
    ``results`` is not asked again. ``command`` is written into the records, for whoever reproduces them.
    """

    results: Path
    measures: Sequence[str] = ()
    resume: bool = True
    command: str = ""
    progress: Progress = silent
    say: Callable[[str], None] = print

    def carry_out(self, benchmarks: Sequence[Benchmark], retrievers: list[Retriever]) -> Outcome:
        """Evaluate every pair of retriever and benchmark, storing each as soon as it is done.

        ``retrievers`` is emptied on the way, so that a model's memory is free before the next one loads.
        A retriever that fails is reported in the outcome and does not stop the others.

        Raises:
            UnknownNameError: for unknown measures, before anything is asked.
            IncompleteError: if interrupted (Ctrl-C); what is finished lies in ``results``.
        """
        for benchmark in benchmarks:
            find(self.measures or benchmark.measures)
        writable(self.results)
        total = len(benchmarks) * len(retrievers)
        records: list[Record] = []
        failures: list[str] = []
        resumable = True
        try:
            while retrievers:
                retriever = retrievers.pop(0)
                try:
                    spec = retriever.identity.spec
                except IfirEvalError as error:
                    resumable = False
                    failures.extend([f"{error}"] * len(benchmarks))
                    continue
                for benchmark in benchmarks:
                    pair = f"{spec} on {benchmark.name}"
                    self.say(f"[{len(records) + len(failures) + 1}/{total}] {pair}")
                    try:
                        records.append(self._record(benchmark, retriever))
                    except (IfirEvalError, OSError) as error:
                        resumable &= isinstance(error, IncompleteError)
                        failures.append(f"{pair}: {error}")
        except KeyboardInterrupt:
            raise IncompleteError(
                f"interrupted: {len(records)} of {total} are finished and kept in {self.results}; "
                "the same command goes on with the rest"
            ) from None
        return Outcome(tuple(records), tuple(dict.fromkeys(failures)), resumable)

    def _record(self, benchmark: Benchmark, retriever: Retriever) -> Record:
        name = f"{benchmark.name}.limit-{len(benchmark.topics)}" if benchmark.is_limited else benchmark.name
        identity = retriever.identity
        folder = folder_for(self.results, identity.spec, asdict(identity), name, benchmark.content_hash)
        if self.resume and (kept := stored(folder)):
            self.say("  kept from an earlier run (--again does it over)")
            try:
                return _brought_up_to_date(folder, kept, benchmark, self.measures)
            except (InvalidInputError, RetrieverError, UnknownNameError):
                self.say("  its run cannot be measured by this version: done over")
        evaluation = evaluate(benchmark, retriever, measures=self.measures, progress=self.progress)
        return store(folder, evaluation, self.command)


def writable(folder: Path) -> None:
    """Make ``folder`` now, so that hours of work do not end before a closed door.

    Raises:
        InvalidInputError: if results cannot be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / ".writable", b"")
        (folder / ".writable").unlink()
    except OSError as error:
        raise InvalidInputError(
            "results folder", [Problem(f"cannot be written: {error}", str(folder))]
        ) from error


def store(folder: Path, evaluation: Evaluation, command: str) -> Record:
    """Write an evaluation to ``folder``; returns its record, with the command that made it."""
    environment = {**evaluation.record.environment, "command": command}
    record = replace(evaluation.record, environment=environment)
    save(folder, record, trec_lines(evaluation.run), document_lines(evaluation))
    return record


def _brought_up_to_date(folder: Path, old: Record, benchmark: Benchmark, measures: Sequence[str]) -> Record:
    """``old`` if it says all that is asked as this version would say it, else its run measured again."""
    recorded: Sequence[str] = old.benchmark["measures"]
    chosen = find([*dict.fromkeys([*recorded, *(measures or benchmark.measures)])])
    if old.harness == version("ifir-eval") and old.benchmark == describe_benchmark(benchmark, chosen):
        return old
    return _rescored(folder, old, benchmark, chosen)


def _rescored(folder: Path, old: Record, benchmark: Benchmark, measures: Sequence[Measure]) -> Record:
    """Measure a stored run again; what was seen while its retriever answered is kept."""
    run = folder / RUN
    answer = RunFile.build(f"run:{run}", f"{run}", Options()).answer(benchmark, silent)
    seen = tuple(warning for warning in old.warnings if warning not in benchmark.notes)
    answer = replace(answer, warnings=seen, counts=old.counts)
    evaluation = measure(benchmark, answer, old.retriever, measures, timing=old.timing)
    evaluation = replace(evaluation, record=replace(evaluation.record, environment=old.environment))
    return store(folder, evaluation, old.environment.get("command", ""))


def rescore(path: Path, load: Callable[[str], Benchmark], measures: Sequence[str] = ()) -> Record:
    """Measure the stored evaluation at ``path`` (its folder or record.json) again, without its retriever.

    ``load`` brings a benchmark by the name that the record holds. ``measures`` are added to what the
    record holds already; without any, the benchmark's own are.

    Raises:
        InvalidInputError: if there is no record or run, or if the benchmark's content has changed since.
        RetrieverError: if the run does not belong to the benchmark.
    """
    folder = path if path.is_dir() else path.parent
    old = load_record(path)
    if old.origin == PUBLISHED:
        raise InvalidInputError("record", [Problem("it holds published figures, which have no run", str(path))])
    benchmark = load(old.benchmark["name"])
    if not old.complete:
        benchmark = benchmark.limited(old.benchmark["topics"])
    if benchmark.content_hash != old.benchmark["content_hash"]:
        problem = Problem(
            f"it was made on {benchmark.name!r} with content {old.benchmark['content_hash'][:12]}, which is "
            f"now {benchmark.content_hash[:12]}; run the retriever again",
            str(path),
        )
        raise InvalidInputError("record", [problem])
    names = dict.fromkeys([*old.benchmark["measures"], *(measures or benchmark.measures)])
    return _rescored(folder, old, benchmark, find([*names]))
