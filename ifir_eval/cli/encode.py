"""``ifir-eval encode``: the vectors of a corpus of any size, shard by shard."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import SHARE, data_option, progress_bar, retriever_options, say
from ifir_eval.shares import Share

if TYPE_CHECKING:
    from ifir_eval.encoding.distributed.shards import Outcome
    from ifir_eval.encoding.encoder import Embedder
    from ifir_eval.retrievers.options import Options


@click.command("encode")
@click.argument("corpora", metavar="CORPUS...", nargs=-1, required=True)
@click.option("--model", "-m", required=True, help="A retriever that makes vectors; see `ifir-eval models`.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the shards, one corpus each; `ifir-eval run --cache` reads it.",
)
@click.option("--shard", "share", type=SHARE, default="0/1", help="Encode one of n shares, as 0/4.")
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="This process, or the workers of a Ray cluster.",
)
@click.option("--workers", type=click.IntRange(min=1), help="On Ray (default: one for each GPU, or else CPU).")
@click.option("--documents-per-shard", type=click.IntRange(min=1), default=8_192, show_default=True)
@click.option(
    "--role",
    type=click.Choice(["document", "query"]),
    default="document",
    show_default=True,
    help="As what the model is to read the texts.",
)
@retriever_options
@data_option
def command(
    corpora: tuple[str, ...],
    model: str,
    out: Path,
    share: Share,
    engine: str,
    workers: int | None,
    documents_per_shard: int,
    role: str,
    data: Path | None,
    options: Options,
) -> None:
    """Encode every document of CORPUS into shards of vectors.

    CORPUS is a file of JSON lines as BEIR's corpus.jsonl, packed or not, a URL or a pattern that fsspec
    understands, a folder that holds such a file, or a benchmark. Finished shards stay: after an interruption
    the same command goes on with the rest. Under torchrun each process takes its part and its GPU.

    \b
    ifir-eval encode corpus.jsonl.gz --model BAAI/bge-small-en-v1.5 --out vectors
    ifir-eval encode 's3://bucket/part-*.jsonl' --model BAAI/bge-small-en-v1.5 --out vectors --engine ray
    ifir-eval encode corpus.jsonl --model BAAI/bge-small-en-v1.5 --out vectors --shard 3/16
    """
    from ifir_eval.encoding.distributed.corpus import find_sources
    from ifir_eval.encoding.distributed.plan import make_plan
    from ifir_eval.encoding.distributed.shards import Job, encode_here
    from ifir_eval.encoding.encoder import Role
    from ifir_eval.errors import MissingPackageError
    from ifir_eval.retrievers.prompt import document_text

    if engine == "ray" and find_spec("ray") is None:
        raise MissingPackageError("ray", "--engine ray", "ifir-eval[ray]")
    share, options = _under_torchrun(share, options)
    make = partial(embedder_of, model, options)
    make()  # a wrong name is told before the corpus is read
    sources = find_sources([_as_file(corpus, out, data) for corpus in corpora])
    plan = make_plan(out, sources, documents_per_shard, Role[role.upper()], progress_bar)
    job = Job(sources, plan, out.resolve(), model, make, document_text)
    tasks = plan.share(*share)
    if engine == "ray":
        from ifir_eval.encoding.distributed.on_ray import encode_on_ray

        outcome = encode_on_ray(job, tasks, workers, progress_bar)
    else:
        outcome = encode_here(job, tasks, progress_bar)
    _tell(outcome, len(tasks), plan.without_text, out)


def embedder_of(model: str, options: Options) -> Embedder:
    """What makes the vectors of the retriever that ``model`` names; nothing is loaded yet.

    Raises:
        RetrieverError: if it makes none.
    """
    from ifir_eval.errors import RetrieverError
    from ifir_eval.retrievers.by_vectors import ByVectors
    from ifir_eval.retrievers.spec import build

    retriever = build(model, options)
    if not isinstance(retriever, ByVectors):
        raise RetrieverError(f"{model!r} makes no vectors of single texts, so that there is nothing to encode")
    return retriever.embedder


def _under_torchrun(share: Share, options: Options) -> tuple[Share, Options]:
    """The part of ``share``, and the GPU, that torchrun gives this process."""
    rank, size = (int(os.environ.get(name, default)) for name, default in (("RANK", 0), ("WORLD_SIZE", 1)))
    share = Share(share.number * size + rank, share.shares * size)
    if size > 1 and options.device is None:
        import torch

        if torch.cuda.is_available():
            options = replace(options, device=f"cuda:{os.environ.get('LOCAL_RANK', rank)}")
    return share, options


def _as_file(corpus: str, out: Path, data: Path | None) -> str:
    """``corpus``, or where that is a benchmark's name, a file in ``out`` with the documents it asks for."""
    from ifir_eval.benchmarks.beir import CORPUS
    from ifir_eval.benchmarks.catalog import catalog, load
    from ifir_eval.files import replacing, writing

    if corpus.partition("@")[0] not in catalog() or Path(corpus).exists():
        return corpus
    benchmark = load(corpus, data=data, progress=progress_bar)
    file = out / f"{corpus}.{CORPUS}"
    with writing(out, "--out"), replacing(file) as stream:
        for document in benchmark.documents_asked_for():
            fields = {"_id": document.id, "title": document.title, "text": document.text}
            stream.write(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
    return str(file)


def _tell(outcome: Outcome, shards: int, without_text: int, out: Path) -> None:
    say(f"{outcome.documents:,} documents in {shards:,} shards are in {out}, {outcome.found:,} from before")
    if without_text:
        say(f"{without_text:,} documents of the corpus have no text and are left out")
    if outcome.truncated:
        say(f"{outcome.truncated:,} documents are longer than the model reads and were cut")
