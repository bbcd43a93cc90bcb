"""The folder format: what is read, what is refused, and that writing loses nothing."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from folders import CORPUS, GOOD, MANIFEST, QUERIES, jsonl, write
from hypothesis import given, settings
from hypothesis import strategies as st

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View, view_name_fault
from ifir_eval.benchmarks.folder import read_folder, write_folder
from ifir_eval.benchmarks.queries import KEYS
from ifir_eval.errors import IfirEvalError, InvalidInputError

HEADER = "query-id\tcorpus-id\tscore\n"
BEIR_QUERIES = jsonl({"_id": query, "text": "bread"} for query in ("q1", "q2"))


def test_a_good_folder_is_read_whole(tmp_path: Path) -> None:
    """Topics, views, instructions, grades, titles and metadata arrive, and open keys get their defaults."""
    benchmark = read_folder(write(tmp_path, GOOD))
    (topic,) = benchmark.topics
    assert (benchmark.name, benchmark.version, benchmark.licence) == ("tiny", "1", "unknown")
    assert benchmark.contrasts == (Contrast("original", "changed"),)
    assert benchmark.corpus["d1"].title == "Rye"
    assert benchmark.corpus["d2"].metadata == {"year": 2021}
    assert topic.views["original"].judgements == {"d1": 1, "d2": 0}
    assert topic.views["changed"].instruction == "Only wheat."
    assert topic.views["changed"].candidates is None
    assert "p-MRR-control" in benchmark.measures
    assert benchmark.primary == "p-MRR"


BROKEN: dict[str, tuple[dict[str, str | bytes | None], list[str]]] = {
    "missing files": (
        {"corpus.jsonl": None, "queries.jsonl": None, "qrels/test.tsv": None},
        [
            "corpus.jsonl: the file is missing",
            "queries.jsonl: the file is missing",
            "qrels/test.tsv: the file is missing",
        ],
    ),
    "bad JSON at a line": (
        {"corpus.jsonl": GOOD["corpus.jsonl"] + '\n{"_id": "d3", "text": }\n["d4"]\n'},
        [
            "corpus.jsonl:4: not valid JSON: Expecting value (column 23)",
            "corpus.jsonl:5: must be a JSON object, not a list",
        ],
    ),
    "bytes that are no UTF-8": (
        {"corpus.jsonl": GOOD["corpus.jsonl"].encode() + b'{"_id": "d3", "text": "\xff"}\n'},
        ["corpus.jsonl:3: not UTF-8 text"],
    ),
    "documents without id, text or the right types": (
        {
            "corpus.jsonl": GOOD["corpus.jsonl"]
            + jsonl(
                [
                    {"text": "no id"},
                    {"_id": "d4"},
                    {"_id": 5, "text": "five"},
                    {"_id": "d6", "text": ["six"]},
                    {"_id": "d7", "text": " ", "title": None},
                    {"_id": "d 8", "text": "eight"},
                    {"_id": "d1", "text": "again"},
                    {"_id": "d9", "text": "nine", "metadata": "none"},
                ]
            )
        },
        [
            "corpus.jsonl:3: '_id' is missing",
            "corpus.jsonl:4: 'text' is missing",
            "corpus.jsonl:5: '_id' must be a string, not a whole number",
            "corpus.jsonl:6: 'text' must be a string, not a list",
            "corpus.jsonl:7: the document has neither title nor text",
            "corpus.jsonl:8: document id 'd 8' has white space or is empty, which a TREC run cannot hold",
            "corpus.jsonl:9: document id 'd1' stands already in line 1",
            "corpus.jsonl:10: 'metadata' must be an object, not a string",
        ],
    ),
    "queries without text, topic or view, twice, or with a mistyped field": (
        {
            "queries.jsonl": jsonl(
                [
                    *QUERIES,
                    {"_id": "q1", "topic": "t", "view": "original", "text": "x"},
                    {"_id": "q3", "view": "original", "text": "x"},
                    {"_id": "q4", "topic": "t", "text": "x"},
                    {"_id": "q5", "topic": "bread", "view": "bare", "text": ""},
                    {"_id": "q6", "topic": "bread", "view": "odd", "text": "x", "instuction": "y"},
                ]
            ),
            "qrels/test.tsv": GOOD["qrels/test.tsv"] + "q5\td1\t1\nq6\td1\t1\n",
        },
        [
            "queries.jsonl:3: query id 'q1' stands already in line 1",
            "queries.jsonl:4: 'topic' is missing",
            "queries.jsonl:5: 'view' is missing",
            "queries.jsonl:6: the query has no text",
            f"queries.jsonl:7: unknown fields 'instuction'; existing: {', '.join(KEYS)}",
        ],
    ),
    "a view twice, one without judgements, slices that disagree or are no strings": (
        {
            "queries.jsonl": jsonl(
                [
                    QUERIES[0] | {"slices": {"kind": "grain"}},
                    QUERIES[1] | {"slices": {"kind": "flour", "year": 3}},
                    {"_id": "q3", "topic": "bread", "view": "original", "text": "x"},
                ]
            )
        },
        [
            "queries.jsonl:2: the values of 'slices' must be strings, but not so 'year'",
            "queries.jsonl:2: topic 'bread' has the slice kind = 'grain' already, not 'flour'",
            "queries.jsonl:3: query 'q3' has no judgements in qrels/test.tsv",
            "queries.jsonl:3: topic 'bread' has the view 'original' already",
        ],
    ),
    "judgements of unknown ids, twice, or with odd grades": (
        {"qrels/test.tsv": GOOD["qrels/test.tsv"] + "q9\td1\t1\nq1\td9\t1\nq1\td1\t2\nq2\td1\t0.5\nq2 d1 1\n"},
        [
            "qrels/test.tsv:5: query 'q9' is not in queries.jsonl",
            "qrels/test.tsv:6: document 'd9' is not in corpus.jsonl",
            "qrels/test.tsv:7: query 'q1' and document 'd1' are judged a second time",
            "qrels/test.tsv:8: the score '0.5' is not a whole number",
            "qrels/test.tsv:9: must be query-id<tab>corpus-id<tab>score, but has 1 of 3 columns",
        ],
    ),
    "judgements without the header line": (
        {"qrels/test.tsv": GOOD["qrels/test.tsv"].removeprefix(HEADER)},
        [
            "qrels/test.tsv:1: the first line must be query-id<tab>corpus-id<tab>score",
        ],
    ),
    "an empty file of judgements": (
        {"qrels/test.tsv": ""},
        [
            "queries.jsonl:1: query 'q1' has no judgements in qrels/test.tsv",
            "queries.jsonl:2: query 'q2' has no judgements in qrels/test.tsv",
            "qrels/test.tsv: the file is empty; its first line must be query-id<tab>corpus-id<tab>score",
        ],
    ),
    "candidates of unknown ids, twice, or for some queries only": (
        {"candidates.tsv": "query-id\tcorpus-id\nq1\td1\nq1\td1\nq1\td9\nq9\td1\n"},
        [
            "candidates.tsv:3: query 'q1' lists the candidate 'd1' a second time",
            "candidates.tsv:4: document 'd9' is not in corpus.jsonl",
            "candidates.tsv:5: query 'q9' is not in queries.jsonl",
            "queries.jsonl:2: query 'q2' has no candidates; name some, or none for all queries",
        ],
    ),
    "a contrast with a view that does not exist": (
        {"benchmark.toml": 'contrasts = [\n["original", "chnaged"]]\n'},
        ["benchmark.toml:1: contrast original>chnaged: no topic has the view 'chnaged'"],
    ),
    "a topic with one view where the contrast needs two": (
        {
            "queries.jsonl": GOOD["queries.jsonl"]
            + jsonl([{"_id": "q3", "topic": "cake", "view": "original", "text": "cake"}]),
            "qrels/test.tsv": GOOD["qrels/test.tsv"] + "q3\td1\t1\n",
        },
        ["benchmark.toml:3: topic 'cake' lacks the view 'changed' of contrast original>changed"],
    ),
    "a manifest that is not TOML": (
        {"benchmark.toml": 'name = "tiny"\n= 1\n'},
        ["benchmark.toml:2: not valid TOML: Invalid statement (at line 2, column 1)"],
    ),
    "a manifest with unknown keys and wrong values": (
        {
            "benchmark.toml": "name = 7\nlicense = 'MIT'\nmeasures = 'p-MRR'\ncontrasts = [['original']]\n"
            "relevant_grade = 0\npartial_contrasts = 1\nis_limited = 'no'\n"
        },
        [
            "benchmark.toml:1: 'name' must be a string, not a whole number",
            "benchmark.toml:2: there is no key 'license'; did you mean 'licence'?",
            "benchmark.toml:3: 'measures' must be a list of strings",
            "benchmark.toml:4: 'contrasts' must be a list of two views each, as in [['original', 'changed']]",
            "benchmark.toml:5: 'relevant_grade' must be a whole number of at least 1",
            "benchmark.toml:6: 'partial_contrasts' must be true or false, not a whole number",
            "benchmark.toml:7: 'is_limited' must be true or false, not a string",
        ],
    ),
    "half of a pair of surrogates in a text": (
        {"corpus.jsonl": GOOD["corpus.jsonl"] + '{"_id": "d3", "text": "rye \\uD800"}\n'},
        ["corpus.jsonl:3: not valid Unicode: \\ud800 is half of a character; remove it"],
    ),
    "names that cannot stand in a column": (
        {
            "queries.jsonl": jsonl([QUERIES[0] | {"topic": ""}, QUERIES[1] | {"view": "[b]"}]),
            "benchmark.toml": "name = 'tiny'\n",
        },
        [
            "queries.jsonl:1: 'topic' is empty",
            "queries.jsonl:2: " + view_name_fault("[b]"),
        ],
    ),
    "a grade that trec_eval cannot hold": (
        {"qrels/test.tsv": GOOD["qrels/test.tsv"] + "q2\td1\t2147483648\n"},
        ["qrels/test.tsv:5: the score 2147483648 is beyond the grades -1,000,000 to 1,000,000"],
    ),
    "a contrast listed twice": (
        {"benchmark.toml": 'contrasts = [["original", "changed"], ["original", "changed"]]\n'},
        ["benchmark.toml:1: contrast original>changed is listed 2 times"],
    ),
    "a primary measure that is not measured": (
        {"benchmark.toml": 'measures = ["p-MRR"]\nprimary = "p-MRR[old]"\n'},
        ["benchmark.toml:2: the primary 'p-MRR[old]' is not among the measures (p-MRR), nor one under a view"],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_folder_is_refused_with_every_fault_and_its_line(tmp_path: Path, case: str) -> None:
    """Each fault of a folder is reported at once, with file and line, and nothing else is."""
    changes, expected = BROKEN[case]
    write(tmp_path, {**GOOD, **changes})
    with pytest.raises(InvalidInputError) as caught:
        read_folder(tmp_path)
    assert sorted(map(str, caught.value.problems)) == sorted(expected)


def test_a_folder_with_faults_in_every_file_lists_them_all(tmp_path: Path) -> None:
    """Faults in one file do not hide those in another; the message names the folder and counts them."""
    write(
        tmp_path,
        {
            "benchmark.toml": "nam = 'x'\n",
            "corpus.jsonl": GOOD["corpus.jsonl"] + "{\n",
            "queries.jsonl": GOOD["queries.jsonl"] + "{\n",
            "qrels/test.tsv": GOOD["qrels/test.tsv"] + "q1\td1\n",
            "candidates.tsv": "query-id\tcorpus-id\nq1\td1\nq2\td2\nq2\n",
        },
    )
    with pytest.raises(InvalidInputError, match="5 problems") as caught:
        read_folder(tmp_path)
    files = {problem.file for problem in caught.value.problems}
    assert files == {"benchmark.toml", "corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "candidates.tsv"}
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(("file", "problem"), [("corpus.jsonl", "document"), ("queries.jsonl", "query")])
def test_an_empty_file_is_one_problem(tmp_path: Path, file: str, problem: str) -> None:
    """No documents, or no queries, is said once, not once more for each judgement and candidate."""
    candidates = "query-id\tcorpus-id\nq1\td1\nq2\td2\n"
    write(tmp_path, {**GOOD, "candidates.tsv": candidates, file: ""})
    with pytest.raises(InvalidInputError) as caught:
        read_folder(tmp_path)
    assert list(map(str, caught.value.problems)) == [f"{file}: there is no {problem}"]


MISSING = "the file is missing"
WITHOUT_MANIFEST: dict[str, tuple[dict[str, str | None], list[str]]] = {
    "an empty folder": (
        dict.fromkeys(GOOD),
        [f"corpus.jsonl: {MISSING}", f"queries.jsonl: {MISSING}", f"qrels/test.tsv: {MISSING}"],
    ),
    "judgements of another split only": (
        {"qrels/test.tsv": None, "qrels/dev.tsv": HEADER},
        [f"qrels/test.tsv: {MISSING}"],
    ),
    "an empty file of judgements": (
        {"qrels/test.tsv": ""},
        ["qrels/test.tsv: the file is empty; its first line must be query-id<tab>corpus-id<tab>score"],
    ),
    "judgements that are a header only": (
        {"qrels/test.tsv": HEADER},
        ["qrels/test.tsv: no query of queries.jsonl has judgements"],
    ),
    "bad JSON in the queries": (
        {"queries.jsonl": "{\n", "qrels/test.tsv": HEADER},
        [
            "queries.jsonl:1: not valid JSON: Expecting property name enclosed in double quotes (column 2)",
            "queries.jsonl: there is no query",
        ],
    ),
}


@pytest.mark.parametrize("case", WITHOUT_MANIFEST)
def test_a_broken_folder_without_manifest_is_refused_in_words(tmp_path: Path, case: str) -> None:
    """Each ended in a traceback: the line of ``primary`` was looked up in a manifest that is not there."""
    changes, expected = WITHOUT_MANIFEST[case]
    write(tmp_path, {**GOOD, "benchmark.toml": None, "queries.jsonl": BEIR_QUERIES, **changes})
    with pytest.raises(InvalidInputError) as caught:
        read_folder(tmp_path)
    assert sorted(map(str, caught.value.problems)) == sorted(expected)


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    """A path that does not exist gets a sentence with the remedy."""
    with pytest.raises(IfirEvalError, match="is not a folder; give the one that holds"):
        read_folder(tmp_path / "none")


def test_a_beir_folder_gives_each_query_the_view_bare(tmp_path: Path) -> None:
    """A BEIR folder loads as it is: one view, foreign fields ignored, queries of other splits left out."""
    write(
        tmp_path / "scifact",
        {
            "corpus.jsonl": jsonl([CORPUS[0] | {"url": "x"}, CORPUS[1]]),
            "queries.jsonl": BEIR_QUERIES + jsonl([{"_id": "q3", "text": "x", "origin": "train"}]),
            "qrels/test.tsv": f"{HEADER}q1\td1\t2\nq2\td2\t1\n".replace("\n", "\r\n"),
        },
    )
    benchmark = read_folder(tmp_path / "scifact")
    assert benchmark.name == "scifact"
    assert [(topic.id, list(topic.views)) for topic in benchmark.topics] == [("q1", ["bare"]), ("q2", ["bare"])]
    assert benchmark.topics[0].views["bare"].judgements == {"d1": 2}
    assert benchmark.contrasts == ()
    assert benchmark.primary == "nDCG@10[bare]"
    assert benchmark.notes == ("1 of 3 queries have no judgements in qrels/test.tsv and are left out",)


def test_negative_grades_are_kept_and_not_relevant(tmp_path: Path) -> None:
    """BEIR's TREC-COVID judges with -1: that is no fault, and no document is relevant by it."""
    write(
        tmp_path,
        {
            "corpus.jsonl": GOOD["corpus.jsonl"],
            "queries.jsonl": BEIR_QUERIES,
            "qrels/test.tsv": f"{HEADER}q1\td1\t-1\nq1\td2\t1\nq2\td2\t1\n",
        },
    )
    topic = read_folder(tmp_path).topics[0]
    assert topic.views["bare"].judgements["d1"] == -1
    assert topic.relevant("bare", 1) == {"d2"}


