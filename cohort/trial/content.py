"""What a protocol names must exist: its condition, drugs, food, scales and adverse events.

Names are resolved once, when the protocol is read; so are its criteria, and whether people can be
drawn by its margins. May import `cohort.chemistry`, `cohort.compounds`, `cohort.conditions`,
`cohort.drugs`, `cohort.lifestyle`, `cohort.nutrition`, `cohort.outcomes`, `cohort.patient_model`
and `cohort.population`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cohort.chemistry import system_names
from cohort.compounds import TARGETS
from cohort.conditions import condition_names, load_condition
from cohort.drugs import drug_names, load_drug
from cohort.errors import CohortError, ExpressionError, FileContentError, UnknownNameError
from cohort.lifestyle import lifestyle_names, load_lifestyle
from cohort.nutrition import food_names, load_food, load_supplement, supplement_names
from cohort.outcomes import adverse_event_names, load_scale, measure_names, scale_names
from cohort.patient_model import patient_model
from cohort.population import column_kinds, draw_candidates, screening_problem
from cohort.trial.diets import diet_names, load_diet
from cohort.trial.eligibility import parse_criterion
from cohort.trial.endpoints import endpoint_contradictions, rated_endpoints
from cohort.trial.model_content import model_content
from cohort.trial.published import REPORTED_ONLY
from cohort.trial.published_contradictions import COUNTED
from cohort.trial.quantities import DAY_S, write_span
from cohort.trial.recruitment import (
    eligibility_criteria,
    patient_history,
    population_spec,
)
from cohort.trial.variants import trial_systems, variant_shifts
from cohort.trial.visit_rules import baseline_kinds, visit_kinds
from cohort.yaml_files import Contradiction, is_read, listed_mistakes, nearest_hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cohort.conditions import Condition
    from cohort.drugs import Dosing as DrugDosing
    from cohort.model import Model
    from cohort.nutrition import Dosing as SupplementDosing
    from cohort.population.columns import ColumnKind
    from cohort.trial.arms import Regimen, SupplementRegimen, Titration
    from cohort.trial.conduct import Background, PreviousDrug, Rescue
    from cohort.trial.protocol import Meal, Protocol, TrialPopulation, Variant
    from cohort.yaml_files.contradictions import KeyPath

__all__ = ["content_contradictions"]

_MARGIN_KEYS = {  # field of a population spec, key of a protocol
    "weight_mean_kg": "weight_mean",
    "bmi_shares": "bmi_shares",
    "records": "records",
}
_KINDS: Final[Mapping[str, tuple[Callable[[], Sequence[str]], str]]] = {
    # kind: names of it, and its place, for what stands at the place of another kind
    "drug": (drug_names, "'drug' of a regimen"),
    "supplement": (supplement_names, "'supplement' in the supplements of an arm"),
    "eating pattern": (diet_names, "'meals' of the protocol or 'nutrition' of a variant"),
    "protein source": (food_names, "'source' of a meal"),
    "lifestyle": (lifestyle_names, "'lifestyle' of a variant"),
}


def content_contradictions(protocol: Protocol) -> Iterator[Contradiction]:
    """List names of a protocol that nothing has, and doses that their drug is not given in.

    Parameters
    ----------
    protocol
        Whole or partly read protocol.

    Yields
    ------
    Contradictions with their key paths.

    Examples
    --------
    >>> from cohort.trial import load_protocol
    >>> list(content_contradictions(load_protocol("sct-md-01")))
    []
    """
    if protocol.model is not None:
        yield from model_content(protocol)
        yield from _recruitment(protocol)
        return
    if protocol.condition:
        yield from _file(protocol.condition, ("condition",), load_condition, condition_names())
    yield from _assumptions(protocol)
    yield from _each(protocol.systems, "systems", system_names(), "system")
    yield from endpoint_contradictions(protocol)
    yield from _fitting(protocol)
    if protocol.adverse_events != ("all",):
        yield from _each(
            protocol.adverse_events, "adverse_events", adverse_event_names(), "adverse event"
        )
    yield from _each(protocol.measures, "measures", measure_names(), "measure")
    if protocol.population.entry is not None:
        scale = protocol.population.entry.scale
        yield from _name(scale, ("population", "entry", "scale"), scale_names(), "rating scale")
    yield from _recruitment(protocol)
    yield from _published(protocol)
    for i, arm in enumerate(protocol.arms):
        for j, regimen in enumerate(arm.regimens):
            yield from _regimen(regimen, ("arms", i, "regimens", j))
        for j, taken in enumerate(arm.supplements):
            yield from _supplement(taken, ("arms", i, "supplements", j))
    for key in ("background", "previous"):
        for j, regimen in enumerate(getattr(protocol, key)):
            yield from _regimen(regimen, (key, j))
    yield from _conduct(protocol)
    yield from _meals(protocol)
    yield from _variants(protocol)


def _assumptions(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse to slow a disease for which its condition declares no size of that."""
    assumed = protocol.assumptions
    condition = _condition(protocol)
    if not is_read(assumed) or not is_read(assumed.disease_modification) or condition is None:
        return
    if assumed.disease_modification and condition.severity.disease_modification is None:
        able = [
            name
            for name in condition_names()
            if load_condition(name).severity.disease_modification is not None
        ]
        yield Contradiction(
            path=("assumptions", "disease_modification"),
            message=f"true was given, and condition '{protocol.condition}' declares no "
            f"'severity.disease_modification'; {', '.join(able)} do. Delete the line.",
        )


