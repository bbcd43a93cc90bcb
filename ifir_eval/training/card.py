"""The card of a trained model: what it was made of, how, and how good it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.training.folder import Trained
from ifir_eval.training.job import Job
from ifir_eval.training.rows import Row
from ifir_eval.training.sources import licence

_PACKAGES = ("ifir-eval", "sentence-transformers", "transformers", "torch")


def card(job: Job, loss: str, template: str, trained: Trained) -> str:
    """The text of ``README.md``, with the head that model hubs read; ``loss`` is an objective's repr."""
    rows, dev = job.rows, job.dev
    head = ["library_name: sentence-transformers", "tags:", "- sentence-transformers", "- ifir-eval"]
    facts = {
        "base": job.base,
        **job.told,
        "rows": f"{len(rows):,} ({_counted(row.source or 'without a source' for row in rows)})",
        "licences of the data": _licences(rows),
        "views": _counted(row.view for row in rows),
        "pairs": f"{len({row.pair_id for row in rows}):,}",
        "loss": loss,
        "template": json.dumps(template, ensure_ascii=False),
        "steps": f"{trained.steps:,}; this is the model after step {trained.step:,}",
        "mean loss of the last steps": f"{trained.loss:.4f}",
        "made with": ", ".join(f"{package} {version(package)}" for package in _PACKAGES),
    }
    chosen = {name: value for name, value in asdict(job.recipe).items() if value is not None}
    return "\n".join(
        [
            "---",
            *head,
            "---",
            "",
            "# A retriever trained to follow instructions",
            "",
            *(f"- **{name}**: {_line(value)}" for name, value in facts.items() if value),
            "",
            "Recipe: " + ", ".join(f"{name} {_line(value)}" for name, value in chosen.items()),
            "",
            *(_evaluation(dev, trained, job.kept_by) if dev else ()),
        ]
    )


def _evaluation(dev: Benchmark, trained: Trained, kept_by: str) -> Iterator[str]:
    yield f"## On {dev.name} {dev.version} while training (fractions)"
    yield ""
    names = list(dict.fromkeys(name for judged in trained.judged for name in judged.values))
    yield f"| measure |{''.join(f' step {judged.step:,} |' for judged in trained.judged)}"
    yield f"|---|{'---:|' * len(trained.judged)}"
    for name in names:
        cells = [f"{judged.values[name]:.4f}" if name in judged.values else "" for judged in trained.judged]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    yield f"Step 0 is the base. The step with the best {kept_by} was kept."
    yield ""


def _counted(names: Iterator[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in Counter(names).most_common())


def _licences(rows: Sequence[Row]) -> str:
    """Those of the sources whose terms are known; whoever shares the model has to know them."""
    known = {name: licence(name) for name in dict.fromkeys(row.source for row in rows)}
    return "; ".join(f"{name} ({terms})" for name, terms in known.items() if terms)


def _line(value: object) -> str:
    return " ".join(str(value).split())
