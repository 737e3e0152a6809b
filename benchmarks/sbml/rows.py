"""What a row of the table is: a published file, our number beside theirs, and a verdict by code.

A comparison that is judged holds our number, theirs, and how far apart they may lie. A row agrees
if all of its judged comparisons do, differs if some do not, and shares nothing if it has none; its
reason is then printed.

Most of our capacities are solved from fluxes at rest, so a Michaelis constant acts on the response
of a flux and not on its size. Constants are therefore compared by elasticity, d ln v / d ln s at
the substrate that we rest at: 1 is proportional, 0 saturated.
"""

from dataclasses import dataclass, field

ELASTICITY = 0.1
"""Relative: what two Michaelis constants may make of one flux and still say the same."""
SAME_CONSTANT = 0.02
"""Relative: rounding of published constants and levels."""
SAME_TIME = 0.1
"""Relative: half-lives and periods as physiology knows them."""
SAME_CLOCK = 0.05
"""Relative to a day: an hour and a bit."""
SAME_TRAJECTORY = 1e-4
"""Relative: the same equations integrated by two programs."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Our number beside theirs, or only how far apart courses lie; judged if ``within`` is given.

    ``turn`` is the length of a clock that both are read from, and ``within`` a share of it.
    """

    what: str
    theirs: float | None = None
    ours: float | None = None
    gap: float | None = None
    within: float | None = None
    turn: float | None = None

    @property
    def difference(self):
        """Return the relative difference; None where nothing is judged."""
        if self.within is None:
            return None
        if self.gap is not None:
            return self.gap
        apart = abs(self.ours - self.theirs)
        if self.turn is not None:
            return min(apart, self.turn - apart) / self.turn
        return apart / max(abs(self.theirs), abs(self.ours))

    @property
    def agrees(self):
        """Return whether the two lie as close as they may; True where nothing is judged."""
        return self.difference is None or self.difference <= self.within


@dataclass(frozen=True, kw_only=True)
class Row:
    """A published file beside ours."""

    file: str
    model: str
    ran: str
    shares: str
    reason: str
    comparisons: tuple[Comparison, ...] = field(default=())

    @property
    def verdict(self):
        """Return what the comparisons come to, and why."""
        judged = [c for c in self.comparisons if c.difference is not None]
        if not judged:
            return f"nothing shared: {self.reason}"
        good = sum(c.agrees for c in judged)
        if good == len(judged):
            return f"agrees ({self.reason})" if self.reason else "agrees"
        share = f" in {len(judged) - good} of {len(judged)}" if good else ""
        return f"differs{share}: because {self.reason}"


def elasticity(k_m, s):
    """Return d ln v / d ln s of a saturation s / (k_m + s)."""
    return k_m / (k_m + s)
