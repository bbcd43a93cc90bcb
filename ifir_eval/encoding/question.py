"""How a causal language model is asked whether a document is relevant. Nothing here loads a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ifir_eval.encoding.encoder import Pair, Setting
from ifir_eval.errors import RetrieverError

_QUERY, _DOCUMENT = "{query}", "{document}"


@dataclass(frozen=True, slots=True)
class Question:
    """The whole prompt, with ``{query}`` before ``{document}``, and the two words that may answer it.

    ``max_length`` is in tokens. Other braces in ``prompt`` stand for themselves.
    """

    prompt: str
    relevant: str
    irrelevant: str
    max_length: int

    def __post_init__(self) -> None:
        head, found, rest = self.prompt.partition(_QUERY)
        if not found or rest.count(_DOCUMENT) != 1 or _QUERY in rest or _DOCUMENT in head:
            raise RetrieverError(
                f"the prompt {self.prompt!r} must have {_QUERY} and after it {_DOCUMENT}, each once"
            )

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Question:
        """What ``table`` of a TOML file says of it.

        Raises:
            RetrieverError: if it lacks something.
        """
        names = {"prompt": str, "relevant": str, "irrelevant": str, "max_length": int}
        wrong = [name for name, kind in names.items() if not isinstance(table.get(name), kind)]
        if wrong:
            raise RetrieverError(f"a reranker's prompt lacks {', '.join(wrong)}")
        return cls(**{name: table[name] for name in names})

    @property
    def identity(self) -> Mapping[str, Setting]:
        """What is asked, and how the answer is read."""
        return {"prompt": self.prompt, "relevant": self.relevant, "irrelevant": self.irrelevant}

    def ask(self, pair: Pair) -> Asked:
        """The prompt about ``pair``."""
        head, _, rest = self.prompt.partition(_QUERY)
        middle, _, tail = rest.partition(_DOCUMENT)
        text = head + pair.query + middle
        query = (len(head), len(head) + len(pair.query))
        document = (len(text), len(text) + len(pair.document))
        return Asked(text + pair.document + tail, query, document)


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt, and where in it, from character to character, the query and the document stand."""

    text: str
    query: tuple[int, int]
    document: tuple[int, int]
