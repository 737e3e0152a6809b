"""Genotypes by ancestry, and the phenotypes that follow from them.

Two alleles of CYP2C19, CYP2D6, SLC6A4 (5-HTTLPR) and COMT (Val158Met) are drawn independently from
the frequencies of the patient's genetic group, of MAOA (uVNTR) two in women and one in men;
``genotypes.yaml`` beside this file holds every number with its source.
`cohort.population.population` enters here. Imports NumPy and pydantic.
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from cohort.errors import FileContentError, UnknownNameError
from cohort.facts import Declaration, Mark, PureNumber
from cohort.population.draws import categorical
from cohort.population.people import ANCESTRIES, SEXES
from cohort.yaml_files import read_yaml_model

__all__ = ["Genotypes", "load_genotypes", "sample_genotypes"]

_FILE = "genotypes.yaml"
_SHARES_ROUND_OFF = 1e-9  # sum of written shares against 1
Texts = NDArray[np.str_]
Function = Literal["none", "normal", "increased"]
Phenotype = Literal["PM", "IM", "NM", "RM", "UM"]
Genotype = Literal["SS", "SL", "LL"]
ComtGenotype = Literal["ValVal", "ValMet", "MetMet"]
MaoaAllele = Literal["3R", "4R"]
SourceText = Annotated[str, Field(min_length=3)]
Frequencies = dict[str, dict[str, PureNumber]]


class _AncestryGroups(Declaration):
    groups: dict[str, float]
    mark: Mark
    source: SourceText


class _AlleleFunction(Declaration):
    value: Function
    mark: Mark
    source: SourceText


class _PhenotypeOfFunctions(Declaration):
    functions: tuple[Function, Function]
    value: Phenotype
    mark: Mark
    source: SourceText


class _PhenotypeFromScore(Declaration):
    lowest: Annotated[float, Field(alias="from", ge=0)]
    value: Phenotype
    mark: Mark
    source: SourceText


class _Cyp2c19(Declaration):
    functions: dict[str, _AlleleFunction]
    phenotypes: tuple[_PhenotypeOfFunctions, ...]
    frequencies: Frequencies

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_frequencies(self.frequencies, tuple(self.functions))
        covered = {frozenset(row.functions) for row in self.phenotypes}
        held = {allele.value for allele in self.functions.values()}
        for pair in (frozenset((one, other)) for one in held for other in held):
            if pair not in covered:
                raise ValueError(f"phenotypes: none for functions {sorted(pair)}. Add the row.")
        return self


class _Cyp2d6(Declaration):
    activities: dict[str, PureNumber]
    phenotypes: tuple[_PhenotypeFromScore, ...]
    frequencies: Frequencies

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_frequencies(self.frequencies, tuple(self.activities))
        starts = [row.lowest for row in self.phenotypes]
        if not starts or starts != sorted(starts, reverse=True) or starts[-1] != 0:
            raise ValueError(f"phenotypes: from {starts}; falling to 0 is allowed. Sort the rows.")
        return self


class _Slc6a4(Declaration):
    short_allele: dict[str, PureNumber]
    densities: dict[Genotype, PureNumber]

    @model_validator(mode="after")
    def _check(self) -> Self:
        for group, fact in self.short_allele.items():
            _check_share(f"short_allele.{group}", fact.number("1"))
        for genotype in ("SS", "SL", "LL"):
            if genotype not in self.densities or self.densities[genotype].number("1") <= 0:
                raise ValueError(f"densities.{genotype}: a number above 0 is allowed. Write one.")
        return self


class _Comt(Declaration):
    met_allele: dict[str, PureNumber]
    activities: dict[ComtGenotype, PureNumber]

    @model_validator(mode="after")
    def _check(self) -> Self:
        for group, fact in self.met_allele.items():
            _check_share(f"met_allele.{group}", fact.number("1"))
        _check_activities(
            {str(key): fact for key, fact in self.activities.items()}, get_args(ComtGenotype)
        )
        return self


class _Maoa(Declaration):
    three_repeat: dict[str, PureNumber]
    activities: dict[MaoaAllele, PureNumber]

    @model_validator(mode="after")
    def _check(self) -> Self:
        for group, fact in self.three_repeat.items():
            _check_share(f"three_repeat.{group}", fact.number("1"))
        _check_activities(
            {str(key): fact for key, fact in self.activities.items()}, get_args(MaoaAllele)
        )
        return self


class Genotypes(Declaration):
    """The validated content of a file of genotypes.

    Parameters
    ----------
    ancestries
        Genetic groups that make up each self-reported ancestry.
    cyp2c19
        Functions of alleles, phenotypes of their pairs, frequencies by genetic group.
    cyp2d6
        Activities of alleles, phenotypes of their sums, frequencies by genetic group.
    slc6a4
        Frequency of the short allele by genetic group, transporter density by genotype.
    comt
        Frequency of the Met allele by genetic group, activity in brain by genotype.
    maoa
        Frequency of three repeats by genetic group, activity in brain by allele.

    Raises
    ------
    ValueError
        If a frequency is no share, a group lacks in a gene, or an allele has no function.

    Examples
    --------
    >>> load_genotypes().groups()
    ('european', 'african_american', 'east_asian', 'south_asian', 'latino')
    """

    ancestries: dict[str, _AncestryGroups]
    cyp2c19: _Cyp2c19
    cyp2d6: _Cyp2d6
    slc6a4: _Slc6a4
    comt: _Comt
    maoa: _Maoa

    @model_validator(mode="after")
    def _check(self) -> Self:
        groups = set(self.groups())
        for gene, found in (
            ("cyp2d6", self.cyp2d6.frequencies),
            ("slc6a4", self.slc6a4.short_allele),
            ("comt", self.comt.met_allele),
            ("maoa", self.maoa.three_repeat),
        ):
            if set(found) != groups:
                raise ValueError(f"{gene}: groups {sorted(found)}; those of cyp2c19 are allowed.")
        if set(self.ancestries) != set(ANCESTRIES):
            raise ValueError(f"ancestries: {sorted(self.ancestries)}; {sorted(ANCESTRIES)} are.")
        for name, ancestry in self.ancestries.items():
            unknown = set(ancestry.groups) - groups
            if unknown:
                raise ValueError(f"ancestries.{name}: no frequencies for {sorted(unknown)}.")
            _check_shares(f"ancestries.{name}", ancestry.groups)
        return self

    def groups(self) -> tuple[str, ...]:
        """Return the genetic groups, in the order of the file.

        Examples
        --------
        >>> "latino" in load_genotypes().groups()
        True
        """
        return tuple(self.cyp2c19.frequencies)


def load_genotypes(path: str | Path | None = None) -> Genotypes:
    """Return the packaged frequencies and rules, or those of another file.

    Parameters
    ----------
    path
        YAML file; None reads the packaged one.

    Returns
    -------
    The validated content.

    Raises
    ------
    FileContentError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> facts = load_genotypes()
    >>> facts.cyp2c19.frequencies["european"]["*17"].number("1")
    0.224
    """
    if path is not None:
        return read_yaml_model(Path(path), Genotypes, error=FileContentError)
    return _packaged()


@functools.cache
def _packaged() -> Genotypes:
    with resources.as_file(resources.files("cohort.population") / _FILE) as path:
        return read_yaml_model(path, Genotypes, error=FileContentError)


def sample_genotypes(
    patient_ids: ArrayLike,
    seed: int,
    ancestry: ArrayLike,
    genotypes: Genotypes | None = None,
    *,
    sex: ArrayLike | None = None,
    draw: ArrayLike = 0,
) -> dict[str, NDArray[np.float64] | Texts]:
    """Return genotypes and phenotypes of patients.

    Parameters
    ----------
    patient_ids
        Patients, integers from 0 to 2^32 - 1, shape ``(n_lane,)``.
    seed
        Seed of the trial.
    ancestry
        Self-reported ancestry of each patient, shape ``(n_lane,)``.
    genotypes
        Frequencies and rules; None takes the packaged ones.
    sex
        ``F`` or ``M`` of each patient, shape ``(n_lane,)``; None leaves MAOA out, which is on the X
        chromosome.
    draw
        Which candidate for the patient's place, as in `cohort.population.draws.uniforms`.

    Returns
    -------
    Arrays of shape ``(n_lane,)``: genetic_group; cyp2c19 and cyp2d6, phenotypes ``PM``, ``IM``,
    ``NM``, ``RM``, ``UM``; cyp2d6_activity, the activity score [1]; slc6a4, ``SS``, ``SL``, ``LL``;
    comt, ``ValVal``, ``ValMet``, ``MetMet``; maoa, ``3R`` or ``4R`` in men, ``3R3R``, ``3R4R`` or
    ``4R4R`` in women.

    Raises
    ------
    UnknownNameError
        If an ancestry is not one of `cohort.population.people.ANCESTRIES`.
    RangeError
        If an id or the seed is out of range.

    Notes
    -----
    Alleles are independent within a group (Hardy-Weinberg) and between genes. A person of mixed
    ancestry belongs to one group; admixture within a person is left out, and so are CYP2D6
    hybrids with function, CYP2D6 copy numbers above two, rare CYP2C19 alleles, rs25531, and rare
    repeats of MAOA, which count as three or four by what they do.

    Examples
    --------
    >>> columns = sample_genotypes(np.arange(4000), 7, np.full(4000, "white"))
    >>> round(float((columns["cyp2c19"] == "IM").mean()), 1)
    0.2
    """
    facts = _packaged() if genotypes is None else genotypes
    lottery = _Lottery(patient_ids, seed, draw)
    group = _sample_group(lottery, np.asarray(ancestry), facts)
    activity = sum(
        np.array([fact.number("1") for fact in facts.cyp2d6.activities.values()])[allele]
        for allele in lottery.alleles("cyp2d6", group, _cyp2d6_shares(facts))
    )
    n_short = lottery.n_first("slc6a4", group, _biallelic(facts.slc6a4.short_allele, facts))
    n_met = lottery.n_first("comt", group, _biallelic(facts.comt.met_allele, facts))
    columns: dict[str, NDArray[np.float64] | Texts] = {
        "genetic_group": np.array(facts.groups())[group],
        "cyp2c19": _cyp2c19_phenotype(lottery, group, facts),
        "cyp2d6": _phenotype_of_score(np.asarray(activity), facts.cyp2d6.phenotypes),
        "cyp2d6_activity": np.asarray(activity),
        "slc6a4": np.array(["LL", "SL", "SS"])[n_short],
        "comt": np.array(["ValVal", "ValMet", "MetMet"])[n_met],
    }
    if sex is not None:
        columns["maoa"] = _maoa_genotype(lottery, group, np.asarray(sex), facts)
    return columns


@dataclass(frozen=True, slots=True)
class _Lottery:
    """Whose alleles are drawn."""

    patient_ids: ArrayLike
    seed: int
    draw: ArrayLike

    def alleles(
        self, gene: str, group: NDArray[np.int64], shares: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the index of both alleles; ``shares`` has shape ``(n_allele, n_group)``."""
        first, second = (
            categorical(
                self.seed,
                self.patient_ids,
                f"allele:{gene}:{parent}",
                shares[:, group],
                self.draw,
            )
            for parent in ("mother", "father")
        )
        return first, second

    def n_first(
        self, gene: str, group: NDArray[np.int64], shares: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Return how many of both alleles are the first one."""
        first, second = self.alleles(gene, group, shares)
        return np.asarray((first == 0).astype(np.int64) + (second == 0), dtype=np.int64)


def _maoa_genotype(
    lottery: _Lottery, group: NDArray[np.int64], sex: Texts, facts: Genotypes
) -> Texts:
    unknown = ~np.isin(sex, SEXES)
    if unknown.any():
        raise UnknownNameError("sample_genotypes", str(sex[unknown][0]), SEXES, "sex")
    shares = _biallelic(facts.maoa.three_repeat, facts)
    mother, father = lottery.alleles("maoa", group, shares)
    women = np.array(["3R3R", "3R4R", "4R4R"])[mother + father]
    return np.where(sex == "F", women, np.array(["3R", "4R"])[mother])  # a son's X is his mother's


def _sample_group(lottery: _Lottery, ancestry: Texts, facts: Genotypes) -> NDArray[np.int64]:
    index = np.full(ancestry.shape, -1, dtype=np.int64)
    shares = np.zeros((len(facts.groups()), len(ANCESTRIES)))
    for number, name in enumerate(ANCESTRIES):
        index[ancestry == name] = number
        parts = facts.ancestries[name].groups
        shares[:, number] = [parts.get(group, 0.0) for group in facts.groups()]
    if (index < 0).any():
        unknown = str(ancestry[index < 0][0])
        raise UnknownNameError("sample_genotypes", unknown, ANCESTRIES, "ancestry")
    whole = shares[:, index]
    return categorical(lottery.seed, lottery.patient_ids, "genetic group", whole, lottery.draw)


def _cyp2c19_phenotype(lottery: _Lottery, group: NDArray[np.int64], facts: Genotypes) -> Texts:
    rules = facts.cyp2c19
    shares = _shares(rules.frequencies, tuple(rules.functions))
    held = [allele.value for allele in rules.functions.values()]
    phenotypes = {frozenset(row.functions): row.value for row in rules.phenotypes}
    table = np.array([[phenotypes[frozenset((one, other))] for other in held] for one in held])
    first, second = lottery.alleles("cyp2c19", group, shares)
    return np.asarray(table[first, second])


def _cyp2d6_shares(facts: Genotypes) -> NDArray[np.float64]:
    return _shares(facts.cyp2d6.frequencies, tuple(facts.cyp2d6.activities))


def _biallelic(frequency: Mapping[str, PureNumber], facts: Genotypes) -> NDArray[np.float64]:
    """Return shares of one allele and of the other, shape ``(2, n_group)``."""
    share = np.array([frequency[group].number("1") for group in facts.groups()])
    return np.stack([share, 1.0 - share])


def _shares(frequencies: Frequencies, alleles: tuple[str, ...]) -> NDArray[np.float64]:
    columns = []
    for found in frequencies.values():
        rest = [found[name].number("1") if name in found else 0.0 for name in alleles[1:]]
        columns.append([1.0 - math.fsum(rest), *rest])
    return np.array(columns).T


def _phenotype_of_score(score: NDArray[np.float64], rows: tuple[_PhenotypeFromScore, ...]) -> Texts:
    return np.asarray(
        np.select([score >= row.lowest for row in rows], [row.value for row in rows], default="")
    )


def _check_frequencies(frequencies: Frequencies, alleles: tuple[str, ...]) -> None:
    for group, found in frequencies.items():
        for name, fact in found.items():
            if name not in alleles[1:]:
                raise ValueError(
                    f"frequencies.{group}: allele {name!r}; {alleles[1:]} are allowed."
                )
            _check_share(f"frequencies.{group}.{name}", fact.number("1"))
        total = math.fsum(fact.number("1") for fact in found.values())
        if total > 1:
            raise ValueError(f"frequencies.{group}: {total:g} in sum; at most 1 is allowed.")


def _check_activities(activities: Mapping[str, PureNumber], names: tuple[str, ...]) -> None:
    for name in names:
        if name not in activities or activities[name].number("1") <= 0:
            raise ValueError(f"activities.{name}: a number above 0 is allowed. Write one.")


def _check_shares(where: str, shares: Mapping[str, float]) -> None:
    for name, share in shares.items():
        _check_share(f"{where}.{name}", share)
    total = math.fsum(shares.values())
    if abs(total - 1) > _SHARES_ROUND_OFF:
        raise ValueError(f"{where}: shares add up to {total:g}; 1 is allowed.")


def _check_share(where: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"{where}: {share:g}; from 0 to 1 is allowed. Correct it.")
