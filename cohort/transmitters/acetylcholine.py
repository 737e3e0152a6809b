"""Acetylcholine: choline from blood and synapse, ChAT, VAChT, release, and hydrolysis outside.

The choline that hydrolysis sets free is taken up again, most of it by CHT1. Acetylcholinesterase
is a target that inhibitors hold; it works far below saturation, so what is not inhibited clears in
milliseconds. Capacities are solved from set points. Units are µM and hours.

Every between-patient spread (``sd_log``) in this file is assumed.
"""

from cohort.model import (
    FRACTION,
    NOT_NEGATIVE,
    Bounds,
    Constant,
    Derived,
    Parameter,
    Port,
    Reaction,
    Rule,
    Source,
    Species,
    Submodel,
)
from cohort.model.rate_laws import activation, michaelis_menten, receptor_view, relaxation
from kernels import symbol

__all__ = ["acetylcholine"]

_CHOLINE = Source("fasting human plasma 7 to 20, mean 10 uM", "read")
_BRAIN = Source("extracellular choline 3 to 10 uM, recalled; to be verified", "assumed")
_POOLS = Source("half-life of acetylcholine in brain about 25 min; pools by choice", "design")
_VINSON = Source("Vinson, Justice 1997, rat striatum, no net flux: 18.4 (11.8) nM", "read")
_CHT = Source("Yamamura, Snyder: Michaelis constants 1 uM, and 90 uM of low affinity", "read")
_CHAT = Source("Michaelis constant 0.4 to 1 mM, recalled; to be verified", "assumed")
_ESTERASE = Source("Michaelis constant of 90 uM, recalled; to be verified", "assumed")
_REUSE = Source("choline of blood hardly moves release (accumbens): CHT1 carries most", "computed")
_TRANSPORT = Source("chosen so that choline settles in minutes", "design")
_SHAPE = Source("M2 brake small and saturable: neostigmine 9, 18, 32 x, Vinson 1997", "computed")
_FIRING = Source("uptake follows firing, by choice", "design")
_SURVIVING = Bounds(0.0, 1.0, True)
_LESS = Bounds(0.0, 0.9)


def acetylcholine() -> Submodel:
    r"""Return the submodel of acetylcholine.

    Returns
    -------
    Submodel with the states ``choline_plasma``, ``choline_extracellular``, ``choline_cytosol``,
    ``acetylcholine_cytosol``, ``acetylcholine_vesicle``, ``acetylcholine_extracellular`` [uM].

    Notes
    -----
    With *x* the extracellular level relative to rest, *f* the surviving share of terminals:

    .. math::

        F &= \frac{d}{1 + c\,(A((1 - o_{M2})\,x + a g_{M2}, a) - 1)}, \qquad R = k_R F A_v, \qquad
        H = V(1-u)\,\frac{A_e}{90 + A_e} \\
        U &= V_U F^{p}\,\frac{C_e}{1 + C_e}, \qquad
        C_e' = H - f (U + k C_e) + q\,(C_p - C_p^0/C_e^0\,C_e)

    Muscarinic occupancy is in quasi-steady state. Left out: nicotinic receptors apart,
    butyrylcholinesterase, membrane phospholipids, regions.

    References
    ----------
    Yamamura, Snyder 1973 (uptake); Vinson, Justice 1997 (extracellular level). How they are
    combined is this package's own.

    Examples
    --------
    >>> from cohort.model import assemble
    >>> model = assemble("brain", [acetylcholine()])
    >>> float(model.solved({}, n_lane=1)["ache_v_max"][0].round())
    1000200.0
    """
    return Submodel(
        name="acetylcholine",
        species=tuple(
            Species(name, symbol(f"{name}_baseline"), "uM", meaning, scale)
            for name, meaning, scale in (
                ("choline_plasma", "choline in plasma", 10.0),
                ("choline_extracellular", "choline outside cells", 5.0),
                ("choline_cytosol", "choline in terminals", 50.0),
                ("acetylcholine_cytosol", "in cytosol", 20.0),
                ("acetylcholine_vesicle", "in vesicles", 100.0),
                ("acetylcholine_extracellular", "outside the cell", 0.018),
            )
        ),
        parameters=(*_rest(), *_kinetics()),
        constants=(
            Constant("cht_firing_power", 0.5, "1", "choline uptake follows firing", _FIRING),
        ),
        derived=_capacities(),
        ports=_ports(),
        rules=_rules(),
        reactions=_reactions(),
        rates={
            "choline_plasma": relaxation(
                symbol("choline_plasma_baseline") * symbol("choline_supply"),
                symbol("choline_plasma"),
                symbol("choline_plasma_turnover"),
            )
        },
        provides=("acetylcholine_relative", "acetylcholine_tone", "acetylcholine_firing"),
    )


