"""Units of quantities as text, and the length of the unit of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cohort.sbml.document import Document

__all__ = ["time_unit", "unit_text"]


def unit_text(item: Any) -> str:  # noqa: ANN401  # libSBML has no types
    """Return the unit of an element as the file writes it, empty where it says none.

    Examples
    --------
    >>> from cohort.sbml.library import libsbml
    >>> parameter = libsbml().Parameter(3, 1)
    >>> parameter.setUnits("second")
    0
    >>> unit_text(parameter)
    'second'
    """
    definition = item.getDerivedUnitDefinition() if item.getModel() is not None else None
    if definition is None or definition.getNumUnits() == 0:
        return str(item.getUnits()) if hasattr(item, "getUnits") else ""
    units = [definition.getUnit(i) for i in range(definition.getNumUnits())]
    return " ".join(text for text in map(_one, units) if text) or "1"


def _one(unit: Any) -> str:  # noqa: ANN401
    kind = type(unit).__name__ and unit.getKind()
    name = _KINDS.setdefault(kind, _kind_name(unit, kind))
    if name in ("dimensionless", "(Invalid UnitKind)"):
        return ""
    factor = unit.getMultiplier() * 10.0 ** unit.getScale()
    head = name if factor == 1.0 else f"({factor:g} {name})"
    exponent = unit.getExponentAsDouble()
    return head if exponent == 1.0 else f"{head}^{exponent:g}"


_KINDS: dict[int, str] = {}


def _kind_name(_: Any, kind: int) -> str:  # noqa: ANN401
    from cohort.sbml.library import libsbml  # noqa: PLC0415  # the caller has loaded it

    return str(libsbml().UnitKind_toString(kind))


def time_unit(document: Document) -> tuple[str, float | None]:
    """Return the unit of time as text, and its length [s], None where the file says none.

    Examples
    --------
    >>> time_unit.__name__  # shown by the example of cohort.sbml.read_sbml
    'time_unit'
    """
    model, library = document.model, document.library
    if document.level == 2:  # noqa: PLR2004  # Level 2 names it 'time', the second unless redefined
        name = "time" if model.getUnitDefinition("time") is not None else "second"
    else:
        name = model.getTimeUnits() if model.isSetTimeUnits() else ""
    if name == "second":
        return "second", 1.0
    definition = model.getUnitDefinition(name) if name else None
    if definition is None or definition.getNumUnits() != 1:
        return name, None
    unit = definition.getUnit(0)
    if unit.getKind() != library.UNIT_KIND_SECOND or unit.getExponentAsDouble() != 1.0:
        return name, None
    seconds = unit.getMultiplier() * 10.0 ** unit.getScale()
    return f"{seconds:g} second" if seconds != 1.0 else "second", seconds
