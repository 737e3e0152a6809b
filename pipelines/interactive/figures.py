"""Figures of a run for a notebook: those of its report, drawn when they are looked at."""

import difflib
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from pipelines.errors import InputError
from pipelines.report.document import Document, Picture, pictures_of
from pipelines.report.style import picture_bytes

__all__ = ["Figure", "Figures"]

_KINDS: Final = ("svg", "png")


class Figure:
    """A figure of a run; a notebook shows it.

    Parameters
    ----------
    picture
        The figure as the report has it.

    Examples
    --------
    >>> from matplotlib.figure import Figure as Drawing
    >>> figure = Figure(Picture(key="a", title="A", finding="Nothing.", draw=Drawing))
    >>> figure
    <Figure 'a': A>
    >>> 'aria-label="Nothing."' in figure.svg
    True
    """

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    @property
    def key(self) -> str:
        """Name of the figure."""
        return self._picture.key

    @property
    def title(self) -> str:
        """What it shows."""
        return self._picture.title

    @property
    def finding(self) -> str:
        """What is to be seen in it, with numbers."""
        return self._picture.finding

    @property
    def note(self) -> str:
        """How to read it."""
        return self._picture.note

    @property
    def svg(self) -> str:
        """The figure as SVG; its finding is what screen readers say."""
        text = picture_bytes(self._picture, "svg").decode()
        said = escape(self.finding)
        return text.replace("<svg ", f'<svg role="img" aria-label="{said}" ', 1)

    @property
    def png(self) -> bytes:
        """The figure as PNG."""
        return picture_bytes(self._picture, "png")

    def save(self, path: str | Path) -> Path:
        """Write the figure; the end of the name says as what.

        Parameters
        ----------
        path
            File ending in ``.svg`` or ``.png``; one that is there is replaced.

        Raises
        ------
        InputError
            If the name ends otherwise, or cannot be written.
        """
        target = Path(path).expanduser()
        kind = target.suffix.lower().removeprefix(".")
        if kind not in _KINDS:
            raise InputError(
                f"figure {self.key}: {str(path)!r}; a name that ends in .svg or .png is allowed. "
                f"Write it as '{target.stem or self.key}.svg'."
            )
        try:
            target.write_bytes(self.svg.encode() if kind == "svg" else self.png)
        except OSError as error:
            raise InputError(
                f"figure {self.key}: {target} cannot be written ({error.strerror}); a place that "
                "can be written is needed. Choose another name."
            ) from error
        return target

    def __repr__(self) -> str:
        return f"<Figure {self.key!r}: {self.title}>"

    def _repr_svg_(self) -> str:
        return self.svg


class Figures:
    """The figures of a run by name.

    Parameters
    ----------
    document
        Its report.

    Examples
    --------
    >>> Figures(Document(title="A", subtitle="", notice="", sections=(), foot=""))["course"]
    Traceback (most recent call last):
    ...
    pipelines.errors.InputError: figure 'course': this run has none of that name; it has no \
figures. Look at run.plots.
    """

    def __init__(self, document: Document) -> None:
        self._figures = {one.key: Figure(one) for one in pictures_of(document)}

    def __getitem__(self, name: str) -> Figure:
        found = None
        if isinstance(name, str):
            found = self._figures.get("-".join(name.lower().replace("_", " ").split()))
        if found is None:
            known = ", ".join(self._figures)
            near = difflib.get_close_matches(str(name), self._figures, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "Look at run.plots."
            has = f"it has {known}" if known else "it has no figures"
            raise InputError(f"figure {name!r}: this run has none of that name; {has}. {hint}")
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._figures)

    def __len__(self) -> int:
        return len(self._figures)

    def __contains__(self, name: object) -> bool:
        return name in self._figures

    def __repr__(self) -> str:
        width = max(map(len, self._figures), default=0)
        return "\n".join(f"{key:{width}}  {one.title}" for key, one in self._figures.items())

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._figures)