EMPTY = jsonl([{"_id": "d3", "title": "", "text": " "}])


def test_documents_without_text_are_left_out_of_a_beir_folder(tmp_path: Path) -> None:
    """FiQA and TREC-COVID hold some as published, and were refused; what names them goes with them."""
    write(
        tmp_path,
        {
            "corpus.jsonl": GOOD["corpus.jsonl"] + EMPTY,
            "queries.jsonl": BEIR_QUERIES + jsonl([{"_id": "q3", "text": "rolls"}]),
            "qrels/test.tsv": f"{HEADER}q1\td1\t1\nq1\td3\t1\nq2\td2\t1\nq3\td3\t1\n",
            "candidates.tsv": "query-id\tcorpus-id\nq1\td1\nq1\td3\nq2\td2\nq2\td3\nq3\td3\n",
        },
    )
    benchmark = read_folder(tmp_path)
    assert list(benchmark.corpus) == ["d1", "d2"]
    assert [(view.judgements, view.candidates) for view in benchmark.views()] == [
        ({"d1": 1}, ("d1",)),
        ({"d2": 1}, ("d2",)),
    ]
    assert benchmark.notes == (
        "left out, as they have no text: 1 of 3 documents",
        "left out, as their documents have no text: 2 of 4 judgements",
        "left out, as their documents have no text: 3 of 5 candidates",
        "1 of 3 queries have no judgements in qrels/test.tsv and are left out",
    )


