"""The folder of a training: a model for ``--model`` at its end, checkpoints and who owns them until then.

::

    <folder>/checkpoints/training    whose checkpoints these are (a hash of all that decides the result)
             checkpoints/checkpoint-N/
             <the model's files>, README.md
             training.jsonl          losses and evaluations
             ifir_eval.json          written last: where it has a result, the training is finished
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.encoding.checkpoint import read_config
from ifir_eval.errors import IfirEvalError
from ifir_eval.files import write_atomically
from ifir_eval.retrievers.presets import TRAINING

LOG = "training.jsonl"
FAILED = "failed-batch.jsonl"


class Judged(NamedTuple):
    """What the dev benchmark said after ``step`` steps (0: of the base): values by measure."""

    step: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training.

    ``folder`` holds the model after ``step`` of ``steps`` steps: the best one on the dev benchmark
    (`Job.kept_by`), the last one where there is none. ``loss`` is the mean over the last steps, ``seconds``
    is what the last call of `train` took.
    """

    folder: Path
    step: int
    steps: int
    loss: float
    judged: tuple[Judged, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Folder:
    """``path``, for the training called ``name``; `claimed` makes one."""

    path: Path
    name: str

    @classmethod
    def claimed(cls, path: Path, name: str, *, first: bool = True) -> Folder:
        """The folder of this training, made by the ``first`` of its processes if need be.

        Raises:
            IfirEvalError: if it holds something else, or cannot be written.
        """
        folder = cls(path, name)
        try:
            owner = folder._owner()
            if owner not in {None, name}:
                raise IfirEvalError(
                    f"{path} holds a training of another base, other rows, another recipe or number of "
                    "processes; name another folder, or remove it"
                )
            if first and owner is None and path.is_dir() and any(path.iterdir()):
                raise IfirEvalError(f"{path} is not empty, and holds no training; name another folder")
            if first and not folder.finished:
                write_atomically(folder.checkpoints / "training", name.encode())
        except OSError as error:
            raise IfirEvalError(f"{path} cannot be written: {error}") from error
        return folder

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints go."""
        return self.path / "checkpoints"

    @property
    def finished(self) -> Trained | None:
        """The result, if there is one."""
        noted = read_config(self.path / TRAINING)
        if "result" not in noted:
            return None
        result = noted["result"]
        judged = tuple(Judged(entry["step"], entry["values"]) for entry in result["judged"])
        last = json.loads((self.path / LOG).read_text().splitlines()[-1])
        return Trained(
            self.path, result["step"], result["steps"], result["loss"], judged, last["train_runtime"]
        )

    def last_checkpoint(self) -> Path | None:
        """The last whole one: its state is written last."""
        found = {
            int(state["global_step"]): folder
            for folder in self.checkpoints.glob("checkpoint-*")
            if (state := _state(folder / "trainer_state.json"))
        }
        return found[max(found)] if found else None

    def note(self, folder: Path, template: str, **more: Any) -> None:
        """Write what belongs beside the model in ``folder``."""
        noted = {"training": self.name, "template": template, **more}
        write_atomically(folder / TRAINING, json.dumps(noted, indent=1).encode())

    def finish(self, template: str, trained: Trained, log: Iterable[Mapping[str, Any]]) -> None:
        """Note the result of a training whose model is saved, and remove its checkpoints."""
        write_atomically(self.path / LOG, "".join(json.dumps(entry) + "\n" for entry in log).encode())
        result = {
            "step": trained.step,
            "steps": trained.steps,
            "loss": trained.loss,
            "judged": [{"step": judged.step, "values": dict(judged.values)} for judged in trained.judged],
        }
        self.note(self.path, template, result=result)
        shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _owner(self) -> str | None:
        """The name of the training that has begun or ended here."""
        begun = self.checkpoints / "training"
        ended = read_config(self.path / TRAINING).get("training")
        return ended or (begun.read_text() if begun.is_file() else None)


def _state(file: Path) -> dict[str, Any] | None:
    """What a checkpoint's last file says; None if a crash came before its end."""
    try:
        state: dict[str, Any] = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return state
