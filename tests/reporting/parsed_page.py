"""A page as a parser sees it."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a parser sees: tags with attributes, ids, text, and tables as rows of cell texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self.rows: list[list[str]] = []
        self._inside: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and open a row or a cell."""
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, which closes itself."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Leave everything up to ``tag``."""
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Sort text into style, cells and the page's own."""
        if "style" in self._inside:
            self.style += data
            return
        self.text += data
        if "svg" not in self._inside and {"td", "th"} & set(self._inside):
            self.rows[-1][-1] += data

    def values(self, name: str) -> list[str]:
        """All values of the attribute ``name``."""
        return [value or "" for _, attributes in self.tags for key, value in attributes.items() if key == name]

    def cells(self, label: str) -> list[list[str]]:
        """Name and figures of each row in the first group called ``label``."""
        start = next(i for i, row in enumerate(self.rows) if row and row[0].split()[:1] == [label])
        found = []
        for row in self.rows[start + 1 :]:
            if len(row) != 3 or row[0] == "Retriever":  # another group, or another table
                break
            found.append([" ".join(cell.split()) for cell in row[:2]])
        return found
