"""Follow untreated people with the whole chemistry: do they stay, do they differ as people do.

    python benchmarks/study_population.py            # 10,000 people, some minutes on two cores
    python benchmarks/study_population.py --patients 200 --out /tmp/study

writes population.json and POPULATION.md (into benchmarks/chemistry unless told otherwise):

- failures and drift: everybody lives 52 weeks of meals and daily rhythm without treatment; states
  at the same clock time of weeks 8 and 52 are compared
- spread and correlation of metabolites in spinal fluid beside Blennow 1993
- urine as a test of the brain: correlation of each urinary metabolite with what it is taken to
  reflect, and how well low brain serotonin could be told from urine (area under the ROC curve)
- recovery: how long each transmitter is off its set point after a disturbance, healthy median
"""

import argparse
import json
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cohort.chemistry import WHOLE, Setting, chemistry_model
from cohort.outcomes import recovery_time
from cohort.population import sample_parameters
from cohort.trial import daily_meals, mean_intake
from cohort.trial.protocol import DEFAULT_MEALS
from kernels import Lanes, Schedule, Solver, integrate

HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400
SEED = 20261125
SETTLED_WEEK, LAST_WEEK = 8, 52
SOLVER = Solver(rtol=1e-5, atol=1e-6)
QUIET = 1e-6
"""Share of its scale below which a state's drift counts as absolute."""
LIVING = Setting(meals=True, rhythm="circadian")
BLENNOW = {  # lumbar CSF of 114 healthy adults
    "CV of 5-HIAA": 0.43,
    "CV of HVA": 0.43,
    "CV of HMPG": 0.21,
    "CV of HVA/5-HIAA": 0.25,
}
URINE = (  # urinary test, what it is taken to reflect
    ("urine_hiaa", "serotonin_extracellular"),
    ("urine_hiaa", "hiaa_brain"),
    ("urine_hva", "dopamine_extracellular"),
    ("urine_hva", "hva_brain"),
    ("urine_mhpg", "noradrenaline_extracellular"),
    ("urine_mhpg", "mhpg_brain"),
    ("hiaa_csf", "hiaa_brain"),
)
DISTURBANCES = (
    ("SERT 80 % blocked for four weeks", {"sert_occupancy": 0.8}, 28 * DAY),
    (
        "tryptophan depletion for seven hours",
        {"tryptophan_supply": 0.05, "lnaa_multiplier": 2.0},
        7 * HOUR,
    ),
    ("stress doubled for four weeks", {"stress": 2.0}, 28 * DAY),
    ("endotoxin-like drive for two hours", {"inflammatory_drive": 5.5}, 2 * HOUR),
    ("AChE 80 % blocked for a day", {"ache_inhibition": 0.8}, DAY),
    ("D2 autoreceptors 75 % blocked for four weeks", {"antagonist_d2": 0.75}, 28 * DAY),
)


def main():
    options = _options()
    started = time.perf_counter()
    result = {
        "patients": options.patients,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "states": len(chemistry_model(WHOLE, LIVING).system.states),
    }
    result |= {"year": year(options.patients, options.device)}
    result |= {"spread": spread(options.patients)}
    result |= {"urine": urine(options.patients, options.device)}
    result |= {"recovery": recovery(options.device)}
    result["wall_s"] = round(time.perf_counter() - started, 1)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "population.json").write_text(json.dumps(result, indent=1) + "\n")
    (options.out / "POPULATION.md").write_text(text := report(result))
    print(text)


def people(model, n):
    """Return parameters of n sampled people, and how many draws had no rest."""
    draw = sample_parameters(np.arange(1, n + 1), SEED, model)
    return dict(draw.values), int(draw.redraws.sum())


