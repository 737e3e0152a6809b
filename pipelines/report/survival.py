"""Kaplan and Meier's estimate from counts a day: as exact for a million patients as for ten.

Times are whole days, so a patient is a count: how many had the event on a day, how many were last
seen then. Those last seen on a day were at risk on it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

__all__ = ["Curve", "kaplan_meier"]

_Z: Final = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A survival curve, constant between its days.

    Parameters
    ----------
    days
        Days on which something happened, ascending; the first is 0.
    survival
        Share without the event after each day [1].
    low, high
        Ends of its 95 % interval [1].
    at_risk
        Patients at risk at the beginning of each day.
    n, n_events
        Patients, and those with the event.

    Examples
    --------
    >>> kaplan_meier([2], [1], [3]).n
    4
    """

    days: tuple[int, ...]
    survival: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    at_risk: tuple[int, ...]
    n: int
    n_events: int

    def _place(self, day: float) -> int:
        return max(place for place, known in enumerate(self.days) if known <= day)

    def at(self, day: float) -> tuple[float, float, float]:
        """Return the share without the event after a day, and its interval."""
        place = self._place(day)
        return self.survival[place], self.low[place], self.high[place]

    def n_at_risk(self, day: float) -> int:
        """Return the patients at risk at the beginning of a day."""
        later = [n for known, n in zip(self.days, self.at_risk, strict=True) if known >= day]
        return later[0] if later else 0


def kaplan_meier(days: Sequence[int], events: Sequence[int], censored: Sequence[int]) -> Curve:
    r"""Return the product-limit estimate with Greenwood's variance.

    Parameters
    ----------
    days
        Days on which patients had the event or were last seen, 0 or later, each once.
    events, censored
        How many had the event on that day; how many were last seen without it.

    Notes
    -----
    .. math:: S(t) = \prod_{t_i \le t} (1 - d_i / n_i)

    with :math:`d_i` events among :math:`n_i` at risk. The interval is that of
    :math:`\log(-\log S)`, which stays between 0 and 1; without an event so far, and after the
    last patient at risk had it, there is no variance to build one on, and both ends are S.

    References
    ----------
    Kaplan EL, Meier P, J Am Stat Assoc 1958;53:457. Kalbfleisch JD, Prentice RL, The Statistical
    Analysis of Failure Time Data, 1980, section 1.3 (interval).

    Examples
    --------
    >>> curve = kaplan_meier([6, 7, 10], [3, 1, 1], [1, 0, 15])
    >>> [round(one, 4) for one in curve.survival]
    [1.0, 0.8571, 0.8067, 0.7563]
    """
    order = sorted(range(len(days)), key=lambda place: days[place])
    left = n = sum(events) + sum(censored)
    share, spread = 1.0, 0.0
    rows = [(0, 1.0, 1.0, 1.0, n)]
    for place in order:
        happened, at_risk = events[place], left
        if happened:
            share *= 1 - happened / at_risk
            if at_risk > happened:
                spread += happened / (at_risk * (at_risk - happened))
        low, high = _ends(share, spread)
        if days[place] == 0:
            rows = []
        rows.append((days[place], share, low, high, at_risk))
        left -= happened + censored[place]
    columns = list(zip(*rows, strict=True))
    return Curve(
        days=columns[0],
        survival=columns[1],
        low=columns[2],
        high=columns[3],
        at_risk=columns[4],
        n=n,
        n_events=sum(events),
    )


def _ends(share: float, spread: float) -> tuple[float, float]:
    if not 0 < share < 1:
        return share, share
    half = _Z * math.sqrt(spread) / abs(math.log(share))
    return share ** math.exp(half), share ** math.exp(-half)
