"""The way in: a file goes through guard, libSBML, declarations and equations to a model."""

from __future__ import annotations

from pathlib import Path

from cohort.sbml.declare import declare
from cohort.sbml.document import open_document
from cohort.sbml.equations import assemble_equations
from cohort.sbml.errors import UnsupportedSbmlError, mistake
from cohort.sbml.library import libsbml
from cohort.sbml.model import SbmlModel, build_model

__all__ = ["read_sbml"]


def read_sbml(path: Path | str) -> SbmlModel:
    """Read a model in SBML Level 2 or 3.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    The model, ready to integrate.

    Raises
    ------
    SbmlError
        If the file is hostile, no SBML, or contradicts itself; every mistake is named.
    UnsupportedSbmlError
        If it is valid and uses what the engine does not have; every such feature is named.
    MissingLibraryError
        If libSBML is not installed.

    Examples
    --------
    >>> text = '''<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">
    ...   <model timeUnits="second"><listOfParameters>
    ...     <parameter id="k" value="2" constant="true"/>
    ...     <parameter id="x" value="1" constant="false"/>
    ...   </listOfParameters><listOfRules><rateRule variable="x">
    ...     <math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/>
    ...       <cn>-1</cn><ci>k</ci><ci>x</ci></apply></math></rateRule></listOfRules></model></sbml>'''
    >>> from pathlib import Path
    >>> _ = Path("decay.xml").write_text(text)
    >>> model = read_sbml("decay.xml")
    >>> model.system.rhs["x"], model.parameters["k"], model.initial["x"]
    (-k*x, 2.0, 1)
    """
    path = Path(path)
    library = libsbml()
    document = open_document(path, library)
    try:
        declared = declare(document)
        equations = assemble_equations(declared)
        return build_model(declared, equations, document)
    except RecursionError as error:  # SymPy walks deep expressions by recursion
        raise UnsupportedSbmlError(
            [
                mistake(
                    path.name,
                    "",
                    "an expression has too many levels once everything is written out",
                    "Simplify its function definitions and assignment rules",
                )
            ],
            ["too deep"],
        ) from error
