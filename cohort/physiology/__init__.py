"""Systems of the body that serve the transmitters: precursors and the blood-brain barrier, enzymes.

One system a file, each a function that returns a `cohort.model.Submodel`; they meet the
transmitters only through ports.
"""

from cohort.physiology.monoamine_oxidase import monoamine_oxidase
from cohort.physiology.precursors import precursors

__all__ = ["monoamine_oxidase", "precursors"]
