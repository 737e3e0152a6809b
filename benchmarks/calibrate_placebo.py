"""Fit the course on placebo and drop-out of major depression to pooled placebo arms.

    python benchmarks/calibrate_placebo.py [patients]

The targets are the placebo arms of antidepressant trials (GRISELDA; 300 arms, 29,064 patients). The
placebo arms of the packaged trials of depression, on which the simulation is judged, are taken out
in proportion to their patients. The simulated pool has the lengths of the published one: 5 arms of
4 weeks, 57 of 6, 86 of 8, 7 of 12; scores are those of the HAM-D17, entry at 18, last observation
carried forward. Found are, by Broyden's method on simulated patients without any drug:

1. the gain of the course on placebo, from the mean change of arms that reported it on the HAM-D17;
2. the mean severity before the entry criterion, from response over all arms: the same fall is half
   of the baseline for fewer patients where they start higher;
3. the spread between patients, from the median standard deviation of the change;
4. the hazards of leaving for lack of efficacy and other reasons, from drop-out for all reasons;
   leaving for adverse events is that of benchmarks/calibrate_leaving.py, which goes first;
5. multiples of the course and of the hazards in four classes of years, from response and drop-out
   there, each over its mean over the classes;
6. the spread between trials: that of the published arms less sampling and less what the classes of
   years explain.

Prints them and writes benchmarks/results/placebo.json; the numbers are then written into
cohort/conditions/major_depression.yaml by hand. Not in the table, and so not fitted here: run-in,
share on active treatment, setting, blinding, entry criterion.
"""

import functools
import json
import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from cohort.conditions import load_condition
from cohort.outcomes import (
    DayDrivers,
    TrialVariation,
    follow_days,
    load_scale,
    score,
    start_course,
)
from cohort.population import normals
from cohort.population.screening import draw_candidates
from cohort.protocols import protocol_names
from cohort.trial import load_protocol, population_spec, trial_events

CONDITION = "major_depression"
SEED = 20260301
ENTRY = 18.0  # usual entry on the HAM-D17, 18-22
PROTOCOL = "sct-md-01"  # the packaged trials of the condition look for the same adverse events
LENGTHS = {4: 5, 6: 57, 8: 86, 12: 7}  # weeks: arms
VISITS = (0, 1, 2, 3, 4, 6, 8, 10, 12)  # weeks
SETTLED = 1e-2  # of each pooled value, relative

# GRISELDA, placebo arms (trials-calibration, 1.1 and 1.3)
CHANGE, CHANGE_PATIENTS, CHANGE_ARMS = -9.59, 8869, 82  # HAM-D17, reported as change
CHANGE_BETWEEN_SD, CHANGE_SD = 2.39, 7.8
ARMS, PATIENTS = 300, 29_064
RESPONSE, REMISSION, DROPOUT, ADVERSE = 0.367, 0.208, 0.261, 0.046
DROPOUT_BETWEEN, ADVERSE_BETWEEN = (0.308, 0.152), (0.053, 0.047)  # mean and SD over trials
ERAS = {  # middle of the class: arms, response, drop-out for all reasons, for adverse events
    1986: (79, 0.315, 0.412, 0.055),
    1996: (51, 0.358, 0.334, 0.062),
    2003: (61, 0.403, 0.220, 0.040),
    2010: (76, 0.361, 0.202, 0.038),
}
BOUNDS = (1992, 1999, 2006, 9999)  # last years of the classes
YEAR_OF = {"hmat-b": 2004}  # where the protocol has none: as its sister study


def judged_placebo_arms():
    """Return the published placebo row and year of every packaged trial of the condition."""
    rows = []
    for name in protocol_names():
        trial = load_protocol(name)
        control = [arm.name for arm in trial.arms if arm.control]
        if trial.condition != CONDITION or not control:
            continue
        found = [row for row in trial.published if row.arm == control[0] and row.mark != "assumed"]
        found = [row for row in found if row.dropouts is not None and row.pool is None]
        if found:
            year = trial.features.year or YEAR_OF.get(name)
            scale = trial.population.entry.scale if trial.population.entry else ""
            rows.append((name, year, scale, found[-1]))
    return rows


def without(total, patients, own):
    """Return a mean over patients with some arms (patients, value) taken out."""
    kept = patients - sum(n for n, _ in own)
    return (patients * total - sum(n * value for n, value in own)) / kept


