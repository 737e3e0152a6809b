"""Models that others wrote, in SBML: read, checked, and turned into the engine's own terms.

A file is guarded against hostile XML (`guard`), read and flattened by libSBML (`document`), copied
into plain declarations (`declare`, mathematics by `formula`), and its quantities become states,
parameters, equations and initial values (`equations`). Enters at `read_sbml`; leaves as an
`SbmlModel`, which holds a `kernels.OdeSystem`. Needs the extra ``sbml``; imports kernels, SymPy
and NumPy, and libSBML only when a file is read.
"""

from cohort.sbml.errors import SbmlError, UnsupportedSbmlError
from cohort.sbml.model import SbmlModel
from cohort.sbml.read import parse_sbml, read_sbml

__all__ = ["SbmlError", "SbmlModel", "UnsupportedSbmlError", "parse_sbml", "read_sbml"]
