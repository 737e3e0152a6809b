"""What is known of each column of a population: its unit, or the levels of its text.

Criteria and strata read it before anybody is drawn. Imports this room only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from cohort.population.genotypes import (
    ComtGenotype,
    MaoaAllele,
    Phenotype,
    load_genotypes,
)
from cohort.population.genotypes import Genotype as Slc6a4Genotype
from cohort.population.history import Categories, Lognormal, PatientHistory
from cohort.population.people import ANCESTRIES, SEXES, SMOKER_LEVELS

__all__ = ["ColumnKind", "column_kinds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnKind:
    """The unit of a column of numbers, or the levels of a column of texts.

    Parameters
    ----------
    unit
        Unit of the numbers, ``1`` for pure ones; None for texts.
    levels
        What a text can be; empty for numbers.

    Examples
    --------
    >>> ColumnKind(unit="kg").is_text
    False
    """

    unit: str | None = None
    levels: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the column holds texts.

        Examples
        --------
        >>> ColumnKind(levels=("yes", "no")).is_text
        True
        """
        return self.unit is None


_WOMEN_ALLELES: Final = ("3R3R", "3R4R", "4R4R")
_NUMBERS: Final = {
    "age_y": "y",
    "weight_kg": "kg",
    "height_cm": "cm",
    "bmi": "kg/m^2",
    "creatinine_mg_dl": "mg/dL",
    "crcl_ml_min": "mL/min",
    "cyp2d6_activity": "1",
}


def column_kinds(history: PatientHistory | None = None) -> Mapping[str, ColumnKind]:
    """Return what is known of each column of `cohort.population.sample_population`.

    Parameters
    ----------
    history
        What a condition describes of the past of its patients.

    Returns
    -------
    Kinds by name of the column.

    Examples
    --------
    >>> kinds = column_kinds()
    >>> kinds["crcl_ml_min"].unit, kinds["smoker"].levels
    ('mL/min', ('yes', 'no'))
    """
    kinds = {name: ColumnKind(unit=unit) for name, unit in _NUMBERS.items()}
    levels: dict[str, tuple[str, ...]] = {
        "sex": SEXES,
        "ancestry": ANCESTRIES,
        "smoker": SMOKER_LEVELS,
        "genetic_group": load_genotypes().groups(),
        "cyp2c19": get_args(Phenotype),
        "cyp2d6": get_args(Phenotype),
        "slc6a4": get_args(Slc6a4Genotype),
        "comt": get_args(ComtGenotype),
        "maoa": (*get_args(MaoaAllele), *_WOMEN_ALLELES),
    }
    kinds |= {name: ColumnKind(levels=texts) for name, texts in levels.items()}
    past = PatientHistory() if history is None else history
    for name in past.names:
        described = getattr(past, name)
        if isinstance(described, Categories):
            kinds[name] = ColumnKind(levels=tuple(described.shares))
        else:
            kinds[name] = ColumnKind(unit="y" if isinstance(described, Lognormal) else "1")
    return kinds
