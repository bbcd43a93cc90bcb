"""For the tests of other projects: measure a retriever and hold it to a blessed baseline.

Installed with the package, so that any test may write::

    def test_instructions_are_still_followed(ifir_record, assert_not_regressed):
        record = ifir_record("./my-checkpoint", benchmark="mirror")
        assert_not_regressed(record, "baselines/my-checkpoint.json", policy="gate.toml")
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from ifir_eval.records.record import Record
    from ifir_eval.retrievers.python_object import Searcher


class UndecidedWarning(UserWarning):
    """The gate could not decide: a loss larger than tolerated, which may be an accident of so few topics."""


class MeasuredBy(Protocol):
    """Measures a retriever: a spec, or an object with ``index`` and ``search``."""

    def __call__(self, retriever: str | Searcher, *, benchmark: str = "mirror", **options: Any) -> Record:
        """The record of ``retriever`` on the benchmark, a name or a folder.

        ``options`` are those of `ifir-eval run`: ``template="instruct"``, ``backend="openvino"`` …
        """
        ...


class NotRegressed(Protocol):
    """Fails the test where the gate would fail."""

    def __call__(
        self, candidate: Record | str | Path, baseline: Record | str | Path, *, policy: str | Path | None = None
    ) -> None:
        """Hold a record (or its file) to a baseline; what cannot be decided is a warning."""
        ...


@pytest.fixture(scope="session")
def ifir_record() -> MeasuredBy:
    """``ifir_record(spec_or_object, benchmark="mirror")``: the record of a retriever, measured now."""

    def measured(retriever: str | Searcher, *, benchmark: str = "mirror", **options: Any) -> Record:
        from ifir_eval.benchmarks.catalog import load  # noqa: PLC0415 - every pytest run imports plugins
        from ifir_eval.evaluation import evaluate  # noqa: PLC0415 - likewise
        from ifir_eval.retrievers.options import Options  # noqa: PLC0415 - likewise
        from ifir_eval.retrievers.python_object import PythonObject  # noqa: PLC0415 - likewise
        from ifir_eval.retrievers.spec import build  # noqa: PLC0415 - likewise

        answering = (
            build(retriever, Options(**options))
            if isinstance(retriever, str)
            else PythonObject.around(retriever, type(retriever).__qualname__)
        )
        return evaluate(load(benchmark), answering).record

    return measured


@pytest.fixture(scope="session")
def assert_not_regressed(pytestconfig: pytest.Config) -> NotRegressed:
    """``assert_not_regressed(record, baseline, policy=None)``: `ifir-eval gate` as an assertion.

    Without a policy, that of the project counts, in pytest's root folder: ``[gate]`` of ifir-eval.toml, else
    ``[tool.ifir-eval.gate]`` of pyproject.toml; without any, the usual margins.
    """

    def check(
        candidate: Record | str | Path, baseline: Record | str | Path, *, policy: str | Path | None = None
    ) -> None:
        from ifir_eval.comparison.gate import Outcome, judge  # noqa: PLC0415 - every pytest run imports plugins
        from ifir_eval.comparison.policy import policy_of  # noqa: PLC0415 - likewise
        from ifir_eval.reporting.gated import as_text  # noqa: PLC0415 - likewise

        rules = policy_of(None if policy is None else Path(policy), pytestconfig.rootpath)
        judgement = judge(_record(baseline), _record(candidate), rules)
        if judgement.outcome is Outcome.FAILED:
            pytest.fail(as_text(judgement), pytrace=False)
        if judgement.outcome is Outcome.UNDECIDED:
            warnings.warn(as_text(judgement), UndecidedWarning, stacklevel=2)

    return check


def _record(given: Record | str | Path) -> Record:
    from ifir_eval.records.storage import load_record  # noqa: PLC0415 - every pytest run imports plugins

    return load_record(Path(given)) if isinstance(given, str | Path) else given
