"""From rows to a model for ``--model``, and what is refused before or while it is made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from small_training import pairs, small_base, varied
from transformers.models.bert.modeling_bert import BertIntermediate, BertSelfAttention

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View
from ifir_eval.errors import IfirEvalError, InvalidInputError
from ifir_eval.evaluation import evaluate
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build
from ifir_eval.training.folder import Folder
from ifir_eval.training.recipe import Recipe
from ifir_eval.training.rows import Row, read_rows
from ifir_eval.training.train import Trained, train

ROWS = pairs(32)
QUICK = Recipe(batch_rows=16, checkpoints=1, dropout=0.0)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_base(tmp_path_factory)


def as_benchmark(rows: Sequence[Row]) -> Benchmark:
    """The rows' own questions: each pair's passages under both instructions."""
    texts = {
        text: f"d{place}" for place, text in enumerate(dict.fromkeys(t for row in rows for t in row.passages))
    }
    topics: dict[str, dict[str, View]] = {}
    for row in rows:
        judged = {texts[text]: int(text == row.positive) for text in row.passages}
        view = View(f"{row.pair_id}-{row.view}", row.view, row.query, row.instruction, judged, tuple(judged))
        topics.setdefault(row.pair_id, {})[row.view] = view
    return Benchmark(
        name="own-rows",
        version="1",
        licence="CC0-1.0",
        source="these tests",
        corpus={name: Document(name, text) for text, name in texts.items()},
        topics=tuple(Topic(name, views) for name, views in topics.items()),
        measures=("swap-accuracy", "follow-rate", "nDCG@10"),
        primary="swap-accuracy",
        contrasts=(Contrast("original", "reversed"),),
    ).validated()


@pytest.fixture(scope="module")
def overfitted(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """32 pairs, learnt by heart."""
    recipe = Recipe(batch_rows=64, epochs=40, learning_rate=3e-3, dropout=0.0, temperature=0.05, checkpoints=4)
    folder = tmp_path_factory.mktemp("overfitted") / "model"
    told = {"mix": "toy", "budget": "64 rows"}
    return train(f"{base}", ROWS, folder, recipe, dev=as_benchmark(ROWS), told=told, on_cpu=True)


def test_a_model_overfits_32_pairs_to_swap_accuracy_1(overfitted: Trained) -> None:
    """The saved folder, taken as any retriever is, prefers each passage under its own instruction."""
    retriever = build(f"{overfitted.folder}", Options(keep_vectors=False))
    measures = evaluate(as_benchmark(ROWS), retriever).record.measures
    assert measures["swap-accuracy"].value == 1.0
    assert overfitted.judged[0].values["swap-accuracy"] < 0.5


def test_the_base_and_every_checkpoint_are_judged_and_the_best_is_kept(overfitted: Trained) -> None:
    """Steps 0, 10, 20, 30, 40, by follow rate; of equal ones the first; nothing remains of the others."""
    assert [judged.step for judged in overfitted.judged] == [0, 10, 20, 30, 40]
    values = {judged.step: judged.values["follow-rate"] for judged in overfitted.judged[1:]}
    assert overfitted.step == max(values, key=lambda step: (values[step], -step))
    assert not (overfitted.folder / "checkpoints").exists()


def test_the_card_tells_data_budget_loss_recipe_evaluation_and_base(overfitted: Trained, base: Path) -> None:
    card = (overfitted.folder / "README.md").read_text()
    for said in (
        f"**base**: {base}",
        "**mix**: toy",
        "**budget**: 64 rows",
        "64 (toy 64)",
        "original 32, reversed 32",
        "InfoNCE(temperature=0.05, in_batch=True)",
        "learning_rate 0.003",
        "ifir-eval 0.",
        "| swap-accuracy | 0.",
        "The step with the best follow-rate was kept.",
    ):
        assert said in card
    assert card.startswith("---\nlibrary_name: sentence-transformers\n")


def test_a_finished_training_is_read_and_not_done_again(overfitted: Trained, base: Path) -> None:
    before = (overfitted.folder / "model.safetensors").stat().st_mtime_ns
    noted = json.loads((overfitted.folder / "ifir_eval.json").read_bytes())
    assert noted["result"]["step"] == overfitted.step
    recipe = Recipe(batch_rows=64, epochs=40, learning_rate=3e-3, dropout=0.0, temperature=0.05, checkpoints=4)
    again = train(f"{base}", ROWS, overfitted.folder, recipe, dev=as_benchmark(ROWS), on_cpu=True)
    assert again == overfitted
    assert (overfitted.folder / "model.safetensors").stat().st_mtime_ns == before


def test_cut_off_while_the_result_is_written_only_that_is_done_again(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last checkpoint has all steps behind it; nothing is trained twice."""
    whole = train(f"{base}", ROWS, tmp_path / "whole", QUICK, on_cpu=True)
    with monkeypatch.context() as cut:
        cut.setattr(Folder, "finish", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(f"{base}", ROWS, tmp_path / "cut", QUICK, on_cpu=True)
    assert (tmp_path / "cut" / "checkpoints" / "checkpoint-4").is_dir()
    again = train(f"{base}", ROWS, tmp_path / "cut", QUICK, on_cpu=True)
    assert replace(again, folder=whole.folder, seconds=whole.seconds) == whole
    weights = [load_file(trained.folder / "model.safetensors") for trained in (whole, again)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_another_training_does_not_touch_a_folder_that_holds_one(overfitted: Trained, base: Path) -> None:
    with pytest.raises(IfirEvalError, match="a training of another base, other rows, another recipe"):
        train(f"{base}", ROWS[:8], overfitted.folder, QUICK, on_cpu=True)


def test_the_template_of_the_recipe_is_that_of_the_trained_model(base: Path, tmp_path: Path) -> None:
    """Trap: evaluated with the default template, a model trained with another reads strange questions."""
    recipe = replace(QUICK, template="{instruction}: {query}", query_prefix="ask: ", max_length=32)
    train(f"{base}", ROWS[:8], tmp_path / "out", recipe, on_cpu=True)
    retriever = build(f"{tmp_path / 'out'}", Options(keep_vectors=False))
    assert retriever.render(ROWS[0].as_view()) == f"{ROWS[0].instruction}: {ROWS[0].query}"
    model = SentenceTransformer(f"{tmp_path / 'out'}", device="cpu")
    assert (model.prompts["query"], model.max_seq_length) == ("ask: ", 32)


def test_bf16_computes_in_mixed_precision_and_keeps_weights_in_fp32(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Autocast reaches the second pass of cached gradients, too, which begins outside of the loss."""
    recipe = replace(QUICK, learning_rate=1e-3, graph_tokens=0)
    full = train(f"{base}", ROWS, tmp_path / "full", recipe, on_cpu=True)
    passes = set()
    forward = BertIntermediate.forward

    def seen(self: BertIntermediate, hidden: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = forward(self, hidden)
        passes.add((found.dtype, torch.is_grad_enabled()))
        return found

    monkeypatch.setattr(BertIntermediate, "forward", seen)
    mixed = train(f"{base}", ROWS, tmp_path / "mixed", replace(recipe, precision="bf16"), on_cpu=True)
    assert passes == {(torch.bfloat16, False), (torch.bfloat16, True)}
    weights = load_file(mixed.folder / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float32}
    assert mixed.loss != full.loss
    assert mixed.loss == pytest.approx(full.loss, rel=0.05)


@pytest.mark.parametrize("case", [("bf16", 32, "eager"), ("bf16", 31, "sdpa"), ("fp32", 32, "sdpa")])
def test_short_texts_are_attended_to_plainly_in_bf16_on_a_cpu(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, int, str]
) -> None:
    """That is where torch's fused attention is slow; texts are cut at 32 tokens."""
    precision, up_to, attention = case
    seen = set()
    forward = BertSelfAttention.forward

    def noted(self: BertSelfAttention, *given: Any, **named: Any) -> Any:
        seen.add(self.config._attn_implementation)
        return forward(self, *given, **named)

    monkeypatch.setattr(BertSelfAttention, "forward", noted)
    monkeypatch.setattr("ifir_eval.training.trainer.EAGER_UP_TO", up_to)
    recipe = replace(QUICK, precision=precision, max_length=32)
    train(f"{base}", ROWS, tmp_path / "out", recipe, on_cpu=True)
    assert seen == {attention}


@pytest.mark.parametrize("objective", ["inf-embed", "query-preserving"])
def test_every_objective_trains(base: Path, tmp_path: Path, objective: str) -> None:
    trained = train(f"{base}", varied(), tmp_path / "out", replace(QUICK, objective=objective), on_cpu=True)
    assert trained.steps == 1
    assert trained.loss > 0


def test_accumulated_batches_make_one_step(base: Path, tmp_path: Path) -> None:
    trained = train(f"{base}", ROWS, tmp_path / "out", replace(QUICK, accumulate=2), on_cpu=True)
    assert trained.steps == 2  # 64 rows, 16 a batch, 2 batches a step


def test_a_loss_that_is_no_number_stops_names_its_rows_and_keeps_the_last_checkpoint(
    base: Path, tmp_path: Path
) -> None:
    """The first step throws the weights so far away that the second one overflows."""
    recipe = replace(QUICK, learning_rate=1e30, warmup=0.0, checkpoints=4)
    with pytest.raises(IfirEvalError, match=r"is no number .* at step 2; the last good") as caught:
        train(f"{base}", ROWS, tmp_path / "out", recipe, on_cpu=True)
    rows = read_rows(tmp_path / "out" / "failed-batch.jsonl")
    assert len(rows) == 16
    for row in rows:
        assert f"{row.pair_id!r} ({row.view})" in str(caught.value)
    kept = tmp_path / "out" / "checkpoints" / "checkpoint-1"
    assert f"{kept}" in str(caught.value)
    assert all(weight.isfinite().all() for weight in load_file(kept / "model.safetensors").values())


def test_all_mistakes_are_told_at_once_before_anything_is_computed(tmp_path: Path) -> None:
    row = Row("r", "original", "q", "", "")
    rows = [Row("p", "original", "q", "i", "same", ("same",)), row, row]
    with pytest.raises(IfirEvalError) as caught:
        train("bm25", rows, tmp_path / "out", Recipe(in_batch=False), on_cpu=True)
    for sentence in (
        "row 'p' (original): a negative equals the positive",
        "row 'r' (original): 'positive' is empty",
        "pair 'r' has the view 'original' 2 times; give pairs of other files other ids",
        "2 of 3 rows have no negatives, such as 'r' (original)",
        "'bm25' cannot be trained: only dense encoders can",
    ):
        assert sentence in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("objective", ["inf-embed", "query-preserving"])
def test_objectives_about_instructions_want_one(base: Path, tmp_path: Path, objective: str) -> None:
    rows = [Row("r", "bare", "q", "", "p", (), ("n",))]
    with pytest.raises(IfirEvalError, match="learns from instructions, and no row has one"):
        train(f"{base}", rows, tmp_path / "out", replace(QUICK, objective=objective), on_cpu=True)


def test_frozen_weights_cannot_be_trained(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a quantised or frozen model has them; no checkpoint can say so by itself."""
    monkeypatch.setattr(
        "ifir_eval.encoding.loading.SentenceTransformer._load_with_module_classes",
        lambda *_, **__: SentenceTransformer(f"{base}", device="cpu").requires_grad_(False),
    )
    with pytest.raises(IfirEvalError, match="all its weights are frozen"):
        train(f"{base}", ROWS, tmp_path / "out", QUICK, on_cpu=True)


def test_a_folder_with_other_things_in_it_is_refused(base: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(IfirEvalError, match="is not empty, and holds no training"):
        train(f"{base}", ROWS, tmp_path, QUICK, on_cpu=True)


def test_a_recipe_tells_all_its_mistakes() -> None:
    with pytest.raises(IfirEvalError) as caught:
        Recipe(objective="infonce", epochs=0, learning_rate=-1, dropout=2, blocks=(), template="{q}")
    for sentence in (
        "there is no objective 'infonce'; existing: info-nce",
        "epochs is 0",
        "learning_rate is -1",
        "dropout is 2",
        "at least one",
        "there is no placeholder {q}",
    ):
        assert sentence in str(caught.value)


def test_a_flag_that_is_a_text_and_a_count_that_is_a_fraction_are_refused() -> None:
    """Any text would be true, and half an epoch would fail after the model is loaded."""
    with pytest.raises(IfirEvalError) as caught:
        Recipe(in_batch="no", epochs=1.5, blocks="PI", template=3)  # type: ignore[arg-type]
    for sentence in (
        "in_batch is 'no', but must be true or false",
        "epochs is 1.5, but must be a whole number",
        "blocks is 'PI', but must be a list",
        "template is 3, but must be a string",
    ):
        assert sentence in str(caught.value)


def test_where_memory_is_too_small_it_is_said_what_to_lower(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a GPU says it; no machine of these tests can be made to."""

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr("ifir_eval.training.trainer.PairTrainer.training_step", full)
    with pytest.raises(IfirEvalError, match="memory was too small at step 1: lower --micro-batch-tokens"):
        train(f"{base}", ROWS, tmp_path / "out", QUICK, on_cpu=True)


def test_the_least_is_kept_of_a_measure_that_is_better_when_lower(base: Path, tmp_path: Path) -> None:
    dev = replace(as_benchmark(ROWS), measures=("topic-lock",), primary="topic-lock")
    recipe = Recipe(batch_rows=64, epochs=6, learning_rate=3e-3, dropout=0.0, temperature=0.05, checkpoints=3)
    trained = train(f"{base}", ROWS, tmp_path / "out", recipe, dev=dev, on_cpu=True)
    values = {judged.step: judged.values["topic-lock"] for judged in trained.judged[1:]}
    assert len(set(values.values())) > 1
    assert trained.step == min(values, key=lambda step: (values[step], step))


def test_the_card_tells_the_licences_of_named_sources(base: Path, tmp_path: Path) -> None:
    rows = [replace(row, source="instructir-seeds") for row in ROWS]
    train(f"{base}", rows, tmp_path / "out", QUICK, on_cpu=True)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "**licences of the data**: instructir-seeds (MIT; MS MARCO's texts: Microsoft's terms, not" in card


def test_without_rows_there_is_nothing_to_train_on(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="it has no rows"):
        train(f"{base}", [], tmp_path / "out", QUICK, on_cpu=True)
