"""Competition of all compounds for each target: concentrations in plasma in, occupancies out.

The one place where drugs meet the chemistry. `cohort.compounds.targets` says which targets there
are and which ports of the chemistry read them; no drug and no transmitter is named here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sympy

from cohort.compounds import SUPPLIES, TARGETS, Binding, Compound, Target
from cohort.compounds.quantity import Quantity
from cohort.model import FRACTION, Constant, Parameter, Port, Rule, Source, Species, Submodel
from cohort.model.rate_laws import michaelis_menten, relaxation
from kernels.system import symbol

__all__ = ["targets", "targets_without_system"]

_PLATEAU = Source(
    "PET plateau of 85 % at high doses (Meyer 2001, Voineskos 2007): 0.85-0.90 [input]", "computed"
)
_LN2 = sympy.Float(0.6931471805599453)
_TYPICAL_NG_ML = 10.0
_REVERSED = Source("chosen: with block of uptake some fivefold outside within an hour", "design")
_GAINS = {
    "dat_release": _REVERSED,
    "net_release": _REVERSED,
    "gaba_a": Source(
        "benzodiazepines at full occupancy: GABA-A current x 2 to 3, recalled", "assumed"
    ),
    "alpha2delta": Source("gabapentinoids lower release by up to 30 %, recalled", "assumed"),
}


def targets(compounds: Iterable[Compound]) -> Submodel:
    r"""Return the submodel of what compounds hold, activate and destroy.

    Parameters
    ----------
    compounds
        All compounds in the body.

    Returns
    -------
    Submodel with the rule ``occupancy_<target>`` [1] (``sert_occupancy`` for SERT) of every target
    that a compound binds reversibly, and one rule for every door of those targets in the chemistry;
    ``sert_occupancy`` is there, and 0, without any compound. What compounds supply, such as
    ``levodopa_plasma`` [uM], are rules too. A compound with an onset brings the state
    ``site_<target>_<compound>`` [ng/mL].

    Notes
    -----
    With :math:`d_i = C_i/EC_{50,i}` on *total* plasma concentration (occupancy computed from
    unbound drug and in-vitro affinity contradicts PET):

    .. math:: \theta = E_{max}\,\frac{\sum d_i}{1 + \sum d_i}

    Receptors whose compounds have an efficacy :math:`\epsilon_i` read the transmitter tone *x* as
    :math:`x_{eq} = (x + a\sum\epsilon_i d_i)/(1 + \sum(1-\epsilon_i)d_i)`, *a* being the half
    saturation of the receptor. The doors carry its two parts,
    :math:`o = 1 - 1/(1 + \sum(1-\epsilon_i)d_i)` (antagonist) and
    :math:`\sum\epsilon_i d_i\,(1 - o)` (agonist). With a resting transmitter *r*, in half
    saturations, ``net_block_<target>`` is :math:`1 - x_{eq}/x = o - (1-o)\sum\epsilon_i d_i/r`: the
    occupancy of a pure antagonist, less of a partial and below 0 of a full agonist. Irreversible
    inhibitors give a rate of inactivation :math:`\sum k_{inact,i} C_i/(K_i + C_i)`. An onset of
    half-life *h* puts :math:`C_e' = (\ln 2/h)(C - C_e)` between plasma and target.

    References
    ----------
    Meyer et al. 2004, Am J Psychiatry 161:826 (SERT, 76-85 % at minimum therapeutic doses).

    Examples
    --------
    >>> from cohort.compounds import load_compound
    >>> model = targets([load_compound("sertraline")])
    >>> model.parameters[1].name, model.parameters[1].value
    ('ec50_sert_sertraline', 2.7)
    >>> targets([]).rules["sert_occupancy"].expression
    0
    """
    present = tuple(compounds)
    bound = [
        _Bound(TARGETS[name], tuple((c, b) for c in present for b in c.binds if b.target == name))
        for name in TARGETS
    ]
    bound = [item for item in bound if item.pairs or item.target.name == "sert"]
    fed: list[tuple[Compound, str]] = [
        (compound, port) for compound in present for port in compound.supplies
    ]
    names = dict.fromkeys(compound.name for item in bound for compound, _ in item.pairs)
    names |= dict.fromkeys(compound.name for compound, _ in fed)
    supplied = {port: _molar(port, fed) for _, port in fed}
    return Submodel(
        name="targets",
        constants=tuple(_molar_mass(item) for item in present if item.supplies),
        species=tuple(species for item in bound for species in item.species()),
        parameters=tuple(parameter for item in bound for parameter in item.parameters()),
        ports=tuple(
            Port(f"concentration_{name}", "ng/mL", f"total {name} in plasma") for name in names
        ),
        rates={name: rate for item in bound for name, rate in item.rates().items()},
        rules={name: rule for item in bound for name, rule in item.rules().items()} | supplied,
        provides=(*(name for item in bound for name in item.rules()), *supplied),
    )


def _molar_mass(compound: Compound) -> Constant:
    mass = compound.molar_mass
    return Constant(
        f"supplied_molar_mass_{compound.name}",
        mass.number("g/mol"),
        "g/mol",
        f"molar mass of {compound.name}",
        Source(f"{mass.source} [{mass.tag}]", mass.mark),
    )


def _molar(port: str, fed: list[tuple[Compound, str]]) -> Rule:
    """Return the molar plasma concentration of all compounds that feed a port."""
    level = sympy.Add(
        *(
            symbol(f"concentration_{compound.name}")
            / symbol(f"supplied_molar_mass_{compound.name}")
            for compound, name in fed
            if name == port
        )
    )
    return Rule(level, "uM", f"{port.replace('_', ' in ')}, from what is taken")


def targets_without_system(
    compounds: Iterable[Compound], systems: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Return what compounds bind or feed in a system which is not simulated.

    Parameters
    ----------
    compounds
        Compounds of a protocol.
    systems
        Systems that are simulated, with all that they need.

    Returns
    -------
    Titles of the targets by name of the missing system.

    Examples
    --------
    >>> from cohort.compounds import load_compound
    >>> targets_without_system([load_compound("sertraline")], ["dopamine"])
    {'serotonin': ('serotonin transporter',)}
    """
    there = set(systems)
    found: dict[str, dict[str, None]] = {}
    for compound in compounds:
        targets_of = [TARGETS[binding.target] for binding in compound.binds]
        acted_on = [(target.system, target.title) for target in targets_of]
        acted_on += [SUPPLIES[port] for port in compound.supplies]
        for system, title in acted_on:
            if system and system not in there:
                found.setdefault(system, {})[title] = None
    return {system: tuple(titles) for system, titles in found.items()}


