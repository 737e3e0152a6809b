"""The patient of a trial: serotonin and its precursors, MAO-A, and the compounds that are given.

One model serves all arms of a protocol, so that a patient on placebo solves the very equations of
the same patient on a drug. The way in is `patient_model`.
"""

import functools
from typing import Final

from cohort.compounds import Compound
from cohort.model import Model, Submodel, assemble
from cohort.physiology.cyp2d6 import cyp2d6
from cohort.physiology.monoamine_oxidase import monoamine_oxidase
from cohort.physiology.pharmacokinetics import pharmacokinetics
from cohort.physiology.precursors import precursors
from cohort.physiology.sert_binding import sert_binding
from cohort.transmitters.serotonin import serotonin
from kernels import symbol

__all__ = ["BIOMARKERS", "DAILY_MEANS", "patient_model"]

DAILY_MEANS: Final = ("serotonin_extracellular", "serotonin_firing")
"""What outcomes read as daily means; the integral is observed as ``total_<name>``."""

BIOMARKERS: Final = ("serotonin_extracellular", "hiaa_csf", "sert_occupancy", "trp_plasma")
"""What is reported as it stands at a time; each has an observable ``<name>_now``."""


def patient_model(compounds: tuple[Compound, ...]) -> Model:
    """Return the model of a patient who may take some compounds.

    Parameters
    ----------
    compounds
        The compounds of all drugs of a protocol, metabolites included, each once.

    Returns
    -------
    Model with a quadrature for each of `DAILY_MEANS`, observed as ``total_<name>``, and an
    observable ``<name>_now`` for each of `BIOMARKERS` and every ``concentration_<compound>``.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> model = patient_model(load_drug("escitalopram").compounds)
    >>> "central_s_citalopram" in model.system.states
    True
    """
    return _patient_model(tuple(compound.model_dump_json() for compound in compounds))


@functools.cache
def _patient_model(texts: tuple[str, ...]) -> Model:
    # compounds hold mappings and cannot be keys; their text can
    compounds = tuple(Compound.model_validate_json(text) for text in texts)
    parts: list[Submodel] = [precursors(meals=True), serotonin(), monoamine_oxidase()]
    if compounds:
        parts += [pharmacokinetics(compound) for compound in compounds]
        parts.append(sert_binding(compounds))
        if any(route.enzyme == "cyp2d6" for c in compounds for route in c.elimination):
            parts.append(cyp2d6(compounds))
    observed = [*BIOMARKERS, *(f"concentration_{compound.name}" for compound in compounds)]
    return assemble(
        "patient",
        parts,
        observables={f"{name}_now": symbol(name) for name in observed}
        | {f"total_{name}": symbol(f"sum_{name}") for name in DAILY_MEANS},
        quadratures={f"sum_{name}": symbol(name) for name in DAILY_MEANS},
    )
