"""Mixes: what their files say, and which rows they give."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_mixes import PART, drawn, sources
from small_training import pairs

from ifir_eval.benchmarks.benchmark import Benchmark, Document, Topic, View
from ifir_eval.errors import IfirEvalError, InvalidInputError, UnknownNameError
from ifir_eval.training.mixes import Budget, Screen, read_mix
from ifir_eval.training.rows import Row, read_rows, write_rows

SHIPPED = Path(__file__).parents[2] / "baselines" / "mixes"
HALVES = (
    PART.replace("views", "share = 0.5\nviews")
    + '[[parts]]\nshare = 0.5\nviews = ["bare"]\nsources = { "plain.jsonl" = 1 }\n'
)
ONE_SOURCE = PART.replace(', "two.jsonl" = 1', "")
BOTH = '["original", "reversed"]'


def judge(*texts: str) -> Benchmark:
    corpus = {f"d{number}": Document(f"d{number}", text) for number, text in enumerate(texts)}
    view = View("q", "bare", "a query of the judge", "", dict.fromkeys(corpus, 1))
    return Benchmark("judge", "1", "", "", corpus, (Topic("t", {"bare": view}),), ("nDCG@10",), "nDCG@10[bare]")


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("2000", Budget(rows=2000)),
        (" 2,000 rows", Budget(rows=2000)),
        ("1 row", Budget(rows=1)),
        ("500_000 Tokens", Budget(tokens=500_000)),
    ],
)
def test_a_budget_is_a_number_of_rows_or_of_tokens(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget
    assert Budget.parse(str(budget)) == budget


@pytest.mark.parametrize("text", ["", "0", "-5", "many", "5 words", "_", "1.5"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(IfirEvalError, match="budget"):
        Budget.parse(text)


def test_all_mistakes_of_a_mix_are_listed_at_once(tmp_path: Path) -> None:
    """Unknown keys with near names, values of another kind, shares that do not add up."""
    path = tmp_path / "mix.toml"
    path.write_text(
        "sed = 1\nseed = -1\ncontrol = 'swap'\n"
        "[[parts]]\nshare = 0.5\nviews = 'original'\nsources = { a = 0 }\nwords = [9, 3]\n"
        "[[parts]]\nshare = 0.6\nviews = ['bare', 'bare']\nsources = { a = 1 }\ncaps = { b = 1 }\n"
        "pairs = 0\nhard_negatives = 31\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidInputError) as raised:
        read_mix(path)
    said = str(raised.value)
    for fault in (
        "there is no key 'sed'; did you mean 'seed'?",
        "'seed' must be a whole number of at least 0",
        "there is no control 'swap'; existing: swap-instruct, textual-negation",
        "part 2: 'hard_negatives' must be a whole number from 0 to 30",
        "part 1: 'views' must be a list of views",
        "part 1: 'sources' must be a table of weights above 0",
        "part 1: 'words' runs from 9 down to 3",
        "part 2: 'views' names a view twice",
        "part 2: 'caps' names b, which is no source of this part",
        "part 2: 'pairs' must be a whole number of at least 1",
        "the shares of the parts add up to 1.1",
    ):
        assert fault in said


def test_a_mix_without_parts_and_one_that_is_no_toml_are_refused(tmp_path: Path) -> None:
    for content, fault in (("seed = 1", "there is no part"), ("seed = ", "not valid TOML")):
        (tmp_path / "mix.toml").write_text(content, encoding="utf-8")
        with pytest.raises(InvalidInputError, match=fault):
            read_mix(tmp_path / "mix.toml")
    with pytest.raises(IfirEvalError, match="there is no mix"):
        read_mix(tmp_path / "other.toml")


def test_unknown_sources_are_all_named_with_near_names(tmp_path: Path) -> None:
    """Before anything is read."""
    text = '[[parts]]\nviews = ["bare"]\nsources = { film = 1, mirror-trian = 1, condaqa = 1 }\n'
    with pytest.raises(UnknownNameError) as raised:
        drawn(tmp_path, text)
    assert raised.value.unknown == ("film", "mirror-trian")
    assert "did you mean" in str(raised.value)


def test_a_source_whose_data_cannot_be_fetched_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here for want of git: where the data are, and how to pass a copy of them."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(IfirEvalError, match=r"git is not on the PATH.*wikipedia-movie-data.*--data DIR"):
        drawn(tmp_path, '[[parts]]\nviews = ["bare"]\nsources = { film-plots = 1 }\n')


def test_pairs_are_taken_with_all_their_views_and_sources_by_weight(tmp_path: Path) -> None:
    """20 pairs of two sources alike."""
    rows = drawn(sources(tmp_path)).rows
    assert Counter(row.view for row in rows) == {"original": 20, "reversed": 20}
    assert set(Counter(row.pair_id for row in rows).values()) == {2}
    assert Counter(row.source for row in rows) == {"one.jsonl": 20, "two.jsonl": 20}


def test_a_source_that_is_exhausted_or_capped_leaves_its_rest_to_the_others(tmp_path: Path) -> None:
    """The budget is met whatever the weights: two.jsonl has only 40 rows, and may give 10."""
    sources(tmp_path)
    assert drawn(tmp_path, budget="100").sources == {"one.jsonl": 60, "two.jsonl": 40}
    capped = PART + 'caps = { "two.jsonl" = 10 }\n'
    assert drawn(tmp_path, capped, "60").sources == {"one.jsonl": 50, "two.jsonl": 10}


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(tmp_path: Path) -> None:
    sources(tmp_path)
    first = drawn(tmp_path).rows
    assert drawn(tmp_path).rows == first
    other = drawn(tmp_path, f"seed = 1\n{PART}").rows
    assert {row.pair_id for row in other} != {row.pair_id for row in first}


def test_the_order_of_a_file_says_nothing(tmp_path: Path) -> None:
    """The same rows the other way round are drawn alike."""
    sources(tmp_path)
    first = drawn(tmp_path).rows
    turned = sources(tmp_path / "turned")
    for file in ("one.jsonl", "two.jsonl"):
        write_rows(turned / file, reversed(read_rows(turned / file)))
    assert drawn(turned).rows == first


def test_a_smaller_budget_and_an_arm_of_reversals_take_the_same_pairs_first(tmp_path: Path) -> None:
    """So that arms and budgets differ in what they mean to, and not in whose pairs were drawn."""
    sources(tmp_path)
    larger = {row.pair_id for row in drawn(tmp_path, budget="80").rows}
    smaller = {row.pair_id for row in drawn(tmp_path, budget="40").rows}
    originals = {row.pair_id for row in drawn(tmp_path, PART.replace(BOTH, '["original"]'), "40").rows}
    assert smaller < larger
    assert len(originals) == 2 * len(smaller) == 40
    assert smaller < originals


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.integers(2, 100), st.integers(0, 3))
def test_arms_of_a_budget_of_rows_differ_by_less_than_a_pair(tmp_path: Path, budget: int, seed: int) -> None:
    """Never more than the budget, and less by one row at most, where pairs have two."""
    if not (tmp_path / "one.jsonl").exists():
        sources(tmp_path)
    for toml in (PART, HALVES, PART.replace(BOTH, '["original", "bare"]')):
        assert budget - 1 <= len(drawn(tmp_path, f"seed = {seed}\n{toml}", f"{budget}").rows) <= budget


def test_a_budget_of_tokens_is_met_to_within_a_pair(tmp_path: Path) -> None:
    """Words, where no tokenizer is given: of query, instruction and all passages."""
    sources(tmp_path)
    found = drawn(tmp_path, budget="1000 tokens")
    texts = [text for row in found.rows for text in (row.query, row.instruction, *row.passages)]
    assert found.tokens == sum(len(text.split()) for text in texts)
    largest = max(
        sum(
            len(text.split())
            for row in found.rows
            if row.pair_id == pair
            for text in (row.query, *row.passages)
        )
        for pair in {row.pair_id for row in found.rows}
    )
    assert 1000 - largest - 20 < found.tokens <= 1000


def test_shares_hold_among_parts(tmp_path: Path) -> None:
    views = drawn(sources(tmp_path), HALVES, "80").views
    assert views == {"original": 20, "reversed": 20, "bare": 40}


def test_the_bare_twin_of_an_original_needs_no_row_of_its_own(tmp_path: Path) -> None:
    """It loses the instruction and what only the instruction rules out."""
    rows = drawn(sources(tmp_path), PART.replace(BOTH, '["original", "bare"]'), "10").rows
    originals = {row.pair_id: row for row in rows if row.view == "original"}
    for row in rows:
        if row.view == "bare":
            original = originals[row.pair_id]
            assert (row.query, row.positive, row.hard_negatives) == (
                original.query,
                original.positive,
                original.hard_negatives,
            )
            assert not row.instruction
            assert not row.instruction_negatives


def test_a_budget_larger_than_the_data_says_how_much_there_is(tmp_path: Path) -> None:
    """For every part that lacks rows, before any hour is spent."""
    sources(tmp_path)
    with pytest.raises(InvalidInputError) as raised:
        drawn(tmp_path, HALVES, "500")
    said = str(raised.value)
    assert "the budget of 500 rows for the mix 'mix' has 2 problems" in said
    assert "one.jsonl, two.jsonl (original, reversed) has 120 of 250 rows; lower the budget to 240 rows" in said
    assert "plain.jsonl (bare) has 60 of 250 rows; lower the budget to 120 rows or add sources" in said
    assert len(drawn(tmp_path, HALVES, "120").rows) == 120


def test_rows_that_are_the_same_are_drawn_once(tmp_path: Path) -> None:
    """Whatever their source; capitals and spaces do not tell them apart."""
    sources(tmp_path)
    rows = read_rows(tmp_path / "plain.jsonl")
    loud = [replace(row, query=row.query.upper(), positive=f" {row.positive.upper()}") for row in rows]
    write_rows(tmp_path / "loud.jsonl", loud)
    twice = '[[parts]]\nviews = ["bare"]\nsources = { "plain.jsonl" = 1, "loud.jsonl" = 1 }\n'
    found = drawn(tmp_path, twice, "60")
    assert len({row.query.casefold() for row in found.rows}) == 60
    assert found.duplicates > 0
    with pytest.raises(InvalidInputError, match="has 60 of 61 rows"):
        drawn(tmp_path, twice, "61")


def test_pairs_that_hold_a_text_of_a_judging_benchmark_are_dropped_and_counted(tmp_path: Path) -> None:
    """A positive, a negative or a query, in either row of the pair."""
    sources(tmp_path)
    rows = {row.pair_id: row for row in read_rows(tmp_path / "one.jsonl") if row.view == "reversed"}
    taken = [rows["p1"].positive, rows["p2"].query, rows["p3"].hard_negatives[0]]
    found = drawn(tmp_path, ONE_SOURCE, "74", Screen([judge(*taken)]))
    assert found.leaked == {"judge": 3}
    assert not {f"one.jsonl/p{n}" for n in (1, 2, 3)} & {row.pair_id for row in found.rows}
    with pytest.raises(InvalidInputError, match="has 74 of 76 rows"):
        drawn(tmp_path, ONE_SOURCE, "76", Screen([judge(*taken)]))


def test_filters_leave_pairs_out(tmp_path: Path) -> None:
    """By the length of the positive, and where there are too few instruction negatives."""
    sources(tmp_path)
    part = '[[parts]]\nviews = ["original"]\nsources = { "one.jsonl" = 1 }\n'
    words = {len(row.positive.split()) for row in read_rows(tmp_path / "one.jsonl") if row.view == "original"}
    for given_filter in (f"words = [{max(words) + 1}, 99]", "instruction_negatives = 2"):
        with pytest.raises(InvalidInputError, match="has 0 of 10 rows"):
            drawn(tmp_path, f"{part}{given_filter}\n", "10")
    assert len(drawn(tmp_path, f"{part}instruction_negatives = 1\nwords = [1, 99]\n", "10").rows) == 10


def several_pairs_a_topic(folder: Path) -> Path:
    """``topics.jsonl``: six topics of four dual-view pairs each, side by side."""
    rows = [
        Row(
            f"t{topic}-{pair}",
            view,
            f"query {topic}",
            instruction,
            f"{view} {topic} {pair}",
            (f"no {topic} {pair}",),
        )
        for topic in range(6)
        for pair in range(4)
        for view, instruction in (("original", f"ask {topic}"), ("reversed", f"forbid {topic}"))
    ]
    write_rows(folder / "topics.jsonl", rows)
    return folder


def test_pairs_are_drawn_topic_by_topic(tmp_path: Path) -> None:
    """Drawn pair by pair, half of the pairs cover all topics: ins-dv would have as many contexts."""
    part = '[[parts]]\nviews = ["original", "reversed"]\nsources = { "topics.jsonl" = 1 }\n'
    both = Counter(row.query for row in drawn(several_pairs_a_topic(tmp_path), part, "16").rows)
    alone = Counter(row.query for row in drawn(tmp_path, part.replace(', "reversed"', ""), "16").rows)
    assert sorted(both.values()) == [8, 8]
    assert sorted(alone.values()) == [4, 4, 4, 4]
    assert both.keys() < alone.keys()


def test_fewer_pairs_of_a_topic_leave_room_for_more_topics(tmp_path: Path) -> None:
    part = '[[parts]]\nviews = ["original", "reversed"]\nsources = { "topics.jsonl" = 1 }\npairs = 1\n'
    rows = drawn(several_pairs_a_topic(tmp_path), part, "12").rows
    assert Counter(row.query for row in rows) == {f"query {topic}": 2 for topic in range(6)}
    with pytest.raises(InvalidInputError, match="has 12 of 14 rows"):
        drawn(tmp_path, part, "14")


def test_hard_negatives_are_cut_to_what_the_mix_says(tmp_path: Path) -> None:
    rows = drawn(sources(tmp_path), f"{PART}hard_negatives = 1\n").rows
    assert {len(row.hard_negatives) for row in rows} == {1}


def test_views_of_a_pair_share_their_passages_when_instruction_negatives_are_cut(tmp_path: Path) -> None:
    """What is cut is never the other view's positive, wherever it stands in the row."""
    rows = [
        Row("p1", "original", "q", "I", "wanted", ("other", "twin"), (), ""),
        Row("p1", "reversed", "q", "J", "twin", ("third", "wanted"), (), ""),
    ]
    write_rows(tmp_path / "late.jsonl", rows)
    part = '[[parts]]\nviews = ["original", "reversed"]\nsources = { "late.jsonl" = 1 }\n'
    cut = drawn(tmp_path, f"{part}instruction_negatives = 1\n", "2").rows
    assert [row.instruction_negatives for row in cut] == [("twin",), ("wanted",)]
    assert [len(row.instruction_negatives) for row in drawn(tmp_path, part, "2").rows] == [2, 2]


