"""Put the packaged trial beside the published arms, with prediction intervals.

    python benchmarks/compare_with_published.py [replicates] [pool per arm]

Simulates a pool of patients in every arm of ``sct-md-01``, then draws replicates of the trial at
its published size. Each replicate has its own patients (sampling), its own placebo response
(between trials) and its own weight of the serotonin signal (parameter). Scores are those of the
HAM-D24, last observation carried forward, as the published ones were analysed. Prints a table and
writes benchmarks/results/sct-md-01.json.

What was fitted: the weight of the signal, on pooled contrasts of other trials; nothing on this
trial. The gains of adverse events come from a label that contains it (no comparison here). Scale
loadings, placebo course, drop-out and variances are declared in the condition and scale files.
The trial's published numbers are read from the ``published`` part of the protocol.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, repeat
from pathlib import Path

import numpy as np

from cohort.outcomes import (
    DayDrivers,
    TrialVariation,
    follow_days,
    load_adverse_event,
    load_scale,
    score,
    start_course,
)
from cohort.population import normals
from cohort.simulate import simulate_block, trial_condition
from cohort.trial import load_protocol

SCALE = "HAMD24"
BLOCK = 500
ARM_SAMPLING_SD = 0.75  # of a mean change over 108 patients of SD 7.8: part of the trials' spread


def simulate_pool(arm, first, patients):
    trial = load_protocol("sct-md-01")
    ids = np.arange(first, first + patients)
    parts = [simulate_block(trial, arm, ids[i : i + BLOCK]) for i in range(0, patients, BLOCK)]
    return ids, {
        name: np.concatenate([part.drivers.readings[name] for part in parts], axis=1)
        for name in parts[0].drivers.readings
    }


def one_arm(trial, condition, events, pool, lanes, variation):
    """Return change, baseline and drop-out of some patients of the pool."""
    ids, drivers = pool
    chosen = ids[lanes]
    course = start_course(chosen, trial.seed, condition, events)
    days = [visit.time // 86400 for visit in trial.visits]
    scale = load_scale(SCALE)

    def rated(course):
        noise = normals(trial.seed, chosen, f"rating: {SCALE}", course.day)
        return score(scale, course.latent(condition, variation), noise)

    baseline = held = rated(course)
    for first, last in pairwise(days):
        part = DayDrivers(
            readings={k: v[first:last, lanes] for k, v in drivers.items()},
        )
        course = follow_days(course, part, condition, events, variation)
        held = np.where(np.isnan(course.left_day), rated(course), held)
    left = course.left_day <= days[1]  # no rating after baseline: not analysed
    return held - baseline, baseline, ~np.isnan(course.left_day), ~left


def replicate(trial, condition, events, pools, rng):
    spread = condition.placebo.trial_sd.number("1") ** 2 - ARM_SAMPLING_SD**2
    variation = TrialVariation(
        placebo_shift=float(rng.normal(0, spread**0.5)),
        benefit_factor=float(rng.normal(1, condition.link.signal_relative_error.number("1"))),
    )
    row = {}
    for arm in trial.arms:
        ids = pools[arm.name][0]
        lanes = np.sort(rng.choice(len(ids), arm.patients, replace=False))
        change, base, dropped, analysed = one_arm(
            trial, condition, events, pools[arm.name], lanes, variation
        )
        row[arm.name] = {
            "mean_change": float(change[analysed].mean()),
            "sd_change": float(change[analysed].std(ddof=1)),
            "responders": float((analysed & (change <= -0.5 * base)).mean()),
            "dropouts": float(dropped.mean()),
        }
    return row


def interval(values):
    low, high = np.quantile(values, [0.025, 0.975])
    return float(np.mean(values)), float(low), float(high)


def crps(draws, observed):
    """Return the continuous ranked probability score of a sample."""
    draws = np.sort(np.asarray(draws))
    n = len(draws)
    spread = ((2 * np.arange(1, n + 1) - n - 1) * draws).sum() / n**2
    return float(np.abs(draws - observed).mean() - spread)


def main():
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    patients = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    trial = load_protocol("sct-md-01")
    condition = trial_condition(trial)
    events = tuple(load_adverse_event(name) for name in trial.adverse_events)
    names = [arm.name for arm in trial.arms]
    starts = [1 + 1_000_000 * i for i in range(len(names))]
    with ProcessPoolExecutor(2) as executor:
        pools = dict(
            zip(names, executor.map(simulate_pool, names, starts, repeat(patients)), strict=True)
        )
    rng = np.random.default_rng(trial.seed)
    rows = [replicate(trial, condition, events, pools, rng) for _ in range(replicates)]
    published = {p.arm: p for p in trial.published if p.scale == SCALE}
    control = next(arm.name for arm in trial.arms if arm.control)
    result = {"replicates": replicates, "pool_per_arm": patients, "arms": {}, "contrasts": {}}
    print(f"{replicates} replicates of sct-md-01 at published size, {SCALE}, week 8, LOCF")
    print(f"{'':20s} {'published':>10s} {'predicted':>10s}   95 % prediction interval")
    for name in names:
        entry = result["arms"][name] = {}
        seen = published[name]
        wanted = {
            "mean_change": seen.mean_change,
            "sd_change": seen.sd_change,
            "responders": seen.responders / seen.n_randomized,
            "dropouts": seen.dropouts / seen.n_randomized,
        }
        for key, value in wanted.items():
            mean, low, high = interval([row[name][key] for row in rows])
            entry[key] = {"published": value, "mean": mean, "low": low, "high": high}
            inside = "inside" if low <= value <= high else "OUTSIDE"
            label = f"{name}, {key}" if key == "mean_change" else f"  {key}"
            print(f"{label:34s} {value:8.2f} {mean:8.2f}   {low:7.2f} to {high:6.2f}  {inside}")
    null = rng.normal(0.0, 1.0, replicates)
    for name in names:
        if name == control:
            continue
        value = published[name].mean_change - published[control].mean_change
        draws = np.array([r[name]["mean_change"] - r[control]["mean_change"] for r in rows])
        mean, low, high = interval(draws)
        noise = null * draws.std()
        scores = {
            "model": crps(draws, value),
            "no effect": crps(noise, value),
            "every drug -2.3": crps(noise - 2.3, value),
        }
        inside = "inside" if low <= value <= high else "OUTSIDE"
        shown = ", ".join(f"{key} {number:.2f}" for key, number in scores.items())
        print(f"{name} - {control}: {value:6.2f} {mean:6.2f}   {low:6.2f} to {high:6.2f}  {inside}")
        print(f"    score (CRPS, smaller is better): {shown}")
        result["contrasts"][name] = {
            "published": value,
            "mean": mean,
            "low": low,
            "high": high,
            "crps": scores,
        }
    path = Path(__file__).parent / "results" / "sct-md-01.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
