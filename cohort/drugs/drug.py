"""The schema of a drug file, and its reader.

A drug is a product: its dose range and the compounds that a dose holds. Whatever those do in the
body is in `cohort.compounds`. Half-lives in a drug file judge the model; nothing reads them when it
runs.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cohort.compounds import Compound, compound_names, load_compound
from cohort.compounds.quantity import Fraction, Mass, Time
from cohort.errors import DrugError, UnknownNameError
from cohort.facts import Declaration
from cohort.yaml_files import load_named, packaged_names

__all__ = ["Content", "Dosing", "Drug", "HalfLife", "drug_names", "load_drug"]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

_SUM_TOLERANCE = 1e-9  # round-off of written decimal fractions


class Dosing(Declaration):
    """Usual daily dose and the range that a protocol may ask for.

    Examples
    --------
    >>> load_drug("sertraline").dosing.usual.number("mg")
    50.0
    """

    lowest: Mass
    usual: Mass
    highest: Mass

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        low, usual, high = (item.number("mg") for item in (self.lowest, self.usual, self.highest))
        if not low <= usual <= high:
            raise ValueError(
                f"lowest {low:g} mg, usual {usual:g} mg, highest {high:g} mg; rising values are "
                "allowed. Order them."
            )
        return self


class Content(Declaration):
    """A compound in the dose, and the fraction of the dose that it is.

    Examples
    --------
    >>> load_drug("citalopram").contents[0].fraction.number("1")
    0.5
    """

    compound: Identifier
    fraction: Fraction


class HalfLife(Declaration):
    """Published range of a half-life, for judging.

    A half-life that follows from an entered clearance and volume judges arithmetic, not
    pharmacology; the source says where that is so.

    Examples
    --------
    >>> load_drug("escitalopram").half_lives[0].high.number("h")
    33.0
    """

    compound: Identifier
    after: Literal["one dose", "steady state"]
    low: Time
    high: Time


class Drug(Declaration):
    """What is prescribed.

    Examples
    --------
    >>> drug = load_drug("fluoxetine")
    >>> [compound.name for compound in drug.compounds]
    ['fluoxetine', 'norfluoxetine']
    >>> drug.fractions
    {'fluoxetine': 1.0}
    """

    name: Identifier
    title: str
    dosing: Dosing
    contents: Annotated[tuple[Content, ...], Field(min_length=1)]
    metabolites: tuple[Identifier, ...] = ()
    half_lives: tuple[HalfLife, ...] = ()
    definitions: tuple[Compound, ...] = ()

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        total = sum(content.fraction.number("1") for content in self.contents)
        if abs(total - 1) > _SUM_TOLERANCE:
            raise ValueError(f"contents: fractions add up to {total:g}; 1 is allowed. Change them.")
        names = [*(content.compound for content in self.contents), *self.metabolites]
        if len(names) != len(set(names)):
            raise ValueError("a compound is named twice; once is allowed. Drop one.")
        own = {compound.name for compound in self.definitions}
        for name in names:
            if name not in own and name not in compound_names():
                known = own | set(compound_names())
                raise ValueError(str(UnknownNameError("contents", name, known, "compound")))
        unused = sorted(own - set(names))
        if unused:
            raise ValueError(
                f"definitions: {unused[0]!r} is in no dose; defined compounds are used. "
                "Name it in contents or metabolites, or drop it."
            )
        self._check_origins(names)
        for check in self.half_lives:
            if check.compound not in names:
                raise ValueError(
                    str(UnknownNameError("half_lives", check.compound, names, "compound"))
                )
        return self

    def _check_origins(self, names: list[str]) -> None:
        for content in self.contents:
            if self._compound(content.compound).formation is not None:
                raise ValueError(
                    f"contents: {content.compound!r} is formed in the body and has no absorption; "
                    "swallowed compounds are allowed. Move it to metabolites."
                )
        for name in self.metabolites:
            formation = self._compound(name).formation
            if formation is None or formation.parent not in names:
                origin = "nothing" if formation is None else repr(formation.parent)
                raise ValueError(
                    f"metabolites: {name!r} is formed from {origin}; a compound of this drug is "
                    "allowed. Name its parent in contents, or drop it."
                )

    def _compound(self, name: str) -> Compound:
        own = {compound.name: compound for compound in self.definitions}
        return own[name] if name in own else load_compound(name)

    @property
    def compounds(self) -> tuple[Compound, ...]:
        """Compounds of the dose, then metabolites.

        Examples
        --------
        >>> [compound.name for compound in load_drug("citalopram").compounds]
        ['s_citalopram', 'r_citalopram']
        """
        names = [*(content.compound for content in self.contents), *self.metabolites]
        return tuple(self._compound(name) for name in names)

    @property
    def fractions(self) -> dict[str, float]:
        """Fraction of the dose by name of the swallowed compound [1].

        Examples
        --------
        >>> load_drug("citalopram").fractions
        {'s_citalopram': 0.5, 'r_citalopram': 0.5}
        """
        return {content.compound: content.fraction.number("1") for content in self.contents}


def drug_names() -> tuple[str, ...]:
    """Return the packaged drugs, sorted.

    Examples
    --------
    >>> drug_names()
    ('citalopram', 'escitalopram', 'fluoxetine', 'paroxetine', 'sertraline')
    """
    return packaged_names("cohort.drugs")


def load_drug(name_or_path: str) -> Drug:
    """Return a packaged drug by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.

    Returns
    -------
    The validated drug.

    Raises
    ------
    UnknownNameError
        If no packaged drug has that name and no such file exists.
    DrugError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_drug("sertraline").dosing.highest.number("mg")
    200.0
    >>> load_drug("citalopran")
    Traceback (most recent call last):
    ...
    cohort.errors.UnknownNameError: drug: unknown drug 'citalopran'; known are 5 names. Did you \
mean 'citalopram' or 'escitalopram'?
    """
    return load_named(name_or_path, "cohort.drugs", Drug, kind="drug", error=DrugError)