def targets():
    """Return the pooled values without the judged trials."""
    rows = judged_placebo_arms()
    change = [
        (row.n_analyzed, row.mean_change)
        for _, _, scale, row in rows
        if scale == "HAMD17" and row.mean_change is not None and row.reported_on is None
    ]
    found = {"taken_out": [name for name, *_ in rows]}
    found["change"] = without(CHANGE, CHANGE_PATIENTS, change)
    pooled = {"responders": RESPONSE, "remitters": REMISSION}
    pooled |= {"dropouts": DROPOUT, "dropouts_adverse_event": ADVERSE}
    for key, total in pooled.items():
        own = [(row.n_randomized, row.share(key)) for *_, row in rows]
        found[key] = without(total, PATIENTS, own)
    found["eras"] = {}
    per_arm = PATIENTS / ARMS  # the patients of a class are not published
    lower = 0
    for (year, (arms, *values)), upper in zip(ERAS.items(), BOUNDS, strict=True):
        inside = [row for _, when, _, row in rows if when and lower < when <= upper]
        keys = ("responders", "dropouts", "dropouts_adverse_event")
        found["eras"][year] = [
            without(value, arms * per_arm, [(row.n_randomized, row.share(key)) for row in inside])
            for key, value in zip(keys, values, strict=True)
        ]
        lower = upper
    return found


def condition_with(gain, patient_sd, baseline, hazard, adverse, withdrawal=1.0):
    """Return the condition with multiples of its hazards, and a course on placebo."""
    record = load_condition(CONDITION).model_dump()
    said = {"mark": "design", "source": "a trial value"}
    record["entry"] = {"scale": "HAMD17", "at_least": {"value": ENTRY, **said}}
    record["severity"]["baseline_mean"] = {"value": baseline, **said}
    placebo, dropout = record["placebo"], record["dropout"]
    relapse = load_condition(CONDITION).placebo.relapse.number("1/week")
    base = load_condition(CONDITION).placebo.gain.number("1")
    placebo["gain"] = {"value": gain, **said}
    # the two parts of the curve keep their proportion
    placebo["relapse"] = {"value": f"{relapse * gain / base} 1/week", **said}
    placebo["patient_sd"] = {"value": patient_sd, **said}
    facts = load_condition(CONDITION).dropout
    for name, multiple in (("other", hazard), ("efficacy", hazard), ("adverse_event", adverse)):
        value = getattr(facts, name).number("1/week") * multiple
        dropout[name] = {"value": f"{value} 1/week", **said}
    usual = 1.0 if facts.withdrawal is None else facts.withdrawal.number("1")
    dropout["withdrawal"] = {"value": usual * withdrawal, **said}
    return type(load_condition(CONDITION)).model_validate(record)


@functools.cache
def people(patients):
    """Return covariates and genotypes of the patients, whom adverse events ask for."""
    trial, condition = load_protocol("sct-md-01"), load_condition(CONDITION)
    spec = population_spec(trial.population, condition)
    ids = np.arange(1, patients + 1)
    return draw_candidates(ids, SEED, spec, condition.population.history)


def simulate(condition, ids, events):
    """Return, mixed over the lengths: mean change, SD, response, drop-out (events), remission."""
    still = {"serotonin_extracellular": None}
    names = {*still, *condition.link.signals, *(name for event in events for name in event.reads)}
    course = start_course(ids, SEED, condition, events, covariates=people(len(ids)))
    scale, courses = load_scale("HAMD17"), [course]
    for first, last in pairwise(VISITS):
        rest = np.zeros((7 * (last - first), len(ids)))
        drivers = DayDrivers(readings=dict.fromkeys(sorted(names), rest))
        courses.append(follow_days(courses[-1], drivers, condition, events, TrialVariation()))
    rated = [
        score(
            scale,
            one.latent(condition, TrialVariation()),
            normals(SEED, ids, "rating: HAMD17", one.day),
        )
        for one in courses
    ]
    left = courses[-1].left_day
    gone = np.where(np.isnan(left), np.inf, left)
    total, found = sum(LENGTHS.values()), np.zeros(6)
    for weeks, arms in LENGTHS.items():
        held = rated[0]
        for week, value in zip(VISITS[1:], rated[1:], strict=True):
            if week <= weeks:
                held = np.where(gone > 7 * week, value, held)
        analysed = gone > 7 * VISITS[1]
        change = (held - rated[0])[analysed]
        out = gone <= 7 * weeks
        found += (arms / total) * np.array(
            [
                change.mean(),
                change.std(ddof=1),
                (analysed & (held <= 0.5 * rated[0])).mean(),
                out.mean(),
                (out & (courses[-1].left_reason == 2)).mean(),
                (analysed & (held <= scale.remission_at_most.number("1"))).mean(),
            ]
        )
    return found


def root(function, start, goal, rounds=12):
    """Return where a function has a value, by Broyden's method from a diagonal start.

    Each number acts mostly on its own output, and the outputs rise with them.
    """
    place = np.array(start, float)
    value = function(place)
    steps = np.where(place == 0.0, 0.05, 0.03 * np.abs(place))
    jacobian = np.diag(
        [
            (function(place + steps * one) - value)[k] / steps[k]
            for k, one in enumerate(np.eye(len(place)))
        ]
    )
    for _ in range(rounds):
        move = np.linalg.solve(jacobian, goal - value)
        new = function(place + move)
        jacobian += np.outer(new - value - jacobian @ move, move) / (move @ move)
        place, value = place + move, new
        if np.abs(value / goal - 1).max() < SETTLED:
            return place
    raise SystemExit(f"not settled: {value} for {goal}")


