"""What a trial of a model from a file must agree with: its keys, its drugs, its endpoints.

`model_rules` are among the rules of `cohort.trial.contradictions`, which read no file;
`model_content` is asked by `cohort.trial.content` in place of what it checks of our patient. May
import `cohort.imported` and `cohort.population`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic_core import PydanticSerializationError

from cohort.errors import ExpressionError
from cohort.imported.trial_model import model_contradictions, trial_model
from cohort.population import column_kinds
from cohort.trial.assumptions import Assumptions
from cohort.trial.eligibility import parse_criterion
from cohort.trial.ratings import Ratings
from cohort.yaml_files import Contradiction, is_read, nearest_hint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cohort.trial.model_choice import ImportedModel
    from cohort.trial.protocol import Protocol
    from cohort.yaml_files.contradictions import KeyPath

__all__ = ["MODEL_RULES", "model_content"]

_OF_OUR_PATIENT: Final = {  # key: value that asks for nothing
    "systems": (),
    "visit_window": None,
    "dose_modification": False,
    "lead_in": None,
    "rescue": None,
    "follow_up": None,
    "missed_visits": None,
    "adverse_events": (),
    "measures": (),
    "ascertainment": "spontaneous",
    "ratings": Ratings(),
    "assumptions": Assumptions(),
    "analysis": None,
    "published": (),
}


def _one_of_the_two(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse a trial of nobody, and of two kinds of patient at once."""
    condition, model = protocol.condition, protocol.model
    if not is_read(condition) or not is_read(model):
        return
    if not condition and model is None:
        yield Contradiction(
            path=("condition",),
            message="the key 'condition' is missing; it is needed, or 'model' with a file in SBML. "
            "Add the line 'condition: major_depression'.",
        )
    if condition and model is not None:
        yield Contradiction(
            path=("model",),
            message=f"a model from a file stands beside the condition '{condition}', which is of "
            "our patient; one of the two is allowed. Delete one.",
        )
    if model is None and protocol.run_in == 0:
        yield Contradiction(
            path=("run_in",),
            message="'0 day' was given; from 1 day to 52 week is allowed. Change the value.",
        )


def _keys_of_our_patient(protocol: Protocol) -> Iterator[Contradiction]:
    """Refuse what would do nothing in a model from a file."""
    if not is_read(protocol.model) or protocol.model is None:
        return
    places: list[KeyPath] = [
        (key,)
        for key, nothing in _OF_OUR_PATIENT.items()
        if is_read(getattr(protocol, key)) and getattr(protocol, key) != nothing
    ]
    if is_read(protocol.population) and protocol.population.entry is not None:
        places.append(("population", "entry"))
    for i, arm in enumerate(protocol.arms):
        if is_read(arm) and arm.supplements:
            places.append(("arms", i, "supplements"))
        places += [
            ("arms", i, "regimens", j, "titrate")
            for j, regimen in enumerate(arm.regimens)
            if is_read(regimen) and regimen.titrate is not None
        ]
    for i, variant in enumerate(protocol.variants):
        usual = (("lifestyle", ()), ("nutrition", "usual"), ("meals", None))
        places += [
            ("variants", i, key)
            for key, nothing in usual
            if is_read(getattr(variant, key)) and getattr(variant, key) != nothing
        ]
    for path in places:
        yield Contradiction(
            path=path,
            message=f"'{path[-1]}' acts on our patient, and the patients of this trial are a model "
            "from a file, where it does nothing. Delete it.",
        )


MODEL_RULES: Final = (_one_of_the_two, _keys_of_our_patient)
"""Rules that read no file."""


def _is_valid(choice: ImportedModel) -> bool:
    """Tell whether everything in a choice could be read and stands together."""
    try:
        text = choice.model_dump_json()
        type(choice).model_validate_json(text)
    except (ValueError, TypeError, PydanticSerializationError):
        return False
    return True


def _is_written(protocol: Protocol, key: str) -> bool:
    """Tell whether a file has a key: a partly read record has all, by their defaults."""
    is_partial = len(protocol.model_fields_set) == len(type(protocol).model_fields)
    return key in protocol.model_fields_set and not is_partial


def model_content(protocol: Protocol) -> Iterator[Contradiction]:
    """List what of a trial does not fit the file that it names.

    Parameters
    ----------
    protocol
        Whole or partly read protocol with a model.

    Yields
    ------
    Contradictions with their key paths.

    Examples
    --------
    >>> model_content.__name__  # shown by tests/cohort/imported/test_model_protocols.py
    'model_content'
    """
    choice = protocol.model
    if choice is None or not is_read(choice):
        return
    if is_read(protocol.meals) and protocol.meals and _is_written(protocol, "meals"):
        yield Contradiction(
            path=("meals",),
            message="'meals' act on our patient, and the patients of this trial are a model from a "
            "file, where they do nothing. Delete them.",
        )
    if is_read(choice.drugs) and all(is_read(one) and is_read(one.name) for one in choice.drugs):
        yield from _regimens(protocol, [one.name for one in choice.drugs])
    if protocol.randomisation is not None and is_read(protocol.randomisation):
        yield from _strata(protocol.randomisation.strata)
    if not _is_valid(choice):
        return
    wrong = model_contradictions(choice)
    for one in wrong:
        yield Contradiction(path=("model", *one.path), message=one.message)
    if wrong:
        return
    reported = trial_model(choice).reported
    for position, name in enumerate(protocol.endpoints):
        if is_read(name) and name not in reported:
            yield Contradiction(
                path=("endpoints", position),
                message=f"'{name}' is not among what this model reports. "
                f"{nearest_hint(name, reported)}",
            )


def _regimens(protocol: Protocol, drugs: Sequence[str]) -> Iterator[Contradiction]:
    places: list[tuple[KeyPath, str]] = [
        (("arms", i, "regimens", j, "drug"), regimen.drug)
        for i, arm in enumerate(protocol.arms)
        for j, regimen in enumerate(arm.regimens)
    ]
    for key in ("background", "previous"):
        taken = enumerate(getattr(protocol, key))
        places += [((key, j, "drug"), one.drug) for j, one in taken]
    for i, variant in enumerate(protocol.variants):
        places += [
            (("variants", i, "adds", j, "drug"), one.drug) for j, one in enumerate(variant.adds)
        ]
    for path, drug in places:
        if is_read(drug) and drug not in drugs:
            yield Contradiction(
                path=path,
                message=f"'{drug}' is not among the drugs of the model. "
                f"{nearest_hint(drug, drugs)} The key 'model.drugs' says where its doses go.",
            )


def _strata(strata: Sequence[str]) -> Iterator[Contradiction]:
    kinds = column_kinds()
    for k, rule in enumerate(strata):
        if is_read(rule):
            try:
                parse_criterion(rule, kinds)
            except ExpressionError as error:
                yield Contradiction(path=("randomisation", "strata", k), message=str(error))
