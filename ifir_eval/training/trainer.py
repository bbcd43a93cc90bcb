"""sentence-transformers' trainer with our batches and losses, and a stop where the loss is no number.

Processes (``torchrun``), mixed precision, accumulation, checkpoints and their resumption are the library's.
This module imports torch: import it where training starts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from torch import Tensor
from transformers import PrinterCallback, TrainerCallback

from ifir_eval.measures.measure import find
from ifir_eval.progress import Advance
from ifir_eval.training.base import Base
from ifir_eval.training.collator import Collator
from ifir_eval.training.dev import DevEvaluator
from ifir_eval.training.gradient_cache import BatchLoss, Features, graph_tokens, micro_batch_tokens
from ifir_eval.training.job import Job
from ifir_eval.training.losses.build import build
from ifir_eval.training.sampler import PairSampler

LOGS = 50
"""Losses logged over a training."""


EAGER_UP_TO = 256
"""Tokens of a text up to which plain attention trains faster in bf16 on a CPU (perf/attention.py)."""


class NotANumberError(Exception):
    """Loss or gradient is NaN or infinite at ``rows``, positions in the training set."""

    def __init__(self, rows: Sequence[int]) -> None:
        super().__init__()
        self.rows = tuple(rows)


class PairTrainer(SentenceTransformerTrainer):
    """Does ``job``, from ``base`` on; ``save_beside`` writes what belongs beside a model into its folder."""

    def __init__(
        self,
        job: Job,
        base: Base,
        arguments: SentenceTransformerTrainingArguments,
        *,
        sampler: PairSampler,
        save_beside: Callable[[Path], None],
    ) -> None:
        recipe, dev = job.recipe, job.dev
        objective = build(recipe)
        device = arguments.device
        if device.type == "cpu" and recipe.precision == "bf16":
            _attend_plainly(base.model)
        tokens = recipe.micro_batch_tokens or micro_batch_tokens(base.model, device)
        graph = graph_tokens(base.model, device) if recipe.graph_tokens is None else recipe.graph_tokens
        self._sampler = sampler
        self._save_beside = save_beside
        self._in_step: list[int] = []
        super().__init__(
            model=base.model,
            args=arguments,
            train_dataset=Dataset.from_dict({"row": list(range(len(job.rows)))}),
            loss=BatchLoss(base.model, objective, graph),
            evaluator=DevEvaluator(dev, base.template) if dev else None,
            data_collator=cast("Any", Collator(job.rows, base.model, base.template, objective.needs, tokens)),
        )
        self.remove_callback(PrinterCallback)  # it prints to standard output, where data goes

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """None: the card is written at the end (`ifir_eval.training.card`)."""

    def get_batch_sampler(self, *_: Any, **__: Any) -> Any:
        """The batches of the whole training."""
        return self._sampler

    def collect_features(self, inputs: dict[str, Any]) -> tuple[list[Features], Any]:
        """The micro-batches and their layout, as the collator has made them."""
        return inputs["texts"], inputs["label"]

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """One batch forward and backward.

        Raises:
            NotANumberError: if its loss is none.
        """
        self._in_step += inputs["label"]["rows"].tolist()
        loss: Tensor = super().training_step(model, inputs, num_items_in_batch)
        self._check(loss)
        return loss

    def _get_grad_norm(self, model: Any, grad_norm: float | None = None) -> float | None:
        """Checked, since one step along such a gradient would leave no weight that is a number."""
        norm: float | None = super()._get_grad_norm(model, grad_norm=grad_norm)  # type: ignore[no-untyped-call]
        self._check(norm)
        self._in_step = []
        return norm

    def _check(self, number: Tensor | float | None) -> None:
        if number is not None and not math.isfinite(number):
            raise NotANumberError(self._in_step)

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Save the model as a folder that a retriever can read, without the library's card."""
        del state_dict
        folder = Path(output_dir or str(self.args.output_dir))
        self.model.save_pretrained(str(folder), create_model_card=False)
        self._save_beside(folder)


class Steps(TrainerCallback):
    """Tells a progress bar of finished steps, those before a resumption, too."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._told = 0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """One more, or several at the first."""
        del args, control
        self._advance(state.global_step - self._told)
        self._told = state.global_step


def _attend_plainly(model: SentenceTransformer) -> None:
    """Where texts are short, do without torch's fused attention: its backward pass is slow in bf16 on a CPU."""
    if (model.max_seq_length or math.inf) <= EAGER_UP_TO:
        transformer: Any = model[0]
        transformer.auto_model.set_attn_implementation("eager")


def arguments(
    job: Job, folder: Path, steps: int, *, report_to: Sequence[str], on_cpu: bool
) -> SentenceTransformerTrainingArguments:
    """The library's settings for ``steps`` steps; checkpoints go to ``folder``."""
    recipe, dev = job.recipe, job.dev
    every = max(1, -(-steps // recipe.checkpoints))
    judged = dev is not None
    kept_by = find([job.kept_by.partition("[")[0]])[0] if judged else None
    settings = SentenceTransformerTrainingArguments(
        output_dir=str(folder),
        num_train_epochs=1,  # the sampler goes through all of them
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        warmup_steps=math.ceil(recipe.warmup * steps),
        gradient_accumulation_steps=recipe.accumulate,
        seed=recipe.seed,
        bf16=recipe.precision == "bf16",
        use_cpu=on_cpu or not (torch.cuda.is_available() or torch.backends.mps.is_available()),
        save_strategy="steps",
        save_steps=every,
        save_total_limit=1,
        eval_strategy="steps" if judged else "no",
        eval_steps=every,
        load_best_model_at_end=judged,
        metric_for_best_model=job.kept_by or None,
        greater_is_better=kept_by is None or kept_by.higher_is_better is not False,
        logging_steps=max(1, steps // LOGS),
        logging_nan_inf_filter=False,  # training stops at the first
        disable_tqdm=True,
        report_to=list(report_to) or "none",
        dataloader_pin_memory=torch.cuda.is_available() and not on_cpu,
    )
    # One process trains on one device, several are torchrun's: the library would spread batches over all GPUs
    # by DataParallel, which knows nothing of ours.
    settings._n_gpu = min(settings.n_gpu, 1)  # noqa: SLF001
    return settings
