"""What drugs bind: transporters, enzymes and receptors, and the doors they have in the chemistry.

One line a target. A door is a port of a system in `cohort.chemistry`; a target without one is
reported as occupancy only. Adding a target is adding a line. Imports the standard library.
"""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["SUPPLIES", "TARGETS", "Target", "TargetKind"]

TargetKind = Literal["blocked", "destroyed", "receptor", "modulated", "reversed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target.

    Parameters
    ----------
    name, title
        Identifier, and words for people.
    kind
        ``blocked``: a transporter or enzyme of which a share is held. ``destroyed``: an enzyme that
        is inhibited irreversibly only. ``receptor``: agonists, partial agonists and antagonists
        compete with the transmitter. ``modulated``: an allosteric site. ``reversed``: a carrier
        that a releaser such as amphetamine turns round.
    doors
        Ports that read the blocked share (of a receptor: of antagonist), or the modulation.
    agonist_doors
        Ports that read the agonist of a receptor, in the order of ``doors``.
    inactivation_door
        Port that reads the rate of irreversible inhibition [1/h]; empty where there is none.
    system
        System of the chemistry that has the doors; empty where none has.
    e_max
        Largest occupancy that is seen in people [1].
    gain
        Modulated targets: size of the effect at full occupancy [1]; reversed ones: rate constant
        from cytosol to outside [1/h].
    resting
        Receptors whose loss of signal outcomes read: resting transmitter in units of the half
        saturation [1]; 0 where nothing reads it.

    Examples
    --------
    >>> TARGETS["sert"].doors, TARGETS["h1"].kind
    (('sert_occupancy',), 'receptor')
    """

    name: str
    title: str
    kind: TargetKind
    doors: tuple[str, ...] = ()
    agonist_doors: tuple[str, ...] = ()
    inactivation_door: str = ""
    system: str = ""
    e_max: float = 1.0
    gain: float = 0.0
    resting: float = 0.0

    @property
    def can_be_destroyed(self) -> bool:
        """Whether a drug can inhibit it irreversibly.

        Examples
        --------
        >>> TARGETS["mao_b"].can_be_destroyed
        True
        """
        return bool(self.inactivation_door)

    @property
    def occupancy(self) -> str:
        """Name of the rule that says how much of it drugs hold.

        Examples
        --------
        >>> TARGETS["sert"].occupancy, TARGETS["d2"].occupancy
        ('sert_occupancy', 'occupancy_d2')
        """
        return "sert_occupancy" if self.name == "sert" else f"occupancy_{self.name}"

    @property
    def net_block(self) -> str:
        """Name of the rule that says how much of its resting signal drugs take away, or empty.

        Examples
        --------
        >>> TARGETS["d2"].net_block, TARGETS["h1"].net_block
        ('net_block_d2', '')
        """
        return f"net_block_{self.name}" if self.resting else ""


_TABLE: Final = (
    # transporters
    Target(
        name="sert",
        title="serotonin transporter",
        kind="blocked",
        doors=("sert_occupancy",),
        system="serotonin",
        e_max=0.88,
    ),
    Target(
        name="net",
        title="noradrenaline transporter",
        kind="blocked",
        doors=("net_occupancy",),
        system="noradrenaline",
    ),
    Target(
        name="dat",
        title="dopamine transporter",
        kind="blocked",
        doors=("dat_occupancy",),
        system="dopamine",
    ),
    Target(
        name="vmat2",
        title="vesicular monoamine transporter 2",
        kind="blocked",
        doors=("vmat_inhibition",),
        system="dopamine",
    ),
    Target(
        name="gat1",
        title="GABA transporter 1",
        kind="blocked",
        doors=("gat1_occupancy",),
        system="gaba_glutamate",
    ),
    # enzymes of the brain
    Target(
        name="mao_a",
        title="monoamine oxidase A",
        kind="blocked",
        doors=("mao_a_inhibition",),
        inactivation_door="mao_a_inactivation",
        system="monoamine_oxidase_a",
    ),
    Target(
        name="mao_b",
        title="monoamine oxidase B",
        kind="blocked",
        doors=("mao_b_inhibition",),
        inactivation_door="mao_b_inactivation",
        system="monoamine_oxidase_b",
    ),
    Target(
        name="comt",
        title="catechol-O-methyltransferase of brain",
        kind="blocked",
        doors=("comt_inhibition",),
        system="dopamine",
    ),
    Target(
        name="ache",
        title="acetylcholinesterase",
        kind="blocked",
        doors=("ache_inhibition",),
        system="acetylcholine",
    ),
    Target(
        name="gaba_t",
        title="GABA transaminase",
        kind="destroyed",
        inactivation_door="gaba_transaminase_inactivation",
        system="gaba_glutamate",
    ),
    # receptors with a door
    Target(
        name="5ht1a",
        title="5-HT1A",
        kind="receptor",
        doors=("antagonist_1a",),
        agonist_doors=("agonist_1a",),
        system="serotonin",
    ),
    Target(
        name="5ht1b",
        title="5-HT1B",
        kind="receptor",
        doors=("antagonist_1b",),
        agonist_doors=("agonist_1b",),
        system="serotonin",
    ),
    Target(
        name="d2",
        title="dopamine D2, auto- and postsynaptic",
        kind="receptor",
        doors=("antagonist_d2", "antagonist_dopamine"),
        agonist_doors=("agonist_d2", "agonist_dopamine"),
        system="dopamine",
        resting=0.25,
    ),
    Target(
        name="alpha2",
        title="alpha-2 adrenergic",
        kind="receptor",
        doors=("antagonist_alpha2",),
        agonist_doors=("agonist_alpha2",),
        system="noradrenaline",
    ),
    Target(
        name="m1",
        title="muscarinic M1",
        kind="receptor",
        doors=("antagonist_m1",),
        system="acetylcholine",
    ),
    Target(
        name="m2",
        title="muscarinic M2",
        kind="receptor",
        doors=("antagonist_m2",),
        system="acetylcholine",
    ),
    Target(
        name="h1",
        title="histamine H1",
        kind="receptor",
        doors=("antagonist_h1",),
        system="histamine",
    ),
    Target(
        name="h3",
        title="histamine H3",
        kind="receptor",
        doors=("antagonist_h3",),
        system="histamine",
    ),
    Target(
        name="nmda",
        title="NMDA",
        kind="receptor",
        doors=("antagonist_nmda",),
        system="gaba_glutamate",
    ),
    # allosteric sites
    Target(
        name="gaba_a",
        title="benzodiazepine site of GABA-A",
        kind="modulated",
        doors=("gaba_a_modulation",),
        system="gaba_glutamate",
        gain=1.5,
    ),
    Target(
        name="alpha2delta",
        title="alpha-2-delta subunit of calcium channels",
        kind="modulated",
        doors=("glutamate_release_inhibition",),
        system="gaba_glutamate",
        gain=0.3,
    ),
    # carriers turned round
    Target(
        name="dat_release",
        title="dopamine transporter, reversed",
        kind="reversed",
        doors=("dopamine_reverse_transport",),
        system="dopamine",
        gain=100.0,
    ),
    Target(
        name="net_release",
        title="noradrenaline transporter, reversed",
        kind="reversed",
        doors=("noradrenaline_reverse_transport",),
        system="noradrenaline",
        gain=300.0,
    ),
    # receptors that are reported only
    Target(name="d1", title="dopamine D1", kind="receptor"),
    Target(name="d3", title="dopamine D3", kind="receptor"),
    Target(
        name="d2_pituitary", title="dopamine D2 of the pituitary", kind="receptor", resting=0.25
    ),
    Target(name="5ht2a", title="5-HT2A", kind="receptor"),
    Target(name="5ht2c", title="5-HT2C", kind="receptor"),
    Target(name="5ht3", title="5-HT3", kind="receptor"),
    Target(name="5ht6", title="5-HT6", kind="receptor"),
    Target(name="5ht7", title="5-HT7", kind="receptor"),
    Target(name="alpha1", title="alpha-1 adrenergic", kind="receptor"),
    Target(name="m3", title="muscarinic M3", kind="receptor"),
    Target(name="adenosine_a2a", title="adenosine A2A", kind="receptor"),
    Target(name="nicotinic", title="nicotinic acetylcholine", kind="receptor"),
    # channel of the heart
    Target(name="herg", title="hERG potassium channel of the heart", kind="blocked"),
)

TARGETS: Final = {target.name: target for target in _TABLE}
"""Every target by name."""

SUPPLIES: Final = {"levodopa_plasma": ("levodopa", "dopamine made of levodopa")}
"""By port that a compound can supply: the system that reads it, and what it makes of it."""
