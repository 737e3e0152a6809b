"""Systems of the body that serve or drive the transmitters, and how these act on one another.

Precursors and the blood-brain barrier, enzymes, cofactors, the stress axis, inflammation,
biofluids, balance. One system a file, each a function that returns a `cohort.model.Submodel`; they
meet the transmitters only through ports.
"""

from cohort.physiology.amino_acid_gut import amino_acid_gut
from cohort.physiology.balance import balance
from cohort.physiology.brain_tyrosine import brain_tyrosine
from cohort.physiology.cerebrospinal_fluid import cerebrospinal_fluid
from cohort.physiology.cofactors import cofactors
from cohort.physiology.cortisol import cortisol
from cohort.physiology.crosstalk import COUPLINGS, Coupling, crosstalk
from cohort.physiology.hydroxytryptophan import hydroxytryptophan
from cohort.physiology.inflammation import inflammation
from cohort.physiology.kynurenine import kynurenine
from cohort.physiology.monoamine_oxidase import monoamine_oxidase
from cohort.physiology.peripheral_pools import peripheral_pools
from cohort.physiology.precursors import precursors
from cohort.physiology.tyramine import tyramine

__all__ = [
    "COUPLINGS",
    "Coupling",
    "amino_acid_gut",
    "balance",
    "brain_tyrosine",
    "cerebrospinal_fluid",
    "cofactors",
    "cortisol",
    "crosstalk",
    "hydroxytryptophan",
    "inflammation",
    "kynurenine",
    "monoamine_oxidase",
    "peripheral_pools",
    "precursors",
    "tyramine",
]