def test_a_beir_folder_of_documents_without_text_is_refused(tmp_path: Path) -> None:
    """Nothing is left to search, which is said in words."""
    files = {**GOOD, "benchmark.toml": None, "queries.jsonl": BEIR_QUERIES, "corpus.jsonl": EMPTY}
    with pytest.raises(InvalidInputError) as caught:
        read_folder(write(tmp_path, {**files, "qrels/test.tsv": f"{HEADER}q1\td3\t1\n"}))
    assert list(map(str, caught.value.problems)) == ["corpus.jsonl: there is no document with text"]


def test_ids_in_followirs_manner_are_two_views_of_one_topic(tmp_path: Path) -> None:
    """``-og`` and ``-changed`` become the views original and changed, and the contrast between them."""
    queries = [
        {"_id": f"301{suffix}", "text": "bread", "instruction": suffix} for suffix in ("-og", "-changed")
    ]
    write(
        tmp_path,
        {
            "corpus.jsonl": GOOD["corpus.jsonl"],
            "queries.jsonl": jsonl(queries),
            "qrels/test.tsv": f"{HEADER}301-og\td1\t1\n301-og\td2\t1\n301-changed\td2\t1\n301-changed\td1\t0\n",
        },
    )
    benchmark = read_folder(tmp_path)
    (topic,) = benchmark.topics
    assert topic.id == "301"
    assert {name: view.id for name, view in topic.views.items()} == {
        "original": "301-og",
        "changed": "301-changed",
    }
    (contrast,) = benchmark.contrasts
    assert topic.shift(contrast, 1) == (("d1",), (), ("d2",))


