"""The gate fails on proven losses only, warns where it cannot tell, and refuses what it cannot verify."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from records_by_hand import record

from ifir_eval.comparison.baseline import bless, candidate_for
from ifir_eval.comparison.gate import Outcome, judge
from ifir_eval.comparison.policy import PROVEN_NO_LOSS, Policy, SliceRule, in_project, policy_of, read_policy
from ifir_eval.errors import InvalidInputError
from ifir_eval.records.storage import load_record
from ifir_eval.statistics.permutation import sign_flip_p

GENERATOR = np.random.default_rng(0)
OLD = GENERATOR.uniform(0.3, 0.6, 200)
NOISE = GENERATOR.normal(0, 0.02, 200)


def of(new: np.ndarray, policy: Policy, old: np.ndarray = OLD) -> Outcome:
    return judge(record("old", {"p-MRR": old}), record("new", {"p-MRR": new}), policy).outcome


@pytest.mark.parametrize(
    ("lost", "outcome"), [(0.0, Outcome.PASSED), (0.005, Outcome.PASSED), (0.05, Outcome.FAILED)]
)
def test_only_a_loss_beyond_the_margin_fails(lost: float, outcome: Outcome) -> None:
    assert of(OLD - lost + NOISE, Policy({"p-MRR": 0.01})) is outcome


def test_a_loss_that_may_be_an_accident_is_undecided_and_says_what_it_would_take() -> None:
    """Four topics of which one fell deeply prove nothing."""
    old, new = np.full(4, 0.5), np.array([0.5, 0.5, 0.5, 0.1])
    judgement = judge(record("old", {"p-MRR": old}), record("new", {"p-MRR": new}), Policy({"p-MRR": 0.01}))
    (finding,) = judgement.findings
    assert finding.outcome is Outcome.UNDECIDED
    assert finding.needed is not None
    assert finding.needed > 4


def test_non_inferiority_has_to_be_shown_where_it_is_demanded() -> None:
    """Equal and precise passes; equal and noisy fails for want of proof, where the usual demand is content."""
    policy = Policy({"p-MRR": 0.01}, demand=PROVEN_NO_LOSS)
    precise, noisy = OLD - 0.0 + NOISE / 10, OLD + GENERATOR.normal(0, 0.3, 200)
    noisy += OLD.mean() - noisy.mean()
    assert of(precise, policy) is Outcome.PASSED
    judgement = judge(record("old", {"p-MRR": OLD}), record("new", {"p-MRR": noisy}), policy)
    assert judgement.outcome is Outcome.FAILED
    assert (judgement.findings[0].needed or 0) > 200
    assert of(noisy, replace(policy, demand=Policy().demand)) is Outcome.PASSED
    assert of(OLD - 0.2, policy) is Outcome.FAILED


def test_a_demanded_proof_of_many_rules_needs_no_correction() -> None:
    """Twenty rules that all hold at p = 0.02 each: Holm would ask for 0.0025 of the first."""
    views = [f"nDCG@10[{view}]" for view in range(20)]
    old = record("old", dict.fromkeys(views, OLD))
    gained = NOISE - NOISE.mean() + 2.05 * NOISE.std() / 200**0.5
    new = record("new", dict.fromkeys(views, OLD + gained - 0.01))
    judgement = judge(old, new, Policy({"nDCG@10": 0.01}, demand=PROVEN_NO_LOSS))
    assert all(0.01 < finding.p < 0.04 for finding in judgement.findings)
    assert judgement.outcome is Outcome.PASSED


def test_a_loss_of_just_the_margin_on_every_topic_passes() -> None:
    """0.5 - 0.48 is 0.020000000000000018, the same on all topics, which the test took for proof: p = 0.0001."""
    assert of(np.full(200, 0.48), Policy({"p-MRR": 0.02}), np.full(200, 0.5)) is Outcome.PASSED


def test_a_loss_as_large_as_the_finding_sees_fails_in_four_of_five_cases() -> None:
    """The margin counts: with 0.01 tolerated, a true loss of 0.01 is one that nobody sees."""
    policy = Policy({"p-MRR": 0.01})
    (finding,) = judge(record("old", {"p-MRR": OLD}), record("new", {"p-MRR": OLD + NOISE}), policy).findings
    assert finding.sees is not None
    losses = [np.random.default_rng(seed).normal(finding.sees, NOISE.std(), 200) for seed in range(300)]
    fell = [sign_flip_p(each - 0.01, one_sided=True, draws=1_000) <= 0.05 for each in losses]
    assert np.mean(fell) == pytest.approx(0.8, abs=4 * (0.16 / 300) ** 0.5)


def test_noise_that_raises_swap_accuracy_is_found_in_the_drift() -> None:
    """Below chance noise looks like progress; the usual margins bound the drifts as well."""
    old = {"swap-accuracy": OLD / 5, "placebo-drift": OLD / 3}
    new = {"swap-accuracy": OLD / 5 + 0.1, "placebo-drift": OLD / 3 + 0.2}
    judgement = judge(record("old", old), record("new", new), Policy(is_default=True))
    assert {f.rule.column.name: f.outcome for f in judgement.findings} == {
        "swap-accuracy": Outcome.PASSED,
        "placebo-drift": Outcome.FAILED,
    }


def test_a_column_with_a_rule_of_its_own_is_left_out_of_its_measure_s() -> None:
    """One rule a column: twice the same would cost the correction twice."""
    same = record("same", {"nDCG@10[bare]": OLD, "nDCG@10[original]": OLD})
    findings = judge(same, same, Policy({"nDCG@10": 0.01, "nDCG@10[bare]": 0.002})).findings
    assert {(f.rule.column.name, f.rule.limit) for f in findings} == {
        ("nDCG@10[original]", 0.01),
        ("nDCG@10[bare]", 0.002),
    }
    assert len(findings) == 2


def test_of_several_records_the_baseline_s_namesake_is_the_candidate() -> None:
    one, other = record("one", {"p-MRR": OLD}), record("other", {"p-MRR": OLD})
    assert candidate_for(one, [other, one]) is one
    assert candidate_for(one, [other]) is other
    with pytest.raises(InvalidInputError, match="none of them is of third on by-hand"):
        candidate_for(record("third", {"p-MRR": OLD}), [one, other])
    with pytest.raises(InvalidInputError, match="2 of them are of one on by-hand"):
        candidate_for(one, [one, other, one])


def test_where_lower_is_better_a_rise_is_the_loss() -> None:
    old, new = record("old", {"placebo-drift": OLD}), record("new", {"placebo-drift": OLD + 0.1})
    assert judge(old, new, Policy({"placebo-drift": 0.02})).outcome is Outcome.FAILED
    assert judge(new, old, Policy({"placebo-drift": 0.02})).outcome is Outcome.PASSED


def test_a_floor_holds_whatever_the_baseline_was() -> None:
    """Equal to its baseline and still too low."""
    low = record("low", {"swap-accuracy": OLD / 4 + NOISE / 10})
    assert judge(low, low, Policy({"swap-accuracy": 0.02})).outcome is Outcome.PASSED
    judgement = judge(low, low, Policy({}, {"swap-accuracy": 0.25}))
    assert judgement.outcome is Outcome.FAILED
    assert judgement.findings[0].baseline is None


def test_a_loss_in_one_slice_is_seen_though_the_mean_hides_it() -> None:
    """Odd topics lose what even ones gain."""
    change = np.where(np.arange(200) % 2, -0.1, 0.1) + NOISE
    old, new = record("old", {"p-MRR": OLD}), record("new", {"p-MRR": OLD + change})
    policy = Policy({"p-MRR": 0.01}, slices=(SliceRule("half", None, {"p-MRR": 0.05}),))
    outcomes = {finding.rule.slice: finding.outcome for finding in judge(old, new, policy).findings}
    assert outcomes == {None: Outcome.PASSED, ("half", "even"): Outcome.PASSED, ("half", "odd"): Outcome.FAILED}


def test_many_rules_on_equal_systems_seldom_fail() -> None:
    """Twenty rules, no margin, exchangeable systems: in 30 draws, Holm keeps false alarms near 5%, not 64%."""
    alarms = 0
    for seed in range(30):
        generator = np.random.default_rng(seed)
        views = [f"nDCG@10[{view}]" for view in range(20)]
        old = {view: generator.uniform(0, 1, 40) for view in views}
        new = {view: values + generator.normal(0, 0.1, 40) for view, values in old.items()}
        alarms += judge(record("a", old), record("b", new), Policy({"nDCG@10": 0.0})).outcome is Outcome.FAILED
    assert alarms <= 5


def test_what_cannot_be_verified_is_refused() -> None:
    """Another benchmark, a limited run, a measure or slice that is not there, one without a direction."""
    old, new = record("old", {"p-MRR": OLD}), record("new", {"p-MRR": OLD})
    other = replace(new, benchmark={**new.benchmark, "content_hash": "1" * 64})
    with pytest.raises(InvalidInputError, match="another content"):
        judge(old, other, Policy())
    with pytest.raises(InvalidInputError, match="limited run"):
        judge(old, replace(new, complete=False), Policy())
    wrong = Policy({"MRR@10": 0.1}, {"IRS": 0.0}, (SliceRule("half", "third", {"p-MRR": 0.1}),))
    with pytest.raises(InvalidInputError) as caught:
        judge(old, new, wrong)
    for part in ("MRR@10", "IRS", "half: third"):
        assert part in str(caught.value)
    lock = record("lock", {"topic-lock": OLD})
    with pytest.raises(InvalidInputError, match="no good direction"):
        judge(lock, lock, Policy({"topic-lock": 0.1}))


def test_the_usual_policy_asks_only_for_what_the_records_have() -> None:
    same = record("same", {"p-MRR": OLD})
    judgement = judge(same, same, Policy(is_default=True))
    assert [finding.rule.column.name for finding in judgement.findings] == ["p-MRR"]


def test_a_usual_measure_that_one_record_lacks_cannot_be_verified() -> None:
    """A candidate measured with --measure nDCG@10 alone passed, whatever its drift had become."""
    whole, part = record("whole", {"p-MRR": OLD, "nDCG@10": OLD}), record("part", {"nDCG@10": OLD})
    for old, new, who in ((whole, part, "candidate"), (part, whole, "baseline")):
        with pytest.raises(InvalidInputError, match=f"the {who} has no measure 'p-MRR'"):
            judge(old, new, Policy(is_default=True))


def test_a_policy_file_says_what_the_class_says(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(
        'confidence = 0.9\ndemand = "proven-no-loss"\n[loss]\n"p-MRR" = 0.01\n[floor]\n"swap-accuracy" = 0.25\n'
        '[[slice]]\nname = "half"\nloss = { "p-MRR" = 0.05 }\n',
        encoding="utf-8",
    )
    slices = (SliceRule("half", None, {"p-MRR": 0.05}),)
    assert read_policy(file) == Policy({"p-MRR": 0.01}, {"swap-accuracy": 0.25}, slices, 0.9, PROVEN_NO_LOSS)
    project = tmp_path / "pyproject.toml"
    assert in_project(tmp_path) is None
    project.write_text('[tool.ifir-eval.gate.loss]\n"p-MRR" = 0.01\n', encoding="utf-8")
    assert in_project(tmp_path) == project
    assert read_policy(project) == Policy({"p-MRR": 0.01})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ifir-eval.toml", b"[gate\n", "Expected ']'"),
        ("pyproject.toml", b"[tool.ifir-eval.gate.loss]\np-MRR = \xff\n", "can't decode byte 0xff"),
        ("pyproject.toml", b"[tool]\nifir-eval = 3\n", "tool.ifir-eval is no table"),
    ],
)
def test_a_project_file_that_cannot_be_read_is_no_project_without_a_policy(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    """The usual margins counted in its place, and nothing was said."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=said) as caught:
        policy_of(None, tmp_path)
    assert name in str(caught.value)