def year(n, device):
    """Everybody lives a year: how many fail, and what drifts."""
    model = chemistry_model(WHOLE, LIVING)
    values, redraws = people(model, n)
    lanes = model.lanes(values | mean_intake(DEFAULT_MEALS), n)
    saves = np.array([SETTLED_WEEK * WEEK, LAST_WEEK * WEEK])
    schedule = Schedule(
        t0=0, t1=LAST_WEEK * WEEK, streams=daily_meals(DEFAULT_MEALS, LAST_WEEK * WEEK)
    )
    solution = integrate(model.system, lanes, schedule, saves, SOLVER, device)
    drift, lowest = {}, {}
    for name in model.system.states:
        early, late = solution[name]
        floor = QUIET * model.species[name].scale
        drift[name] = float((np.abs(late - early) / np.maximum(np.abs(early), floor)).max())
        lowest[name] = float(min(early.min(), late.min()) / model.species[name].scale)
    worst = max(drift, key=drift.get)
    days = LAST_WEEK * 7
    return {
        "failed": int((solution.codes != 0).sum()),
        "redraws": redraws,
        "largest_drift": drift[worst],
        "of": worst,
        "lowest_state_over_scale": min(lowest.values()),
        "accepted_per_day": float(solution.accepted.mean() / days),
        "accepted_per_day_most": float(solution.accepted.max() / days),
        "rejected_per_day": float(solution.rejected.mean() / days),
    }


def spread(n):
    """Metabolites in lumbar CSF at rest, between people."""
    model = chemistry_model(WHOLE)
    values, _ = people(model, n)
    rest = dict(zip(model.system.states, model.lanes(values, n).states, strict=True))
    hiaa, hva, mhpg = rest["hiaa_csf"], rest["hva_csf"], rest["mhpg_csf"]
    return {
        "CV of 5-HIAA": _cv(hiaa),
        "CV of HVA": _cv(hva),
        "CV of HMPG": _cv(mhpg),
        "CV of HVA/5-HIAA": _cv(hva / hiaa),
        "correlation of log 5-HIAA and log HVA": _correlation(np.log(hiaa), np.log(hva)),
        "mean 5-HIAA [nM]": 1e3 * float(hiaa.mean()),
        "mean HVA [nM]": 1e3 * float(hva.mean()),
        "mean HMPG [nM]": 1e3 * float(mhpg.mean()),
    }


def urine(n, device):
    """How well urine reflects the brain of untreated people, a third of them with half the TPH2."""
    model = chemistry_model(WHOLE)
    values, _ = people(model, n)
    is_low = np.arange(n) % 3 == 0
    values["tph_capacity"] = np.where(is_low, 0.5, 1.0)
    until = 60 * DAY
    solution = integrate(
        model.system,
        model.lanes(values, n),
        Schedule(t0=0, t1=until),
        np.array([until]),
        SOLVER,
        device,
    )
    level = {name: solution[name][0] for name in {item for pair in URINE for item in pair}}
    healthy = ~is_low
    return {
        "correlations": [
            {
                "test": test,
                "reflects": target,
                "spearman": _spearman(level[test][healthy], level[target][healthy]),
            }
            for test, target in URINE
        ],
        "auc_low_tph_urine_hiaa": _auc(level["urine_hiaa"], is_low),
        "auc_low_tph_csf_hiaa": _auc(level["hiaa_csf"], is_low),
        "brain_serotonin_low_over_healthy": float(
            np.median(level["serotonin_extracellular"][is_low])
            / np.median(level["serotonin_extracellular"][healthy])
        ),
    }


def recovery(device, n=200):
    """Median hours until the deviation of each transmitter stays within 5 %."""
    model = chemistry_model(WHOLE)
    values, _ = people(model, n)
    hours = np.unique(np.round(np.geomspace(60, 28 * DAY, 120))).astype(np.int64)
    found = {}
    for title, controls, length in DISTURBANCES:
        disturbed = integrate(
            model.system,
            model.lanes(values | controls, n),
            Schedule(t0=0, t1=length),
            np.array([length]),
            SOLVER,
            device,
        )
        lanes = Lanes(parameters=model.lanes(values, n).parameters, states=disturbed.end.states)
        after = integrate(
            model.system, lanes, Schedule(t0=0, t1=int(hours[-1])), hours, SOLVER, device
        )
        found[title] = {
            name.removeprefix("deviation_"): {
                "deviation": float(np.median(disturbed[name][0])),
                "hours": _median(recovery_time(hours / HOUR, after[name])),
            }
            for name in (
                *(k for k in model.system.observables if k.startswith("deviation_")),
                "imbalance",
            )
        }
    return found


