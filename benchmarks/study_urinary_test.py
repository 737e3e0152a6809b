"""Judge urine, platelets and spinal fluid as tests of the brain, as a laboratory test is judged.

    python benchmarks/study_urinary_test.py            # 6,000 people, some minutes on two cores
    python benchmarks/study_urinary_test.py --patients 300 --out /tmp/study

writes urinary_test.json and URINARY_TEST.md (into benchmarks/chemistry unless told otherwise): for
each test and central state of the same untreated people the area under the ROC curve for the third
with the lowest state, with DeLong's interval, cut-offs with sensitivity and specificity, and
correlations. `study_population.py` has the same people with half the brain serotonin.

Two groups: everybody untreated, and everybody on a drug that holds 80 % of SERT for eight weeks,
because people are tested who take one. A collection of urine misses some: its error is declared.
"""

import argparse
import json
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cohort.chemistry import WHOLE, chemistry_model
from cohort.outcomes.diagnostics import judge_test
from cohort.population import sample_parameters
from cohort.population.draws import lognormals
from kernels import Schedule, Solver, integrate

DAY = 86_400
SEED = 20261125
SOLVER = Solver(rtol=1e-5, atol=1e-6)
COLLECTION_SD_LOG = 0.2
"""Error of a collection of 24 h of urine, log scale; assumed (incomplete collections, recalled)."""
ASSAY_SD_LOG = 0.05
"""Error of an assay, log scale; assumed."""
GROUPS = {"untreated": ({}, DAY), "SERT 80 % held for 8 weeks": ({"sert_occupancy": 0.8}, 56 * DAY)}
TESTS = {  # name: quantity, factor to its unit, unit, cut-off in use (lower limit), from where
    "urinary 5-HIAA": ("urine_hiaa", 1.0, "mg/day", 2.0),
    "urinary HVA": ("urine_hva", 1.0, "mg/day", None),
    "urinary MHPG": ("urine_mhpg", 1.0, "mg/day", 1.0),
    "platelet 5-HT": ("serotonin_platelet", 1.0, "of the reference person", None),
    "CSF 5-HIAA": ("hiaa_csf", 1e3, "nmol/L", 67.0),
    "CSF HVA": ("hva_csf", 1e3, "nmol/L", 145.0),
    "CSF MHPG": ("mhpg_csf", 1e3, "nmol/L", None),
}
STATES = {  # state of the brain, tests that are taken to reflect it
    "serotonin_synthesis": ("urinary 5-HIAA", "platelet 5-HT", "CSF 5-HIAA"),
    "serotonin_extracellular": ("urinary 5-HIAA", "platelet 5-HT", "CSF 5-HIAA"),
    "hiaa_brain": ("urinary 5-HIAA", "CSF 5-HIAA"),
    "dopamine_synthesis": ("urinary HVA", "CSF HVA"),
    "dopamine_extracellular": ("urinary HVA", "CSF HVA"),
    "hva_brain": ("urinary HVA", "CSF HVA"),
    "noradrenaline_synthesis": ("urinary MHPG", "CSF MHPG"),
    "noradrenaline_extracellular": ("urinary MHPG", "CSF MHPG"),
    "mhpg_brain": ("urinary MHPG", "CSF MHPG"),
}


def main():
    options = _options()
    started = time.perf_counter()
    ids = np.arange(1, options.patients + 1)
    rows = []
    for group, (controls, until) in GROUPS.items():
        levels = measured(ids, controls, until, options.device)
        rows += [row(group, state, test, levels) for state in STATES for test in STATES[state]]
    result = {
        "patients": options.patients,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "wall_s": round(time.perf_counter() - started, 1),
        "collection_sd_log": COLLECTION_SD_LOG,
        "assay_sd_log": ASSAY_SD_LOG,
        "tests": rows,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "urinary_test.json").write_text(json.dumps(result, indent=1) + "\n")
    (options.out / "URINARY_TEST.md").write_text(text := report(result))
    print(text)


def measured(ids, controls, until, device):
    """Return states of the brain, and tests with the errors of collection and assay."""
    model = chemistry_model(WHOLE)
    values = dict(sample_parameters(ids, SEED, model).values) | controls
    solution = integrate(
        model.system,
        model.lanes(values, len(ids)),
        Schedule(t0=0, t1=until),
        np.array([until]),
        SOLVER,
        device,
    )
    works = np.where(solution.codes == 0, 1.0, np.nan)
    found = {state: works * solution[state][0] for state in STATES}
    for name, (quantity, factor, *_) in TESTS.items():
        is_urine = quantity.startswith("urine_")
        error = np.hypot(ASSAY_SD_LOG, COLLECTION_SD_LOG if is_urine else 0.0)
        noise = lognormals(SEED, ids, f"error of {name}", sd_log=error)
        found[name] = works * factor * solution[quantity][0] * noise
    return found


def row(group, state, test, levels):
    *_, unit, cut_off = TESTS[test]
    verdict = judge_test(levels[test], levels[state], cut_off=cut_off)
    return {
        "group": group,
        "state": state,
        "test": test,
        "unit": unit,
        "n": verdict.n,
        "n_case": verdict.n_case,
        "auc": verdict.area.area,
        "auc_low": verdict.area.low,
        "auc_high": verdict.area.high,
        "best": _point(verdict.best),
        "reference": None if verdict.reference is None else _point(verdict.reference),
        "correlation": verdict.correlation,
        "rank_correlation": verdict.rank_correlation,
    }


def report(result):
    return "\n".join(
        [
            "# Urine, platelets and spinal fluid as tests of the brain",
            "",
            "Written by `python benchmarks/study_urinary_test.py`; not by hand.",
            "",
            f"{result['patients']:,} sampled people without a disease, {result['date']}, "
            f"{result['machine']}, {result['wall_s']:g} s. Cases are the third with the lowest "
            "state of the brain. Area under the ROC curve with DeLong's 95 % interval: 0.5 is a "
            "coin, 1 a perfect test. Sensitivity and specificity at the best cut-off (chosen on "
            "the same people, so a little too good) and at the lower limit in use. Log errors of "
            f"{result['collection_sd_log']:g} of a collection of urine and "
            f"{result['assay_sd_log']:g} of an assay are assumed. The share of brain in urine is "
            "recalled (5-HIAA below 5 %), so this shows a consequence, not a measurement.",
            *(line for group in GROUPS for line in _table(group, result["tests"])),
            "",
        ]
    )


def _table(group, rows):
    mine = [one for one in rows if one["group"] == group]
    return [
        "",
        f"## {group[0].upper()}{group[1:]}",
        "",
        "| low state of the brain | test | AUC (95 %) | best cut-off: sens., spec. "
        "| lower limit: sens., spec. | rank correlation |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {one['state']} | {one['test']} [{one['unit']}] | {one['auc']:.2f} "
            f"({one['auc_low']:.2f}-{one['auc_high']:.2f}) | {_shown(one['best'])} | "
            f"{_shown(one['reference'])} | {one['rank_correlation']:.2f} |"
            for one in mine
        ),
    ]


def _point(point):
    return {
        "cut_off": point.cut_off,
        "sensitivity": point.sensitivity,
        "specificity": point.specificity,
    }


def _shown(point):
    if point is None:
        return "-"
    return f"{point['cut_off']:.3g}: {point['sensitivity']:.2f}, {point['specificity']:.2f}"


def _options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=6_000)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "chemistry")
    return parser.parse_args()


if __name__ == "__main__":
    main()