def test_swapped_instructions_are_real_ones_of_other_queries(tmp_path: Path) -> None:
    """The same pairs and the same instructions as without the control; none stands where it belongs."""
    sources(tmp_path)
    right, swapped = drawn(tmp_path), drawn(tmp_path, f'control = "swap-instruct"\n{PART}')
    own = {(row.pair_id, row.view): row for row in right.rows}
    assert len(swapped.rows) == len(right.rows)
    assert Counter(row.instruction for row in swapped.rows) == Counter(row.instruction for row in right.rows)
    for row in swapped.rows:
        before = own[row.pair_id, row.view]
        assert row.passages == before.passages
        assert row.instruction.endswith("birds" if "ships" in row.query else "ships")
    assert swapped.tokens == right.tokens


def test_instructions_of_one_source_are_swapped_between_its_queries(tmp_path: Path) -> None:
    sources(tmp_path)
    rows = [
        replace(row, instruction=f"{row.instruction} for {row.query}")
        for row in read_rows(tmp_path / "one.jsonl")
    ]
    write_rows(tmp_path / "one.jsonl", rows)
    swapped = drawn(tmp_path, f'control = "swap-instruct"\n{ONE_SOURCE}').rows
    assert len({row.instruction for row in swapped}) == len(swapped) == 40
    assert not [row for row in swapped if row.instruction.endswith(f" for {row.query}")]


