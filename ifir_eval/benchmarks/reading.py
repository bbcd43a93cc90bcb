"""Reading the files of one folder, collecting everything that is wrong with them instead of stopping at it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.errors import InvalidInputError, Problem

_JSON_NAMES: Mapping[type, str] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


def json_name(kind: type) -> str:
    """What JSON (and TOML) calls a value of ``kind``, for messages: ``a string``, ``a list``."""
    return _JSON_NAMES.get(kind, kind.__name__)


class FolderReader:
    """Reads files of ``folder`` by their names in it; faults go to `problems`, with file and line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []

    def report(self, message: str, file: str = "", line: int | None = None) -> None:
        """Note a problem and go on."""
        self.problems.append(Problem(message, file, line))

    def check(self, what: str) -> None:
        """End the reading here if anything was wrong.

        Raises:
            InvalidInputError: ``what`` and all its problems.
        """
        if self.problems:
            raise InvalidInputError(f"{what} {str(self.folder)!r}", self.problems)

    def has(self, file: str) -> bool:
        """Whether ``file`` exists."""
        return (self.folder / file).is_file()

    def lines(self, file: str) -> Iterator[tuple[int, str]]:
        """The lines of ``file`` that are not blank, numbered from 1, without their ends."""
        if not self.has(file):
            self.report("the file is missing", file)
            return
        # Not str.splitlines: it breaks at U+2028, which JSON lines hold unescaped.
        with (self.folder / file).open("rb") as stream:
            for number, raw in enumerate(stream, 1):
                try:
                    line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError:
                    self.report("not UTF-8 text", file, number)
                    continue
                if line.strip():
                    yield number, line

    def rows(self, file: str) -> Iterator[Line]:
        """The JSON objects of ``file``, one a line."""
        for number, line in self.lines(file):
            try:
                value = _json_value(line)
            except ValueError as error:
                self.report(_json_fault(error), file, number)
                continue
            if isinstance(value, dict):
                yield Line(self, file, number, value)
            else:
                self.report(f"must be a JSON object, not {json_name(type(value))}", file, number)

    def table(self, file: str, columns: Sequence[str]) -> Iterator[TableLine]:
        """The lines of a tab-separated ``file`` below its header, which must name ``columns``."""
        header = "<tab>".join(columns)
        lines = self.lines(file)
        first = next(lines, None)
        if first is None:
            if self.has(file):
                self.report(f"the file is empty; its first line must be {header}", file)
            return
        if first[1].split("\t") != list(columns):
            self.report(f"the first line must be {header}", file, first[0])
        for number, line in lines:
            values = tuple(line.split("\t"))
            if len(values) == len(columns):
                yield TableLine(number, values)
            else:
                self.report(f"must be {header}, but has {len(values)} of {len(columns)} columns", file, number)

    def document(self, file: str) -> Any:
        """The one JSON value that ``file`` holds; None, reported, if it holds none."""
        if not self.has(file):
            self.report("the file is missing", file)
            return None
        try:
            return _json_value((self.folder / file).read_text(encoding="utf-8-sig"))
        except ValueError as error:
            self.report(_json_fault(error), file, getattr(error, "lineno", None))
            return None


class TableLine(NamedTuple):
    """One line of a table."""

    line: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One JSON object of a file, whose fields are checked as they are asked for."""

    reader: FolderReader
    file: str
    line: int
    fields: Mapping[str, Any]

    def report(self, message: str) -> None:
        """Note a problem of this line."""
        self.reader.report(message, self.file, self.line)

    def text(self, key: str, default: str | None = None) -> str | None:
        """The string under ``key``; ``default`` where it is absent or null, reported if there is none."""
        value = self._get(key, str, default)
        return value if isinstance(value, str) else None

    def integer(self, key: str) -> int | None:
        """The whole number under ``key``."""
        value = self._get(key, int, None)
        return value if isinstance(value, int) else None

    def mapping(self, key: str) -> Mapping[str, Any]:
        """The object under ``key``; empty where it is absent or null."""
        value = self._get(key, dict, {})
        return value if isinstance(value, dict) else {}

    def strings(self, key: str) -> frozenset[str]:
        """The strings of the list under ``key``; empty where it is absent or null."""
        values = self._get(key, list, [])
        values = values if isinstance(values, list) else []
        if any(not isinstance(value, str) for value in values):
            self.report(f"{key!r} must be a list of strings")
        return frozenset(value for value in values if isinstance(value, str))

    def _get(self, key: str, kind: type, default: object) -> object:
        value = self.fields.get(key)
        if value is None:
            if default is None:
                self.report(f"{key!r} is missing")
            return default
        if type(value) is not kind:  # not isinstance: true is no whole number
            self.report(f"{key!r} must be {json_name(kind)}, not {json_name(type(value))}")
            return None
        return value


def _json_value(text: str) -> Any:
    value = json.loads(text)
    if "\\ud" in text or "\\uD" in text:  # JSON lets half of a pair of surrogates pass, which no file can hold
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _json_fault(error: ValueError) -> str:
    match error:
        case json.JSONDecodeError():
            return f"not valid JSON: {error.msg} (column {error.colno})"
        case UnicodeEncodeError():
            half = ascii(error.object[error.start]).strip("'")
            return f"not valid Unicode: {half} is half of a character; remove it"
        case _:
            return f"not valid JSON: {error}"
