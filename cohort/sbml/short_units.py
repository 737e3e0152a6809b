"""Units of SBML in the short form that people write: ``mg/L`` for ``(0.001 gram) litre^-1``."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["short_unit"]

_PART: Final = re.compile(
    r"(?:\((?P<factor>[-+.0-9e]+) (?P<scaled>[a-z_]+)\)|(?P<plain>[a-z_]+))"
    r"(?:\^(?P<exponent>[-+.0-9e]+))?"
)
_SYMBOLS: Final = {
    "ampere": "A",
    "becquerel": "Bq",
    "candela": "cd",
    "coulomb": "C",
    "farad": "F",
    "gram": "g",
    "henry": "H",
    "hertz": "Hz",
    "item": "item",
    "joule": "J",
    "katal": "kat",
    "kelvin": "K",
    "kilogram": "kg",
    "litre": "L",
    "metre": "m",
    "mole": "mol",
    "newton": "N",
    "pascal": "Pa",
    "second": "s",
    "siemens": "S",
    "tesla": "T",
    "volt": "V",
    "watt": "W",
}
_PREFIXES: Final = {
    1.0: "",
    **dict(zip((1e3, 1e6, 1e9), "kMG", strict=True)),
    **dict(zip((1e-1, 1e-2, 1e-3, 1e-6, 1e-9, 1e-12, 1e-15), "dcmunpf", strict=True)),
}
_TIMES: Final = {60.0: "min", 3600.0: "h", 86_400.0: "d", 604_800.0: "wk", 31_536_000.0: "a"}
_SAME: Final = 1e-9


def short_unit(text: str) -> str:
    """Return a unit in its short form.

    Parameters
    ----------
    text
        As `SbmlModel.unit` gives it.

    Returns
    -------
    Numerators, then denominators behind slashes; the text as it is where a part has no short form,
    and empty where it is.

    Examples
    --------
    >>> short_unit("(0.001 gram) litre^-1"), short_unit("(3600 second)^-1"), short_unit("1")
    ('mg/L', '1/h', '1')
    >>> short_unit("litre (3600 second)^-1"), short_unit("(7 mole)"), short_unit("metre^2")
    ('L/h', '(7 mole)', 'm^2')
    """
    above: list[str] = []
    below: list[str] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            return text
        symbol = _symbol(match["scaled"] or match["plain"], float(match["factor"] or 1.0))
        if symbol is None:
            return text
        exponent = float(match["exponent"] or 1.0)
        power = f"^{abs(exponent):g}" if abs(exponent) != 1.0 else ""
        (above if exponent > 0 else below).append(f"{symbol}{power}")
        position = match.end() + (text[match.end() : match.end() + 1] == " ")
    if not (above or below):
        return text
    return "/".join([" ".join(above) or "1", *below])


def _symbol(kind: str, factor: float) -> str | None:
    if kind not in _SYMBOLS:
        return None
    for size, name in _TIMES.items() if kind == "second" else ():
        if abs(factor / size - 1.0) < _SAME:
            return name
    for size, prefix in _PREFIXES.items():
        if abs(factor / size - 1.0) < _SAME:
            return f"{prefix}{_SYMBOLS[kind]}"
    return None
