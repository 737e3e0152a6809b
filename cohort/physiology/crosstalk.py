"""How transmitters act on one another: one table, each line a function with a source.

A transmitter knows no other. It provides its postsynaptic tone and reads one drive; this file
multiplies the drives together from the tones that are there. Every coupling is 1 at rest, has one
strength, and can be left out by name or set to 0.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

import sympy

from cohort.errors import UnknownNameError
from cohort.model import Bounds, Constant, Parameter, Port, Rule, Source, Submodel
from kernels import symbol

__all__ = ["COUPLINGS", "Coupling", "crosstalk", "without"]

_EXCITES, _INHIBITS = Bounds(0.0, 0.9), Bounds(-0.9, 0.0)


@dataclass(frozen=True, slots=True)
class Coupling:
    r"""One action of a quantity on a drive.

    Parameters
    ----------
    name
        Identifier; the strength is the parameter ``coupling_<name>``.
    source
        Quantity that acts, relative to rest [1]: a tone, a level.
    target
        Drive that it acts on [1].
    strength
        Relative change of the drive per relative change of the quantity, at rest [1]; between 0
        and 0.9 where it excites, between -0.9 and 0 where it inhibits.
    meaning
        Receptor and way, in words.
    evidence
        Where direction and size come from.
    law
        ``bounded`` or ``power``, the latter for older printings of the model.

    Notes
    -----
    With :math:`s` the strength, a bounded coupling is :math:`1 + s(x-1)` where it excites and
    :math:`1/(1 + |s|(x-1))` where it inhibits: positive for every :math:`x \ge 0`, and without
    a power in the inner loop. A power is :math:`x^s`. All have the slope *s* at rest.

    Examples
    --------
    >>> weak = Source("guess", "assumed")
    >>> act = Coupling("a_on_b", "a_tone", "b_drive", -0.2, "A on B", weak)
    >>> act.factor.subs(symbol("a_tone"), 1)
    1
    """

    name: str
    source: str
    target: str
    strength: float
    meaning: str
    evidence: Source
    law: Literal["bounded", "power"] = "bounded"

    @property
    def number(self) -> Parameter | Constant:
        """The strength as a number of the model.

        Examples
        --------
        >>> COUPLINGS[0].number.unit
        '1'
        """
        name = f"coupling_{self.name}"
        if self.law == "power":
            return Constant(name, self.strength, "1", self.meaning, self.evidence)
        bounds = _EXCITES if self.strength >= 0 else _INHIBITS
        return Parameter(name, self.strength, "1", self.meaning, self.evidence, bounds=bounds)

    @property
    def factor(self) -> sympy.Expr:
        """Factor on the drive [1].

        Examples
        --------
        >>> Coupling("x", "a", "b", 0.5, "A on B", Source("guess", "assumed"), "power").factor
        a**coupling_x
        """
        x, strength = symbol(self.source), symbol(f"coupling_{self.name}")
        if self.law == "power":
            return x**strength
        if self.strength >= 0:
            return 1 + strength * (x - 1)
        return 1 / (1 - strength * (x - 1))


def crosstalk(couplings: Iterable[Coupling], provided: Collection[str]) -> Submodel:
    """Return the submodel that turns tones into drives.

    Parameters
    ----------
    couplings
        The table, `COUPLINGS` or a part of it.
    provided
        Quantities that the systems in the model provide; couplings of others are passed over.

    Returns
    -------
    Submodel with one rule a drive; the drives that nothing acts on are left to their default.

    Examples
    --------
    >>> part = crosstalk(COUPLINGS, ["serotonin_tone"])
    >>> sorted(part.rules)
    ['dopamine_drive', 'noradrenaline_drive']
    """
    present = tuple(item for item in couplings if item.source in provided)
    targets = tuple(dict.fromkeys(item.target for item in present))
    numbers = tuple(item.number for item in present)
    return Submodel(
        name="crosstalk",
        parameters=tuple(item for item in numbers if isinstance(item, Parameter)),
        constants=tuple(item for item in numbers if isinstance(item, Constant)),
        ports=tuple(
            Port(name, "1", "relative to rest")
            for name in dict.fromkeys(item.source for item in present)
        ),
        rules={
            target: Rule(
                sympy.Mul(*(item.factor for item in present if item.target == target)),
                "1",
                "drive relative to rest",
            )
            for target in targets
        },
        provides=targets,
    )


def without(couplings: Iterable[Coupling], names: Collection[str]) -> tuple[Coupling, ...]:
    """Return a table of couplings without some of them.

    Raises
    ------
    UnknownNameError
        If a name is no coupling of the table.

    Examples
    --------
    >>> len(COUPLINGS) - len(without(COUPLINGS, ["serotonin_on_dopamine"]))
    1
    """
    table = tuple(couplings)
    known = [item.name for item in table]
    for name in names:
        if name not in known:
            raise UnknownNameError("crosstalk", name, known, "coupling")
    return tuple(item for item in table if item.name not in names)


def _weak(text: str) -> Source:
    return Source(f"{text}; direction recalled, size a weak guess", "assumed")


COUPLINGS: tuple[Coupling, ...] = (
    Coupling(
        "serotonin_on_noradrenaline",
        "serotonin_tone",
        "noradrenaline_drive",
        -0.7,
        "5-HT2A and 5-HT2C by GABA interneurons on locus coeruleus",
        Source("MHPG in CSF under SSRIs: -9 % De Bellis 1993, -48 % Sheline 1997", "design"),
    ),
    Coupling(
        "serotonin_on_dopamine",
        "serotonin_tone",
        "dopamine_drive",
        -0.3,
        "5-HT2C by GABA interneurons on the ventral tegmentum",
        _weak("5-HT2C receptors restrain dopamine cells"),
    ),
    Coupling(
        "noradrenaline_on_serotonin",
        "noradrenaline_tone",
        "serotonin_drive",
        0.1,
        "alpha-1 on dorsal raphe",
        _weak("excitation of raphe by alpha-1 receptors"),
    ),
    Coupling(
        "noradrenaline_on_serotonin_release",
        "alpha2_view",
        "serotonin_release_drive",
        -0.1,
        "alpha-2 heteroreceptor on serotonin terminals",
        _weak("alpha-2 heteroreceptors restrain serotonin release"),
    ),
    Coupling(
        "noradrenaline_on_acetylcholine",
        "noradrenaline_tone",
        "acetylcholine_drive",
        0.05,
        "alpha-1 on cholinergic cells",
        _weak("cortical projections"),
    ),
    Coupling(
        "dopamine_on_acetylcholine",
        "dopamine_tone",
        "acetylcholine_drive",
        -0.2,
        "D2 on cholinergic interneurons of the striatum",
        _weak("D2 receptors restrain striatal interneurons"),
    ),
    Coupling(
        "crh_on_noradrenaline",
        "crh",
        "noradrenaline_drive",
        0.3,
        "CRH on locus coeruleus",
        _weak("stress drives locus coeruleus through CRH"),
    ),
    Coupling(
        "cortisol_on_tph",
        "cortisol",
        "tph_drive",
        0.1,
        "glucocorticoids on expression of TPH2",
        _weak("glucocorticoids carry the daily rhythm of TPH2 in raphe, Malek 2007"),
    ),
    Coupling(
        "histamine_on_serotonin_release",
        "h3_view",
        "serotonin_release_drive",
        -0.1,
        "H3 heteroreceptor on serotonin terminals",
        _weak("H3 heteroreceptors, Best et al. 2020 in mice"),
    ),
    *(
        Coupling(
            f"glutamate_on_{target}",
            "glutamate_tone",
            f"{target}_drive",
            strength,
            "excitation of its cells",
            _weak("glutamatergic afferents"),
        )
        for target, strength in (
            ("serotonin", 0.1),
            ("dopamine", 0.1),
            ("noradrenaline", 0.1),
            ("gaba", 0.2),
        )
    ),
    *(
        Coupling(
            f"gaba_on_{target}",
            "gaba_tone",
            f"{target}_drive",
            strength,
            "GABA interneurons on its cells",
            _weak("GABAergic interneurons"),
        )
        for target, strength in (
            ("serotonin", -0.1),
            ("dopamine", -0.1),
            ("noradrenaline", -0.4),
            ("glutamate", -0.2),
        )
    ),
)
"""Every coupling of the chemistry."""
