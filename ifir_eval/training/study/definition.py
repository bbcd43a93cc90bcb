"""A study: a TOML file that says which models, mixes, budgets and seeds meet, and what judges them.

::

    name = "minilm"                                 # optional: else the name of the file
    about = "one sentence for the page"
    bases = ["demo:all-MiniLM-L6-v2"]               # dense models as --model takes them
    mixes = ["../mixes/ins-orig.toml", "../mixes/ins-dv.toml"]   # seen from this file
    budgets = ["500 rows", "2000 rows"]             # or "500000 tokens"
    seeds = [1, 2, 3]                               # each draws rows and batches of its own
    instruction = ["mirror", "csfcube"]             # benchmarks of instruction following, the headline first
    general = ["cacm", "cystic-fibrosis"]           # of general quality: nDCG@10 of the bare query
    dev = "mirror-dev"                              # optional: picks the checkpoint
    compare = [["ins-dv", "ins-orig"], ["ins-dv", "base"]]   # optional: what is told in words, new before old

    [recipe]                                        # how all cells are trained, see `ifir_eval.training.recipe`
    learning_rate = 3e-5

    [evaluation]                                    # how all models are run: dtype, device, batch_tokens
    dtype = "bfloat16"

A benchmark or a source of rows may be a folder; it is seen from the current folder, as on the command line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.errors import IfirEvalError, InvalidInputError, Mistakes, Problem, UnknownNameError
from ifir_eval.retrievers.options import Options
from ifir_eval.training.mixes import Budget, Mix, read_mix
from ifir_eval.training.recipe import Recipe
from ifir_eval.training.study.cells import BASE, Arm, Key
from ifir_eval.training.study.faults import faults, strings, twice

_WORK = ("dtype", "device", "batch_tokens")
"""What a trained model does not bring along. A backend that converts each checkpoint is none of it."""


_ASKED = ("template", "query_prefix", "document_prefix", "max_length")


class Pair(NamedTuple):
    """Two mixes (or `BASE`) that a study is about: what does ``new`` have over ``old``?"""

    new: str
    old: str


@dataclass(frozen=True, slots=True)
class Study:
    """What `read_study` reads; ``text`` is the file itself."""

    name: str
    text: str
    bases: tuple[str, ...]
    mixes: tuple[Mix, ...]
    budgets: tuple[Budget, ...]
    seeds: tuple[int, ...]
    instruction: tuple[str, ...]
    general: tuple[str, ...]
    dev: str = ""
    about: str = ""
    compare: tuple[Pair, ...] = ()
    recipe: Recipe = field(default_factory=Recipe)
    evaluation: Options = field(default_factory=Options)

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """All that judge, each once: those of instruction following first."""
        return tuple(dict.fromkeys([*self.instruction, *self.general]))

    def keys(self) -> tuple[Key, ...]:
        """Every cell: the bases, then the grid, seed by seed, so that a part of it shows all arms already."""
        grid = (
            Key(Arm(base, mix.name, str(budget)), seed)
            for seed in self.seeds
            for budget in self.budgets
            for mix in self.mixes
            for base in self.bases
        )
        return (*(Key(Arm(base, BASE), 0) for base in self.bases), *grid)

    def arms(self) -> tuple[Arm, ...]:
        """Every arm in reading order: by base and budget, mixes in the file's order; each base first."""
        return tuple(
            arm
            for base in self.bases
            for arm in (
                Arm(base, BASE),
                *(Arm(base, mix.name, str(budget)) for budget in self.budgets for mix in self.mixes),
            )
        )


def read_study(path: Path) -> Study:
    """The study in the TOML file at ``path``, with its mixes.

    Raises:
        IfirEvalError: with every mistake in it, and in the files of its mixes.
    """
    if not path.is_file():
        raise IfirEvalError(f"there is no study {str(path)!r}; give the path of a TOML file")
    try:
        text = path.read_text(encoding="utf-8-sig")
        given = tomllib.loads(text)
    except ValueError as error:
        raise InvalidInputError("the study", [Problem(f"not valid TOML: {error}", str(path))]) from error
    mistakes = Mistakes()
    with mistakes:
        if problems := [Problem(fault, str(path)) for fault in faults(given)]:
            raise InvalidInputError("the study", problems)
    mixes: list[Mix] = []
    for mix in strings(given.get("mixes")):
        with mistakes:
            mixes.append(read_mix(path.parent / mix))
    with mistakes:
        _check_names([mix.name for mix in mixes], given)
    recipe, options = Recipe(), Options()
    trainable = [each.name for each in fields(Recipe) if each.name != "seed"]
    with mistakes:
        recipe = _settings(Recipe, given, "recipe", trainable)
    with mistakes:
        options = _settings(Options, given, "evaluation", _WORK)
    mistakes.raise_all()
    # A trained model is asked as it was trained, and its base is asked in the same way.
    same = {name: getattr(recipe.as_options(), name) for name in _ASKED}
    return Study(
        name=given.get("name", path.stem),
        text=text,
        bases=tuple(given["bases"]),
        mixes=tuple(mixes),
        budgets=tuple(map(Budget.parse, given["budgets"])),
        seeds=tuple(given["seeds"]),
        instruction=tuple(given["instruction"]),
        general=tuple(given["general"]),
        dev=given.get("dev", ""),
        about=given.get("about", ""),
        compare=tuple(Pair(*pair) for pair in given.get("compare", ())),
        recipe=recipe,
        evaluation=replace(options, **same),
    )


def _check_names(names: Sequence[str], given: Mapping[str, Any]) -> None:
    """Mixes have names of their own, and pairs name mixes."""
    if BASE in names:
        raise IfirEvalError(f"a mix cannot be called {BASE!r}, which stands for the model before training")
    if len(set(names)) < len(names):
        raise IfirEvalError(f"two mixes are called {twice(names)!r}; give one of them another 'name'")
    pairs = given.get("compare", [])
    asked = [mix for pair in pairs if isinstance(pair, list) for mix in strings(pair)]
    if unknown := [mix for mix in dict.fromkeys(asked) if mix not in {BASE, *names}]:
        raise UnknownNameError("mix of the study (in 'compare')", unknown, [BASE, *names])


def _settings(kind: type[Any], study: Mapping[str, Any], table: str, known: Sequence[str]) -> Any:
    """A ``kind`` with what the table says."""
    values = study.get(table, {})
    if not isinstance(values, dict):
        return kind()
    if unknown := [key for key in values if key not in known]:
        raise UnknownNameError(f"setting of [{table}]", unknown, known)
    try:
        return kind(
            **{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        )
    except TypeError as error:  # a text where a number is needed
        raise IfirEvalError(f"[{table}] has a value of the wrong kind: {error}") from error
