"""SBML texts for tests, written here: a model from its parts, mathematics from a formula."""

import pytest

libsbml = pytest.importorskip("libsbml", reason="python-libsbml is not installed (extra 'sbml')")

MATH = "http://www.w3.org/1998/Math/MathML"


def math(formula):
    """Return the MathML of a formula in libSBML's infix."""
    node = libsbml.parseL3Formula(formula)
    assert node is not None, libsbml.getLastParseL3Error()
    text = libsbml.writeMathMLToString(node)
    return text.split("?>", 1)[1]


def level3(*parts, version=1, attributes='timeUnits="second"'):
    """Return a Level 3 document of parts: pairs of list name and text; one list is joined."""
    lists = {}
    for name, text in parts:
        lists[name] = lists.get(name, "") + text
    order = (
        "FunctionDefinitions",
        "UnitDefinitions",
        "Compartments",
        "Species",
        "Parameters",
        "InitialAssignments",
        "Rules",
        "Reactions",
        "Events",
    )
    body = "".join(f"<listOf{name}>{lists[name]}</listOf{name}>" for name in order if name in lists)
    space = f"http://www.sbml.org/sbml/level3/version{version}/core"
    return (
        f'<sbml xmlns="{space}" level="3" version="{version}"><model id="m" {attributes}>'
        f"{body}</model></sbml>"
    )


def compartment(name="c", size=1.0, constant=True):
    flag = str(constant).lower()
    return (
        "Compartments",
        f'<compartment id="{name}" spatialDimensions="3" size="{size}" constant="{flag}"/>',
    )


def species(name, *, amount=None, concentration=None, only_amount=False, boundary=False, **more):
    start = "" if amount is None else f' initialAmount="{amount}"'
    start += "" if concentration is None else f' initialConcentration="{concentration}"'
    extra = "".join(f' {key}="{value}"' for key, value in more.items())
    return (
        "Species",
        f'<species id="{name}" compartment="c"{start} hasOnlySubstanceUnits='
        f'"{str(only_amount).lower()}" boundaryCondition="{str(boundary).lower()}" '
        f'constant="false"{extra}/>',
    )


def parameter(name, value=None, constant=True):
    given = "" if value is None else f' value="{value}"'
    return ("Parameters", f'<parameter id="{name}"{given} constant="{str(constant).lower()}"/>')


def rate_rule(name, formula):
    return ("Rules", f'<rateRule variable="{name}">{math(formula)}</rateRule>')


def assignment(name, formula):
    return ("Rules", f'<assignmentRule variable="{name}">{math(formula)}</assignmentRule>')


def algebraic(formula):
    return ("Rules", f"<algebraicRule>{math(formula)}</algebraicRule>")


def initial(name, formula):
    return (
        "InitialAssignments",
        f'<initialAssignment symbol="{name}">{math(formula)}</initialAssignment>',
    )


def function(name, arguments, formula):
    bound = "".join(f"<bvar><ci>{argument}</ci></bvar>" for argument in arguments)
    inner = math(formula).strip()
    inner = inner[inner.index(">") + 1 : inner.rindex("</math>")]
    return (
        "FunctionDefinitions",
        f'<functionDefinition id="{name}"><math xmlns="{MATH}"><lambda>{bound}{inner}</lambda>'
        "</math></functionDefinition>",
    )


def reaction(name, rate, reactants=(), products=(), local=None, fast=False):
    def references(entries):
        return "".join(
            f'<speciesReference species="{entry}" stoichiometry="1" constant="true"/>'
            if isinstance(entry, str)
            else f'<speciesReference id="{entry[1]}" species="{entry[0]}" constant="false"/>'
            for entry in entries
        )

    def group(tag, entries):
        return f"<listOf{tag}>{references(entries)}</listOf{tag}>" if entries else ""

    locals_ = "".join(f'<localParameter id="{k}" value="{v}"/>' for k, v in (local or {}).items())
    locals_ = f"<listOfLocalParameters>{locals_}</listOfLocalParameters>" if locals_ else ""
    speed = "" if fast is None else f' fast="{str(fast).lower()}"'  # None: Version 2 has none
    return (
        "Reactions",
        f'<reaction id="{name}" reversible="false"{speed}>'
        f"{group('Reactants', reactants)}{group('Products', products)}"
        f"<kineticLaw>{math(rate)}{locals_}</kineticLaw></reaction>",
    )


def event(name, trigger, assignments, *, delay=None, priority=None, persistent=True):
    wait = "" if priority is None else f"<priority>{math(priority)}</priority>"
    wait += "" if delay is None else f"<delay>{math(delay)}</delay>"
    changes = "".join(
        f'<eventAssignment variable="{key}">{math(value)}</eventAssignment>'
        for key, value in assignments.items()
    )
    return (
        "Events",
        f'<event id="{name}" useValuesFromTriggerTime="true"><trigger initialValue="true" '
        f'persistent="{str(persistent).lower()}">{math(trigger)}'
        f"</trigger>{wait}<listOfEventAssignments>{changes}</listOfEventAssignments></event>",
    )
