"""The schema of a protein source, and its reader: what amino acids 100 g of it hold."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from cohort.errors import CohortError, FileContentError
from cohort.facts import Declaration, Mark
from cohort.units import parse_quantity
from cohort.yaml_files import load_named, packaged_names

__all__ = ["MIXED", "Food", "food_names", "load_food"]

MIXED: Final = "mixed"
"""The protein of ordinary meals; what a meal is of that does not say."""
_HUNDRED_G = 100.0
_PACKAGE = "cohort.nutrition.foods"
_GUTS: Final = MappingProxyType(
    {"trp": "trp_gut", "tyr": "tyr_gut", "phe": "phe_gut"}
    | dict.fromkeys(("leu", "ile", "val"), "bcaa_gut")
)


def _check_grams(written: str) -> str:
    try:
        parse_quantity(written, "g", where="value", minimum=0.0, maximum=_HUNDRED_G)
    except CohortError as error:
        raise ValueError(str(error)) from error
    return written


AminoAcid = Literal["trp", "tyr", "phe", "leu", "ile", "val", "met", "his", "thr"]
_Grams = Annotated[str, AfterValidator(_check_grams)]


class Food(Declaration):
    """A protein, or a mixture of amino acids that is drunk like one.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    mark, source
        Of the whole table.
    content
        Grams per 100 g of each large neutral amino acid, in lower case by its three letters.
    note
        Words for people.

    Examples
    --------
    >>> food = load_food("gelatin")
    >>> food.grams_per_100_g("trp"), food.grams_per_100_g("leu")
    (0.0, 3.3)
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", examples=["casein"])]
    title: str = Field(examples=["Casein"])
    mark: Mark = Field(examples=["read"])
    source: Annotated[str, Field(min_length=3, examples=["a table of foods"])]
    content: dict[AminoAcid, _Grams] = Field(examples=["{trp: 1.1 g, ...}"])
    note: str | None = None

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        for kind in _GUTS:
            if kind not in self.content:
                raise ValueError(
                    f"content: {kind!r} is missing; trp, tyr, phe, leu, ile and val are needed. "
                    f"Write '{kind}: 0 g' where there is none."
                )
        total = sum(map(self.grams_per_100_g, self.content))
        if total > _HUNDRED_G:
            raise ValueError(
                f"content: {total:g} g in 100 g; 100 g at most is allowed. Lower the amounts."
            )
        return self

    def grams_per_100_g(self, kind: str) -> float:
        """Return how much of an amino acid is in 100 g [g].

        Examples
        --------
        >>> load_food("casein").grams_per_100_g("tyr")
        5.7
        """
        return parse_quantity(self.content[kind], "g", where=kind)  # type: ignore[index]

    def boluses(self, grams: float) -> Mapping[str, float]:
        """Return what eating it adds to the states of the gut.

        Parameters
        ----------
        grams
            Protein or amino acids eaten [g], not negative.

        Returns
        -------
        Grams by state: ``protein_gut`` of mixed protein, else a state an amino acid.

        Examples
        --------
        >>> load_food("mixed").boluses(20.0)
        {'protein_gut': 20.0}
        >>> load_food("gelatin").boluses(50.0)
        {'trp_gut': 0.0, 'tyr_gut': 0.25, 'phe_gut': 1.2, 'bcaa_gut': 3.5}
        """
        if self.name == MIXED:
            return {"protein_gut": grams}
        found: dict[str, float] = {}
        for kind, gut in _GUTS.items():
            part = grams * self.grams_per_100_g(kind) / _HUNDRED_G
            found[gut] = found.get(gut, 0.0) + part
        return found


def food_names() -> tuple[str, ...]:
    """Return the packaged protein sources, sorted.

    Examples
    --------
    >>> food_names()[:2]
    ('alpha_lactalbumin', 'amino_acids_balanced')
    """
    return packaged_names(_PACKAGE)


def load_food(name_or_path: str) -> Food:
    """Return a packaged protein source by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.

    Returns
    -------
    The validated record.

    Raises
    ------
    UnknownNameError
        If no packaged source has that name and no such file exists.
    FileContentError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_food("zein").title
    'Zein of maize'
    >>> load_food("gelatine")
    Traceback (most recent call last):
    ...
    cohort.errors.UnknownNameError: ...Did you mean 'gelatin' or ...
    """
    return load_named(name_or_path, _PACKAGE, Food, kind="protein source", error=FileContentError)
