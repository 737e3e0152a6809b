"""The patient of a trial: the systems that are asked for, and the compounds that are given.

One model serves all arms of a protocol, so that a patient on placebo solves the very equations of
the same patient on a drug. The way in is `patient_model`.
"""

import functools
from collections.abc import Iterable

from cohort.chemistry import Setting, biomarkers, chemistry, with_needs
from cohort.compounds import Compound
from cohort.model import Model, Submodel, assemble, with_shifts
from cohort.physiology.enzymes import enzymes
from cohort.physiology.pharmacokinetics import pharmacokinetics
from cohort.physiology.targets import targets
from kernels import symbol

__all__ = ["drug_submodels", "patient_model"]


def drug_submodels(
    compounds: Iterable[Compound], inputs: Iterable[str] = ()
) -> tuple[Submodel, ...]:
    """Return what compounds bring into a model: their ways, the enzymes, the targets.

    Parameters
    ----------
    compounds
        Compounds in the body, metabolites included, each once.
    inputs
        Inputs that doses hold at a rate, see `cohort.drugs.Drug.inputs`.

    Returns
    -------
    Submodels; none without compounds.

    Examples
    --------
    >>> from cohort.drugs import load_drug
    >>> [part.name for part in drug_submodels(load_drug("sertraline").compounds)]
    ['pharmacokinetics_sertraline', 'targets', 'enzymes']
    """
    present, used = tuple(compounds), frozenset(inputs)
    if not present:
        return ()
    names = [compound.name for compound in present]
    ways = (pharmacokinetics(compound, names, used) for compound in present)
    return (*ways, targets(present), enzymes(present))


def patient_model(
    compounds: tuple[Compound, ...],
    systems: tuple[str, ...] = ("serotonin",),
    inputs: frozenset[str] = frozenset(),
    means: tuple[str, ...] = (),
    shifted: tuple[str, ...] = (),
    wanted: tuple[str, ...] = (),
) -> Model:
    """Return the model of a patient who may take some compounds.

    Parameters
    ----------
    compounds
        The compounds of all drugs of a protocol, metabolites included, each once.
    systems
        Systems of `cohort.chemistry`, serotonin among them; what they need comes with them. The
        stress axis follows the clock.
    inputs
        Inputs that doses hold at a rate, see `cohort.drugs.Drug.inputs`.
    means
        States and rules that outcomes read as daily means.
    shifted
        Parameters that a schedule moves in windows of the day; see `cohort.model.with_shifts`.
    wanted
        The same as ``means``, but left out where these systems and compounds do not have them:
        the occupancy of a target that nothing binds.

    Returns
    -------
    Model with a quadrature for each daily mean, observed as ``total_<name>``, and an observable
    ``<name>_now`` for each biomarker of the systems, every ``concentration_<compound>`` and every
    ``occupancy_<target>``.

    Raises
    ------
    UnknownNameError
        If a system or a shifted parameter does not exist, or no system has a state or rule of a
        name in ``means``.
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
        tuple(compound.model_dump_json() for compound in compounds),
        with_needs(systems),
        tuple(sorted(inputs)),
        means,
        shifted,
        wanted,
    )


@functools.cache
def _patient_model(
    texts: tuple[str, ...],
    systems: tuple[str, ...],
    inputs: tuple[str, ...],
    means: tuple[str, ...],
    shifted: tuple[str, ...],
    wanted: tuple[str, ...],
) -> Model:
    # compounds hold mappings and cannot be keys; their text can
    compounds = tuple(Compound.model_validate_json(text) for text in texts)
    drugs = drug_submodels(compounds, inputs)
    parts = [*chemistry(systems, Setting(meals=True, rhythm="circadian")), *drugs]
    observed = [marker.quantity for marker in biomarkers(systems)]
    observed += [f"concentration_{compound.name}" for compound in compounds]
    observed += [rule for part in drugs for rule in part.rules if rule.startswith("occupancy_")]
    there = {name for part in parts for name in (*part.rules, *(one.name for one in part.species))}
    means = tuple(dict.fromkeys((*means, *(name for name in wanted if name in there))))
    model = assemble(
        "patient",
        parts,
        observables={f"{name}_now": symbol(name) for name in observed}
        | {f"total_{name}": symbol(f"sum_{name}") for name in means},
        quadratures={f"sum_{name}": symbol(name) for name in means},
    )
    return with_shifts(model, shifted)
