"""Where libSBML is imported: late, and with a message that names the extra.

The C library reads nothing before `cohort.sbml.guard` has passed the text.
"""

from __future__ import annotations

from typing import Any

from cohort.errors import CohortError

__all__ = ["MissingLibraryError", "libsbml"]


class MissingLibraryError(CohortError, ImportError):
    """libSBML is not installed.

    Examples
    --------
    >>> issubclass(MissingLibraryError, ImportError)
    True
    """


def libsbml() -> Any:  # noqa: ANN401  # the module has no types
    """Return the module libSBML.

    Raises
    ------
    MissingLibraryError
        If it is not installed.

    Examples
    --------
    >>> libsbml().LIBSBML_DOTTED_VERSION >= "5"
    True
    """
    try:
        import libsbml as library  # noqa: PLC0415  # optional: the extra 'sbml'
    except ImportError as error:
        raise MissingLibraryError(
            "SBML: the package 'python-libsbml' is not installed; files in SBML need it. "
            "Install it with: pip install 'neurocohort[sbml]'"
        ) from error
    return library
