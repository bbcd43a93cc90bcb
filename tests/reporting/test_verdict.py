"""The verdict in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from record_examples import facets, mirror, narrowed

from ifir_eval.records.record import Estimate, Record
from ifir_eval.reporting.overview import overviews
from ifir_eval.reporting.verdict import Verdict, verdict


def judged(**estimates: Estimate) -> str:
    """The headline over retrievers with these swap accuracies; chance is 0.25."""
    return said([scored(name, **{"swap-accuracy": estimate}) for name, estimate in estimates.items()]).headline


def scored(name: str, **measures: Estimate) -> Record:
    return replace(mirror(0), retriever={"spec": name, "kind": "bm25", "settings": {}}, measures=measures)


def primary(name: str, **facts: Any) -> dict[str, Any]:
    """The benchmark's description with another primary measure; ``facts`` are told of it."""
    known = {**mirror(0).benchmark["measure_facts"], **({name: facts} if facts else {})}
    return {**mirror(0).benchmark, "primary": name, "measure_facts": known}


def said(records: list[Record]) -> Verdict:
    (overview,) = overviews(records)
    headline, *details = (
        text.replace("\N{NO-BREAK SPACE}", " ")
        for text in (verdict(overview).headline, *verdict(overview).details)
    )
    return Verdict(headline, tuple(details))


def test_intervals_apart_settle_the_order_of_those_that_follow() -> None:
    headline = judged(less=Estimate(0.3, 0.26, 0.34, 200), more=Estimate(0.6, 0.55, 0.65, 200))
    assert headline.startswith(
        "more follows the instruction best: swap-accuracy 0.600 [0.550, 0.650] (n = 200); no other"
    )
    assert headline.endswith("All are shown to follow it, against 0.250 by chance.")


def test_noise_is_never_crowned() -> None:
    """The page said "random:0 follows instructions best: swap-accuracy 0.286", as BM25 had 0.008."""
    headline = said([mirror(0), mirror(1)]).headline
    swap = mirror(1).measures["swap-accuracy"]
    assert headline.startswith(
        f"None is shown to follow the instruction: the highest of 2 is swap-accuracy {swap.value:.3f}"
    )
    assert "(n = 60), against 0.250 by chance." in headline
    assert headline.endswith("(topic-lock above chance) for 1 of 2: bm25.")
    assert not {"best", "first", "order"} & set(headline.replace(":", " ").split())


def test_far_apart_below_chance_is_no_order() -> None:
    headline = judged(blind=Estimate(0.0, 0.0, 0.0, 200), noise=Estimate(0.12, 0.10, 0.14, 200))
    assert headline.startswith("None is shown")
    assert "best" not in headline
    assert "blind" not in headline


def test_an_interval_around_chance_shows_nothing_and_only_one_above_it_does() -> None:
    around, above = Estimate(0.26, 0.22, 0.30, 200), Estimate(0.40, 0.36, 0.44, 200)
    assert judged(a=around).startswith("a is not shown to follow the instruction: swap-accuracy 0.260")
    assert judged(a=around, b=above).startswith("Of 2, only b is shown to follow the instruction")
    assert "best" not in judged(a=around, b=above)
    assert judged(b=above).startswith("b is shown to follow the instruction: swap-accuracy 0.400")


@pytest.mark.parametrize("other", [(0.50, 0.44, 0.56), (0.47, 0.46, 0.48)], ids=["overlap", "touch"])
def test_intervals_that_overlap_or_touch_leave_the_order_open(other: tuple[float, float, float]) -> None:
    headline = judged(a=Estimate(*other, 200), b=Estimate(0.54, 0.48, 0.60, 200))
    assert headline.startswith("The order is not settled: b stands first")
    assert "overlaps with that of a" in headline
    assert "best" not in headline


