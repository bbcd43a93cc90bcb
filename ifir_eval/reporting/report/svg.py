"""matplotlib's drawings made fit for a page: inline, in its colours, under its content security policy."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

from markupsafe import Markup

from ifir_eval.errors import MissingPackageError
from ifir_eval.records.column import Column
from ifir_eval.records.record import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The page's colours by the names of its style sheet, as matplotlib is told to draw them.
COLOURS = {
    "blue": "#0072b2",
    "vermillion": "#c75200",
    "green": "#008562",
    "purple": "#a8528a",
    "ochre": "#8f6a00",
    "sky": "#2288c4",
    "grey": "#50565d",
    "ink": "#1d2126",
    "soft": "#5b636d",
    "rule": "#d9dad4",
    "grid": "#e6e7e1",
}
HUES = tuple(list(COLOURS.values())[:7])
"""A retriever's colour, by its number on the page."""

_WIDTH = 5.0
"""Inches of 72 units."""
_NAMES = {code: name for name, code in COLOURS.items()}
_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "ifir-eval",  # the same figure gives the same bytes
    "text.parse_math": False,  # a retriever's name may hold dollar signs
    "font.size": 10,
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["soft"],
    "axes.edgecolor": COLOURS["rule"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": COLOURS["rule"],
    "ytick.color": COLOURS["rule"],
    "xtick.labelcolor": COLOURS["soft"],
    "ytick.labelcolor": COLOURS["ink"],
    "grid.color": COLOURS["grid"],
    "axes.unicode_minus": True,
}


class Plot(NamedTuple):
    """A drawing with the sentence that says how to read it."""

    title: str
    caption: str
    svg: Markup


def plots_of(figures: Iterable[tuple[str, str, Figure]], prefix: str) -> list[Plot]:
    """The plots of ``figures`` with their titles and captions, drawn one by one; ids begin with ``prefix``.

    Raises:
        MissingPackageError: without matplotlib.
    """
    with drawing():
        return [
            Plot(title, caption, inline(figure, f"{prefix}-{number}"))
            for number, (title, caption, figure) in enumerate(figures)
        ]


def blank(height: float) -> tuple[Figure, Axes]:
    """A figure of ``height`` inches, as wide as a phone, so that text is read at its own size."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, and slow to import

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    return figure, figure.add_subplot()


def bar(column: Column, estimate: Estimate) -> tuple[float, list[list[float]] | None]:
    """The mean as it is shown, and how far its interval reaches below and above; None where there is none.

    A BCa interval may leave the mean out.
    """
    mean, low, high = estimate.value, estimate.low, estimate.high
    if low is None or high is None:
        return column.times * mean, None
    return column.times * mean, [[column.times * max(0.0, mean - low)], [column.times * max(0.0, high - mean)]]


@contextmanager
def drawing() -> Iterator[None]:
    """Inside, figures are drawn as the page wants them.

    Raises:
        MissingPackageError: without matplotlib.
    """
    try:
        from matplotlib import rc_context  # noqa: PLC0415 - heavy
    except ImportError as error:
        raise MissingPackageError("matplotlib", "a report", "ifir-eval[report]") from error
    with rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the browser's fonts draw it, not matplotlib's
        yield


def inline(figure: Figure, prefix: str) -> Markup:
    """``figure`` as an ``svg`` element that its page's table explains, so that it is hidden from readers aloud.

    A style attribute would need the policy's leave, so that each becomes presentation attributes; ids begin
    with ``prefix``, since two figures use the same.
    """
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    root = ET.fromstring(out.getvalue())  # noqa: S314 - matplotlib's own output, a moment old
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{_SVG}metadata", f"{_SVG}style"}:
                parent.remove(child)
    for element in root.iter():
        _tidy(element, prefix)
    for side in ("width", "height"):
        del root.attrib[side]
    root.attrib |= {"aria-hidden": "true", "focusable": "false"}
    # Its tags are matplotlib's, its texts are escaped by ElementTree: the one Markup that is no template's.
    return Markup(re.sub(r"\n\s*", " ", ET.tostring(root, encoding="unicode")))  # noqa: S704


def _tidy(element: ET.Element, prefix: str) -> None:
    element.tag = element.tag.removeprefix(_SVG)
    for declaration in filter(None, element.attrib.pop("style", "").split(";")):
        name, _, value = declaration.partition(":")
        if not name.strip().startswith("font-family"):
            element.set(name.strip(), value.strip())
    if target := element.attrib.pop(f"{_XLINK}href", None):
        element.set("href", target)
    for name, value in element.attrib.items():
        element.set(name, _named(value, prefix) if name in {"id", "href", "clip-path"} else _coloured(value))


def _named(value: str, prefix: str) -> str:
    return re.sub(r"^(url\(#|#|)", rf"\1{prefix}-", value)


def _coloured(value: str) -> str:
    return f"var(--{_NAMES[value]})" if value in _NAMES else value
