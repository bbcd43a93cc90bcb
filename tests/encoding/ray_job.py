"""Encodes a corpus here and on a Ray cluster of two workers, one of which is killed; run by test_ray.py."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from encoded_corpora import digests, job_of, save_model, texts, write_corpus

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.distributed.on_ray import encode_on_ray
from ifir_eval.encoding.distributed.shards import Job, encode_here
from ifir_eval.encoding.encoder import Chunk, Role
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.static import StaticEmbedder
from ifir_eval.errors import IfirEvalError
from ifir_eval.progress import silent


class Dying(StaticEmbedder):
    """Kills its process within the third shard, once for all processes."""

    def __init__(self, model: Path, grave: Path) -> None:
        super().__init__(LocalModel(model), ModelSettings())
        self._grave = grave
        self._shards = 0

    def encode(self, items: Sequence[str], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        self._shards += 1
        for chunk in super().encode(items, role, wanted):
            yield chunk
            if self._shards == 3 and not self._grave.exists():
                self._grave.write_text(str(os.getpid()))
                os.kill(os.getpid(), signal.SIGKILL)


def failure(work: Callable[[], object]) -> str:
    try:
        work()
    except IfirEvalError as error:
        return str(error)
    return ""


def main(folder: Path) -> None:
    model = save_model(folder / "model")
    corpus = write_corpus(folder / "corpus.jsonl", texts(150))

    def job(out: str) -> Job:
        return job_of(model, folder / out, corpus)

    here, there, changed = job("here"), job("there"), job("changed")
    encode_here(here, here.plan.shards, silent)
    dying = replace(there, embedder=partial(Dying, model, folder / "grave"))
    outcome = encode_on_ray(dying, there.plan.shards, 2, silent)
    corpus.write_bytes(corpus.read_bytes().replace(b"d149", b"e149"))
    result = {
        "driver": os.getpid(),
        "killed": int((folder / "grave").read_text()),
        "outcome": outcome._asdict(),
        "equal": digests(folder / "here") == digests(folder / "there"),
        "files": len(digests(folder / "there")),
        "nothing": encode_on_ray(here, (), None, silent)._asdict(),
        "failure": failure(lambda: encode_on_ray(changed, changed.plan.shards[-2:], 1, silent)),
    }
    (folder / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