def solve(ids, events, wanted):
    """Return gain, spread, baseline and a multiple of the hazards that give the pooled values."""

    def outputs(numbers):
        return simulate(condition_with(*numbers, 1.0), ids, events)[[0, 1, 2, 3]]

    return root(outputs, [25.5, 0.71, 24.0, 1.0], np.array(wanted))


def era_multiples(ids, events, usual, eras):
    """Return by year the log multiples of the course, of leaving, and of leaving for events."""
    weights = np.array([arms for arms, *_ in ERAS.values()], float)
    values = np.array(list(eras.values()))
    mean = weights @ values / weights.sum()
    gain, spread, baseline, hazard, adverse = usual

    def outputs(logs):
        course, leave, events_too = np.exp(logs)
        changed = condition_with(
            gain * course, spread, baseline, hazard * leave, adverse * events_too, events_too
        )
        return simulate(changed, ids, events)[[2, 3, 4]]

    base = outputs(np.zeros(3))
    start = {year: [0.0, float(np.log(own[1] / mean[1])), 0.0] for year, own in eras.items()}
    return {
        year: root(outputs, start[year], base * own / mean).tolist()
        for year, own in zip(eras, values, strict=True)
    }


def spreads(rows, improvement):
    """Return the SD between trials beyond sampling and years: points, and of two log hazards."""
    weights = np.array([arms for arms, *_ in ERAS.values()], float)
    logs = np.array(list(rows.values()))
    explained = [float(np.sqrt(np.cov(logs[:, k], aweights=weights, ddof=0))) for k in range(3)]
    sampling = CHANGE_SD / math.sqrt(CHANGE_PATIENTS / CHANGE_ARMS)
    placebo = math.sqrt(CHANGE_BETWEEN_SD**2 - sampling**2 - (improvement * explained[0]) ** 2)
    found = [placebo]
    n = PATIENTS / ARMS
    for (mean, sd), own in zip((DROPOUT_BETWEEN, ADVERSE_BETWEEN), explained[1:], strict=True):
        share = math.sqrt(sd**2 - mean * (1 - mean) / n)
        # of the log hazard: the share is 1 - exp(-H), for rare events H itself
        log_sd = share / ((1 - mean) * -math.log1p(-mean))
        found.append(math.sqrt(math.log1p(log_sd**2) - own**2))
    return found, explained


def main():
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    ids = np.arange(1, patients + 1)
    events = trial_events(load_protocol(PROTOCOL))
    goal = targets()
    wanted = [goal["change"], CHANGE_SD]
    wanted += [goal[name] for name in ("responders", "dropouts", "dropouts_adverse_event")]
    print("taken out:", ", ".join(goal["taken_out"]))
    print(
        "targets: {:.2f}, SD {:.2f}, response {:.3f}, drop-out {:.3f}, for events {:.4f}".format(
            *wanted
        )
    )
    usual = [*solve(ids, events, wanted[:4]), 1.0]
    base = simulate(condition_with(*usual), ids, events)
    print("gain {:.2f}, patient_sd {:.3f}, baseline {:.2f}, hazards {:.3f}".format(*usual[:4]))
    print(
        "simulated: {:.2f}, SD {:.2f}, response {:.3f}, drop-out {:.3f}, for events {:.4f}".format(
            *base[:5]
        )
    )
    print(f"remission, not fitted: {goal['remitters']:.3f} published, {base[5]:.3f} simulated")
    rows = era_multiples(ids, events, usual, goal["eras"])
    for year, logs in rows.items():
        print(
            year, "log multiples: course {:+.3f}, leaving {:+.3f}, for events {:+.3f}".format(*logs)
        )
    between, explained = spreads(rows, -base[0])
    print("between trials: {:.2f} points, log hazards {:.2f} and {:.2f}".format(*between))
    facts = load_condition(CONDITION).dropout
    rates = {
        name: getattr(facts, name).number("1/week") * multiple
        for name, multiple in zip(("other", "efficacy"), (usual[3], usual[3]), strict=True)
    }
    print("per week:", ", ".join(f"{name} {rate:.4f}" for name, rate in rates.items()))
    path = Path(__file__).parent / "results" / "placebo.json"
    result = {
        "patients": patients,
        "taken_out": goal["taken_out"],
        "targets": wanted,
        "gain": usual[0],
        "patient_sd": usual[1],
        "baseline_mean": usual[2],
        "rates_per_week": rates,
        "remission": [goal["remitters"], base[5]],
        "simulated": base.tolist(),
        "years": rows,
        "between_trials": between,
        "explained_by_years": explained,
    }
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
