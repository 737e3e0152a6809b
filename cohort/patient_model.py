"""The patient of a trial: the systems that are asked for, and the compounds that are given.

One model serves all arms of a protocol, so that a patient on placebo solves the very equations of
the same patient on a drug. The way in is `patient_model`.
"""

import functools
from typing import Final

from cohort.chemistry import Setting, biomarkers, chemistry, with_needs
from cohort.compounds import Compound
from cohort.model import Model, assemble, with_shifts
from cohort.physiology.cyp2d6 import cyp2d6
from cohort.physiology.pharmacokinetics import pharmacokinetics
from cohort.physiology.sert_binding import sert_binding
from kernels import symbol

__all__ = ["DAILY_MEANS", "patient_model"]

DAILY_MEANS: Final = ("serotonin_extracellular", "serotonin_firing")
"""What outcomes read as daily means; the integral is observed as ``total_<name>``."""


def patient_model(
    compounds: tuple[Compound, ...],
    systems: tuple[str, ...] = ("serotonin",),
    shifted: tuple[str, ...] = (),
) -> Model:
    """Return the model of a patient who may take some compounds.

    Parameters
    ----------
    compounds
        The compounds of all drugs of a protocol, metabolites included, each once.
    systems
        Systems of `cohort.chemistry`, serotonin among them; what they need comes with them. The
        stress axis follows the clock.
    shifted
        Parameters that a schedule moves in windows of the day; see `cohort.model.with_shifts`.

    Returns
    -------
    Model with a quadrature for each of `DAILY_MEANS`, observed as ``total_<name>``, and an
    observable ``<name>_now`` for each biomarker of the systems and every
    ``concentration_<compound>``.

    Raises
    ------
    UnknownNameError
        If a system or a shifted parameter does not exist.
    ModelError
        If a patient's rest is solved from a shifted parameter.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> model = patient_model(load_drug("escitalopram").compounds)
    >>> "central_s_citalopram" in model.system.states
    True
    >>> more = patient_model((), ("serotonin", "noradrenaline"))
    >>> "mhpg_csf_now" in more.system.observables, "dopamine_extracellular" in more.system.states
    (True, False)
    """
    return _patient_model(
        tuple(compound.model_dump_json() for compound in compounds), with_needs(systems), shifted
    )


@functools.cache
def _patient_model(
    texts: tuple[str, ...], systems: tuple[str, ...], shifted: tuple[str, ...]
) -> Model:
    # compounds hold mappings and cannot be keys; their text can
    compounds = tuple(Compound.model_validate_json(text) for text in texts)
    parts = list(chemistry(systems, Setting(meals=True, rhythm="circadian")))
    if compounds:
        parts += [pharmacokinetics(compound) for compound in compounds]
        parts.append(sert_binding(compounds))
        if any(route.enzyme == "cyp2d6" for c in compounds for route in c.elimination):
            parts.append(cyp2d6(compounds))
    observed = [marker.quantity for marker in biomarkers(systems)]
    observed += [f"concentration_{compound.name}" for compound in compounds]
    model = assemble(
        "patient",
        parts,
        observables={f"{name}_now": symbol(name) for name in observed}
        | {f"total_{name}": symbol(f"sum_{name}") for name in DAILY_MEANS},
        quadratures={f"sum_{name}": symbol(name) for name in DAILY_MEANS},
    )
    return with_shifts(model, shifted)