def _rest() -> tuple[Parameter, ...]:
    def level(name: str, value: float, source: Source, spread: float = 0.0) -> Parameter:
        return Parameter(f"{name}_baseline", value, "uM", "level at rest", source, spread)

    return (
        level("choline_plasma", 10.0, _CHOLINE, 0.2),
        level("choline_extracellular", 5.0, _BRAIN),
        level("choline_cytosol", 50.0, _POOLS),
        level("acetylcholine_cytosol", 20.0, _POOLS, 0.25),
        level("acetylcholine_vesicle", 100.0, _POOLS, 0.25),
        level("acetylcholine_extracellular", 0.018, _VINSON, 0.25),
        Parameter("acetylcholine_flux", 200.0, "uM/h", "synthesis and release", _POOLS, 0.25),
        Parameter(
            "choline_reuse",
            0.95,
            "1",
            "share of uptake that CHT1 carries",
            _REUSE,
            0.0,
            FRACTION,
        ),
    )


def _kinetics() -> tuple[Parameter, ...]:
    return (
        Parameter("choline_plasma_turnover", 2.0, "1/h", "of choline in plasma", _TRANSPORT),
        Parameter("choline_exchange", 10.0, "1/h", "blood and brain", _TRANSPORT),
        Parameter("cht_k_m", 1.0, "uM", "of high-affinity uptake", _CHT),
        Parameter("chat_k_m", 500.0, "uM", "of ChAT for choline", _CHAT),
        Parameter("ache_k_m", 90.0, "uM", "of acetylcholinesterase", _ESTERASE),
        Parameter(
            "release_feedback_m2", 0.15, "1", "M2 autoreceptor on release", _SHAPE, 0.0, _LESS
        ),
        Parameter("m2_half_saturation", 2.0, "1", "of M2, in resting levels", _SHAPE),
        Parameter("acetylcholine_half_saturation", 2.0, "1", "postsynaptic", _SHAPE),
    )


def _ports() -> tuple[Port, ...]:
    return (
        Port("choline_supply", "1", "choline in plasma that supply aims at", 1.0),
        Port("acetylcholine_drive", "1", "of other transmitters on firing", 1.0),
        Port("afferent_firing_acetylcholine", "1", "drive of cholinergic cells", 1.0),
        Port("acetylcholine_terminals", "1", "share that survives", 1.0, _SURVIVING),
        Port("chat_capacity", "1", "choline acetyltransferase, of rest", 1.0),
        Port("ache_inhibition", "1", "share of AChE that is blocked", 0.0, FRACTION),
        Port("antagonist_m2", "1", "share of M2 held by an antagonist", 0.0, FRACTION),
        Port("antagonist_m1", "1", "share of M1 held by an antagonist", 0.0, FRACTION),
        Port("agonist_m2", "1", "agonist at M2, in half saturations", 0.0, NOT_NEGATIVE),
        Port("agonist_m1", "1", "agonist at M1, in half saturations", 0.0, NOT_NEGATIVE),
    )


def _capacities() -> tuple[Derived, ...]:
    flux = symbol("acetylcholine_flux")
    reused = symbol("choline_reuse") * flux
    chat = michaelis_menten(symbol("choline_cytosol_baseline"), symbol("chat_k_m"))
    ache = michaelis_menten(symbol("acetylcholine_extracellular_baseline"), symbol("ache_k_m"))
    cht = michaelis_menten(symbol("choline_extracellular_baseline"), symbol("cht_k_m"))
    outside, plasma = symbol("choline_extracellular_baseline"), symbol("choline_plasma_baseline")
    return (
        Derived("chat_v_max", flux / chat, "uM/h", "capacity of ChAT"),
        Derived(
            "vacht_rate", flux / symbol("acetylcholine_cytosol_baseline"), "1/h", "packing by VAChT"
        ),
        Derived(
            "acetylcholine_release_rate",
            flux / symbol("acetylcholine_vesicle_baseline"),
            "1/h",
            "release per store",
        ),
        Derived("ache_v_max", flux / ache, "uM/h", "capacity of acetylcholinesterase"),
        Derived("cht_v_max", reused / cht, "uM/h", "capacity of high-affinity uptake"),
        Derived(
            "choline_low_affinity_rate", (flux - reused) / outside, "1/h", "low-affinity uptake"
        ),
        Derived("choline_partition", plasma / outside, "1", "plasma over brain at rest"),
    )


