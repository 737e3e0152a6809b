"""What the parts of a protocol must agree on, each rule one function.

The rules see partly read protocols too: a value that could not be read is `UNREAD`, compares
false with everything, and so causes no second mistake. Imports `cohort.yaml_files` only; `Protocol`
calls `protocol_contradictions`.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from cohort.trial.conduct_contradictions import CONDUCT_RULES
from cohort.trial.model_content import MODEL_RULES
from cohort.trial.quantities import write_span
from cohort.yaml_files import Contradiction, is_read, nearest_hint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cohort.trial.arms import Regimen, SupplementRegimen
    from cohort.trial.protocol import Protocol, Variant
    from cohort.yaml_files.contradictions import KeyPath

__all__ = ["protocol_contradictions"]

MAX_ARMS = 50
MAX_VISITS = 200
MAX_REGIMENS = 100
MAX_VARIANTS = 20


def protocol_contradictions(protocol: Protocol) -> Iterator[Contradiction]:
    """List what cannot stand together in a protocol.

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
    >>> list(protocol_contradictions(load_protocol("sct-md-01")))
    []
    """
    for rule in _RULES:
        yield from rule(protocol)


def _visits(protocol: Protocol) -> Iterator[Contradiction]:
    visits = protocol.visits
    if not is_read(visits):
        return
    yield from _number_of("visits", len(visits), 1, MAX_VISITS, "visits", "[week 0, week 8]")
    if visits and visits[0].time > 0:
        yield Contradiction(
            path=("visits", 0),
            message=f"the first visit is at {write_span(visits[0].time)}; it is the baseline, at "
            "week 0. Add 'week 0' before it.",
        )
    yield from _late_visits(protocol)
    yield from _unordered_visits(protocol)
    yield from _twice("visits", [visit.name for visit in visits], "name", "visits")


def _late_visits(protocol: Protocol) -> Iterator[Contradiction]:
    for position, visit in enumerate(protocol.visits):
        if visit.time > protocol.duration:
            yield Contradiction(
                path=("visits", position),
                message=f"visit '{visit.name}' is at {write_span(visit.time)}, the trial ends at "
                f"{write_span(protocol.duration)}; visits lie within the trial. Move the visit or "
                "lengthen 'duration'.",
            )


def _unordered_visits(protocol: Protocol) -> Iterator[Contradiction]:
    # a visit after the end has its own mistake and would make every later one look out of order
    kept = [
        (position, visit)
        for position, visit in enumerate(protocol.visits)
        if is_read(visit) and is_read(visit.time) and not visit.time > protocol.duration
    ]
    names = [visit.name for _, visit in kept]
    for (_, before), (position, visit) in itertools.pairwise(kept):
        if names.count(visit.name) > 1:
            continue  # reported as written twice
        if visit.time == before.time:
            yield Contradiction(
                path=("visits", position),
                message=f"visits '{before.name}' and '{visit.name}' are both at "
                f"{write_span(visit.time)}; one visit at a time is allowed. Move or delete one.",
            )
        elif visit.time < before.time:
            yield Contradiction(
                path=("visits", position),
                message=f"visit '{visit.name}' at {write_span(visit.time)} stands after "
                f"'{before.name}' at {write_span(before.time)}; visits are in order of time. Move "
                "it up.",
            )


def _visit_window(protocol: Protocol) -> Iterator[Contradiction]:
    window, visits = protocol.visit_window, protocol.visits
    if window is None or not is_read(window) or not is_read(visits):
        return
    times = [visit.time for visit in visits if is_read(visit) and is_read(visit.time)]
    gaps = [after - before for before, after in itertools.pairwise(times) if after > before]
    if gaps and 2 * window >= min(gaps):
        yield Contradiction(
            path=("visit_window",),
            message=f"{write_span(window)} to both sides were given, and two visits are "
            f"{write_span(min(gaps))} apart; windows do not meet. Write less than half of that.",
        )


def _arms(protocol: Protocol) -> Iterator[Contradiction]:
    arms = protocol.arms
    if not is_read(arms):
        return
    example = "[{name: placebo, control: true, patients: 120}]"
    yield from _number_of("arms", len(arms), 1, MAX_ARMS, "arms", example)
    yield from _twice("arms", [arm.name for arm in arms], "name", "arms")
    for position, arm in enumerate(arms):
        for key in ("regimens", "supplements"):
            count = len(getattr(arm, key))
            if count > MAX_REGIMENS:
                yield Contradiction(
                    path=("arms", position, key),
                    message=f"{count} {key} were given; at most {MAX_REGIMENS} are allowed. "
                    "Lengthen 'every' instead of writing each dose.",
                )


def _control(protocol: Protocol) -> Iterator[Contradiction]:
    arms = protocol.arms
    controls = [position for position, arm in enumerate(arms) if arm.control is True]
    if len(arms) and not controls and all(is_read(arm.control) for arm in arms):
        yield Contradiction(
            path=("arms",),
            message="no arm is the control; exactly one is. Add 'control: true' to the arm that "
            "the others are compared with.",
        )
    for position in controls[1:]:
        yield Contradiction(
            path=("arms", position, "control"),
            message=f"'{arms[position].name}' is a second control beside "
            f"'{arms[controls[0]].name}'; exactly one arm is. Delete one of the two lines.",
        )


def _sizes(protocol: Protocol) -> Iterator[Contradiction]:
    if protocol.design != "counterfactual" or not is_read(protocol.design):
        return
    first = next((arm for arm in protocol.arms if is_read(arm.patients) and arm.patients), None)
    for position, arm in enumerate(protocol.arms):
        if first is not None and arm.patients and arm.patients != first.patients:
            yield Contradiction(
                path=("arms", position, "patients"),
                message=f"'{arm.name}' has {arm.patients} patients and '{first.name}' has "
                f"{first.patients}; a counterfactual design puts the same patients in every arm. "
                f"Write 'patients: {first.patients}'.",
            )


def _regimens(protocol: Protocol) -> Iterator[Contradiction]:
    end = protocol.duration
    for i, arm in enumerate(protocol.arms):
        given: list[tuple[KeyPath, Regimen | SupplementRegimen]] = [
            (("arms", i, "regimens", j), one) for j, one in enumerate(arm.regimens)
        ]
        given += [(("arms", i, "supplements", j), one) for j, one in enumerate(arm.supplements)]
        for path, regimen in given:
            if regimen.start >= end:
                yield Contradiction(
                    path=(*path, "start"),
                    message=f"the regimen starts at {write_span(regimen.start)}, the trial ends "
                    f"at {write_span(end)}; regimens start before the end. Move the start or "
                    "lengthen 'duration'.",
                )
            elif regimen.stop is not None and regimen.stop > end:
                yield Contradiction(
                    path=(*path, "stop"),
                    message=f"the regimen stops at {write_span(regimen.stop)}, the trial ends at "
                    f"{write_span(end)}; regimens stop at the end or before. Leave 'stop' out to "
                    "treat until the end.",
                )


def _endpoints(protocol: Protocol) -> Iterator[Contradiction]:
    endpoints = protocol.endpoints
    if is_read(endpoints) and not endpoints:
        yield Contradiction(
            path=("endpoints",),
            message="the list is empty; at least one endpoint is needed. Write 'endpoints: "
            "[MADRS]'.",
        )
    yield from _twice("endpoints", endpoints, "", "endpoints")
    yield from _twice("systems", protocol.systems, "", "systems")
    yield from _twice("adverse_events", protocol.adverse_events, "", "adverse events")
    yield from _twice("measures", protocol.measures, "", "measures")
    primary = protocol.primary_endpoint
    if is_read(primary) and endpoints and primary not in endpoints:
        yield Contradiction(
            path=("primary_endpoint",),
            message=f"'{primary}' is not among the endpoints; it is one of them. "
            f"{nearest_hint(primary, endpoints)}",
            unless=("endpoints",),
        )


def _analysis(protocol: Protocol) -> Iterator[Contradiction]:
    analysis = protocol.analysis
    if analysis is None or not is_read(analysis) or not is_read(protocol.design):
        return
    n_compared = sum(arm.control is not True for arm in protocol.arms)
    if is_read(analysis.weights) and analysis.weights and len(analysis.weights) != n_compared:
        yield Contradiction(
            path=("analysis", "weights"),
            message=f"{len(analysis.weights)} weights for {n_compared} arms beside the control; "
            "one an arm is allowed, in the order of 'arms'. Add or delete some.",
        )
    if protocol.design != "counterfactual":
        return
    if is_read(analysis.missing_data) and analysis.missing_data == "MMRM":
        yield Contradiction(
            path=("analysis", "missing_data"),
            message="'MMRM' compares different patients, and a counterfactual design puts the same "
            "in every arm. Write 'missing_data: MAR'.",
        )
    if is_read(analysis.tipping_point) and analysis.tipping_point:
        yield Contradiction(
            path=("analysis", "tipping_point"),
            message="a tipping point compares different patients, and a counterfactual design puts "
            "the same in every arm. Delete 'tipping_point'.",
        )
    if is_read(analysis.multiplicity) and analysis.multiplicity == "dunnett":
        yield Contradiction(
            path=("analysis", "multiplicity"),
            message="'dunnett' compares different patients, and a counterfactual design puts the "
            "same in every arm. Write 'multiplicity: holm'.",
        )


def _published(protocol: Protocol) -> Iterator[Contradiction]:
    known = {
        "arm": [arm.name for arm in protocol.arms],
        "visit": [visit.name for visit in protocol.visits],
        "variant": [variant.name for variant in protocol.variants],
    }
    seen: set[tuple[object, ...]] = set()
    for position, row in enumerate(protocol.published):
        for key, names in known.items():
            name = getattr(row, key)
            if name is None or not is_read(name):
                continue
            if key == "variant" and not names and is_read(protocol.variants):
                yield Contradiction(
                    path=("published", position, key),
                    message=f"'{name}' was given; this protocol has no variants. Delete the line.",
                )
            elif names and all(map(is_read, names)) and name not in names:
                yield Contradiction(
                    path=("published", position, key),
                    message=f"'{name}' is no {key} of this protocol; published results belong to "
                    f"one. {nearest_hint(name, names)}",
                )
        place = (row.arm, row.variant, row.scale, row.visit, row.pool)
        if not all(map(is_read, place)):
            continue
        if place in seen:
            what = "what has no scale" if row.scale is None else row.scale
            yield Contradiction(
                path=("published", position),
                message=f"{what} of '{row.arm}' at '{row.visit}' is given a second time; one "
                "row each is allowed. Delete one.",
            )
        seen.add(place)


def _variants(protocol: Protocol) -> Iterator[Contradiction]:
    variants = protocol.variants
    if not is_read(variants):
        return
    yield from _number_of("variants", len(variants), 0, MAX_VARIANTS, "variants", "")
    yield from _twice("variants", [variant.name for variant in variants], "name", "variants")
    for i, variant in enumerate(variants):
        seen: set[str] = set()
        for j, choice in enumerate(variant.lifestyle):
            if is_read(choice.name) and choice.name in seen:
                yield Contradiction(
                    path=("variants", i, "lifestyle", j),
                    message=f"'{choice.name}' stands a second time in '{variant.name}'; once is "
                    "allowed. Delete one.",
                )
            seen.add(choice.name)
        if variant.meals is not None and is_read(variant.meals):
            yield from _variant_meals(protocol, variant, i)
        yield from _variant_additions(protocol, variant, i)


def _variant_additions(protocol: Protocol, variant: Variant, i: int) -> Iterator[Contradiction]:
    if not is_read(variant.adds) or not variant.adds:
        return
    if is_read(variant.supervision) and variant.supervision != "self_directed":
        yield Contradiction(
            path=("variants", i, "adds"),
            message=f"patients of '{variant.name}' add drugs by themselves, but are supervised; "
            "a clinician's drug is a regimen of an arm. Write 'supervision: self_directed'.",
        )
    for j, one in enumerate(variant.adds):
        if is_read(one.share) and one.share == 0:
            yield Contradiction(
                path=("variants", i, "adds", j, "share"),
                message="0 % of patients; more than 0 % is allowed. Change it or delete the entry.",
            )
        if is_read(one.start) and is_read(protocol.duration) and one.start >= protocol.duration:
            yield Contradiction(
                path=("variants", i, "adds", j, "start"),
                message=f"it starts at {write_span(one.start)}, the trial ends at "
                f"{write_span(protocol.duration)}; a start before the end is allowed. Move it.",
            )
    drugs = [one.drug for one in variant.adds]
    for j, drug in enumerate(drugs):
        if is_read(drug) and drug in drugs[:j]:
            yield Contradiction(
                path=("variants", i, "adds", j),
                message=f"'{drug}' is added twice; once is allowed. Delete one.",
            )


def _variant_meals(protocol: Protocol, variant: Variant, i: int) -> Iterator[Contradiction]:
    if not variant.meals:
        yield Contradiction(
            path=("variants", i, "meals"),
            message=f"'{variant.name}' has an empty list of meals, so nobody eats; at least one "
            "meal is needed. Delete 'meals' to keep those of the protocol.",
        )
    if is_read(protocol.meals) and not protocol.meals:
        yield Contradiction(
            path=("variants", i, "meals"),
            message=f"'{variant.name}' has meals and the protocol has none, so that supply is even "
            "all day and meals do nothing; a protocol with meals is needed. Write 'meals' there.",
        )
    if is_read(variant.nutrition) and variant.nutrition != "usual":
        yield Contradiction(
            path=("variants", i, "meals"),
            message=f"'{variant.name}' has meals and the eating pattern '{variant.nutrition}'; one "
            "of the two is allowed. Delete one.",
        )


def _number_of(
    key: str, count: int, low: int, high: int, things: str, example: str
) -> Iterator[Contradiction]:
    if count < low:
        yield Contradiction(
            path=(key,),
            message=f"the list is empty; at least {low} of {things} is needed. Write '{key}: "
            f"{example}'.",
        )
    elif count > high:
        yield Contradiction(
            path=(key,),
            message=f"{count} {things} were given; at most {high} are allowed. Split the protocol.",
        )


def _twice(key: str, names: Sequence[str], inner: str, things: str) -> Iterator[Contradiction]:
    """Refuse names that differ in nothing but case: people could not tell them apart."""
    seen: dict[str, str] = {}
    for position, name in enumerate(names):
        if not is_read(name):
            continue
        if name.casefold() in seen:
            yield Contradiction(
                path=(key, position, inner) if inner else (key, position),
                message=f"'{name}' is the second of this name; {things} have different names. "
                "Rename or delete one.",
            )
        seen[name.casefold()] = name


_RULES = (
    _visits,
    _visit_window,
    _arms,
    _control,
    _sizes,
    _regimens,
    _endpoints,
    _analysis,
    _published,
    _variants,
    *CONDUCT_RULES,
    *MODEL_RULES,
)
