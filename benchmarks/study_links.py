"""Judge the fitted links: what they forecast of what was left out, and whether profiles matter.

    python benchmarks/study_links.py [cache folder] [plan ...]

For every packaged calibration plan that has enough contrasts:

1. the fit, and its forecast of each trial and of each drug that is left out in turn, scored by the
   CRPS of a normal prediction (sampling error of the contrast, residual of the drug, heterogeneity,
   error of the weights) beside two null models: no effect, and one effect for all treatments
2. readings permuted between drugs (rank of dose kept), refitted each time: how often chance gives
   as small a misfit as the drugs' own readings. Pools only; no use with few drugs

Prints and writes benchmarks/calibration/links.json and LINKS.md; plans that were not named keep
what they have there.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

from cohort.calibration import load_fitted
from pipelines.calibrate import fit, fit_contrasts, fit_table
from pipelines.calibrate_cli import describe_fit
from pipelines.calibration_contrasts import POOL, contrast_covariance, plan_contrasts
from pipelines.calibration_plan import load_plan, plan_names
from pipelines.calibration_pools import simulate_pools
from pipelines.errors import InputError
from pipelines.trial_validation_nulls import null_constant

FOLDER = Path(__file__).parent / "calibration"
PERMUTATIONS = 500
FEWEST_DRUGS = 6
SEED = 20261125


def crps(value, mean, sd):
    """Return the CRPS of a normal forecast (Gneiting and Raftery 2007, formula 21)."""
    z = (value - mean) / sd
    density = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2)))
    return sd * (z * (2 * below - 1) + 2 * density - 1 / math.sqrt(math.pi))


def score_left_out(plan, found, rows, cases):
    """Return values, forecasts and CRPS of every case that is left out."""
    out = []
    for label, trials, drugs in cases:
        try:
            refit = fit(
                plan, leave_out_trials=trials, leave_out_drugs=drugs, expansion=found.expansion
            )
        except InputError as error:
            out.append({"left_out": label, "refused": str(error)})
            continue
        place = {row: i for i, row in enumerate(rows)}
        jacobian = found.expansion.jacobian + found.expansion.hessian @ (
            refit.numbers - found.expansion.at
        )
        correlation = refit.correlation * np.outer(refit.errors, refit.errors)
        one = null_constant("one effect", refit.rows, ())
        for row, forecast in zip(refit.judged, refit.forecast, strict=True):
            slope = jacobian[place[row]]
            sd = math.sqrt(
                row.se**2
                + refit.link.heterogeneity**2
                + (refit.link.drug_sd * forecast) ** 2
                + float(slope @ correlation @ slope)
            )
            one_sd = math.sqrt(row.se**2 + one.heterogeneity**2 + one.drug_sd**2 + one.se**2)
            out.append(
                {
                    "left_out": label,
                    "contrast": f"{row.trial}: {row.label}",
                    "published": row.value,
                    "forecast": float(forecast),
                    "sd": sd,
                    "crps": float(crps(row.value, forecast, sd)),
                    "crps_one_effect": float(crps(row.value, one.value, one_sd)),
                    "crps_no_effect": float(crps(row.value, 0.0, row.se)),
                }
            )
    return out


def permuted(plan, found, rows, rng):
    """Return the misfit with the drugs' own readings, and with permuted ones."""
    pools = [(i, row) for i, row in enumerate(rows) if row.trial == POOL]
    drugs = list(dict.fromkeys(row.drug for _, row in pools))
    own = {drug: [i for i, row in pools if row.drug == drug] for drug in drugs}
    order = [i for drug in drugs for i in own[drug]]
    chosen = [rows[i] for i in order]

    def misfit(taken):
        model = found.expansion
        refit = fit_contrasts(plan, chosen, lambda numbers: model(numbers)[taken])
        off = refit.predicted - [row.value for row in chosen]
        prior, spread = plan.prior
        at_prior = (((refit.numbers - prior) / spread) ** 2).sum()
        return float(off @ np.linalg.solve(contrast_covariance(chosen), off) + at_prior)

    chance = []
    for _ in range(PERMUTATIONS):
        taken = []
        for drug, other in zip(drugs, rng.permutation(drugs), strict=True):
            here, there = len(own[drug]), own[other]
            at = [0.5] if here == 1 else np.linspace(0, 1, here)
            taken += [there[round(share * (len(there) - 1))] for share in at]
        chance.append(misfit(np.array(taken)))
    return misfit(np.array(order)), np.array(chance)