def test_a_policy_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """As editors on Windows write it; the usual margins counted in its place."""
    (tmp_path / "ifir-eval.toml").write_text('[gate.loss]\n"p-MRR" = 0.5\n', encoding="utf-8-sig")
    assert policy_of(None, tmp_path) == Policy({"p-MRR": 0.5})


def test_all_mistakes_of_a_policy_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(
        'confidence = 95\ndemand = "none"\nmargin = 1\n[loss]\n"p-MRR" = -0.1\n"IRS" = "much"\n'
        '[[slice]]\nname = 1\n[[slice]]\nname = "half"\nvalue = 1\nfloor = 1\nloss = { "p-MRR" = 0 }\n',
        encoding="utf-8",
    )
    with pytest.raises(InvalidInputError) as caught:
        read_policy(file)
    assert len(caught.value.problems) == 8
    file.write_text('demand = "proven-no-loss"\n[loss]\n"p-MRR" = 0\n', encoding="utf-8")
    with pytest.raises(InvalidInputError, match="a loss of 0 in 'p-MRR' can never be proven"):
        read_policy(file)
    file.write_text("", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="it has no rule"):
        read_policy(file)


def test_only_a_whole_record_of_a_committed_state_becomes_a_baseline(tmp_path: Path) -> None:
    """In a real git repository: a clean one takes it, a changed one does not."""
    whole = record("whole", {"p-MRR": OLD})
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    (tmp_path / "code.py").write_text("a = 1\n", encoding="utf-8")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *arguments], check=True)
    file = tmp_path / "baselines" / "whole.json"
    bless(whole, file)
    assert load_record(file) == whole
    for arguments in (["add", "."], ["commit", "-q", "-m", "second"]):
        subprocess.run([*git, *arguments], check=True)
    bless(record("other", {"p-MRR": OLD}), file)
    bless(whole, file.with_name("beside.json"))  # baselines are refreshed together
    (tmp_path / "code.py").write_text("a = 2\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"not committed \(code.py"):
        bless(whole, file)
    (tmp_path / ".git" / "HEAD").write_text("nothing", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="whether all is committed cannot be told"):
        bless(whole, file)
    unfit = replace(whole, complete=False, missing_queries=("q1",))
    with pytest.raises(InvalidInputError) as caught:
        bless(unfit, tmp_path / "other.json")
    assert "limited run" in str(caught.value)
    assert "1 queries were not answered" in str(caught.value)
