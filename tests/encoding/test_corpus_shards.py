"""Shards of a corpus: what is in them, that they are the same whoever makes them, and what stops them."""

from __future__ import annotations

import gzip
import os
import resource
import signal
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

import fsspec
import library_models
import numpy as np
import pytest
from encoded_corpora import digests, job_of, save_model, text_of, texts, write_corpus

from ifir_eval.encoding.cache import VectorCache
from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.distributed.corpus import CorpusReader, Place, find_sources
from ifir_eval.encoding.distributed.plan import FILE, make_plan
from ifir_eval.encoding.distributed.shards import IDS, Job, Outcome, encode_here
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.late_interaction import LateInteractionEmbedder
from ifir_eval.encoding.once import encode_once
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.shard import INDEX, ShardReader
from ifir_eval.errors import IfirEvalError, IncompleteError, InvalidInputError
from ifir_eval.progress import silent


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus.jsonl", texts(100))


def test_the_cache_finds_every_vector_and_the_ids_say_whose_each_is(
    model: Path, corpus: Path, tmp_path: Path
) -> None:
    """A later run with this folder as its cache computes nothing; line n of the ids belongs to entry n."""
    job = job_of(model, tmp_path / "out", corpus)
    assert encode_here(job, job.plan.shards, silent) == Outcome(100, 0, 0)
    embedder = job.embedder()
    identity = {**embedder.identity, **embedder.environment}
    space = VectorCache(tmp_path / "out").space(identity)
    encoded = encode_once(embedder, space, texts(100), Role.DOCUMENT, silent)
    assert (encoded.computed, space.warnings) == (0, ())

    expected = dict(zip([f"d{number}" for number in range(100)], encoded.of(texts(100)).values, strict=True))
    folder = VectorCache(tmp_path / "out").folder_of(identity)
    found: list[str] = []
    for index in sorted(folder.glob(f"*{INDEX}")):
        shard = ShardReader(index.with_suffix(""))
        lines = index.with_suffix(IDS).read_text().splitlines()
        vectors = shard.rows(np.arange(len(shard.index().records)), 16)
        for line, vector in zip(lines, vectors, strict=True):
            for document in line.split(" "):
                np.testing.assert_array_equal(vector, expected[document])
                found.append(document)
    assert sorted(found) == sorted(expected)


def test_queries_are_counted_as_cut_by_the_length_of_queries(tmp_path: Path) -> None:
    """A ColBERT reads 32 tokens of a query and 100 of a document; the count went by the latter."""
    words = " ".join(f"w{number}" for number in range(40))
    folder = library_models.pylate(tmp_path / "colbert", [words, ", ."])
    out, sources = tmp_path / "out", find_sources([str(write_corpus(tmp_path / "q.jsonl", [words, "w1 w2"]))])
    plan = make_plan(out, sources, 16, Role.QUERY, silent)
    make = partial(LateInteractionEmbedder, LocalModel(folder), ModelSettings(device="cpu"))
    outcome = encode_here(Job(sources, plan, out, "colbert", make, text_of), plan.shards, silent)
    assert outcome == Outcome(2, truncated=1)


def test_shards_are_the_same_bytes_in_one_piece_in_shares_and_in_any_order(
    model: Path, corpus: Path, tmp_path: Path
) -> None:
    """A text that another shard has too is encoded again: else bytes would depend on who came first."""
    whole = job_of(model, tmp_path / "whole", corpus)
    encode_here(whole, whole.plan.shards, silent)
    shares = job_of(model, tmp_path / "shares", corpus)
    taken = [shares.plan.share(index, 3) for index in (2, 0, 1)]
    for tasks in taken:
        encode_here(shares, tasks[::-1], silent)
    assert sorted(task.number for tasks in taken for task in tasks) == list(range(7))
    assert digests(tmp_path / "whole") == digests(tmp_path / "shares")


def test_shards_run_on_across_files_packed_files_and_file_systems(model: Path, tmp_path: Path) -> None:
    """The same documents in three files, one packed and one in memory, give the same vectors and ids."""
    contents = texts(100)
    one = job_of(model, tmp_path / "one", write_corpus(tmp_path / "corpus.jsonl", contents))
    write_corpus(tmp_path / "a.jsonl", contents[:23])
    middle = write_corpus(tmp_path / "b.jsonl", contents[23:71], 23)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf\n" + middle.read_bytes() + b"\n\n"))
    middle.unlink()
    last = write_corpus(tmp_path / "c.jsonl", contents[71:], 71)
    with fsspec.open("memory://corpora/c.jsonl", "wb") as stream:
        stream.write(last.read_bytes())
    last.unlink()
    three = job_of(model, tmp_path / "three", tmp_path / "[ab].jsonl*", "memory://corpora/c.jsonl")
    for job in (one, three):
        encode_here(job, job.plan.shards, silent)
    made = [
        {name: digest for name, digest in digests(tmp_path / folder).items() if name != FILE}
        for folder in ("one", "three")
    ]
    assert len(made[0]) == 7 * 3 + 1
    assert made[0] == made[1]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_process_killed_between_its_files_leaves_what_the_same_job_finishes(
    model: Path, corpus: Path, tmp_path: Path
) -> None:
    """Killed in turn at four of its renames: the shards end up byte-equal, and nothing is left beside them."""
    reference = job_of(model, tmp_path / "whole", corpus, documents_per_shard=40)
    encode_here(reference, reference.plan.shards, silent)
    job = job_of(model, tmp_path / "killed", corpus, documents_per_shard=40)
    for moment in range(1, 5):
        child = os.fork()
        if not child:
            _die_after(moment)
            encode_here(job, job.plan.shards, silent)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
    outcome = encode_here(job, job.plan.shards, silent)
    assert outcome.documents == 100
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")