def _rules() -> dict[str, Rule]:
    x = symbol("acetylcholine_relative")
    drive = symbol("afferent_firing_acetylcholine") * symbol("acetylcholine_drive")
    half_m2, half_m1 = symbol("m2_half_saturation"), symbol("acetylcholine_half_saturation")
    held = activation(
        receptor_view(x, half_m2, symbol("antagonist_m2"), symbol("agonist_m2")), half_m2
    )
    received = receptor_view(x, half_m1, symbol("antagonist_m1"), symbol("agonist_m1"))
    feedback = 1 / (1 + symbol("release_feedback_m2") * (held - 1))
    return {
        "acetylcholine_relative": Rule(
            symbol("acetylcholine_extracellular") / symbol("acetylcholine_extracellular_baseline"),
            "1",
            "extracellular acetylcholine relative to rest",
        ),
        "acetylcholine_tone": Rule(
            activation(received, half_m1), "1", "muscarinic tone relative to rest"
        ),
        "acetylcholine_firing": Rule(drive * feedback, "1", "release drive relative to rest"),
        "acetylcholine_release": Rule(
            symbol("acetylcholine_release_rate")
            * symbol("acetylcholine_firing")
            * symbol("acetylcholine_vesicle"),
            "uM/h",
            "release of a surviving terminal",
        ),
        "acetylcholine_hydrolysis": Rule(
            symbol("ache_v_max")
            * (1 - symbol("ache_inhibition"))
            * michaelis_menten(symbol("acetylcholine_extracellular"), symbol("ache_k_m")),
            "uM/h",
            "hydrolysis outside",
        ),
        "choline_uptake": Rule(
            symbol("cht_v_max")
            * symbol("acetylcholine_firing") ** symbol("cht_firing_power")
            * michaelis_menten(symbol("choline_extracellular"), symbol("cht_k_m")),
            "uM/h",
            "high-affinity uptake of a surviving terminal",
        ),
        "choline_low_uptake": Rule(
            symbol("choline_low_affinity_rate") * symbol("choline_extracellular"),
            "uM/h",
            "low-affinity uptake",
        ),
    }


def _reactions() -> tuple[Reaction, ...]:
    uptake, low = symbol("choline_uptake"), symbol("choline_low_uptake")
    release, hydrolysis = symbol("acetylcholine_release"), symbol("acetylcholine_hydrolysis")
    survive = symbol("acetylcholine_terminals")
    acetylation = (
        symbol("chat_v_max")
        * symbol("chat_capacity")
        * michaelis_menten(symbol("choline_cytosol"), symbol("chat_k_m"))
    )
    packing = symbol("vacht_rate") * symbol("acetylcholine_cytosol")
    exchange = symbol("choline_exchange") * (
        symbol("choline_plasma") - symbol("choline_partition") * symbol("choline_extracellular")
    )
    inside, store, outside = (
        f"acetylcholine_{place}" for place in ("cytosol", "vesicle", "extracellular")
    )
    return (
        Reaction("uptake", uptake, {"choline_cytosol": 1}),
        Reaction("low_affinity_uptake", low, {"choline_cytosol": 1}),
        Reaction("acetylation", acetylation, {"choline_cytosol": -1, inside: 1}),
        Reaction("packing", packing, {inside: -1, store: 1}),
        Reaction("release", release, {store: -1}),
        Reaction("arrival", survive * release, {outside: 1}),
        Reaction("hydrolysis", hydrolysis, {outside: -1, "choline_extracellular": 1}),
        Reaction("choline_removal", survive * (uptake + low), {"choline_extracellular": -1}),
        Reaction("choline_exchange_flux", exchange, {"choline_extracellular": 1}),
    )