def study(name, cache):
    plan = load_plan(name)
    rows = plan_contrasts(plan)
    pools = simulate_pools(plan, rows, workers=2, cache_folder=cache)
    found = fit(plan, pools=pools)
    packaged = load_fitted(name)
    for reading, weight in found.link.weights.items():
        if abs(weight - packaged.weights[reading]) > 0.1 * packaged.standard_errors[reading]:
            print(f"{name}: {reading} is {weight:.4f}, packaged {packaged.weights[reading]:.4f}")
    trials = [trial.name for trial in plan.trials]
    drugs = list(dict.fromkeys(row.drug for row in rows))
    record = {
        "weights": found.link.weights,
        "standard_errors": found.link.standard_errors,
        "chi2": found.link.chi2,
        "heterogeneity": found.link.heterogeneity,
        "drug_sd": found.link.drug_sd,
        "contrasts": fit_table(found),
        "trials": score_left_out(plan, found, rows, [(t, (t,), ()) for t in trials]),
        "drugs": score_left_out(plan, found, rows, [(d, (), (d,)) for d in drugs]),
    }
    if len(drugs) >= FEWEST_DRUGS and any(row.trial == POOL for row in rows):
        own, chance = permuted(plan, found, rows, np.random.default_rng(SEED))
        record["permutation"] = {
            "misfit": own,
            "permuted_quantiles": np.quantile(chance, [0.05, 0.5, 0.95]).tolist(),
            "share_as_small": float((1 + (chance <= own).sum()) / (1 + len(chance))),
            "permutations": len(chance),
        }
    return plan, found, record


def lines_of(plan, found, record):
    lines = [f"## {plan.title}", "", "```", describe_fit(plan, found), "```", ""]
    for kind in ("trials", "drugs"):
        scored = [one for one in record[kind] if "crps" in one]
        if not scored:
            continue
        means = {
            key: float(np.mean([one[key] for one in scored]))
            for key in ("crps", "crps_one_effect", "crps_no_effect")
        }
        z = [abs(one["published"] - one["forecast"]) / one["sd"] for one in scored]
        lines.append(
            f"Each of the {kind} left out in turn, {len(scored)} contrasts: mean CRPS "
            f"{means['crps']:.4f}; one effect for all {means['crps_one_effect']:.4f}; no effect "
            f"{means['crps_no_effect']:.4f}. Inside the 95 % interval "
            f"{sum(one < 1.96 for one in z)}, inside the 50 % interval "
            f"{sum(one < 0.674 for one in z)}."
        )
        lines.append("")
    if "permutation" in record:
        one = record["permutation"]
        low, middle, high = one["permuted_quantiles"]
        lines += [
            f"Readings permuted between drugs: misfit {one['misfit']:.1f} with their own, "
            f"{middle:.1f} ({low:.1f} to {high:.1f}) permuted; a share of "
            f"{one['share_as_small']:.3f} of {one['permutations']} permutations is as small.",
            "",
        ]
    return lines


def main():
    cache = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    chosen = sys.argv[2:] or plan_names()
    kept = FOLDER / "links.json"
    records = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    for name in chosen:
        try:
            plan, found, record = study(name, cache)
        except InputError as error:
            text = [f"## {load_plan(name).title}", "", f"Not fitted: {error}", ""]
            records[name] = {"text": text}
        else:
            records[name] = {**record, "text": lines_of(plan, found, record)}
        print("\n".join(records[name]["text"]), flush=True)
        lines = ["# Fitted links", "", "Written by `python benchmarks/study_links.py`.", ""]
        lines += [line for one in sorted(records) for line in records[one]["text"]]
        FOLDER.mkdir(exist_ok=True)
        kept.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        (FOLDER / "LINKS.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
