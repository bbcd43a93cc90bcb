"""What is to be trained, in one place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.encoding.encoder import Setting
from ifir_eval.training.recipe import Recipe
from ifir_eval.training.rows import Row, as_line

_FOLLOW_RATE = "follow-rate"


@dataclass(frozen=True)
class Job:
    """``base``, as a user calls it, to be trained on ``rows`` by ``recipe``.

    ``dev`` judges checkpoints; ``told`` is what the model's card says of the data, a line each.
    """

    base: str
    rows: Sequence[Row]
    recipe: Recipe
    dev: Benchmark | None = None
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept_by(self) -> str:
        """The measure of ``dev`` by which the best checkpoint is chosen; empty without ``dev``.

        Follow rate where there is one: whatever moves rankings, even at random, raises swap accuracy.
        """
        if self.dev is None:
            return ""
        return _FOLLOW_RATE if _FOLLOW_RATE in self.dev.measures else self.dev.primary

    def name(self, identity: Mapping[str, Setting], processes: int) -> str:
        """A hash of all that decides the weights at the end; ``identity`` is that of the base."""
        dev = self.dev.content_hash if self.dev else None
        digest = hashlib.sha256()
        digest.update(
            json.dumps([dict(identity), asdict(self.recipe), dev, processes], sort_keys=True).encode()
        )
        for row in self.rows:
            digest.update(as_line(row).encode())
        return digest.hexdigest()
