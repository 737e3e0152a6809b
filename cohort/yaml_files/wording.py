"""Sentences for people about values that could not be read.

pydantic says which rule was broken; here it becomes what was given, what is wanted, what to do.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from cohort.errors import FileContentError
from cohort.yaml_files.contradictions import CorrectableError

__all__ = ["describe", "explain", "listed_mistakes", "nearest_hint"]

_N_LISTED = 20
_N_MISTAKES = 10  # of a file that one message shows
_LONGEST_SHOWN = 60
_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "string": "a text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "mapping": "a mapping",
    "none": "nothing",
}
_BOUNDS = {
    "greater_than": "a number greater than {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number less than {lt}",
    "less_than_equal": "a number of at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "literal_error": "{expected}",
    "enum": "{expected}",
}


def describe(value: object) -> str:
    """Return how a message shows a value that was given.

    Examples
    --------
    >>> describe(True), describe("ten"), describe([1, 2])
    ('true', "'ten'", 'a list of 2')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        keys = ", ".join(str(key) for key in list(value)[:3])
        return f"a mapping ({keys}{', ...' if len(value) > 3 else ''})"  # noqa: PLR2004
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 4] + "...'"


def listed_mistakes(error: FileContentError) -> str:
    """Return the first mistakes of a file that another one names, each on a line.

    Parameters
    ----------
    error
        What its reader raised.

    Examples
    --------
    >>> from cohort.errors import Mistake
    >>> one = Mistake(file="a.yaml", line=3, key_path="dose", message="0 mg; more is allowed.")
    >>> listed_mistakes(FileContentError([one]))
    'a.yaml:3, dose: 0 mg; more is allowed.'
    """
    shown = "\n    ".join(str(mistake) for mistake in error.mistakes[:_N_MISTAKES])
    n_more = len(error.mistakes) - _N_MISTAKES
    more = f"\n    and {n_more} more. Correct these first." if n_more > 0 else ""
    return f"the file has mistakes:\n    {shown}{more}" if len(error.mistakes) > 1 else shown


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """Return the sentence that offers the nearest known names.

    Parameters
    ----------
    name
        The name that is not known.
    known
        Names that are.

    Returns
    -------
    A question with the nearest names, or the list of the known ones.

    Examples
    --------
    >>> nearest_hint("escitalopran", ["escitalopram", "sertraline"])
    "Did you mean 'escitalopram'?"
    >>> nearest_hint("x", ["escitalopram", "sertraline"])
    'Use one of: escitalopram, sertraline.'
    """
    names = sorted(known)
    folded = {one.casefold(): one for one in names}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=2, cutoff=0.6)
    if near:
        return "Did you mean " + " or ".join(repr(folded[one]) for one in near) + "?"
    if not names:
        return "None is known here."
    more = ", ..." if len(names) > _N_LISTED else ""
    return f"Use one of: {', '.join(names[:_N_LISTED])}{more}."


def explain(errors: Sequence[ErrorDetails], key: str) -> str:
    """Return one sentence for all that pydantic says about one value.

    Examples
    --------
    >>> error = {"type": "int_type", "loc": ("n",), "msg": "", "input": "ten"}
    >>> explain([error], "n")
    "'ten' was given; a whole number is wanted. Change the value."
    """
    for error in errors:
        said = error.get("ctx", {}).get("error")
        if isinstance(said, CorrectableError):
            return said.with_key(key)
        if error["type"] == "value_error":
            return str(said).removeprefix("value: ")
    given = errors[0]["input"]
    wanted = " or ".join(dict.fromkeys(_wanted(error) for error in errors))
    return f"{describe(given)} was given; {wanted} is wanted. {_remedy(given, wanted)}"


def _wanted(error: ErrorDetails) -> str:
    context: dict[str, Any] = error.get("ctx", {})
    kind = error["type"]
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**context)
    word = _WANTED.get(kind.split("_")[0])
    return word if word else error["msg"][:1].lower() + error["msg"][1:]


def _remedy(given: object, wanted: str) -> str:
    names = re.findall(r"'([^']*)'", wanted)
    if names and isinstance(given, str):
        return nearest_hint(given, names)
    if wanted == "true or false" and isinstance(given, str):
        return "Write true or false without quotes."
    if isinstance(given, str) and "number" in wanted and re.fullmatch(r"[-+]?[\d.]+", given):
        return f"Write it without quotes: {given}."
    if wanted == "a text" and isinstance(given, bool | int | float):
        return f"Put it in quotes: '{describe(given)}'."
    if wanted == "a list":
        return "Write '[a, b]', or one '- ' line per entry."
    return "Change the value."