def test_a_followir_topic_without_its_second_view_is_refused(tmp_path: Path) -> None:
    """A FollowIR folder in which a changed query has no judgements names the topic."""
    queries = [
        {"_id": f"{topic}{view}", "text": "x", "instruction": f"Only {view}."}
        for topic in ("1", "2")
        for view in ("-og", "-changed")
    ]
    write(
        tmp_path,
        {
            "corpus.jsonl": GOOD["corpus.jsonl"],
            "queries.jsonl": jsonl(queries),
            "qrels/test.tsv": f"{HEADER}1-og\td1\t1\n1-changed\td2\t1\n2-og\td1\t1\n",
        },
    )
    with pytest.raises(InvalidInputError) as caught:
        read_folder(tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        "queries.jsonl: topic '2' lacks the view 'changed' of contrast original>changed"
    ]


def test_a_manifest_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Windows editors write one, which TOML does not know; faults keep their lines."""
    write(tmp_path, {**GOOD, "benchmark.toml": "\ufeff" + MANIFEST})
    assert read_folder(tmp_path).name == "tiny"
    write(tmp_path, {"benchmark.toml": "\ufeffname = 7\n"})
    with pytest.raises(InvalidInputError, match=r"benchmark\.toml:1: 'name' must be a string"):
        read_folder(tmp_path)


def test_line_separators_inside_a_text_do_not_break_the_line(tmp_path: Path) -> None:
    """U+2028 in a JSON string is part of the text; str.splitlines broke the line there."""
    text = "one\u2028two\x85three"
    corpus = "".join(
        json.dumps(row, ensure_ascii=False) + "\n" for row in [CORPUS[0] | {"text": text}, CORPUS[1]]
    )
    write(tmp_path, {**GOOD, "corpus.jsonl": "\ufeff" + corpus})
    assert read_folder(tmp_path).corpus["d1"].text == text


def test_writing_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    """Nothing that exists is overwritten."""
    benchmark = read_folder(write(tmp_path / "a", GOOD))
    with pytest.raises(IfirEvalError, match="exists already; give a new or empty folder"):
        write_folder(benchmark, tmp_path / "a")


_ids = st.text(st.characters(exclude_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=6)
_texts = st.text(max_size=20).map(lambda text: f"{text}.")
_names = st.text(min_size=1, max_size=6)
_view_names = _ids.filter(lambda name: not set(name) & set("[]"))


@st.composite
def benchmarks(draw: st.DrawFn) -> Benchmark:
    """Any benchmark that a folder can hold."""
    documents = draw(st.lists(_ids, unique=True, min_size=1, max_size=5))
    metadata = st.dictionaries(_names, st.one_of(st.integers(), st.text(max_size=5), st.none()), max_size=2)
    corpus = {doc: Document(doc, draw(_texts), draw(st.text(max_size=5)), draw(metadata)) for doc in documents}
    views = draw(st.lists(_view_names, unique=True, min_size=2, max_size=3))
    topic_ids = draw(st.lists(_names.filter(str.strip), unique=True, min_size=1, max_size=3))
    numbers = iter(draw(st.lists(_ids, unique=True, min_size=9, max_size=9)))
    has_candidates = draw(st.booleans())
    slices = st.dictionaries(_names, _names, max_size=2)
    subset = st.lists(st.sampled_from(documents), unique=True, min_size=1)

    def view(name: str) -> View:
        judgements = draw(st.dictionaries(st.sampled_from(documents), st.integers(-1, 3), min_size=1))
        candidates = tuple(draw(subset)) if has_candidates else None
        return View(
            next(numbers), name, draw(_texts), f"{name} {draw(st.text(max_size=9))}", judgements, candidates
        )

    measures = tuple(draw(st.lists(_names, min_size=1, max_size=3)))
    return Benchmark(
        name=draw(_names),
        version=draw(st.text(max_size=5)),
        licence=draw(st.text(max_size=5)),
        source=draw(st.text(max_size=5)),
        corpus=corpus,
        topics=tuple(Topic(topic, {name: view(name) for name in views}, draw(slices)) for topic in topic_ids),
        measures=measures,
        primary="p-MRR",
        contrasts=(Contrast(views[0], views[1]),),
        relevant_grade=draw(st.integers(1, 3)),
        partial_contrasts=draw(st.booleans()),
        notes=tuple(draw(st.lists(st.text(max_size=9), max_size=2))),
        is_limited=draw(st.booleans()),
    )


@given(benchmarks())
@settings(max_examples=60, deadline=None)
def test_reading_what_was_written_gives_the_same_benchmark(benchmark: Benchmark) -> None:
    """Every field survives the round trip, and so does the content hash."""
    benchmark = Benchmark(**{**vars(benchmark), "measures": (*benchmark.measures, "p-MRR")})
    with TemporaryDirectory() as folder:
        write_folder(benchmark, Path(folder))
        again = read_folder(Path(folder))
    assert again == benchmark  # an excerpt once came back as the whole
    assert again.content_hash == benchmark.content_hash
