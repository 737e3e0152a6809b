"""The way in: a file goes through guard, libSBML, declarations and equations to a model."""

from __future__ import annotations

from pathlib import Path

from cohort.sbml.declare import declare
from cohort.sbml.document import open_document
from cohort.sbml.equations import assemble_equations
from cohort.sbml.errors import UnsupportedSbmlError, mistake
from cohort.sbml.guard import read_text
from cohort.sbml.library import libsbml
from cohort.sbml.model import SbmlModel, build_model

__all__ = ["parse_sbml", "read_sbml"]


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
        If it is valid and uses what the engine does not have, by name.
    MissingLibraryError
        If libSBML is not installed.

    Examples
    --------
    >>> from cohort.sbml.example import DECAY
    >>> _ = Path("decay.xml").write_text(DECAY)
    >>> model = read_sbml("decay.xml")
    >>> model.system.rhs["S_amount"], model.parameters["k"], model.initial["S_amount"]
    (-S_amount*k, 0.5, 3*c)
    """
    path = Path(path)
    return _read(read_text(path), path)


def parse_sbml(text: str, file: str = "model.xml") -> SbmlModel:
    """Read a model from its text.

    Parameters
    ----------
    text
        A document in SBML Level 2 or 3.
    file
        What messages call it; external models are looked for beside it.

    Raises
    ------
    SbmlError, UnsupportedSbmlError, MissingLibraryError
        As `read_sbml`.

    Examples
    --------
    >>> from cohort.sbml.example import DECAY
    >>> parse_sbml(DECAY).system.states
    ('S_amount',)
    """
    return _read(text, Path(file))


def _read(text: str, path: Path) -> SbmlModel:
    library = libsbml()
    document = open_document(text, path, library)
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
