"""Work-precision curves: medians over rounds, and the rate of a curve at a given error."""

import math
from collections import defaultdict
from itertools import pairwise
from statistics import median


def curves(rows):
    """Return points by label, then by rtol, medians over rounds of the rows that are right."""
    rounds = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["status"] == "ok":
            rounds[row["label"]][row["rtol"]].append(row)
    return {
        label: {rtol: _middle(some) for rtol, some in by_rtol.items()}
        for label, by_rtol in rounds.items()
    }


def _middle(some):
    names = ("per_cpu_s", "error_worst", "error_median")
    return {**some[0], **{name: median(row[name] for row in some) for name in names}}


def rate_at(points, error):
    """Return the rate of a curve at an error, None outside what was measured.

    Straight lines between neighbouring points in logarithms of both, the best where several cross.
    """
    ordered = sorted(points, key=lambda row: row["error_worst"])
    rates = []
    for finer, coarser in pairwise(ordered):
        low, high = finer["error_worst"], coarser["error_worst"]
        if low <= error <= high and low < high:
            share = math.log(error / low) / math.log(high / low)
            rise = math.log(coarser["per_cpu_s"] / finer["per_cpu_s"])
            rates.append(finer["per_cpu_s"] * math.exp(share * rise))
    return max(rates, default=None)