def test_queries_that_sources_share_get_none_of_their_own_instructions(tmp_path: Path) -> None:
    """As draws of one generator: a step from source to source would lead back to the same query."""
    rows = [replace(row, instruction=f"{row.instruction} for {row.query}") for row in pairs(20)]
    write_rows(tmp_path / "one.jsonl", rows)
    write_rows(tmp_path / "two.jsonl", [replace(row, positive=f"again {row.positive}") for row in rows])
    swapped = drawn(tmp_path, f'control = "swap-instruct"\n{PART}', "80").rows
    assert len(swapped) == 80
    assert not [row for row in swapped if row.instruction.endswith(f" for {row.query}")]


def test_swapping_is_refused_where_most_pairs_ask_one_query(tmp_path: Path) -> None:
    sources(tmp_path)
    same = [replace(row, query="one query") for row in read_rows(tmp_path / "one.jsonl")]
    write_rows(tmp_path / "one.jsonl", same)
    with pytest.raises(IfirEvalError, match="needs instructions of other queries"):
        drawn(tmp_path, f'control = "swap-instruct"\n{ONE_SOURCE}')


def test_a_textual_negation_repeats_the_original_wording(tmp_path: Path) -> None:
    """The reversed row keeps its passages; its instruction is the original's, negated."""
    sources(tmp_path)
    right = {(row.pair_id, row.view): row for row in drawn(tmp_path).rows}
    rows = {
        (row.pair_id, row.view): row for row in drawn(tmp_path, f'control = "textual-negation"\n{PART}').rows
    }
    assert rows.keys() == right.keys()
    for (pair, view), row in rows.items():
        original = right[pair, "original"].instruction
        assert row.passages == right[pair, view].passages
        assert (
            (row.instruction == original) if view == "original" else (original in row.instruction != original)
        )


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_mix_is_sound(path: Path) -> None:
    """And says in a sentence what it is."""
    mix = read_mix(path)
    assert mix.about
    assert mix.name == path.stem


def test_the_shipped_mixes_are_those_of_the_study() -> None:
    """The four arms, both ends of the series between them, and the controls (docs/methods.md, section 5)."""
    arms = {"ins-orig", "ins-dv", "all-orig", "all-dv"}
    series = {"diversity-heavy", "instruction-25", "instruction-50", "instruction-75", "instruction-heavy"}
    controls = {"swap-instruct", "textual-negation", "no-instruction"}
    assert {path.stem for path in SHIPPED.glob("*.toml")} == arms | series | controls
