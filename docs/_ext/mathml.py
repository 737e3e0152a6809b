r"""Formulas as MathML, which browsers draw themselves: no script, no font, no network.

Sphinx's own choices load MathJax from a network or make pictures with a LaTeX installation. The
translator is that of docutils. ``html_math_renderer = "mathml"`` in ``conf.py`` turns it on.
"""

import re
from typing import Any, Final

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator

__all__ = ["mathml", "setup"]

_UPRIGHT: Final = re.compile(r"\\mathrm\{([^{}]*)\}")
_SIZE: Final = re.compile(r"\\[bB]igg?[lr]?(?![a-zA-Z])")  # parentheses grow by themselves


def mathml(formula: str, *, is_block: bool) -> str:
    r"""Return a LaTeX formula as MathML.

    Parameters
    ----------
    formula
        LaTeX as SymPy and `pipelines.model_formula` write it.
    is_block
        Whether it stands on lines of its own.

    Returns
    -------
    A ``math`` element on one line; a name of several words is one text, not a row of letters.

    Raises
    ------
    ExtensionError
        If docutils cannot read the formula.

    Examples
    --------
    >>> "<mtext>trp brain</mtext>" in mathml(r"\mathrm{trp\ brain}", is_block=False)
    True
    >>> mathml(r"\nonsense{x}", is_block=False)
    Traceback (most recent call last):
    ...
    sphinx.errors.ExtensionError: formula '\\nonsense{x}': Unknown LaTeX command "\nonsense".
    """
    text = _SIZE.sub("", _UPRIGHT.sub(_as_text, formula)).replace(r"\cr", r"\\")
    if is_block and ("&" in text or r"\\" in text) and r"\begin" not in text:
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
    try:
        written = tex2mathml(text, as_block=is_block)
    except MathError as error:
        raise ExtensionError(f"formula {formula!r}: {error}") from error
    return re.sub(r">\s+<", "><", written)


def _as_text(found: re.Match[str]) -> str:
    words = found[1].replace(r"\ ", " ")
    return rf"\text{{{words}}}" if len(words) > 1 else found[0]


def _visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), is_block=False))
    raise nodes.SkipNode


def _visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    # a formula may be wider than the page: it is scrolled, and the keyboard reaches it
    translator.body.append(
        '<div class="math" tabindex="0" role="group" aria-label="formula">'
        f"{mathml(node.astext(), is_block=True)}</div>\n"
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer ``mathml``.

    Examples
    --------
    >>> setup.__name__  # called by Sphinx
    'setup'
    """
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