def _published(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse scales and events that nothing has, and scores that their scale has not."""
    events = sorted({*adverse_event_names(), *REPORTED_ONLY})
    for position, row in enumerate(protocol.published):
        path = ("published", position)
        for key in ("adverse_events", "percents"):
            for name in dict(getattr(row, key)):
                if key == "adverse_events" or name not in COUNTED:
                    yield from _name(name, (*path, key, name), events, "adverse event")
        if row.scale is None or not is_read(row.scale):
            continue
        yield from _name(row.scale, (*path, "scale"), scale_names(), "rating scale")
        if row.scale not in scale_names() or row.reported_on is not None:
            continue
        scale = load_scale(row.scale)
        for key in ("mean_end", "mean_baseline"):
            score = getattr(row, key)
            if score is not None and (score < scale.minimum or score > scale.maximum):
                yield Contradiction(
                    path=(*path, key),
                    message=f"{score:g} points was given; {scale.name} goes from {scale.minimum:g} "
                    f"to {scale.maximum:g}. Write a change as 'mean_change'.",
                )


def _conduct(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse doses that titrations lead to or rescue is given in, then rules that nobody can read.

    Where the condition or an endpoint is wrong, rules wait: their mistakes would be second ones.
    """
    places: list[tuple[KeyPath, str | None]] = []
    for i, arm in enumerate(protocol.arms):
        for j, regimen in enumerate(arm.regimens):
            titration = regimen.titrate
            path: KeyPath = ("arms", i, "regimens", j, "titrate")
            if titration is None or not is_read(titration):
                continue
            yield from _steps(regimen, titration, path)
            places += [((*path, "up_if"), titration.up_if), ((*path, "down_if"), titration.down_if)]
    if protocol.rescue is not None and is_read(protocol.rescue):
        yield from _regimen(protocol.rescue, ("rescue",))
        places.append((("rescue", "if"), protocol.rescue.rule))
    condition = _condition(protocol)
    if condition is None or not all(map(is_read, (protocol.endpoints, *protocol.endpoints))):
        return
    history, scales = condition.population.history, rated_endpoints(protocol)
    for path, rule in places:
        if rule is not None and not scales:
            yield Contradiction(
                path=path,
                message="decisions read scores, and no endpoint is a rating scale; at least one "
                f"is needed. Add '{condition.scales[0]}' to the endpoints.",
            )
            continue
        yield from _rule(rule, visit_kinds(history, scales), path)
    if protocol.randomisation is not None:
        for k, rule in enumerate(protocol.randomisation.strata):
            yield from _rule(rule, baseline_kinds(history, scales), ("randomisation", "strata", k))


def _rule(
    rule: str | None, kinds: Mapping[str, ColumnKind], path: KeyPath
) -> Iterator[Contradiction]:
    if rule is None or not is_read(rule):
        return
    try:
        parse_criterion(rule, kinds)
    except ExpressionError as error:
        yield Contradiction(path=path, message=str(error))


def _steps(regimen: Regimen, titration: Titration, path: KeyPath) -> Iterator[Contradiction]:
    """Refuse steps that the drug is not given in; name and first dose are checked elsewhere."""
    if not is_read(regimen.drug) or not is_read(regimen.every):
        return
    try:
        dosing = load_drug(regimen.drug).dosing
    except CohortError:
        return
    for k, dose in enumerate(titration.steps):
        if is_read(dose) and is_read(regimen.dose) and dose != regimen.dose:
            step = regimen.model_copy(update={"dose": dose})
            for one in _daily_dose(step, dosing, ()):
                yield Contradiction(path=(*path, "steps", k), message=one.message)


def _variants(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse lifestyles that cannot be loaded, then inputs that this trial's model has not."""
    wrong: list[Contradiction] = []
    for i, variant in enumerate(protocol.variants):
        for j, choice in enumerate(variant.lifestyle):
            place = ("variants", i, "lifestyle", j)
            wrong += _file(choice.name, place, load_lifestyle, lifestyle_names(), "lifestyle")
        if is_read(variant.nutrition):
            path = ("variants", i, "nutrition")
            wrong += _file(variant.nutrition, path, load_diet, diet_names(), "eating pattern")
        wrong += _foods(variant.meals or (), ("variants", i, "meals"))
        for j, one in enumerate(variant.adds):
            wrong += _regimen(one.regimen, ("variants", i, "adds", j))
    yield from wrong
    if wrong or not any(variant.lifestyle for variant in protocol.variants):
        return
    drugs = set(protocol.drugs)
    chosen = [choice.name for variant in protocol.variants for choice in variant.lifestyle]
    if not all(map(is_read, (protocol.condition, *protocol.systems, *drugs, *chosen))):
        return
    try:
        compounds = {one.name: one for drug in drugs for one in load_drug(drug).compounds}
        model = patient_model(
            tuple(compounds[name] for name in sorted(compounds)), trial_systems(protocol)
        )
    except (UnknownNameError, FileContentError):
        return  # a drug, a system or the condition has a mistake of its own
    for i, variant in enumerate(protocol.variants):
        yield from _inputs(variant, model, sorted(drugs), ("variants", i, "lifestyle"))


def _inputs(
    variant: Variant, model: Model, drugs: Sequence[str], path: KeyPath
) -> Iterator[Contradiction]:
    moved = [
        (j, choice.name, name)
        for j, choice in enumerate(variant.lifestyle)
        for name in sorted({one.parameter for one in load_lifestyle(choice.name).inputs})
    ]
    names = {name for _, _, name in moved}
    for j, lifestyle, name in moved:
        if name in model.parameters:
            continue
        cause = " and ".join(drug for drug in drugs if _computes(drug, name)) or "a system"
        yield Contradiction(
            path=(*path, j),
            message=f"'{lifestyle}' moves '{name}', which is computed by {cause} in this trial; "
            f"what nothing computes is allowed. Leave the lifestyle or {cause} out, or write a "
            f"lifestyle of your own without '{name}'.",
        )
    if names - set(model.parameters):
        return
    shifts = variant_shifts(variant, model)
    for name in sorted(names):
        parameter = model.parameters[name]
        amounts = [shift.amount for shift in shifts if shift.parameter == name]
        lowest = parameter.value + sum(amount for amount in amounts if amount < 0)
        highest = parameter.value + sum(amount for amount in amounts if amount > 0)
        if lowest < parameter.bounds.low or highest > parameter.bounds.high:
            yield Contradiction(
                path=path,
                message=f"lifestyles add up to '{name}' between {lowest:g} and {highest:g} "
                f"[{parameter.unit}]; {parameter.bounds} [{parameter.unit}] is allowed. Leave one "
                "of them out.",
            )


def _computes(drug: str, parameter: str) -> bool:
    """Tell whether a drug has a door of this name in the chemistry."""
    held = [TARGETS[one.target] for compound in load_drug(drug).compounds for one in compound.binds]
    return any(parameter in (*target.doors, *target.agonist_doors) for target in held)


def _fitting(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse scales that do not measure the condition, and limits that leave nobody with it."""
    condition = _condition(protocol)
    if condition is None:
        return
    wanted = protocol.population
    places: list[tuple[KeyPath, str]] = [
        (("endpoints", position), name) for position, name in enumerate(protocol.endpoints)
    ]
    if wanted.entry is not None:
        places.append((("population", "entry", "scale"), wanted.entry.scale))
    for path, name in places:
        if is_read(name) and name in scale_names() and name not in condition.scales:
            yield Contradiction(
                path=path,
                message=f"{name} does not measure {condition.name}; {', '.join(condition.scales)} "
                f"{'does' if len(condition.scales) == 1 else 'do'}. Use one of these.",
            )
    if wanted.entry is not None and wanted.entry.scale in condition.scales:
        scale, lowest = load_scale(wanted.entry.scale), wanted.entry.at_least
        if lowest < scale.minimum or lowest > scale.maximum:
            yield Contradiction(
                path=("population", "entry", "at_least"),
                message=f"{lowest:g} points was given; {scale.name} goes from {scale.minimum:g} to "
                f"{scale.maximum:g}. Change the criterion.",
            )


def _condition(protocol: Protocol) -> Condition | None:
    """Return the condition, if it can be read: what is wrong with it is said elsewhere."""
    if not is_read(protocol.condition) or not protocol.condition:
        return None
    try:
        return load_condition(protocol.condition)
    except CohortError:
        return None


def _meals(protocol: Protocol) -> Iterator[Contradiction]:
    if isinstance(protocol.meals, str):
        yield from _file(protocol.meals, ("meals",), load_diet, diet_names(), "eating pattern")
        return
    yield from _foods(protocol.meals, ("meals",))


def _foods(meals: Sequence[Meal], path: KeyPath) -> Iterator[Contradiction]:
    for i, meal in enumerate(meals):
        place = (*path, i, "source")
        yield from _file(meal.source, place, load_food, food_names(), "protein source")


def _supplement(taken: SupplementRegimen, path: KeyPath) -> Iterator[Contradiction]:
    wrong = list(
        _file(taken.supplement, (*path, "supplement"), load_supplement, supplement_names())
    )
    yield from wrong
    if wrong or not all(map(is_read, (taken, taken.supplement, taken.dose, taken.every))):
        return
    found = load_supplement(taken.supplement)
    if not found.is_simulated:
        yield Contradiction(
            path=(*path, "supplement"),
            message=f"{taken.supplement} has a published effect but no mechanism in this model; "
            "what is simulated changes an input of it. Delete the line.",
        )
        return
    yield from _daily_dose(taken.regimen, found.dosing, path)


def _recruitment(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse records, margins and criteria that no candidates can be drawn by."""
    wanted = protocol.population
    if not _is_whole(wanted) or not is_read(protocol.condition):
        return
    try:
        condition = load_condition(protocol.condition) if protocol.condition else None
    except (UnknownNameError, FileContentError):
        return  # said of the condition
    if condition is None and protocol.model is None:
        return  # one of the two is missing
    wrong = list(_criteria(wanted, condition))
    yield from wrong
    history = patient_history(condition)
    try:
        spec = population_spec(wanted, condition)
        draw_candidates(np.array([0]), 0, spec, history)
    except FileContentError as error:
        yield Contradiction(path=("population", "records"), message=listed_mistakes(error))
        return
    except CohortError as error:
        yield _margin_mistake(str(error), "the model" if condition is None else condition.name)
        return
    if wanted.eligibility and not wrong:
        criteria = eligibility_criteria(protocol, condition)
        problem = screening_problem(spec, history, criteria)
        if problem is not None:
            yield Contradiction(path=("population", "eligibility"), message=problem)


def _margin_mistake(message: str, condition: str) -> Contradiction:
    """Return a mistake of `PopulationSpec` or of raking, at its key if the protocol has one."""
    said = message.removeprefix("population, ").removeprefix("population: ")
    field = said.partition(":")[0].partition(".")[0]
    if field in ("age_mean_y", "age_sd_y"):  # the condition's; the range is the protocol's
        said = f"{condition} does not fit: {said.rpartition('. ')[0]}. Change age_min or age_max."
    if field not in _MARGIN_KEYS:
        return Contradiction(path=("population",), message=said)
    path = ("population", _MARGIN_KEYS[field])
    return Contradiction(path=path, message=said.removeprefix(f"{field}: "))


def _is_whole(wanted: TrialPopulation) -> bool:
    """Tell whether a population was read whole and its ages stand together."""
    if not is_read(wanted):
        return False
    values = [getattr(wanted, name) for name in type(wanted).model_fields]
    parts = [*wanted.eligibility, *(wanted.bmi_shares or {}).values()]
    return all(map(is_read, (*values, *parts))) and not list(wanted.contradictions())


def _criteria(wanted: TrialPopulation, condition: Condition | None) -> Iterator[Contradiction]:
    kinds = column_kinds(patient_history(condition))
    for position, text in enumerate(wanted.eligibility):
        try:
            parse_criterion(text, kinds, scale_names())
        except ExpressionError as error:
            yield Contradiction(path=("population", "eligibility", position), message=str(error))


def _each(
    names: Sequence[str], key: str, known: Sequence[str], kind: str
) -> Iterator[Contradiction]:
    for position, name in enumerate(names):
        yield from _name(name, (key, position), known, kind)


def _name(name: str, path: KeyPath, known: Sequence[str], kind: str) -> Iterator[Contradiction]:
    if is_read(name) and name not in known:
        yield _unknown(name, path, known, kind)


def _unknown(name: str, path: KeyPath, known: Sequence[str], kind: str) -> Contradiction:
    for other, (names, place) in _KINDS.items():
        if kind in _KINDS and name in names():
            return Contradiction(
                path=path,
                message=f"'{name}' is {_with_article(other)}; {_with_article(kind)} is wanted. "
                f"Write it as {place}.",
            )
    count = f"{len(known)} {'is' if len(known) == 1 else 'are'} known"
    return Contradiction(
        path=path, message=f"unknown {kind} '{name}'; {count}. {nearest_hint(name, known)}"
    )


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _file(
    name: str,
    path: KeyPath,
    load: Callable[[str], object],
    known: Sequence[str],
    kind: str = "",
) -> Iterator[Contradiction]:
    """Refuse a name of a packaged or a user's own file that cannot be loaded."""
    if not is_read(name):
        return
    try:
        load(name)
    except UnknownNameError:
        kind = kind or str(path[-1])
        if name.endswith((".yaml", ".yml")):
            yield Contradiction(
                path=path,
                message=f"no such file '{name}'; a packaged {kind} or an existing file is wanted. "
                "Paths are relative to the folder where the command runs.",
            )
        else:
            yield _unknown(name, path, known, kind)
    except FileContentError as error:
        yield Contradiction(path=path, message=listed_mistakes(error))


def _regimen(
    regimen: Regimen | Background | PreviousDrug | Rescue, path: KeyPath
) -> Iterator[Contradiction]:
    wrong = list(_file(regimen.drug, (*path, "drug"), load_drug, drug_names()))
    yield from wrong
    if wrong or not all(map(is_read, (regimen, regimen.drug, regimen.dose, regimen.every))):
        return
    yield from _daily_dose(regimen, load_drug(regimen.drug).dosing, path)


def _daily_dose(
    regimen: Regimen | Background | PreviousDrug | Rescue,
    dosing: DrugDosing | SupplementDosing,
    path: KeyPath,
) -> Iterator[Contradiction]:
    lowest, highest = dosing.lowest.number("mg"), dosing.highest.number("mg")
    daily = regimen.dose * DAY_S / regimen.every
    if not lowest <= daily <= highest:
        each = "" if regimen.every == DAY_S else f" every {write_span(regimen.every)}"
        total = "" if regimen.every == DAY_S else f" is {daily:g} mg a day"
        yield Contradiction(
            path=(*path, "dose"),
            message=f"{regimen.dose:g} mg{each}{total}; {regimen.drug} is given from {lowest:g} mg "
            f"to {highest:g} mg a day. Change the dose.",
        )
