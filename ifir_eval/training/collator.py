"""From rows to a batch: each distinct text once, tokenised, in micro-batches of bounded size.

Two views of a pair share their passages, and rows of a source often share hard negatives: rows written out
as triplets would be encoded again and again. This module imports torch: import it where training starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from random import Random
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from ifir_eval.encoding.batching import plan
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.reading import limit_of, prompt_of, reading
from ifir_eval.retrievers.prompt import Template
from ifir_eval.training.gradient_cache import SPAN, Features
from ifir_eval.training.losses.batch import NOTHING, Layout, Said
from ifir_eval.training.losses.objective import Needs
from ifir_eval.training.rows import Row


class Collator:
    """Makes batches of the rows at given positions of the training set.

    Called with ``[{"row": 5}, {"row": 8}, ...]`` it gives ``texts``, features for the model as micro-batches
    of at most ``tokens`` padded tokens, and ``label``, the fields of `Layout` and the ``order`` of the texts.
    Views of a pair are in one batch (`PairSampler`), which is what a loss sees; in which micro-batch a text is
    encoded changes nothing.
    """

    valid_label_columns: Sequence[str] = ()  # sentence-transformers' trainer asks for it

    def __init__(
        self, rows: Sequence[Row], model: SentenceTransformer, template: Template, needs: Needs, tokens: int
    ) -> None:
        self._rows = rows
        self._model = model
        self._template = template
        self._needs = needs
        self._tokens = tokens
        self._kinds = {role: reading(model, role) for role in (Role.QUERY, Role.DOCUMENT)}

    def __call__(self, items: Sequence[dict[str, int]]) -> dict[str, Any]:
        """The batch of these rows."""
        places = [item["row"] for item in items]
        rows = [self._rows[place] for place in places]
        questions, documents = _Distinct(), _Distinct()
        layout = self._layout(places, rows, questions, documents)
        spans = [_span(self._template, row) for row in questions.of] if self._needs.spans else None
        micro_batches, order = [], []
        for role, texts in ((Role.QUERY, questions.texts), (Role.DOCUMENT, documents.texts)):
            offset = len(questions.texts) if role is Role.DOCUMENT else 0
            for chosen, features in self._micro_batches(role, texts):
                if spans and role is Role.QUERY:
                    features[SPAN] = self._span_mask(texts, spans, chosen, features)
                micro_batches.append(features)
                order.append(chosen + offset)
        back = torch.from_numpy(np.argsort(np.concatenate(order)))
        return {"texts": micro_batches, "label": {**layout._asdict(), "order": back}}

    def _layout(
        self, places: Sequence[int], rows: Sequence[Row], questions: _Distinct, documents: _Distinct
    ) -> Layout:
        question = [questions.place(self._text(row), row) for row in rows]
        alone = [replace(row, instruction="", instruction_negatives=()) for row in rows]
        bare = [questions.place(self._text(row), row) if self._needs.bare else NOTHING for row in alone]
        crossed = list(self._crossed(places, rows, questions))
        positive = [documents.place(row.positive, row) for row in rows]
        statements = [
            (number, documents.place(text, row), said)
            for number, row in enumerate(rows)
            for said, texts in _statements(row)
            for text in texts
        ]
        width = max(map(len, crossed))
        padded = [[*some, *[NOTHING] * (width - len(some))] for some in crossed]
        fields = (
            places,
            question,
            bare,
            padded,
            [bool(row.instruction.strip()) for row in rows],
            positive,
            statements,
            [_key(row.pair_id) for row in rows],
            [_key(row.query.strip()) for row in rows],
            list(map(_key, questions.texts)),
            list(map(_key, documents.texts)),
        )
        return Layout(*(torch.tensor(field, dtype=torch.int64) for field in fields))

    def _text(self, row: Row) -> str:
        return self._template.render(row.as_view()).text

    def _crossed(self, places: Sequence[int], rows: Sequence[Row], questions: _Distinct) -> Iterator[list[int]]:
        """For each row its query with the instructions of its pair's other rows and of a share of the batch.

        The share is drawn by what the batch holds: a batch that comes again after a resume is the same.
        """
        instructed = [row for row in rows if row.instruction.strip()]
        draw = Random(str(places))
        share = draw.sample(instructed, round(self._needs.crossed * len(instructed)))
        for row in rows:
            if not self._needs.crossed or not row.instruction.strip():
                yield []
                continue
            kin = [other for other in instructed if other.pair_id == row.pair_id]
            others = dict.fromkeys(other.instruction for other in (*kin, *share))
            mixed = [replace(row, instruction=given) for given in others if given != row.instruction]
            yield [questions.place(self._text(other), other) for other in mixed]

    def _micro_batches(self, role: Role, texts: Sequence[str]) -> Iterator[tuple[NDArray[np.int64], Features]]:
        """Positions of texts and their features, long texts first."""
        read = self._kinds[role].read(texts)
        for chosen in plan(read.lengths, self._tokens):
            yield chosen, self._kinds[role].features([read.contents[place] for place in chosen.tolist()])

    def _span_mask(
        self,
        texts: Sequence[str],
        spans: Sequence[tuple[int, int]],
        chosen: NDArray[np.int64],
        features: Features,
    ) -> torch.Tensor:
        """1 at the tokens of the query, in the shape of the mask of the same texts."""
        prompt = prompt_of(self._model, Role.QUERY)
        limit = limit_of(self._model)
        mask: torch.Tensor = features["attention_mask"]
        marks = []
        for place in chosen.tolist():
            start, stop = (len(prompt) + edge for edge in spans[place])
            found = self._model.tokenizer(
                prompt + texts[place], truncation=True, max_length=limit, return_offsets_mapping=True
            )
            marks += [int(low < stop and high > start) for low, high in found["offset_mapping"]]
        return torch.zeros_like(mask).masked_scatter(mask.bool(), torch.tensor(marks))


class _Distinct:
    """Texts in the order in which they first come, each once, with a row that one of them comes from."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self.of: list[Row] = []

    def place(self, text: str, row: Row) -> int:
        """Where ``text`` stands."""
        if text not in self._places:
            self._places[text] = len(self._places)
            self.of.append(row)
        return self._places[text]

    @property
    def texts(self) -> list[str]:
        """All of them."""
        return list(self._places)


def _statements(row: Row) -> Iterator[tuple[Said, Sequence[str]]]:
    yield Said.HARD_NEGATIVE, row.hard_negatives
    yield Said.INSTRUCTION_NEGATIVE, row.instruction_negatives
    yield Said.POSITIVE, (row.positive,)


def _span(template: Template, row: Row) -> tuple[int, int]:
    """Where the query stands in the row's question."""
    start = 0
    if row.instruction.strip():
        before = template.pattern[: template.pattern.index("{query}")]
        start = len(before.format(instruction=row.instruction))
    return start, start + len(row.query)


def _key(text: str) -> int:
    """A hash of 64 bits, the same in every process: once in 37 million runs two of a million share it."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)