def _die_after(replacements: int) -> None:
    """Kill this process when it renames its file number ``replacements``, without any clean-up."""
    rename = Path.replace
    left = iter(range(replacements))

    def dying(self: Path, target: Path) -> Path:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)

    Path.replace = dying  # type: ignore[method-assign, assignment]


def test_a_full_disk_stops_the_job_with_a_sentence_and_it_goes_on_later(
    model: Path, corpus: Path, tmp_path: Path
) -> None:
    """The largest size of a file stands for the disk; no half shard is left."""
    job = job_of(model, tmp_path / "out", corpus, documents_per_shard=50)
    encode_here(job, job.plan.shards[:1], silent)
    with pytest.raises(IncompleteError, match="--out"), _largest_file(1_000):
        encode_here(job, job.plan.shards, silent)
    assert len(list((tmp_path / "out").rglob("*part*"))) == 3
    assert encode_here(job, job.plan.shards, silent) == Outcome(100, 50, 0)


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """Writing beyond so many bytes fails as on a full disk."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_every_line_that_is_no_document_is_listed_with_file_and_line_before_anything_is_encoded(
    model: Path, tmp_path: Path
) -> None:
    """All at once, across files."""
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_bytes(b'{"_id": "a", "text": "w1"}\n{"_id": \n{"_id": "a", "text": "w2"}\n')
    two.write_bytes(b'\n{"text": "w3"}\n\xff\n[1]\n{"_id": "b c", "text": "w4"}\n')
    with pytest.raises(InvalidInputError) as caught:
        job_of(model, tmp_path / "out", one, two)
    places = [(Path(problem.file).name, problem.line) for problem in caught.value.problems]
    assert places == [("one.jsonl", 2), ("one.jsonl", 3), *(("two.jsonl", line) for line in (2, 3, 4, 5))]


def test_documents_without_text_are_left_out_and_counted(model: Path, tmp_path: Path) -> None:
    """Published corpora hold some; what has text is in the same shards as if they were not there."""
    whole = write_corpus(tmp_path / "whole.jsonl", texts(40))
    lines = whole.read_bytes().splitlines(keepends=True)
    gaps = [b'{"_id": "e%d", "title": " ", "text": ""}\n' % number for number in range(3)]
    (tmp_path / "gaps.jsonl").write_bytes(b"".join([gaps[0], *lines[:16], gaps[1], *lines[16:], gaps[2]]))
    jobs = [job_of(model, tmp_path / name, tmp_path / f"{name}.jsonl") for name in ("whole", "gaps")]
    assert [job.plan.without_text for job in jobs] == [0, 3]
    for job in jobs:
        assert encode_here(job, job.plan.shards, silent) == Outcome(40, 0, 0)
    same, other = (digests(tmp_path / name) for name in ("whole", "gaps"))
    assert same.keys() == other.keys()
    assert [file for file in same if same[file] != other[file]] == [FILE]
    (tmp_path / "empty.jsonl").write_bytes(b"".join(gaps))
    with pytest.raises(InvalidInputError, match="no document with text"):
        job_of(model, tmp_path / "empty", tmp_path / "empty.jsonl")


@pytest.mark.parametrize(
    ("corpus", "sentence"),
    [
        ("nowhere.jsonl", "no corpus at 'nowhere.jsonl'"),
        ("s3://bucket/corpus.jsonl", "s3fs"),
        ("nosuch://bucket/corpus.jsonl", "nosuch"),
        ("", "no corpus"),
    ],
)
def test_a_corpus_that_cannot_be_reached_is_named_with_the_package_that_it_needs(
    model: Path, tmp_path: Path, corpus: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, whatever fsspec raises."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IfirEvalError, match=sentence):
        job_of(model, tmp_path / "out", corpus)


def test_a_corpus_that_changed_since_it_was_counted_is_refused(
    model: Path, corpus: Path, tmp_path: Path
) -> None:
    """Its shards would mix two corpora: of the same size, told by the digest of a shard, else by the size."""
    job = job_of(model, tmp_path / "out", corpus)
    content = corpus.read_bytes()
    corpus.write_bytes(content.replace(b"d99", b"e99"))
    with pytest.raises(InvalidInputError, match="changed since"):
        encode_here(job, job.plan.shards, silent)
    corpus.write_bytes(content + content.splitlines()[0].replace(b"d0", b"d100"))
    with pytest.raises(IfirEvalError, match="another --out"):
        job_of(model, tmp_path / "out", corpus)


def test_a_cut_off_packed_file_is_a_problem_of_that_file(model: Path, tmp_path: Path) -> None:
    """Not the end of the corpus."""
    file = tmp_path / "corpus.jsonl.gz"
    packed = gzip.compress(write_corpus(tmp_path / "x", texts(50)).read_bytes())
    file.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InvalidInputError, match=r"corpus\.jsonl\.gz: cannot be read"):
        job_of(model, tmp_path / "out", file)


def test_the_plan_of_a_long_corpus_takes_no_more_memory_than_that_of_a_short_one(tmp_path: Path) -> None:
    """30 MB of documents are counted within 5 MB."""

    def lines() -> Iterator[str]:
        while True:
            yield "w1 " * 330

    corpus = write_corpus(tmp_path / "corpus.jsonl", islice(lines(), 30_000))
    reader = CorpusReader(find_sources([str(corpus)]), Place(0, 0))
    tracemalloc.start()
    documents = reader.documents()
    while sum(1 for _ in islice(documents, 1_000)):
        reader.begin_shard()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reader.bytes_read > 29_000_000
    assert peak < 5_000_000
