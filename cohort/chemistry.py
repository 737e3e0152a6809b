"""The chemistry of one brain: which systems there are, and a model of those that are asked for.

A table of systems, each with what it needs. Asking for one brings what it needs and nothing else,
so a trial of depression does not pay for acetylcholine. Ports connect what is there and stay at
rest for what is not. May import every room of systems; `cohort.patient_model` and the command line
enter here.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from cohort.errors import UnknownNameError
from cohort.model import Model, Submodel, assemble
from cohort.physiology import (
    COUPLINGS,
    Coupling,
    amino_acid_gut,
    balance,
    brain_tyrosine,
    cerebrospinal_fluid,
    cofactors,
    cortisol,
    crosstalk,
    hydroxytryptophan,
    inflammation,
    kynurenine,
    monoamine_oxidase,
    peripheral_pools,
    precursors,
    tyramine,
)
from cohort.physiology.cortisol import Rhythm
from cohort.transmitters import (
    acetylcholine,
    cortical_dopamine,
    dopamine,
    gaba_glutamate,
    histamine,
    levodopa_in_serotonin_terminals,
    mesolimbic_dopamine,
    noradrenaline,
    serotonin,
)
from kernels import symbol

__all__ = [
    "WHOLE",
    "Biomarker",
    "Setting",
    "System",
    "biomarkers",
    "chemistry",
    "chemistry_model",
    "find_system",
    "system_names",
    "with_needs",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How the systems are built.

    Parameters
    ----------
    meals
        Whether the supply of amino acids follows meals of the schedule.
    rhythm
        Daily course of the stress axis.
    couplings
        How transmitters act on one another.

    Examples
    --------
    >>> Setting(rhythm="circadian").meals
    False
    """

    meals: bool = False
    rhythm: Rhythm = "none"
    couplings: tuple[Coupling, ...] = COUPLINGS


