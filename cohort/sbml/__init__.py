"""Models in SBML: those of others read and turned into the engine's own terms, ours written.

A file is guarded against hostile XML (`guard`), read and flattened by libSBML (`document`), copied
into plain declarations (`declare`, mathematics by `formula`), and its quantities become states,
parameters, equations and initial values (`equations`). Enters at `read_sbml`; leaves as an
`SbmlModel`, which holds a `kernels.OdeSystem`. `write` goes the other way and needs no library;
`mathml` writes its formulas. Reading needs the extra ``sbml``; imports kernels, SymPy
and NumPy, and libSBML only when a file is read.
"""

from cohort.sbml.errors import SbmlError, UnsupportedSbmlError
from cohort.sbml.mathml import ExportError
from cohort.sbml.model import SbmlModel
from cohort.sbml.read import parse_sbml, read_sbml
from cohort.sbml.write import sbml_text

__all__ = [
    "ExportError",
    "SbmlError",
    "SbmlModel",
    "UnsupportedSbmlError",
    "parse_sbml",
    "read_sbml",
    "sbml_text",
]
