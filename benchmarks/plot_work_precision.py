"""Draw rate against error for every solver of the work-precision section.

    python benchmarks/plot_work_precision.py --results benchmarks/results/engine.jsonl --plot x.svg

needs matplotlib; `benchmarks/run.py` calls it.
"""

import argparse
import json
from pathlib import Path

import matplotlib.pyplot as plt
from engine.curves import curves

plt.rcParams["svg.hashsalt"] = "work-precision"  # the same bytes for the same numbers


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--plot", type=Path, required=True)
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.results.read_text().splitlines()]
    figure, axes = plt.subplots(figsize=(8, 5))
    chosen = [row for row in rows if row["section"] == "work-precision"]
    for label, by_rtol in curves(chosen).items():
        points = [(row["error_worst"], row["per_cpu_s"]) for row in by_rtol.values()]
        is_ours = next(iter(by_rtol.values()))["is_ours"]
        style = {"marker": "o", "linewidth": 2} if is_ours else {"marker": ".", "linestyle": "--"}
        axes.loglog(*zip(*points, strict=True), label=label, **style)
    axes.set(
        xlabel="error of the worst patient and state at day 84 [1]",
        ylabel="patients per CPU-second",
        title="sert29: 29 states, 84 daily tablets; one core",
    )
    axes.invert_xaxis()
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(options.plot, bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    main()