def test_a_retriever_not_shown_to_follow_can_still_leave_the_first_place_open() -> None:
    headline = judged(
        a=Estimate(0.6, 0.55, 0.65, 90), b=Estimate(0.4, 0.35, 0.45, 90), wide=Estimate(0.5, 0.2, 0.8, 90)
    )
    assert "overlaps with that of wide." in headline
    assert headline.endswith("Only a, b are shown to follow it, against 0.250 by chance.")


def test_below_20_topics_there_is_no_verdict() -> None:
    """BCa intervals over 14 topics hold the truth in as few as three cases of four."""
    far_apart = {"a": Estimate(0.1, 0.05, 0.15, 14), "b": Estimate(0.9, 0.85, 0.95, 14)}
    assert judged(**far_apart) == ("No verdict on swap-accuracy: too few topics, n = 14, to settle anything.")
    assert said([facets(0), facets(1)]).headline == judged(**far_apart)
    assert judged(a=Estimate(0.9, 0.85, 0.95, 20)).startswith("a is shown")
    assert "n = 1, to settle" in judged(a=Estimate(1.0, None, None, 1))


@pytest.mark.parametrize(
    ("rate", "told"),
    [
        (
            (0.54, 0.52, 0.56),
            "the right document more often than by chance: follow-rate 0.540 [0.520, 0.560]",
        ),
        (
            (0.40, 0.38, 0.42),
            "the right document less often than by chance: follow-rate 0.400 [0.380, 0.420]",
        ),
        ((0.51, 0.49, 0.53), ""),
    ],
)
def test_a_follow_rate_apart_from_chance_is_told_even_where_noise_hides_it_from_swap_accuracy(
    rate: tuple[float, float, float], told: str
) -> None:
    swap = Estimate(0.19, 0.17, 0.22, 200)
    verdict = said([scored("weak", **{"swap-accuracy": swap, "follow-rate": Estimate(*rate, 200)})])
    assert verdict.headline.startswith("weak is not shown to follow the instruction")
    assert told in " ".join(verdict.details)
    assert bool(told) == ("follow-rate" in " ".join(verdict.details))


def test_where_lower_is_better_the_lowest_comes_first() -> None:
    """A sign forgotten would praise the retriever that never listens."""
    estimates = {"deaf": Estimate(0.4, 0.37, 0.43, 90), "listening": Estimate(0.1, 0.05, 0.15, 90)}
    records = [
        replace(scored(name, **{"topic-lock": estimate}), benchmark=primary("topic-lock"))
        for name, estimate in estimates.items()
    ]
    assert said(records).headline.startswith("listening follows the instruction best: topic-lock 0.100")
    deaf = replace(records[0], measures={"topic-lock": Estimate(0.9, 0.8, 1.0, 90)})
    assert "not shown to follow the instruction: topic-lock 0.900" in said([deaf]).headline


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("violations@10", {"low": 0, "high": 1, "chance": None, "higher_is_better": False}),
        ("SICR", {"low": 0, "high": 1, "chance": None, "higher_is_better": True}),
        ("right-rank", {"low": 0, "high": 1, "chance": 0.5, "higher_is_better": True}),
        ("of another program", {}),
    ],
)
def test_where_it_is_not_known_what_ignoring_the_instruction_gets_nobody_follows_best(
    name: str, facts: dict[str, Any]
) -> None:
    """A retriever that finds nothing has the fewest violations, and random scores beat BM25's SICR of 0."""
    estimates = {"a": Estimate(0.6, 0.55, 0.65, 90), "b": Estimate(0.1, 0.05, 0.15, 90)}
    records = [
        replace(scored(spec, **{name: estimate}), benchmark=primary(name, **facts))
        for spec, estimate in estimates.items()
    ]
    assert said(records).headline == (
        f"No verdict: what {name} a ranking gets that ignores the instruction is not known."
    )


