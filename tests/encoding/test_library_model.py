"""Late-interaction and sparse encoders are fed alike: batches, lengths, prompts and safety."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Chunk, Role
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import RetrieverError

pytest.importorskip("sentence_transformers", minversion="6.0")

import library_models

from ifir_eval.encoding.late_interaction import LateInteractionEmbedder
from ifir_eval.encoding.library_model import LibraryEmbedder
from ifir_eval.encoding.sparse import SparseEmbedder

TEXTS = [
    "the choir sang in the old church, and entry was free for everyone.",
    "potatoes",
    "a ferry leaves the southern pier at noon",
    "choir concerts without tickets are held in june.",
    "soil",
]
Make = Callable[..., LibraryEmbedder[Any]]
KINDS: dict[str, tuple[Callable[..., Path], type[LibraryEmbedder[Any]]]] = {
    "colbert": (library_models.pylate, LateInteractionEmbedder),
    "splade": (library_models.splade, SparseEmbedder),
}


@pytest.fixture(scope="module", params=KINDS)
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Make:
    save, kind = KINDS[request.param]
    folder = save(tmp_path_factory.mktemp(request.param), [*TEXTS, "query : passage"])
    return lambda **settings: kind(LocalModel(folder), ModelSettings(**{"device": "cpu", **settings}))


def by_item(chunks: list[Chunk]) -> dict[int, bytes]:
    """The bytes of each item's rows."""
    found: dict[int, bytes] = {}
    for chunk in chunks:
        parts = np.split(chunk.values, np.cumsum(chunk.rows)[:-1])
        found |= {item: part.tobytes() for item, part in zip(chunk.items.tolist(), parts, strict=True)}
    return found


def test_work_that_is_taken_up_again_gives_the_same_bytes(make: Make) -> None:
    embedder = make(batch_tokens=16)
    chunks = list(embedder.encode(TEXTS, Role.DOCUMENT, range(len(TEXTS))))
    assert len(chunks) > 2
    whole = by_item(chunks)
    assert sorted(whole) == list(range(len(TEXTS)))
    done = set(chunks[0].items.tolist())
    rest = [i for i in range(len(TEXTS)) if i not in done]
    again = by_item(list(make(batch_tokens=16).encode(TEXTS, Role.DOCUMENT, rest)))
    assert again == {item: content for item, content in whole.items() if item in rest}


def test_only_what_is_wanted_is_computed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = make()
    computed: list[str] = []
    embed = embedder._embed

    def embed_and_note(texts: list[str], role: Role) -> Any:
        computed.extend(texts)
        return embed(texts, role)

    monkeypatch.setattr(embedder, "_embed", embed_and_note)
    chunks = list(embedder.encode(TEXTS, Role.DOCUMENT, [3, 1]))
    assert sorted(computed) == sorted([TEXTS[3], TEXTS[1]])
    assert sorted(np.concatenate([chunk.items for chunk in chunks]).tolist()) == [1, 3]