@dataclass(frozen=True, slots=True)
class Biomarker:
    """A quantity that a trial reports at its visits.

    Parameters
    ----------
    code
        Parameter code of the tables, at most eight letters.
    quantity
        State, rule or control of the model.
    factor
        From the unit of the model to that of the table.
    unit
        Unit of the table.

    Examples
    --------
    >>> Biomarker("CHVA", "hva_csf", 1e3, "nmol/L").quantity
    'hva_csf'
    """

    code: str
    quantity: str
    factor: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One system of the chemistry.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    build
        Makes its submodel.
    needs
        Systems without which it is not whole.
    reports
        Quantities that people look at: states or rules, by name.
    biomarkers
        What a trial reports of it.

    Examples
    --------
    >>> find_system("dopamine").reports[0]
    'dopamine_extracellular'
    """

    name: str
    title: str
    build: Callable[[Setting], Submodel]
    needs: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    biomarkers: tuple[Biomarker, ...] = ()


_MONOAMINE = ("precursors", "monoamine_oxidase_a", "cerebrospinal_fluid")
_CATECHOLAMINE = (*_MONOAMINE, "brain_tyrosine")

_TABLE: Final = (
    System(
        name="precursors",
        title="Amino acids in plasma and the blood-brain barrier",
        build=lambda setting: precursors(meals=setting.meals),
        reports=("trp_plasma", "trp_free", "tyr_plasma", "trp_lnaa_ratio", "trp_brain"),
    ),
    System(
        name="brain_tyrosine",
        title="Tyrosine in brain",
        build=lambda _: brain_tyrosine(),
        needs=("precursors",),
        reports=("tyr_brain",),
    ),
    System(name="cofactors", title="Vitamin B6, SAMe, iron", build=lambda _: cofactors()),
    System(
        name="monoamine_oxidase_a",
        title="Monoamine oxidase A",
        build=lambda _: monoamine_oxidase("a"),
        reports=("mao_a_activity",),
    ),
    System(
        name="monoamine_oxidase_b",
        title="Monoamine oxidase B",
        build=lambda _: monoamine_oxidase("b"),
        reports=("mao_b_activity",),
    ),
    System(
        name="cerebrospinal_fluid",
        title="Turnover of spinal fluid",
        build=lambda _: cerebrospinal_fluid(),
    ),
    System(
        name="serotonin",
        title="Serotonin",
        build=lambda _: serotonin(),
        needs=_MONOAMINE,
        reports=(
            "serotonin_extracellular",
            "serotonin_firing",
            "serotonin_synthesis",
            "hiaa_brain",
            "hiaa_csf",
        ),
        biomarkers=(
            Biomarker("SERTOCC", "sert_occupancy", 1.0, "1"),
            Biomarker("EC5HT", "serotonin_extracellular", 1e3, "nmol/L"),
            Biomarker("C5HIAA", "hiaa_csf", 1e3, "nmol/L"),
            Biomarker("TRPPL", "trp_plasma", 1.0, "umol/L"),
        ),
    ),
    System(
        name="dopamine",
        title="Dopamine, nigrostriatal",
        build=lambda _: dopamine(),
        needs=(*_CATECHOLAMINE, "monoamine_oxidase_b"),
        reports=(
            "dopamine_extracellular",
            "dopamine_firing",
            "dopamine_synthesis",
            "motor_drive",
            "dopac_brain",
            "methoxytyramine_brain",
            "hva_csf",
        ),
        biomarkers=(
            Biomarker("ECDA", "dopamine_extracellular", 1e3, "nmol/L"),
            Biomarker("CHVA", "hva_csf", 1e3, "nmol/L"),
        ),
    ),
    System(
        name="mesolimbic_dopamine",
        title="Dopamine, mesolimbic",
        build=lambda _: mesolimbic_dopamine(),
        needs=(*_CATECHOLAMINE, "monoamine_oxidase_b"),
        reports=("dopamine_extracellular_mesolimbic",),
    ),
    System(
        name="noradrenaline",
        title="Noradrenaline",
        build=lambda _: noradrenaline(),
        needs=_CATECHOLAMINE,
        reports=("noradrenaline_extracellular", "noradrenaline_firing", "mhpg_csf"),
        biomarkers=(
            Biomarker("ECNA", "noradrenaline_extracellular", 1e3, "nmol/L"),
            Biomarker("CMHPG", "mhpg_csf", 1e3, "nmol/L"),
        ),
    ),
    System(
        name="cortical_dopamine",
        title="Dopamine in prefrontal cortex",
        build=lambda _: cortical_dopamine(),
        needs=("dopamine", "noradrenaline"),
        reports=("dopamine_cortical",),
    ),
    System(
        name="levodopa",
        title="Levodopa, in serotonin terminals too",
        build=lambda _: levodopa_in_serotonin_terminals(),
        needs=("serotonin", "dopamine"),
        reports=("levodopa_brain", "dopamine_foreign_release"),
    ),
    System(
        name="amino_acids",
        title="Amino acids of single proteins, drinks and supplements",
        build=lambda _: amino_acid_gut(),
        needs=("precursors",),
        reports=("amino_acids_in_gut", "anabolic_drive"),
    ),
    System(
        name="hydroxytryptophan",
        title="5-HTP that is swallowed",
        build=lambda _: hydroxytryptophan(),
        needs=("serotonin",),
        reports=("htp_plasma",),
    ),
    System(
        name="acetylcholine",
        title="Acetylcholine",
        build=lambda _: acetylcholine(),
        reports=("acetylcholine_extracellular", "choline_extracellular"),
        biomarkers=(Biomarker("ECACH", "acetylcholine_extracellular", 1e3, "nmol/L"),),
    ),
    System(
        name="gaba_glutamate",
        title="GABA and glutamate",
        build=lambda _: gaba_glutamate(),
        reports=(
            "glutamate_extracellular",
            "gaba_extracellular",
            "gaba_total",
            "excitation_inhibition",
        ),
        biomarkers=(
            Biomarker("GABA", "gaba_total", 1e-3, "mmol/L"),
            Biomarker("EIRATIO", "excitation_inhibition", 1.0, "1"),
        ),
    ),
    System(
        name="histamine",
        title="Histamine",
        build=lambda _: histamine(),
        reports=("histamine_extracellular",),
    ),
    System(
        name="cortisol",
        title="Stress axis",
        build=lambda setting: cortisol(setting.rhythm),
        reports=("cortisol", "acth"),
        biomarkers=(Biomarker("CORT", "cortisol", 6.3, "ug/dL"),),
    ),
    System(
        name="inflammation",
        title="Inflammation and tetrahydrobiopterin",
        build=lambda _: inflammation(),
        reports=("tnf", "il6", "ido_activity", "bh4"),
        biomarkers=(Biomarker("IL6", "il6", 1.0, "1"),),
    ),
    System(
        name="kynurenine",
        title="Kynurenine branch",
        build=lambda _: kynurenine(),
        needs=("precursors", "inflammation"),
        reports=("kynurenine_plasma", "kynurenine_brain", "quinolinate_brain"),
        biomarkers=(Biomarker("KYNPL", "kynurenine_plasma", 1.0, "umol/L"),),
    ),
    System(
        name="peripheral_pools",
        title="Gut, platelets, sympathetic nerves, plasma, urine",
        build=lambda _: peripheral_pools(),
        needs=("precursors", "monoamine_oxidase_a"),
        reports=(
            "serotonin_platelet",
            "noradrenaline_plasma",
            "hva_plasma",
            "mhpg_plasma",
            "urine_hiaa",
            "urine_hva",
            "urine_vma",
            "urine_mhpg",
            "urine_cortisol",
        ),
        biomarkers=(
            Biomarker("PLT5HT", "serotonin_platelet", 1.0, "1"),
            Biomarker("U5HIAA", "urine_hiaa", 1.0, "mg/day"),
            Biomarker("UHVA", "urine_hva", 1.0, "mg/day"),
            Biomarker("UMHPG", "urine_mhpg", 1.0, "mg/day"),
        ),
    ),
    System(
        name="tyramine",
        title="Pressor threshold of tyramine in food",
        build=lambda _: tyramine(),
        needs=("monoamine_oxidase_a",),
        reports=("tyramine_threshold",),
        biomarkers=(Biomarker("TYR30", "tyramine_threshold", 1.0, "mg"),),
    ),
)
_SYSTEMS: Final = {system.name: system for system in _TABLE}

_BY_CHOICE: Final = (
    "mesolimbic_dopamine",
    "levodopa",
    "amino_acids",
    "hydroxytryptophan",
    "tyramine",
)
WHOLE: Final = tuple(name for name in _SYSTEMS if name not in _BY_CHOICE)
"""The whole chemistry: all systems but those that only some conditions and treatments need."""


def system_names() -> tuple[str, ...]:
    """Return the name of every system.

    Examples
    --------
    >>> system_names()[:2]
    ('precursors', 'brain_tyrosine')
    """
    return tuple(_SYSTEMS)


def find_system(name: str) -> System:
    """Return a system by name.

    Raises
    ------
    UnknownNameError
        If there is none.

    Examples
    --------
    >>> find_system("dopamin")
    Traceback (most recent call last):
    ...
    cohort.errors.UnknownNameError: ...
    """
    if name not in _SYSTEMS:
        raise UnknownNameError("chemistry", name, _SYSTEMS, "system")
    return _SYSTEMS[name]


def with_needs(names: Iterable[str]) -> tuple[str, ...]:
    """Return systems with all that they need, in the order of the table.

    Parameters
    ----------
    names
        Systems that are asked for.

    Raises
    ------
    UnknownNameError
        If a system does not exist.

    Examples
    --------
    >>> with_needs(["serotonin"])
    ('precursors', 'monoamine_oxidase_a', 'cerebrospinal_fluid', 'serotonin')
    """
    found: set[str] = set()
    todo = list(names)
    while todo:
        system = find_system(todo.pop())
        if system.name not in found:
            found.add(system.name)
            todo += system.needs
    return tuple(name for name in _SYSTEMS if name in found)


def biomarkers(names: Iterable[str]) -> tuple[Biomarker, ...]:
    """Return what a trial with some systems reports.

    Parameters
    ----------
    names
        Systems; what they need is counted in.

    Raises
    ------
    UnknownNameError
        If a system does not exist.

    Examples
    --------
    >>> [marker.code for marker in biomarkers(["serotonin"])]
    ['SERTOCC', 'EC5HT', 'C5HIAA', 'TRPPL']
    """
    return tuple(marker for name in with_needs(names) for marker in find_system(name).biomarkers)


_USUAL = Setting()


def chemistry(names: Iterable[str] = WHOLE, setting: Setting = _USUAL) -> tuple[Submodel, ...]:
    """Return the submodels of some systems, of what they need, and of what joins them.

    Parameters
    ----------
    names
        Systems that are asked for.
    setting
        How they are built.

    Returns
    -------
    Submodels in the order of the table, then ``crosstalk`` and ``balance``.

    Raises
    ------
    UnknownNameError
        If a system does not exist.

    Examples
    --------
    >>> [part.name for part in chemistry(["serotonin", "cortisol"])][-3:]
    ['cortisol', 'crosstalk', 'balance']
    """
    parts = [find_system(name).build(setting) for name in with_needs(names)]
    provided = {name for part in parts for name in part.provides}
    return (*parts, crosstalk(setting.couplings, provided), balance(provided))


@functools.cache
def chemistry_model(names: tuple[str, ...] = WHOLE, setting: Setting = _USUAL) -> Model:
    """Return the assembled model of some systems, observing every state and every rule.

    Parameters
    ----------
    names, setting
        As in `chemistry`.

    Returns
    -------
    Model with one observable a state and a rule; they cost nothing between save times.

    Raises
    ------
    UnknownNameError
        If a system does not exist.

    Examples
    --------
    >>> model = chemistry_model(("serotonin",))
    >>> "imbalance" in model.system.observables, len(model.system.states)
    (True, 19)
    """
    parts = chemistry(names, setting)
    observed = [item.name for part in parts for item in part.species]
    observed += [name for part in parts for name in part.rules]
    return assemble("chemistry", parts, {name: symbol(name) for name in observed})