@dataclass(frozen=True, slots=True)
class _Bound:
    """One target and all that bind it."""

    target: Target
    pairs: tuple[tuple[Compound, Binding], ...]

    @property
    def _reversible(self) -> list[tuple[Compound, Binding]]:
        return [(c, b) for c, b in self.pairs if b.ec50 is not None]

    @property
    def _irreversible(self) -> list[tuple[Compound, Binding]]:
        return [(c, b) for c, b in self.pairs if b.ec50 is None]

    def _delayed(self) -> list[tuple[Compound, Quantity]]:
        return [(c, b.onset) for c, b in self.pairs if b.onset is not None]

    def _name(self, kind: str, compound: Compound) -> str:
        return f"{kind}_{self.target.name}_{compound.name}"

    def species(self) -> tuple[Species, ...]:
        return tuple(
            Species(
                self._name("site", compound),
                sympy.Integer(0),
                "ng/mL",
                f"{compound.name} at the {self.target.title}, in equivalents of plasma",
                _TYPICAL_NG_ML,
            )
            for compound, _ in self._delayed()
        )

    def rates(self) -> dict[str, sympy.Expr]:
        return {
            self._name("site", compound): relaxation(
                symbol(f"concentration_{compound.name}"),
                symbol(self._name("site", compound)),
                _LN2 / symbol(self._name("onset", compound)),
            )
            for compound, _ in self._delayed()
        }

    def parameters(self) -> tuple[Parameter, ...]:
        title = self.target.title
        made = []
        if self.target.e_max != 1.0 and self._reversible:
            made.append(
                Parameter(
                    f"{self.target.name}_e_max",
                    self.target.e_max,
                    "1",
                    "largest occupancy that PET shows",
                    _PLATEAU,
                    0.0,
                    FRACTION,
                )
            )
        if self.target.kind in ("modulated", "reversed"):
            made.append(
                Parameter(
                    f"{self.target.name}_gain",
                    self.target.gain,
                    "1" if self.target.kind == "modulated" else "1/h",
                    f"effect of full occupancy of the {title}",
                    _GAINS[self.target.name],
                )
            )
        declared = (
            ("ec50", "ng/mL", "total plasma {name} of half occupancy"),
            ("efficacy", "1", "intrinsic activity of {name} at the {title}"),
            ("onset", "h", "half-life of equilibration of {name} with the {title}"),
            ("k_inact", "1/h", "largest rate of inactivation of the {title} by {name}"),
            ("k_inact_half", "ng/mL", "total plasma {name} of half that rate"),
        )
        for compound, binding in self.pairs:
            for key, unit, meaning in declared:
                quantity: Quantity | None = getattr(binding, key)
                if quantity is None:
                    continue
                bounds = (FRACTION,) if key == "efficacy" else ()
                made.append(
                    Parameter(
                        self._name(key, compound),
                        quantity.number(unit),
                        unit,
                        meaning.format(name=compound.name, title=title),
                        Source(f"{quantity.source} [{quantity.tag}]", quantity.mark),
                        0.0,
                        *bounds,
                    )
                )
        return tuple(made)

    def _at_site(self, compound: Compound, binding: Binding) -> sympy.Expr:
        if binding.onset is not None:
            return symbol(self._name("site", compound))
        return symbol(f"concentration_{compound.name}")

    def _relative(self, compound: Compound, binding: Binding) -> sympy.Expr:
        return self._at_site(compound, binding) / symbol(self._name("ec50", compound))

    def rules(self) -> dict[str, Rule]:
        load = sympy.Add(*(self._relative(c, b) for c, b in self._reversible))
        plateau = (
            symbol(f"{self.target.name}_e_max") if self.target.e_max != 1.0 else sympy.Integer(1)
        )
        held = plateau * load / (1 + load) if self._reversible else sympy.Integer(0)
        made = {}
        if self._reversible or self.target.name == "sert":
            meaning = f"share of the {self.target.title} that drugs hold"
            made[self.target.occupancy] = Rule(held, "1", meaning)
            made.update(self._doors())
        if self._irreversible:
            rate = sympy.Add(
                *(
                    symbol(self._name("k_inact", compound))
                    * michaelis_menten(
                        self._at_site(compound, binding),
                        symbol(self._name("k_inact_half", compound)),
                    )
                    for compound, binding in self._irreversible
                )
            )
            made[self.target.inactivation_door] = Rule(
                rate, "1/h", f"inactivation of the {self.target.title}"
            )
        return made

    def _doors(self) -> dict[str, Rule]:
        target, occupancy = self.target, symbol(self.target.occupancy)
        if target.kind == "modulated":
            gain = symbol(f"{target.name}_gain") * occupancy
            effect = 1 + gain if target.name == "gaba_a" else gain
            return {
                door: Rule(effect, "1", f"effect on the {target.title}") for door in target.doors
            }
        if target.kind == "receptor":
            return self._receptor_doors()
        if target.kind == "reversed":
            rate = symbol(f"{target.name}_gain") * occupancy
            return {door: Rule(rate, "1/h", f"by the {target.title}") for door in target.doors}
        return {
            door: Rule(occupancy, "1", f"share of the {target.title} that is blocked")
            for door in target.doors
            if door != target.occupancy
        }

    def _receptor_doors(self) -> dict[str, Rule]:
        passive, active = sympy.Integer(0), sympy.Integer(0)
        for compound, binding in self._reversible:
            relative = self._relative(compound, binding)
            if binding.efficacy is None:
                passive += relative
                continue
            efficacy = symbol(self._name("efficacy", compound))
            passive += (1 - efficacy) * relative
            active += efficacy * relative
        title = self.target.title
        made = {
            door: Rule(passive / (1 + passive), "1", f"antagonist share at {title}")
            for door in self.target.doors
        }
        if active != 0:
            made |= {
                door: Rule(
                    active / (1 + passive), "1", f"agonist at {title}, in its half saturation"
                )
                for door in self.target.agonist_doors
            }
        if self.target.net_block:
            lost = (passive - active / sympy.Float(self.target.resting)) / (1 + passive)
            made[self.target.net_block] = Rule(lost, "1", f"share of the signal at {title} lost")
        return made
