"""Units of quantities as text, and the length of the unit of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cohort.sbml.library import libsbml

if TYPE_CHECKING:
    from cohort.sbml.document import Document

__all__ = ["amount_text", "time_unit", "unit_text"]


def unit_text(item: Any) -> str:  # noqa: ANN401  # libSBML has no types
    """Return the unit of an element, written out; empty where the file gives none.

    Examples
    --------
    >>> document = libsbml().SBMLDocument(3, 1)
    >>> parameter = document.createModel().createParameter()
    >>> parameter.setUnits("second")
    0
    >>> unit_text(parameter)
    'second'
    """
    return _definition_text(item.getDerivedUnitDefinition())


def amount_text(document: Document, species: Any) -> str:  # noqa: ANN401
    """Return the unit of the amount of a species, written out; empty where there is none.

    Examples
    --------
    >>> amount_text.__name__  # shown by tests/cohort/sbml/test_units.py
    'amount_text'
    """
    name = species.getSubstanceUnits()
    if not name and document.level == 2:  # noqa: PLR2004  # Level 2: 'substance', a mole unless said
        name = "substance" if document.model.getUnitDefinition("substance") is not None else "mole"
    name = name or document.model.getSubstanceUnits()
    definition = document.model.getUnitDefinition(name) if name else None
    return str(name) if definition is None else _definition_text(definition)


def _definition_text(definition: Any) -> str:  # noqa: ANN401
    if definition is None or definition.getNumUnits() == 0:
        return ""
    parts = (_one(definition.getUnit(i)) for i in range(definition.getNumUnits()))
    return " ".join(part for part in parts if part) or "1"


def _one(unit: Any) -> str:  # noqa: ANN401
    name = str(libsbml().UnitKind_toString(unit.getKind()))
    if name in ("dimensionless", "(Invalid UnitKind)"):
        return ""
    factor = unit.getMultiplier() * 10.0 ** unit.getScale()
    head = name if factor == 1.0 else f"({factor:g} {name})"
    exponent = unit.getExponentAsDouble()
    return head if exponent == 1.0 else f"{head}^{exponent:g}"


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
