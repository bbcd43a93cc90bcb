"""Instructions are read as constraints on metadata, or not at all."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.benchmarks.builder.constraint import Constraint
from ifir_eval.benchmarks.builder.corpus import Source, Value
from ifir_eval.benchmarks.builder.field import field_of
from ifir_eval.synthesis.judges.constraints import Reader
from ifir_eval.synthesis.judges.times import spans

GENRES = ("Western", "Comedy", "Drama", "Science Fiction")


def _source() -> Source:
    """120 films with a year and one or two genres; every fifth has no genre, every seventh no year."""
    draw = Random(0)
    years: dict[str, Value] = {f"{n}": 1930 + n % 60 for n in range(120) if n % 7}
    genres: dict[str, Value] = {f"{n}": frozenset(draw.sample(GENRES, 1 + n % 2)) for n in range(120) if n % 5}
    documents = {f"{n}": Document(f"{n}", f"A film number {n}.") for n in range(120)}
    return Source(documents, {"year": years, "genres": genres})


SOURCE = _source()
FIELDS = [field_of(SOURCE, name) for name in ("year", "genres")]
READER = Reader(FIELDS, [document.text for document in SOURCE.documents.values()])
YEAR, GENRE = SOURCE.values["year"], SOURCE.values["genres"]


def admitted(instruction: str) -> set[str] | None:
    """The documents that fit; None if the instruction is not understood."""
    constraints = READER.read(instruction, "train robbery")
    if constraints is None:
        return None
    return {document for document in SOURCE.documents if constraints.admit(document)}


def years(first: int, last: int) -> set[str]:
    return {document for document, year in YEAR.items() if first <= year <= last}  # type: ignore[operator]


def has(*genres: str) -> set[str]:
    return {document for document, found in GENRE.items() if set(genres) & found}  # type: ignore[operator]


@pytest.mark.parametrize(
    ("instruction", "first", "last"),
    [
        ("Only films released after 1950.", 1951, 9999),
        ("Show films from 1950 or later.", 1950, 9999),
        ("The film must be newer than 1950.", 1951, 9999),
        ("Films made no earlier than 1950", 1950, 9999),
        ("Nothing but films since 1950!", 1950, 9999),
        ("I want films that came out before 1950.", 0, 1949),
        ("Find films up to and including 1950.", 0, 1950),
        ("Only films from 1950 or earlier.", 0, 1950),
        ("pre-1950 films", 0, 1949),
        ("Keep films made between 1940 and 1949.", 1940, 1949),
        ("Films from the 1940s.", 1940, 1949),
        ("Films released before the 1940s.", 0, 1939),
        ("Films from the 1940s or later", 1940, 9999),
        ("Films released after 1950 and before 1960.", 1951, 1959),
        ("Films released in 1950.", 1950, 1950),
        ("Films released in 1950 or 1951.", 1950, 1951),
        ("Only films whose year is not before 1950.", 1950, 9999),
    ],
)
def test_years_are_understood(instruction: str, first: int, last: int) -> None:
    assert admitted(instruction) == years(first, last)


@pytest.mark.parametrize(
    ("instruction", "wanted"),
    [
        ("Only westerns.", has("Western")),
        ("Find comedies for me.", has("Comedy")),
        ("Restrict this to science fiction.", has("Science Fiction")),
        ("Westerns or comedies", has("Western", "Comedy")),
        ("Nothing but westerns.", has("Western")),
        ("Only westerns released before 1950.", has("Western") & years(0, 1949)),
        ("Westerns about a train robbery.", has("Western")),
    ],
)
def test_labels_are_understood(instruction: str, wanted: set[str]) -> None:
    assert admitted(instruction) == wanted


@pytest.mark.parametrize(
    ("instruction", "refused"),
    [
        ("No westerns, please.", has("Western")),
        ("Leave out westerns and comedies.", has("Western", "Comedy")),
        ("Anything but dramas.", has("Drama")),
        ("Skip films from before 1950.", years(0, 1949)),
        ("Don't show films released after 1950.", years(1951, 9999)),
        ("Films that are not from the 1940s.", years(1940, 1949)),
    ],
)
def test_what_is_refused_lets_documents_pass_that_do_not_say(instruction: str, refused: set[str]) -> None:
    assert admitted(instruction) == set(SOURCE.documents) - refused


def test_a_refusal_ends_where_something_else_is_demanded() -> None:
    assert admitted("No westerns; only comedies.") == has("Comedy") - has("Western")
    assert admitted("Leave out everything but comedies.") == has("Comedy")


@pytest.mark.parametrize(
    "instruction",
    [
        "Find films with a sad ending.",
        "Only westerns with a sad ending.",
        "Romantic comedies.",
        "Films from the early 1950s.",
        "No westerns, films after 1950.",
        "Recent films.",
        "Just do it.",
        "",
        "Not these.",
    ],
)
def test_what_says_more_than_metadata_is_not_understood(instruction: str) -> None:
    """Half understood it would be judged by half of its constraints, and the judge be wrong."""
    assert admitted(instruction) is None


def test_and_between_labels_is_decided_only_where_both_readings_agree() -> None:
    constraints = READER.read("Westerns and comedies.", "")
    assert constraints is not None
    for document, found in GENRE.items():
        both = {"Western", "Comedy"} & set(found)  # type: ignore[arg-type]
        wanted = None if len(both) == 1 else len(both) == 2
        assert constraints.admit(document) is wanted


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
@pytest.mark.parametrize("understood", [True, False], ids=["verbatim", "free"])
def test_the_builders_wordings_mean_what_the_builder_says(field: object, understood: bool) -> None:
    """Each of them verbatim; and by the grammar alone the same for documents that have a value, or nothing."""
    chosen = next(one for one in FIELDS if one is field)
    constraint = Constraint(chosen, 1950 if chosen.name == "year" else "Western")
    read = 0
    for demand, texts in constraint.wordings().items():
        for text in texts:
            wanted = {document: demand.admits(constraint.side(document)) for document in SOURCE.documents}
            if understood:
                assert admitted(text) == {document for document, fits in wanted.items() if fits}
                read += 1
            elif (got := admitted(f"Please: {text}")) is not None:
                assert got & chosen.values.keys() == {d for d in chosen.values if wanted[d]}
                read += 1
    assert read >= (16 if understood else 4)


@given(
    st.integers(1800, 2100),
    st.integers(0, 90),
    st.sampled_from(["between {} and {}", "from {} to {}", "{}-{}"]),
)
def test_a_stretch_of_years_holds_both_its_ends_and_nothing_beyond(first: int, length: int, words: str) -> None:
    last = first + length
    (span,) = spans(f"films {words.format(first, last)} only")
    assert [span.holds(year) for year in (first - 1, first, last, last + 1)] == [False, True, True, False]


@given(st.integers(1800, 2100))
def test_after_and_up_to_a_year_part_all_years(year: int) -> None:
    (after,), (up_to,) = spans(f"after {year}"), spans(f"{year} or earlier")
    assert all(after.holds(other) != up_to.holds(other) for other in range(year - 2, year + 3))


def test_numbers_that_are_no_years_say_nothing_of_years(tmp_path: Path) -> None:
    assert list(spans("the 39 steps, 12345 of them, chapter 19")) == []