def test_quality_is_told_as_quality() -> None:
    estimates = {"a": Estimate(0.6, 0.55, 0.65, 90), "b": Estimate(0.1, 0.05, 0.15, 90)}
    records = [
        replace(scored(name, **{"nDCG@10": estimate}), benchmark=primary("nDCG@10"))
        for name, estimate in estimates.items()
    ]
    assert said(records).headline.startswith("a ranks best: nDCG@10 0.600")
    assert said(records[:1]).headline == "a has nDCG@10 0.600 [0.550, 0.650] (n = 90)."


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"complete": False}, "a limited run compares with nothing"),
        ({"missing_queries": ("q7",)}, "some queries were not answered"),
        (
            {"measures": {"swap-accuracy": Estimate(0.9, None, None, 0)}},
            "without an interval nothing is settled",
        ),
        ({"measures": {"topic-lock": Estimate(0.9, 0.8, 1.0, 60)}}, "not measured"),
    ],
)
def test_what_cannot_carry_a_verdict_takes_no_part(changes: dict[str, Any], reason: str) -> None:
    unfit = replace(mirror(1), **changes)
    found = said([mirror(0), unfit])
    assert found.headline.startswith("bm25 is not shown to follow the instruction")
    assert found.details[-1] == f"Left out of the verdict: random:0 ({reason})."


def test_where_nobody_can_take_part_the_reasons_are_told_once() -> None:
    limited, gaps = replace(mirror(0), complete=False), replace(mirror(1), missing_queries=("q7",))
    assert said([limited, limited, gaps]).headline == (
        "No verdict on swap-accuracy: a limited run compares with nothing; some queries were not answered."
    )


def test_a_record_without_the_judged_measure_gives_no_verdict() -> None:
    assert said([replace(mirror(0), measures={})]).headline.startswith("No verdict: no record holds")


def movement(**figures: tuple[float, int]) -> Record:
    """A FollowIR-like record with these figures (p_MRR_net for p-MRR-net) and their numbers of topics."""
    measures = {
        name.replace("_", "-"): Estimate(value, value - 0.05, value + 0.05, n)
        for name, (value, n) in figures.items()
    }
    return replace(narrowed(1), measures=measures)


def test_p_mrr_is_judged_by_what_exceeds_its_control() -> None:
    """Damage to the second ranking alone gave p-MRR +90 and was said to rank best."""
    damaged = movement(p_MRR=(0.9, 40), p_MRR_control=(0.88, 40), p_MRR_net=(0.02, 40))
    found = said([damaged])
    assert found.headline == (
        "random:0 is not shown to follow the instruction: "
        "p-MRR-net ×100 +2.0 [-3.0, +7.0] (n = 40), against +0.0 for ignoring it."
    )
    assert "p-MRR +90.0, p-MRR-control +88.0, p-MRR-net +2.0 [-3.0, +7.0] (×100)" in found.details[0]
    assert found.details[0].endswith("are not shown to move otherwise than those that it leaves alone.")


def test_p_mrr_without_its_control_gives_no_verdict() -> None:
    assert said([movement(p_MRR=(0.9, 40))]).headline == (
        "No verdict: p-MRR alone rewards any damage to the second ranking, and p-MRR-net was not measured."
    )


def test_figures_that_rest_on_different_topics_say_so() -> None:
    """p-MRR +0.1 over 240 topics stood beside a net of -6.0 over 29, as if one came from the other."""
    (detail,) = said([movement(p_MRR=(0.001, 240), p_MRR_control=(0.044, 29), p_MRR_net=(-0.06, 29))]).details
    assert "p-MRR +0.1 (n = 240), p-MRR-control +4.4 (n = 29), p-MRR-net -6.0 [-11.0, -1.0] (n = 29)" in detail
    assert "moved less far the right way than those that it leaves alone fell" in detail
    (detail,) = said([movement(p_MRR=(0.2, 9), p_MRR_control=(0.0, 9), p_MRR_net=(0.2, 9))]).details
    assert detail.endswith("(×100): too few topics, n = 9, to settle anything.")