def test_a_batch_that_memory_is_too_small_for_is_halved(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that cannot be caused at will: three texts at a time are too many here."""
    embedder = make()
    whole = by_item(list(make().encode(TEXTS, Role.DOCUMENT, range(len(TEXTS)))))
    embed = embedder._embed

    def embed_few(texts: list[str], role: Role) -> Any:
        if len(texts) > 2:
            raise MemoryError
        return embed(texts, role)

    monkeypatch.setattr(embedder, "_embed", embed_few)
    halved = by_item(list(embedder.encode(TEXTS, Role.DOCUMENT, range(len(TEXTS)))))
    assert {item: len(content) for item, content in halved.items()} == {
        item: len(content) for item, content in whole.items()
    }


def test_tokens_are_those_that_the_model_reads_and_would_read(make: Make) -> None:
    """The reference is the library's own preprocessing, of which nothing is cut at 40 tokens."""
    embedder = make(max_length=40)
    model = embedder._model
    chunks = list(embedder.encode([*TEXTS, "soil " * 60], Role.DOCUMENT, range(6)))
    tokens = dict(zip(*(np.concatenate(part).tolist() for part in _columns(chunks)), strict=True))
    for place, text in enumerate(TEXTS):
        features = model.preprocess([text], prompt=embedder.prompt(Role.DOCUMENT), task="document")
        assert tokens[place] == features["input_ids"].shape[1]
    marker = 1 if embedder.prompt(Role.DOCUMENT) else 0
    assert tokens[5] == 60 + 2 + marker
    assert embedder.reads(Role.DOCUMENT) == 40


def _columns(chunks: list[Chunk]) -> tuple[list[Any], list[Any]]:
    return [chunk.items for chunk in chunks], [chunk.tokens for chunk in chunks]


def test_a_cut_instruction_is_told_from_a_cut_query(make: Make) -> None:
    """The reference is what the library's preprocessing keeps of the text."""
    words = "choir concerts in the old church at noon are free for everyone without tickets"
    embedder = make(max_length=10)
    prompt, tokenizer = embedder.prompt(Role.QUERY), embedder._model.tokenizer
    ids = embedder._model.preprocess([words], prompt=prompt, task="query")["input_ids"][0]
    kept = tokenizer.decode(ids, skip_special_tokens=True).removeprefix("[q]").strip()
    assert 0 < len(kept) < len(words)
    assert words.startswith(kept)
    assert not embedder.loses(words, 6, len(kept), Role.QUERY)
    assert embedder.loses(words, 6, len(kept) + 4, Role.QUERY)
    assert not embedder.loses(words, 0, 0, Role.QUERY)


def test_the_users_prefix_stands_where_the_models_own_stood(make: Make) -> None:
    """Trap 8: prompts dropped, or put twice."""
    given = make(query_prefix="query : ", document_prefix="passage : ")
    bare = make(query_prefix="", document_prefix="")
    for role, prefix in ((Role.QUERY, "query : "), (Role.DOCUMENT, "passage : ")):
        found = by_item(list(given.encode(TEXTS[:1], role, [0])))
        typed = by_item(list(bare.encode([prefix + TEXTS[0]], role, [0])))
        assert found == typed


def test_a_maximum_length_beyond_the_models_positions_is_refused(make: Make) -> None:
    with pytest.raises(RetrieverError, match="200 is more than the 128 positions"):
        _ = make(max_length=200).environment


def test_a_smaller_dtype_is_used_and_still_gives_float32(make: Make) -> None:
    small = make(dtype="bfloat16")
    assert small.environment == {"device": "cpu", "dtype": "bfloat16"}
    assert make().environment == {"device": "cpu", "dtype": "float32"}
    (exact,), (rough,) = (list(e.encode(TEXTS[:1], Role.DOCUMENT, [0])) for e in (make(), small))
    assert rough.values.dtype == np.float32
    assert rough.values.shape[1] == exact.values.shape[1]
    assert rough.values.tobytes() != exact.values.tobytes()


def test_what_changes_a_number_is_in_the_identity_and_no_model_is_loaded_for_it(make: Make) -> None:
    """Trap 1: vectors of one model or length answered for another."""
    embedder = make()
    assert embedder.identity.keys() >= {"fingerprint", "sentence-transformers", "transformers", "torch"}
    assert "_model" not in vars(embedder)
    for changed in ({"max_length": 16}, {"dtype": "float16"}, {"query_prefix": "q"}, {"document_prefix": ""}):
        assert make(**changed).identity != embedder.identity
    assert make(batch_tokens=7).identity == embedder.identity


def test_what_fails_while_encoding_becomes_a_sentence(make: Make) -> None:
    """A token beyond the vocabulary makes the model fail, as too large a batch may."""
    embedder = make()
    embedder._model.tokenizer.add_tokens("zymurgy")
    with pytest.raises(RetrieverError, match=r"failed on 1 query texts .* fewer --batch-tokens"):
        list(embedder.encode(["zymurgy"], Role.QUERY, [0]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_whose_last_layer_would_be_random_is_refused(tmp_path: Path, kind: str) -> None:
    """sentence-transformers makes up a projection, or a sparse layer, and only logs that it needs training."""
    folder = library_models.stanford(tmp_path, TEXTS)
    config = json.loads((folder / "config.json").read_bytes())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": ["BertModel"]}))
    with pytest.raises(RetrieverError, match=r"a random .* would be\s+measured in its place"):
        _ = KINDS[kind][1](LocalModel(folder), ModelSettings(device="cpu")).environment
