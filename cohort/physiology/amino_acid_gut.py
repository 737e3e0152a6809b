"""Amino acids that are eaten one by one: single proteins, amino-acid drinks, supplements.

Mixed meals go through ``protein_gut`` of `cohort.physiology.precursors`, which knows one
composition. Whatever is composed otherwise is swallowed here, amino acid by amino acid, and acts on
plasma through ports of that system. Without such food all states are 0 and nothing changes. Units
are grams, uM and hours.
"""

import sympy

from cohort.model import (
    FRACTION,
    POSITIVE,
    Constant,
    Parameter,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
)
from kernels import symbol

__all__ = ["AMINO_ACID_GUTS", "amino_acid_gut"]

_KINDS = ("trp", "tyr", "phe", "bcaa")
AMINO_ACID_GUTS = tuple(f"{kind}_gut" for kind in _KINDS)
"""States that boluses of amino acids go to [g]: Trp, Tyr, Phe, and Leu + Ile + Val."""

_MOLAR = Source("molar masses 204.2, 181.2, 165.2 g/mol", "computed")
_FIT = Source(
    "fitted together to Williams 1999 (-86 % at 6 h), Moja 1988, Fernstrom 2013, 5 g of "
    "tryptophan (8-fold), Montgomery 2003",
    "assumed",
)
_DRINK = Source("fitted to Tyr x 2.5, Phe x 1.3 at 5 h after a balanced drink", "assumed")
_MIXED = Source("75 g mixed protein a day, of which 17.7 % are Leu, Ile and Val", "assumed")


def amino_acid_gut() -> Submodel:
    r"""Return the submodel of amino acids that are eaten one by one.

    Returns
    -------
    Submodel with the states ``trp_gut``, ``tyr_gut``, ``phe_gut``, ``bcaa_gut`` [g], 0 at rest; it
    provides ``trp_appearance``, ``tyr_appearance``, ``phe_appearance`` [uM/h],
    ``bcaa_appearance`` [1] and ``anabolic_drive`` [1].

    Notes
    -----
    With :math:`G_x` grams in the gut, *d* the absorption of branched-chain amino acids over that of
    an ordinary day, and *V* the volume in which an amino acid spreads:

    .. math::

        G_x' = -k_g G_x, \qquad k_g = \frac{k}{1 + \sum_x G_x / G_h}, \qquad
        a_x = \frac{F_x k_g G_x}{M_x V}, \qquad d = \frac{k_g G_{BCAA}}{D_0}, \qquad
        \sigma = \sigma_{max} \frac{d^2}{K^2 + d^2}, \qquad a_L = c\,d

    A large load leaves the gut slowly. What is absorbed starts the synthesis of protein, which
    takes the share :math:`\sigma` of the amino acids that body protein gives back: this is why a
    drink without tryptophan empties plasma of it. Tyrosine and phenylalanine are mostly taken by
    gut and liver, so *F* is small. Met, His and Thr follow the branched-chain ones. Mixed protein
    that is written out amino acid by amino acid moves plasma as an ordinary meal does, within 20 %.

    References
    ----------
    Williams 1999, J Neurochem 72:1641; Moja 1988, Life Sci 42:1551; Fernstrom 2013, Clin Nutr;
    Montgomery 2003, Am J Psychiatry 160:1887.

    Examples
    --------
    >>> part = amino_acid_gut()
    >>> [item.name for item in part.species]
    ['trp_gut', 'tyr_gut', 'phe_gut', 'bcaa_gut']
    """
    guts = {kind: symbol(f"{kind}_gut") for kind in _KINDS}
    emptying = symbol("amino_acid_emptying")
    drive = symbol("bcaa_load") ** 2
    single = {kind: symbol(f"{kind}_per_gram") for kind in ("trp", "tyr", "phe")}
    return Submodel(
        name="amino_acid_gut",
        species=tuple(
            Species(str(gut), sympy.Integer(0), "g", f"{kind} that is still to be absorbed", 10.0)
            for kind, gut in guts.items()
        ),
        constants=(
            Constant("trp_per_gram", 1e6 / 204.2, "umol/g", "tryptophan", _MOLAR),
            Constant("tyr_per_gram", 1e6 / 181.2, "umol/g", "tyrosine", _MOLAR),
            Constant("phe_per_gram", 1e6 / 165.2, "umol/g", "phenylalanine", _MOLAR),
        ),
        parameters=(
            Parameter("amino_acid_absorption", 1.0, "1/h", "of a small load", _FIT, 0.2, POSITIVE),
            Parameter("gut_half_load", 9.0, "g", "that halves the rate", _FIT, 0.0, POSITIVE),
            Parameter("amino_acid_volume", 31.0, "L", "of distribution", _FIT, 0.2, POSITIVE),
            Parameter("trp_availability", 0.9, "1", "share past the liver", _FIT, 0.0, FRACTION),
            Parameter("tyr_availability", 0.28, "1", "of tyrosine", _DRINK, 0.0, FRACTION),
            Parameter("phe_availability", 0.2, "1", "of phenylalanine", _DRINK, 0.0, FRACTION),
            Parameter(
                "bcaa_intake_usual", 75.0 * 0.177 / 24.0, "g/h", "daily mean", _MIXED, 0.0, POSITIVE
            ),
            Parameter("bcaa_appearance_gain", 0.22, "1", "into plasma, of load", _FIT),
            Parameter("anabolic_drive_max", 0.98, "1", "largest share", _FIT, 0.0, FRACTION),
            Parameter("anabolic_half_load", 1.5, "1", "of the load", _FIT, 0.2, POSITIVE),
        ),
        rules={
            "amino_acids_in_gut": Rule(
                sympy.Add(*guts.values()), "g", "Trp, Tyr, Phe and branched-chain ones in the gut"
            ),
            "amino_acid_emptying": Rule(
                symbol("amino_acid_absorption")
                / (1 + symbol("amino_acids_in_gut") / symbol("gut_half_load")),
                "1/h",
                "rate at which the gut empties",
            ),
            "bcaa_load": Rule(
                emptying * guts["bcaa"] / symbol("bcaa_intake_usual"),
                "1",
                "absorption of branched-chain ones, of an ordinary day's mean",
            ),
            "anabolic_drive": Rule(
                symbol("anabolic_drive_max") * drive / (symbol("anabolic_half_load") ** 2 + drive),
                "1",
                "share of the supply from body protein that new protein takes",
            ),
            "bcaa_appearance": Rule(
                symbol("bcaa_appearance_gain") * symbol("bcaa_load"),
                "1",
                "branched-chain ones into plasma, of their turnover",
            ),
            **{
                f"{kind}_appearance": Rule(
                    symbol(f"{kind}_availability")
                    * molar
                    * emptying
                    * guts[kind]
                    / symbol("amino_acid_volume"),
                    "uM/h",
                    f"single {kind} into plasma",
                )
                for kind, molar in single.items()
            },
        },
        reactions=tuple(
            Reaction(f"{kind}_absorption", emptying * gut, {str(gut): -1})
            for kind, gut in guts.items()
        ),
        provides=(
            "anabolic_drive",
            "bcaa_appearance",
            "trp_appearance",
            "tyr_appearance",
            "phe_appearance",
        ),
    )
