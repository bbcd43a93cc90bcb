"""The prompts: Jinja templates, shipped in `prompts/` and replaceable by a user's own file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError

from ifir_eval.errors import InvalidInputError, Problem, UnknownNameError

_PASSAGES = {"query": "q", "instruction": "i", "positive": "p"}
_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "polarity-reversal": {**_PASSAGES, "target": "t", "others": ["o"]},
    "poisoned-instruction": {**_PASSAGES, "target": "t"},
    "poisoned-query": {**_PASSAGES, "target": "t"},
    "instruction-negatives": _PASSAGES,
    "paraphrase": {"query": "q", "instruction": "i"},
    "judge": {"query": "q", "instruction": "i", "passage": "p"},
}
"""What each prompt is given, with an example of each."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that has been tried out; ``source`` is its text, by which it is known."""

    name: str
    source: str
    template: Template

    def render(self, **given: Any) -> str:
        """The prompt for one row."""
        return self.template.render(given).strip()


def load_prompt(name: str, own: Path | None = None) -> Prompt:
    """The prompt called ``name`` as it is shipped, or the user's ``own`` in its place.

    Raises:
        InvalidInputError: if the file cannot be read, is no template, or asks for a field that is not given.
    """
    # Prompts are plain text for a language model; to escape HTML in them would change the passages.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701
    try:
        source = (own or files(__package__) / "prompts" / f"{name}.j2").read_text(encoding="utf-8")
        template = environment.from_string(source)
        rendered = template.render(_FIELDS[name])
    except (OSError, UnicodeDecodeError, TemplateError, TypeError) as error:
        fields = ", ".join(_FIELDS[name])
        raise InvalidInputError(
            "the prompt", [Problem(f"{error}; its fields are {fields}", str(own))]
        ) from error
    if not rendered.strip():
        raise InvalidInputError("the prompt", [Problem("it is empty", str(own))])
    return Prompt(name, source, template)


def load_prompts(names: Sequence[str], own: Sequence[str] = ()) -> dict[str, Prompt]:
    """The prompts called ``names``; each of ``own`` is NAME=FILE, or FILE where there is one prompt only.

    Raises:
        UnknownNameError: for a name that is none of them.
        InvalidInputError: as `load_prompt` does, or if a file does not say which it replaces.
    """
    replaced: dict[str, Path] = {}
    for written in own:
        name, _, file = written.partition("=") if "=" in written else (names[0], "", written)
        if "=" not in written and len(names) > 1:
            raise InvalidInputError("--prompt", [Problem(f"{written}: write {' or '.join(names)}=FILE")])
        replaced[name] = Path(file)
    if unknown := [name for name in replaced if name not in names]:
        raise UnknownNameError("prompt", unknown, names)
    return {name: load_prompt(name, replaced.get(name)) for name in names}
