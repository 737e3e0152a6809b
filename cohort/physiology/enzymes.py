"""Drug-metabolizing enzymes that all compounds share, so that one drug changes another.

Genotype, smoking and the kidney set how much there is; drugs hold it, destroy it or make more of
it; substrates compete for it. Compounds read ``<enzyme>_activity``. Inhibition acts by unbound drug
in plasma. Adding an enzyme is adding a line to the table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sympy

from cohort.compounds import Compound, CovariateEffect, Induction, Inhibition
from cohort.compounds.quantity import Quantity
from cohort.model import (
    NOT_NEGATIVE,
    Constant,
    Parameter,
    Port,
    Rule,
    Source,
    Species,
    Submodel,
)
from cohort.model.rate_laws import michaelis_menten, relaxation
from kernels.system import symbol

__all__ = ["ENZYMES", "EnzymeFacts", "enzyme_effects", "enzymes"]

_NORMAL = Source("reference patient: normal metabolizer, non-smoker, healthy kidney", "design")
_REFERENCE_CRCL_ML_MIN = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnzymeFacts:
    """What is known of an enzyme beside the drugs that meet it.

    Parameters
    ----------
    title
        Words for people.
    turnover
        Loss of enzyme at rest [1/h]; None where nothing can destroy or induce it.
    turnover_source
        Where that number comes from.
    effects
        How genotype, smoking or the kidney move its amount.

    Examples
    --------
    >>> ENZYMES["cyp2d6"].turnover
    0.0136
    """

    title: str
    turnover: float | None = None
    turnover_source: Source | None = None
    effects: tuple[CovariateEffect, ...] = ()


def _ladder(enzyme: str, levels: dict[str, float], source: str) -> CovariateEffect:
    return CovariateEffect(
        parameter=f"{enzyme}_capacity", covariate=enzyme, source=source, levels=levels
    )


def _recalled(hours: float) -> Source:
    return Source(f"ln 2 over a half-life of {hours:g} h, recalled; to be verified", "assumed")


_GUESS = Source("guess: like most enzymes of the liver", "assumed")

ENZYMES: Final = {
    "cyp1a2": EnzymeFacts(
        title="CYP1A2",
        turnover=0.0178,
        turnover_source=_recalled(39),
        effects=(
            CovariateEffect(
                parameter="cyp1a2_capacity",
                covariate="smoker",
                source="x 1.38 in smokers, Open Systems Pharmacology, Fluvoxamine-Model",
                levels={"yes": 1.38, "no": 1.0},
            ),
        ),
    ),
    "cyp2b6": EnzymeFacts(title="CYP2B6", turnover=0.0217, turnover_source=_recalled(32)),
    "cyp2c8": EnzymeFacts(title="CYP2C8", turnover=0.0301, turnover_source=_recalled(23)),
    "cyp2c9": EnzymeFacts(title="CYP2C9", turnover=0.0067, turnover_source=_recalled(104)),
    "cyp2c19": EnzymeFacts(
        title="CYP2C19",
        turnover=0.0267,
        turnover_source=_recalled(26),
        effects=(
            _ladder(
                "cyp2c19",
                {"PM": 0.0, "IM": 0.75, "NM": 1.0, "RM": 1.16, "UM": 1.48},
                "that of S-citalopram (Liu 2022, Milosavljevic 2021) for other substrates; assumed",
            ),
        ),
    ),
    # Intrinsic clearance by activity score over that of score 2: kcat of the Open Systems
    # Pharmacology paroxetine model (Rüdesheim 2022). IM is score 1, the commonest; UM is score 3.
    "cyp2d6": EnzymeFacts(
        title="CYP2D6",
        turnover=0.0136,
        turnover_source=_recalled(51),
        effects=(
            _ladder(
                "cyp2d6",
                {"PM": 0.0, "IM": 0.38, "NM": 1.0, "RM": 1.0, "UM": 1.85},
                "kcat by activity score (PM 0, IM 1, NM 2, UM 3), Rüdesheim 2022",
            ),
        ),
    ),
    "cyp3a4": EnzymeFacts(title="CYP3A4", turnover=0.0193, turnover_source=_recalled(36)),
    "ugt": EnzymeFacts(title="glucuronosyltransferases", turnover=0.02, turnover_source=_GUESS),
    "ugt2b15": EnzymeFacts(title="UGT2B15", turnover=0.02, turnover_source=_GUESS),
    "ces1": EnzymeFacts(title="carboxylesterase 1", turnover=0.02, turnover_source=_GUESS),
    "fmo": EnzymeFacts(title="flavin monooxygenases", turnover=0.02, turnover_source=_GUESS),
    "sult": EnzymeFacts(title="sulfotransferases", turnover=0.02, turnover_source=_GUESS),
    "mao": EnzymeFacts(
        title="monoamine oxidase outside brain", turnover=0.0058, turnover_source=_recalled(120)
    ),
    "comt": EnzymeFacts(
        title="catechol-O-methyltransferase outside brain", turnover=0.02, turnover_source=_GUESS
    ),
    "aadc": EnzymeFacts(
        title="aromatic amino-acid decarboxylase outside brain",
        turnover=0.02,
        turnover_source=_GUESS,
    ),
    "renal": EnzymeFacts(
        title="kidney",
        effects=(
            CovariateEffect(
                parameter="renal_capacity",
                covariate="crcl_ml_min",
                source="clearance by the kidney in proportion to that of creatinine",
                exponent=1.0,
                reference=_REFERENCE_CRCL_ML_MIN,
            ),
        ),
    ),
}
"""Every way of elimination but ``other``, which nothing moves."""


def enzymes(compounds: Iterable[Compound]) -> Submodel:
    r"""Return the submodel of the enzymes that remove some compounds, under those compounds.

    Parameters
    ----------
    compounds
        All compounds in the body.

    Returns
    -------
    Submodel with, for each enzyme of an elimination route, the rule ``<enzyme>_activity`` [1],
    relative to the reference patient without drugs; with ``<enzyme>_availability`` [1], the same
    without the patient's own amount, where a compound has a ladder of its own; and, if a compound
    destroys or induces it, the state ``<enzyme>_pool`` [1], relative to rest.

    Notes
    -----
    With unbound concentrations :math:`u_i = f_u C_i / M_i`:

    .. math::

        a = g\,E \Big/ \Big(1 + \sum_i \frac{u_i}{K_i}\Big), \qquad
        E' = k_{deg}\Big(1 + \sum_i \frac{E_{max,i}\,u_i}{EC_{50,i} + u_i} - E\Big)
             - E \sum_i \frac{k_{inact,i}\,u_i}{K_{I,i} + u_i}

    A substrate's Michaelis constant may stand in as its :math:`K_i`, which also saturates its own
    elimination. Left out: concentration in the portal vein, uptake into the liver, and the gut wall
    as a place of its own.

    Examples
    --------
    >>> from cohort.compounds import load_compound
    >>> model = enzymes([load_compound("paroxetine"), load_compound("nortriptyline")])
    >>> [species.name for species in model.species], [port.name for port in model.ports]
    (['cyp2d6_pool'], ['concentration_paroxetine'])
    """
    present = tuple(compounds)
    used = dict.fromkeys(route.enzyme for item in present for route in item.elimination)
    parts = [_Enzyme(name, present) for name in sorted(used) if name in ENZYMES]
    acting = tuple(dict.fromkeys(item.name for part in parts for item in part.acting))
    by_name = {item.name: item for item in present}
    return Submodel(
        name="enzymes",
        species=tuple(species for part in parts for species in part.species()),
        parameters=tuple(item for part in parts for item in part.parameters()),
        constants=tuple(item for name in acting for item in _binding_of(by_name[name])),
        ports=tuple(
            Port(f"concentration_{name}", "ng/mL", f"total {name} in plasma") for name in acting
        ),
        rates={name: rate for part in parts for name, rate in part.rates().items()},
        rules={name: rule for part in parts for name, rule in part.rules().items()},
        provides=tuple(name for part in parts for name in part.rules()),
    )


def enzyme_effects(names: Iterable[str]) -> tuple[CovariateEffect, ...]:
    """Return how phenotypes, smoking and the kidney move the enzymes of a model.

    Parameters
    ----------
    names
        Parameters of the model; those that are no enzyme's capacity are passed over.

    Returns
    -------
    Effects on ``<enzyme>_capacity``.

    Examples
    --------
    >>> enzyme_effects(["cyp2d6_capacity", "cl_x"])[0].levels["PM"]
    0.0
    """
    wanted = set(names)
    return tuple(
        effect
        for facts in ENZYMES.values()
        for effect in facts.effects
        if effect.parameter in wanted
    )


@dataclass(frozen=True, slots=True)
class _Enzyme:
    """One enzyme under all compounds."""

    name: str
    compounds: Sequence[Compound]

    @property
    def acting(self) -> tuple[Compound, ...]:
        acts = {item.name for item, _ in (*self._inhibitors(), *self._inducers())}
        return tuple(item for item in self.compounds if item.name in acts)

    def _inhibitors(self) -> list[tuple[Compound, Inhibition]]:
        return [
            (item, entry)
            for item in self.compounds
            for entry in item.inhibits
            if entry.enzyme == self.name
        ]

    def _inducers(self) -> list[tuple[Compound, Induction]]:
        return [
            (item, entry)
            for item in self.compounds
            for entry in item.induces
            if entry.enzyme == self.name
        ]

    @property
    def _killers(self) -> list[tuple[Compound, Inhibition]]:
        return [pair for pair in self._inhibitors() if pair[1].k_inact is not None]

    @property
    def _has_pool(self) -> bool:
        return bool(self._killers or self._inducers())

    def species(self) -> tuple[Species, ...]:
        if not self._has_pool:
            return ()
        title = ENZYMES[self.name].title
        return (Species(f"{self.name}_pool", sympy.Integer(1), "1", f"{title} relative to rest"),)

    def parameters(self) -> tuple[Parameter, ...]:
        facts = ENZYMES[self.name]
        made: list[Parameter | None] = []
        if self._has_own_amount:
            meaning = f"amount of working {facts.title}"
            made.append(
                Parameter(f"{self.name}_capacity", 1.0, "1", meaning, _NORMAL, 0.0, NOT_NEGATIVE)
            )
        if self._has_pool and facts.turnover is not None and facts.turnover_source is not None:
            meaning = f"loss of {facts.title} at rest"
            made.append(
                Parameter(
                    f"{self.name}_turnover", facts.turnover, "1/h", meaning, facts.turnover_source
                )
            )
        for item, entry in self._inhibitors():
            made += [
                self._number("k_i", item, entry.k_i, "uM", "constant of reversible inhibition"),
                self._number("k_inact", item, entry.k_inact, "1/h", "largest rate of inactivation"),
                self._number(
                    "k_inact_half",
                    item,
                    entry.k_inact_half,
                    "uM",
                    "unbound concentration of half that rate",
                ),
            ]
        for item, induction in self._inducers():
            made += [
                self._number("e_max", item, induction.e_max, "1", "largest induction"),
                self._number(
                    "ec50", item, induction.ec50, "uM", "unbound concentration of half induction"
                ),
            ]
        return tuple(item for item in made if item is not None)

    def _number(
        self, name: str, compound: Compound, quantity: Quantity | None, unit: str, meaning: str
    ) -> Parameter | None:
        if quantity is None:
            return None
        return Parameter(
            f"{name}_{self.name}_{compound.name}",
            quantity.number(unit),
            unit,
            f"{meaning} by {compound.name}",
            Source(f"{quantity.source} [{quantity.tag}]", quantity.mark),
        )

    @property
    def _has_own_ladder(self) -> bool:
        return any(
            route.activity
            for item in self.compounds
            for route in item.elimination
            if route.enzyme == self.name
        )

    @property
    def _has_own_amount(self) -> bool:
        return any(
            not route.activity
            for item in self.compounds
            for route in item.elimination
            if route.enzyme == self.name
        )

    def rules(self) -> dict[str, Rule]:
        load = sympy.Add(
            *(
                _unbound(item) / symbol(f"k_i_{self.name}_{item.name}")
                for item, entry in self._inhibitors()
                if entry.k_i is not None
            )
        )
        pool = symbol(f"{self.name}_pool") if self._has_pool else sympy.Integer(1)
        title = ENZYMES[self.name].title
        free = pool / (1 + load)
        made = {}
        if self._has_own_amount:
            working = symbol(f"{self.name}_capacity") * pool / (1 + load)
            made[f"{self.name}_activity"] = Rule(working, "1", f"working {title}")
        if self._has_own_ladder:
            made[f"{self.name}_availability"] = Rule(
                free, "1", f"share of {title} that drugs leave"
            )
        return made

    def rates(self) -> dict[str, sympy.Expr]:
        if not self._has_pool:
            return {}
        pool = symbol(f"{self.name}_pool")
        made = 1 + sympy.Add(
            *(
                symbol(f"e_max_{self.name}_{item.name}")
                * michaelis_menten(_unbound(item), symbol(f"ec50_{self.name}_{item.name}"))
                for item, _ in self._inducers()
            )
        )
        destroyed = sympy.Add(
            *(
                symbol(f"k_inact_{self.name}_{item.name}")
                * _unbound(item)
                / (symbol(f"k_inact_half_{self.name}_{item.name}") + _unbound(item))
                for item, _ in self._killers
            )
        )
        turnover = relaxation(made, pool, symbol(f"{self.name}_turnover"))
        return {f"{self.name}_pool": turnover - destroyed * pool}


def _binding_of(compound: Compound) -> tuple[Constant, Constant]:
    free, mass = compound.f_u, compound.molar_mass
    return (
        Constant(
            f"f_u_{compound.name}",
            free.number("1"),
            "1",
            f"unbound fraction of {compound.name} in plasma",
            Source(f"{free.source} [{free.tag}]", free.mark),
        ),
        Constant(
            f"molar_mass_{compound.name}",
            mass.number("g/mol"),
            "g/mol",
            f"molar mass of {compound.name}",
            Source(f"{mass.source} [{mass.tag}]", mass.mark),
        ),
    )


def _unbound(compound: Compound) -> sympy.Expr:
    name = compound.name
    return symbol(f"f_u_{name}") * symbol(f"concentration_{name}") / symbol(f"molar_mass_{name}")
