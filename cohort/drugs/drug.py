"""The schema of a drug file, and its reader.

A drug is a product: its dose range, its way into the body and the compounds that a dose holds.
Whatever those do in the body is in `cohort.compounds`. What was observed of drugs, and judges them,
is in `cohort.observations`.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cohort.compounds import Compound, compound_names, load_compound
from cohort.compounds.quantity import Count, Efficacy, Fraction, Mass, PositiveTime
from cohort.errors import DrugError, UnknownNameError
from cohort.facts import Declaration
from cohort.yaml_files import load_named, packaged_names

__all__ = ["Content", "Dosing", "Drug", "Release", "drug_names", "load_drug"]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

_DAY_H = 24.0
_SUM_TOLERANCE = 1e-9  # round-off of written decimal fractions


class Dosing(Declaration):
    """Usual daily dose and the range that a protocol may ask for.

    Parameters
    ----------
    lowest, usual, highest
        Daily doses [mg].
    per_day
        How many doses the usual daily dose is taken in [1]; one without it. Cards and warnings use
        it; a protocol says itself how often.

    Examples
    --------
    >>> load_drug("sertraline").dosing.usual.number("mg")
    50.0
    """

    lowest: Mass
    usual: Mass
    highest: Mass
    per_day: Count | None = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        low, usual, high = (item.number("mg") for item in (self.lowest, self.usual, self.highest))
        if not low <= usual <= high:
            raise ValueError(
                f"lowest {low:g} mg, usual {usual:g} mg, highest {high:g} mg; rising values are "
                "allowed. Order them."
            )
        return self

    @property
    def doses_a_day(self) -> int:
        """Doses that a usual daily dose is taken in [1].

        Examples
        --------
        >>> load_drug("sertraline").dosing.doses_a_day
        1
        >>> load_drug("ropinirole").dosing.doses_a_day
        3
        """
        return 1 if self.per_day is None else round(self.per_day.number("1"))


class Content(Declaration):
    """A compound in the dose, and the fraction of the dose that it is.

    Examples
    --------
    >>> load_drug("citalopram").contents[0].fraction.number("1")
    0.5
    """

    compound: Identifier
    fraction: Fraction


class Release(Declaration):
    """Input at an even rate: extended release into the gut, an infusion, a patch.

    Examples
    --------
    >>> Release(
    ...     duration=dict(value="8 h", mark="read", tag="input", source="label"),
    ...     immediate_share=dict(value=0.22, mark="read", tag="input", source="label"),
    ... ).duration.number("h")
    8.0
    """

    duration: PositiveTime
    immediate_share: Efficacy | None = None


class Drug(Declaration):
    """What is prescribed.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    dosing
        Daily doses.
    route, release
        Way into the body; without ``release`` a dose goes in at once.
    contents, metabolites
        Compounds of a dose, and those that the body makes of them.
    definitions
        Compounds that the file itself defines, so that one file brings a new drug.

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
    route: Literal["oral", "intravenous", "transdermal"] = "oral"
    release: Release | None = None
    contents: Annotated[tuple[Content, ...], Field(min_length=1)]
    metabolites: tuple[Identifier, ...] = ()
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
        self._check_route()
        return self

    def _check_origins(self, names: list[str]) -> None:
        for content in self.contents:
            if self._compound(content.compound).disposition.k_a is None:
                raise ValueError(
                    f"contents: {content.compound!r} is formed in the body and has no absorption; "
                    "swallowed compounds are allowed. Move it to metabolites."
                )
        for name in self.metabolites:
            parents = [item.parent for item in self._compound(name).formation]
            if not set(parents) & set(names):
                origin = " or ".join(map(repr, parents)) or "nothing"
                raise ValueError(
                    f"metabolites: {name!r} is formed from {origin}; a compound of this drug is "
                    "allowed. Name its parent in contents, or drop it."
                )

    def _check_route(self) -> None:
        if self.release is not None:
            length_h, doses = self.release.duration.number("h"), self.dosing.doses_a_day
            if doses > 1 and length_h > _DAY_H / doses:
                raise ValueError(
                    f"release: over {length_h:g} h, but {doses} doses a day; a dose is given off "
                    f"before the next, within {_DAY_H / doses:g} h. Change 'release' or 'per_day'."
                )
        if self.route == "transdermal" and self.release is None:
            raise ValueError(
                "route: transdermal without release; a patch gives its dose over a duration. Add "
                "'release: {duration: ...}'."
            )
        share = None if self.release is None else self.release.immediate_share
        if self.route != "oral" and share is not None:
            raise ValueError(
                f"release: an immediate share of {share.number('1'):g} by the {self.route} route; "
                "swallowed forms may have one. Drop 'immediate_share'."
            )
        if self.route == "oral":
            return
        for content in self.contents:
            disposition = self._compound(content.compound).disposition
            if disposition.bioavailability is None and disposition.hepatic_flow is None:
                raise ValueError(
                    f"route: {self.route}, but clearance and volume of {content.compound!r} are "
                    "those over its bioavailability. Give 'bioavailability' in the disposition of "
                    "the compound, and volumes and clearances without it."
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

    @property
    def inputs(self) -> frozenset[str]:
        """Inputs of the model that doses of the drug hold at a rate.

        Examples
        --------
        >>> load_drug("sertraline").inputs
        frozenset()
        """
        if self.release is None:
            return frozenset()
        kind = "release" if self.route == "oral" else "infusion"
        return frozenset(f"{kind}_{name}" for name in self.fractions)


def drug_names() -> tuple[str, ...]:
    """Return the packaged drugs, sorted.

    Examples
    --------
    >>> "sertraline" in drug_names()
    True
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
    cohort.errors.UnknownNameError: ...
    """
    return load_named(name_or_path, "cohort.drugs", Drug, kind="drug", error=DrugError)
