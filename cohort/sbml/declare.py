"""From libSBML's model to plain declarations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cohort.sbml.declarations import Declarations, EventRecord, Kind, Quantity, ReactionRecord
from cohort.sbml.errors import SbmlError, UnsupportedSbmlError, mistake
from cohort.sbml.formula import FormulaReader, FunctionDefinition
from cohort.sbml.names import Names
from cohort.sbml.operators import number
from cohort.sbml.units import amount_text, time_unit, unit_text
from kernels import symbol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import sympy

    from cohort.errors import Mistake
    from cohort.sbml.document import Document

__all__ = ["declare"]

_LONGEST_TITLE = 80


def declare(document: Document) -> Declarations:
    """Return what a model declares.

    Parameters
    ----------
    document
        From `cohort.sbml.document.open_document`.

    Raises
    ------
    SbmlError
        If mathematics cannot be read.
    UnsupportedSbmlError
        If it uses what the engine does not have.

    Examples
    --------
    >>> declare.__name__  # shown by the example of cohort.sbml.read_sbml
    'declare'
    """
    return _Declarer(document).declare()


class _Declarer:
    """Walk the lists of a model; see `declare` for the order."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.file = document.file
        self.model = document.model
        self.notes = list(document.notes)
        self.locals: dict[str, float] = {}
        self.local_units: dict[str, str] = {}
        self.names = Names(_ids(self.model))
        functions = {
            item.getId(): FunctionDefinition(
                arguments=tuple(
                    item.getArgument(i).getName() for i in range(item.getNumArguments())
                ),
                body=item.getBody(),
            )
            for item in _each(self.model.getListOfFunctionDefinitions())
            if item.getBody() is not None
        }
        self.reader = FormulaReader(document.library, self.file, self.names, functions)

    def declare(self) -> Declarations:
        model = self.model
        self.refuse_unsupported()
        quantities = {item.id: item for item in self.quantities()}
        reactions = tuple(self.reaction(item) for item in self.with_law())
        assignments, rates, algebraic = self.rules()
        initials = {
            item.getSymbol(): self.reader.read(item.getMath(), f"initial {item.getSymbol()}")
            for item in self.with_math(model.getListOfInitialAssignments())
        }
        events = tuple(self.event(item, i) for i, item in enumerate(_each(model.getListOfEvents())))
        text, seconds = time_unit(self.document)
        conversion = model.getConversionFactor() if model.isSetConversionFactor() else ""
        return Declarations(
            file=self.file,
            name=_printable(model.getName() or model.getId()) or self.file,
            names=self.names,
            quantities=quantities,
            reactions=reactions,
            events=tuple(event for event in events if event is not None),
            assignments=assignments,
            rates=rates,
            initials=initials,
            algebraic=algebraic,
            locals=self.locals,
            local_units=self.local_units,
            conversion=conversion,
            time_unit=text,
            seconds_per_time_unit=seconds,
            notes=tuple(dict.fromkeys((*self.notes, *self.reader.notes))),
        )

    def refuse_unsupported(self) -> None:
        mistakes: list[Mistake] = []
        for item in _each(self.model.getListOfReactions()):
            if item.isSetFast() and item.getFast():
                given = "the reaction is fast; reactions with a rate of their own are allowed"
                mistakes.append(mistake(self.file, item.getId(), given, "Give it a rate law"))
        if mistakes:
            raise UnsupportedSbmlError(mistakes, ["fast reaction"] * len(mistakes))

    # quantities

    def quantities(self) -> Iterator[Quantity]:
        for item in _each(self.model.getListOfCompartments()):
            yield self.compartment(item)
        for item in _each(self.model.getListOfSpecies()):
            yield self.species(item)
        for item in _each(self.model.getListOfParameters()):
            yield Quantity(
                id=item.getId(),
                name=self.names[item.getId()],
                kind=Kind.PARAMETER,
                is_constant=item.getConstant(),
                value=item.getValue() if item.isSetValue() else None,
                unit=unit_text(item),
                title=_title(item),
            )
        for item in _each(self.model.getListOfReactions()):
            for reference, _ in _references(item):
                if reference.isSetId():
                    yield self.stoichiometry(reference)

    def compartment(self, item: Any) -> Quantity:  # noqa: ANN401
        has_size = item.isSetSize() and not math.isnan(item.getSize())
        return Quantity(
            id=item.getId(),
            name=self.names[item.getId()],
            kind=Kind.COMPARTMENT,
            is_constant=item.getConstant(),
            value=item.getSize() if has_size else None,
            unit=unit_text(item),
            title=_title(item),
        )

    def species(self, item: Any) -> Quantity:  # noqa: ANN401
        compartment = self.model.getCompartment(item.getCompartment())
        is_point = compartment is not None and compartment.getSpatialDimensionsAsDouble() == 0.0
        return Quantity(
            id=item.getId(),
            name=self.names[item.getId()],
            kind=Kind.SPECIES,
            is_constant=item.getConstant(),
            amount=item.getInitialAmount() if item.isSetInitialAmount() else None,
            concentration=(
                item.getInitialConcentration() if item.isSetInitialConcentration() else None
            ),
            compartment=item.getCompartment(),
            is_amount=item.getHasOnlySubstanceUnits() or is_point,
            is_boundary=item.getBoundaryCondition(),
            conversion=item.getConversionFactor() if item.isSetConversionFactor() else "",
            unit=unit_text(item),
            amount_unit=amount_text(self.document, item),
            title=_title(item),
        )

    def stoichiometry(self, item: Any) -> Quantity:  # noqa: ANN401
        is_constant = item.getConstant() if item.isSetConstant() else False
        value = item.getStoichiometry()
        return Quantity(
            id=item.getId(),
            name=self.names[item.getId()],
            kind=Kind.STOICHIOMETRY,
            is_constant=is_constant,
            value=None if math.isnan(value) else value,
            unit="1",
        )

    # reactions

    def with_law(self) -> Iterator[Any]:
        for item in _each(self.model.getListOfReactions()):
            law = item.getKineticLaw()
            if law is not None and law.isSetMath():
                yield item
            else:
                self.notes.append(f"{item.getId()}: a reaction without a rate law; left out")

    def reaction(self, item: Any) -> ReactionRecord:  # noqa: ANN401
        law = item.getKineticLaw()
        name = item.getId()
        rate = self.reader.read(law.getMath(), name, self.local_parameters(name, law))
        changes = tuple(
            (reference.getSpecies(), sign * self.factor(reference, name))
            for reference, sign in _references(item)
        )
        return ReactionRecord(id=name, name=self.names[name], rate=rate, changes=changes)

    def local_parameters(self, reaction: str, law: Any) -> Mapping[str, sympy.Basic]:  # noqa: ANN401
        local: dict[str, sympy.Basic] = {}
        items = [*_each(law.getListOfLocalParameters())]
        if not items:
            items = [*_each(law.getListOfParameters())]
        for item in items:
            name = self.names.fresh(f"{reaction}_{item.getId()}")
            local[item.getId()] = symbol(name)
            self.local_units[name] = unit_text(item)
            self.locals[name] = item.getValue() if item.isSetValue() else math.nan
        return local

    def factor(self, reference: Any, reaction: str) -> sympy.Expr:  # noqa: ANN401
        if reference.isSetStoichiometryMath():
            math_ = reference.getStoichiometryMath()
            if math_.isSetMath():
                return self.reader.read(math_.getMath(), f"{reaction}, {reference.getSpecies()}")
        if reference.isSetId():
            return symbol(self.names[reference.getId()])
        value = reference.getStoichiometry()
        if math.isnan(value):
            raise SbmlError(
                [
                    mistake(
                        self.file,
                        reaction,
                        f"species '{reference.getSpecies()}' has no stoichiometry; a number is "
                        "needed",
                        "Give it",
                    )
                ]
            )
        return number(value)

    # rules and events

    def rules(
        self,
    ) -> tuple[dict[str, sympy.Expr], dict[str, sympy.Expr], tuple[sympy.Expr, ...]]:
        assignments: dict[str, sympy.Expr] = {}
        rates: dict[str, sympy.Expr] = {}
        algebraic: list[sympy.Expr] = []
        for item in self.with_math(self.model.getListOfRules()):
            target = item.getVariable()
            place = f"rule of {target}" if target else f"algebraic rule {len(algebraic) + 1}"
            value = self.reader.read(item.getMath(), place)
            if item.isAlgebraic():
                algebraic.append(value)
            else:
                (assignments if item.isAssignment() else rates)[target] = value
        return assignments, rates, tuple(algebraic)

    def with_math(self, items: Any) -> Iterator[Any]:  # noqa: ANN401
        for item in _each(items):
            if item.isSetMath():
                yield item
            else:
                self.notes.append(f"{item.getElementName()}: one without mathematics; left out")

    def event(self, item: Any, index: int) -> EventRecord | None:  # noqa: ANN401
        name = item.getId() or f"event_{index + 1}"
        trigger = item.getTrigger()
        if trigger is None or not trigger.isSetMath():
            self.notes.append(f"{name}: an event without a trigger; left out")
            return None
        delay, priority = item.getDelay(), item.getPriority()
        return EventRecord(
            name=name,
            trigger=self.reader.read_condition(trigger.getMath(), f"{name}, trigger"),
            assignments={
                entry.getVariable(): self.reader.read(
                    entry.getMath(), f"{name}, {entry.getVariable()}"
                )
                for entry in self.with_math(item.getListOfEventAssignments())
            },
            delay=self.optional(delay, f"{name}, delay"),
            priority=self.optional(priority, f"{name}, priority"),
            initial_value=trigger.getInitialValue() if trigger.isSetInitialValue() else True,
            is_persistent=trigger.getPersistent() if trigger.isSetPersistent() else True,
            uses_trigger_values=item.getUseValuesFromTriggerTime(),
        )

    def optional(self, item: Any, place: str) -> sympy.Expr | None:  # noqa: ANN401
        if item is None or not item.isSetMath():
            return None
        return self.reader.read(item.getMath(), place)


def _each(items: Any) -> Iterator[Any]:  # noqa: ANN401
    for i in range(items.size()):
        yield items.get(i)


def _references(reaction: Any) -> Iterator[tuple[Any, int]]:  # noqa: ANN401
    for reference in _each(reaction.getListOfReactants()):
        yield reference, -1
    for reference in _each(reaction.getListOfProducts()):
        yield reference, 1


def _ids(model: Any) -> Iterator[str]:  # noqa: ANN401
    for items in (
        model.getListOfCompartments(),
        model.getListOfSpecies(),
        model.getListOfParameters(),
        model.getListOfReactions(),
    ):
        for item in _each(items):
            yield item.getId()
    for reaction in _each(model.getListOfReactions()):
        for reference, _ in _references(reaction):
            if reference.isSetId():
                yield reference.getId()


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _title(item: Any) -> str:  # noqa: ANN401
    """Return what an element is called for people: one line, cut where it is long."""
    words = "".join(one if one.isprintable() else " " for one in item.getName()).split()
    return " ".join(words)[:_LONGEST_TITLE]