def report(result):
    year, blennow = result["year"], result["spread"]
    lines = [
        "# Untreated people",
        "",
        "Written by `python benchmarks/study_population.py`; not by hand.",
        "",
        f"{result['patients']:,} sampled people, {result['states']} states, 52 weeks with three "
        f"meals a day and the daily rhythm of cortisol, {result['date']}, {result['machine']}, "
        f"{result['wall_s']:g} s.",
        "",
        f"- failed: **{year['failed']}**; draws without a rest, drawn again: {year['redraws']}",
        f"- largest change of a state between weeks {SETTLED_WEEK} and {LAST_WEEK} at the same "
        f"clock time: **{year['largest_drift']:.1e}** of itself ({year['of']})",
        f"- lowest state over its scale: {year['lowest_state_over_scale']:.1e}",
        f"- accepted steps a day at rtol 1e-5: {year['accepted_per_day']:.1f} on average, "
        f"{year['accepted_per_day_most']:.1f} at most; rejected {year['rejected_per_day']:.1f}",
        "",
        "## Spinal fluid between people",
        "",
        "| | people here | Blennow 1993 |",
        "| --- | --- | --- |",
        *(f"| {name} | {blennow[name]:.2f} | {value:.2f} |" for name, value in BLENNOW.items()),
        "| correlation of logs, 5-HIAA and HVA | "
        f"{blennow['correlation of log 5-HIAA and log HVA']:.2f} | 0.82 (computed from the CVs) |",
        f"| mean 5-HIAA, HVA, HMPG [nM] | {blennow['mean 5-HIAA [nM]']:.0f}, "
        f"{blennow['mean HVA [nM]']:.0f}, {blennow['mean HMPG [nM]']:.0f} | 125, 253, 47 |",
        "",
        "## What a urinary test says of the brain",
        "",
        "| test | taken to reflect | rank correlation |",
        "| --- | --- | --- |",
        *(
            f"| {row['test']} | {row['reflects']} | {row['spearman']:.2f} |"
            for row in result["urine"]["correlations"]
        ),
        "",
        "A third of the people make half as much brain serotonin (TPH2 halved: extracellular "
        f"{result['urine']['brain_serotonin_low_over_healthy']:.2f} of the others). Area under the "
        "ROC curve for finding them: urinary 5-HIAA "
        f"**{result['urine']['auc_low_tph_urine_hiaa']:.2f}**, 5-HIAA in spinal fluid "
        f"{result['urine']['auc_low_tph_csf_hiaa']:.2f}; 0.5 is a coin. "
        "The share of brain in urine is recalled, so this shows a consequence, not a measurement.",
        "",
        "## How long a disturbance lasts",
        "",
        "Median over 200 people: log ratio to the own set point at the end of it, and how long "
        "until it stays within 5 %.",
        "",
    ]
    names = list(next(iter(result["recovery"].values())))
    lines += [
        "| disturbance | " + " | ".join(names) + " |",
        "| --- |" + " --- |" * len(names),
        *(
            f"| {title} | "
            + " | ".join(
                f"{row[name]['deviation']:+.2f}, {_hours(row[name]['hours'])}" for name in names
            )
            + " |"
            for title, row in result["recovery"].items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _hours(value):
    if value is None:
        return "over 28 d"
    return f"{value:.1f} h" if value < 48 else f"{value / 24:.1f} d"


def _median(times):
    ordered = np.where(np.isnan(times), np.inf, times)
    middle = float(np.median(ordered))
    return None if np.isinf(middle) else middle


def _cv(values):
    return float(values.std() / values.mean())


def _correlation(a, b):
    return float(np.corrcoef(a, b)[0, 1])


def _spearman(a, b):
    return _correlation(a.argsort().argsort(), b.argsort().argsort())


def _auc(values, is_case):
    """Return the probability that a case has the lower value."""
    ranks = values.argsort().argsort() + 1
    n_case, n_other = int(is_case.sum()), int((~is_case).sum())
    return 1.0 - float((ranks[is_case].sum() - n_case * (n_case + 1) / 2) / (n_case * n_other))


def _options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "chemistry")
    return parser.parse_args()


if __name__ == "__main__":
    main()
