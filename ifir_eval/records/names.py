"""Short names for retrievers, no two alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ifir_eval.records.record import Record

_SHORT = 2  # "owner/model" of a hub name, or the last two parts of a folder
_SETTING_SHOWN = 24


class _Identity(NamedTuple):
    """What makes two records the same retriever's; unlike the rendered example, not the benchmark."""

    spec: str
    kind: str
    settings: tuple[tuple[str, str], ...]


def display_names(records: Sequence[Record]) -> list[str]:
    """A name for each record's retriever; the same for the same retriever, never for different ones.

    A name is the spec with a folder cut to its last two parts and a revision to seven digits. Where two
    would be equal they get more of their folders, then the settings that differ, then a number.
    """
    keys = [_identity(record) for record in records]
    distinct = list(dict.fromkeys(keys))
    names = dict(zip(distinct, _numbered(_with_settings(distinct, _by_spec(distinct))), strict=True))
    return [names[key] for key in keys]


def _identity(record: Record) -> _Identity:
    retriever = record.retriever
    settings = sorted((str(key), str(value)) for key, value in retriever.get("settings", {}).items())
    return _Identity(str(retriever["spec"]), str(retriever.get("kind", "")), tuple(settings))


def _parts(spec: str) -> list[str]:
    return re.split(r"[/\\]", spec.rstrip("/\\"))


def _shortened(spec: str, depth: int) -> str:
    parts = _parts(spec)
    scheme = re.match(r"[a-z]{2,}:", spec)
    prefix = scheme[0] if scheme and len(parts) > depth else ""
    name = prefix + "/".join(parts[-depth:])
    return re.sub(r"@([0-9a-f]{7})[0-9a-f]{33}$", r"@\1", name)


def _repeated(names: Sequence[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def _by_spec(identities: Sequence[_Identity]) -> list[str]:
    names = [_shortened(identity.spec, _SHORT) for identity in identities]
    longest = max((len(_parts(identity.spec)) for identity in identities), default=0)
    for depth in range(_SHORT + 1, longest + 1):
        repeated = _repeated(names)
        names = [
            _shortened(identity.spec, depth) if name in repeated else name
            for identity, name in zip(identities, names, strict=True)
        ]
    return names


def _with_settings(identities: Sequence[_Identity], names: Sequence[str]) -> list[str]:
    told_apart = list(names)
    for name in _repeated(names):
        alike = [index for index, other in enumerate(names) if other == name]
        common = set.intersection(*(set(identities[index].settings) for index in alike))
        for index in alike:
            differing = [
                f"{key} {_cut(value)}"
                for key, value in identities[index].settings
                if (key, value) not in common
            ]
            if differing:
                told_apart[index] = f"{name} ({', '.join(differing)})"
    return told_apart


def _cut(value: str) -> str:
    return value if len(value) <= _SETTING_SHOWN else f"{value[: _SETTING_SHOWN - 1]}…"


def _numbered(names: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return numbered
