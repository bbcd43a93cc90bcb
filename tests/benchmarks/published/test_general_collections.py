"""CACM and Cystic Fibrosis: general quality, the bare query over the whole corpus."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ifir_eval.benchmarks.cacm import read_cacm
from ifir_eval.benchmarks.catalog import load
from ifir_eval.benchmarks.cystic_fibrosis import read_cystic_fibrosis
from ifir_eval.errors import InvalidInputError

PAGE = (
    "<pre>\n\n\nA Title\n\nCACM May, 1960\n\nPerlis, A. J.\n\nCA6 JB  8:28 PM\n\n100\t5\t1\n1\t5\t1\n\n</pre>"
)


def write_cacm(folder: Path, qrels: str) -> Path:
    with tarfile.open(folder / "cacm.tar.gz", "w:gz") as archive:
        for name in ("CACM-0001", "CACM-0020"):
            member = tarfile.TarInfo(f"{name}.html")
            member.size = len(PAGE)
            archive.addfile(member, io.BytesIO(PAGE.encode()))
    asked = "".join(f"<DOC>\n<DOCNO> {n} </DOCNO>\n\n\n Articles on\nTSS? \n\n \n</DOC>\n" for n in (1, 2, 34))
    (folder / "topics.cacm.txt").write_text(asked, encoding="utf-8")
    (folder / "qrels.cacm.txt").write_text(qrels, encoding="utf-8")
    return folder


def test_a_page_of_cacm_is_read_without_its_citations_and_judged_by_its_short_name(tmp_path: Path) -> None:
    """Citations are numbers of other documents; judgements leave out the zeros of an id."""
    benchmark = read_cacm(write_cacm(tmp_path, "1 Q0 CACM-20 1\n34 Q0 CACM-0001 1\n"))
    assert benchmark.corpus["CACM-0001"].text.startswith("A Title\n\nCACM May, 1960")
    assert benchmark.corpus["CACM-0001"].text.endswith("8:28 PM")
    assert [(topic.id, dict(topic.views["bare"].judgements)) for topic in benchmark.topics] == [
        ("1", {"CACM-0020": 1}),
        ("34", {"CACM-0001": 1}),
    ]
    assert benchmark.topics[0].views["bare"].query == "Articles on TSS?"
    assert benchmark.topics[0].views["bare"].candidates is None


def test_what_cacm_lacks_is_listed(tmp_path: Path) -> None:
    write_cacm(tmp_path, "1 Q0 CACM-77 1\n1 Q0\n9 Q0 CACM-0001 1\n")
    with pytest.raises(InvalidInputError) as caught:
        read_cacm(tmp_path)
    assert list(map(str, caught.value.problems)) == [
        "qrels.cacm.txt:1: document 'CACM-77' is not in cacm.tar.gz",
        "qrels.cacm.txt:2: must be query, 0, document and grade",
        "qrels.cacm.txt: query '9' is judged but not asked",
    ]
    (tmp_path / "cacm.tar.gz").write_bytes(b"no archive")
    with pytest.raises(InvalidInputError, match="cannot be unpacked"):
        read_cacm(tmp_path)


def test_the_first_judgement_of_a_pair_counts_in_cystic_fibrosis(tmp_path: Path) -> None:
    """Grades are the four judges' sums; two of eight are relevant."""
    lines = [{"_id": "1", "title": "Salt", "text": ""}, {"_id": "2", "title": "", "text": "Mucus"}]
    (tmp_path / "corpus.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text('{"_id": "1", "text": "What is salt?"}\n', encoding="utf-8")
    header = "query-id\tcorpus-id\tscore_sum_0_8\tfour_judges\n"
    rows = "1\t1\t8\t2222\n1\t2\t1\t0001\n1\t1\t3\t1110\n"
    (tmp_path / "qrels.tsv").write_text(header + rows, encoding="utf-8")
    benchmark = read_cystic_fibrosis(tmp_path)
    (topic,) = benchmark.topics
    assert topic.views["bare"].judgements == {"1": 8, "2": 1}
    assert topic.relevant("bare", benchmark.relevant_grade) == {"1"}
    (tmp_path / "qrels.tsv").write_text(f"{header}1\t1\thigh\t2222\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match="the grade 'high' is no number"):
        read_cystic_fibrosis(tmp_path)


def test_the_real_collections_have_their_published_sizes(shared_data: Callable[[str], Path]) -> None:
    """CACM's texts are those of a second, independent reading of the archive."""
    cacm = load("cacm", data=shared_data("cacm").parent)
    assert (len(cacm.topics), len(cacm.corpus), cacm.notes) == (52, 3204, ())
    assert sum(len(view.judgements) for view in cacm.views()) == 796
    lines = (shared_data("cacm") / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    assert {row["_id"]: row["text"] for row in map(json.loads, lines)} == {
        document.id: document.text for document in cacm.corpus.values()
    }
    fibrosis = load("cystic-fibrosis", data=shared_data("cystic_fibrosis").parent)
    assert (len(fibrosis.topics), len(fibrosis.corpus), fibrosis.notes) == (99, 1239, ())
