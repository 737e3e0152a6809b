"""Fit how often adverse events end the treatment of major depression to pooled trials.

    python benchmarks/calibrate_leaving.py FOLDER [patients] [copies]

Two numbers decide who leaves for adverse events: the multiple w of the shares of events for which
the drug is withdrawn (``dropout.withdrawal``; the shares themselves stand in the event files), and
the hazard a of leaving for what no event of the list stands for (``dropout.adverse_event``). Both
are found together:

1. for every w, a is where 4.6 % of patients on placebo leave for adverse events (GRISELDA, 300
   arms, mixed over 4, 6, 8 and 12 weeks as they were), as in benchmarks/calibrate_placebo.py;
2. w has the likelihood of the fixed-dose arms beside the placebo arms of the same trials (GRISELDA
   by drug and dose, `ROWS`): binomial counts, with a log multiple of each trial, normal (mu, s), in
   both arms, and one of the drug arm, normal (0, t), for what the model misses of a drug and dose.
   Both are integrated out; mu, s and t are at their best for every w. Where nothing else than
   events makes patients leave, w cannot rise further and the likelihood is cut; w is therefore its
   mean over log w, flat before the data, not its height.

The trials on which the simulation is judged are in neither table. Not published is how many were
on placebo in a row: as many as on the drug are assumed. Rows of one drug share placebo arms, which
the likelihood takes as independent.

The readings of the model come from counterfactual pools without drop-out, and everybody stays while
events are drawn; the chance of leaving is then summed over the episodes that a patient had, so that
it is smooth in w and a. The covariates and readings of each patient are used with several draws of
events, `copies`. FOLDER keeps the pools. Writes benchmarks/results/leaving.json; the numbers are
written into cohort/conditions/major_depression.yaml by hand.
"""

import json
import math
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from adverse_event_rows import MDD, Pool, steps
from calibrate_adverse_events import binomial_interval, protocol, without_dropout
from calibrate_placebo import LENGTHS, targets
from scipy.optimize import brentq, minimize
from scipy.special import gammaln, xlogy

from cohort.conditions import load_condition
from cohort.outcomes import DayDrivers, TrialVariation, follow_days, start_course
from cohort.outcomes.adverse_events import SEVERITIES
from cohort.simulate import simulate_block
from cohort.trial import trial_events

SEED = 20261126
WEEKS, PLACEBO_WEEKS = 8, 12
SHORT, LONG = 57 + 5, 86 + 7  # arms of up to 6 weeks, and longer: the mix of the pooled trials
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
LEAST, N_PROFILE = 0.4, 15  # multiples of the profile
LOGS = np.linspace(-3.5, 3.5, 15)  # log multiples at which log shares are computed; linear between
RISES = 0.5  # log odds of a worse severity per log multiple of the hazard, to compare
DOSES = {
    "escitalopram": {
        4: steps("escitalopram", 4),
        10: steps("escitalopram", 10),
        20: steps("escitalopram", 10, 20),
        28: steps("escitalopram", 10, 20, 28),
    },
    "citalopram": {20: steps("citalopram", 20), 40: steps("citalopram", 20, 40)},
    "sertraline": {
        50: steps("sertraline", 50),
        100: steps("sertraline", 50, 100),
        200: steps("sertraline", 50, 100, 200),
    },
    "fluoxetine": {
        20: steps("fluoxetine", 20),
        40: steps("fluoxetine", 20, 40),
        60: steps("fluoxetine", 20, 40, 60),
    },
    "paroxetine": {
        10: steps("paroxetine", 10),
        20: steps("paroxetine", 20),
        30: steps("paroxetine", 20, 30),
        40: steps("paroxetine", 20, 40),
    },
    "venlafaxine": {
        75: steps("venlafaxine", 75),
        150: steps("venlafaxine", 75, 150),
        200: steps("venlafaxine", 75, 150, 200),
        225: steps("venlafaxine", 75, 150, 225),
        375: steps("venlafaxine", 75, 150, 225, 375),
    },
    "desvenlafaxine": {d: steps("desvenlafaxine", d) for d in (10, 25, 50, 100, 200, 400)},
    "duloxetine": {
        40: steps("duloxetine", 20, every="12 h"),
        60: steps("duloxetine", 60),
        80: steps("duloxetine", 40, every="12 h"),
    },
    "bupropion": {150: steps("bupropion", 150), 300: steps("bupropion", 150, every="12 h")},
    "vortioxetine": {
        1: steps("vortioxetine", 1),
        2: steps("vortioxetine", 2.5),
        **{dose: steps("vortioxetine", dose) for dose in (5, 10, 15, 20)},
    },
    "amitriptyline": {225: steps("amitriptyline", 75, 150, 225)},
    "mirtazapine": {30: steps("mirtazapine", 15, 30)},
}
"""Regimens by drug and dose [mg/d]; a week a step of titration, which is assumed."""

ROWS = (  # drug, mg/d, trials, patients, % who left for adverse events on the drug, on placebo
    # GRISELDA, fixed doses (trials-calibration, 1.2); paroxetine CR, 12 and 25 mg, is not packaged
    ("escitalopram", 4, 1, 138, 4.3, 3.0),
    ("escitalopram", 10, 8, 1393, 5.1, 3.2),
    ("escitalopram", 20, 5, 542, 7.0, 2.9),
    ("escitalopram", 28, 1, 332, 6.9, 3.2),
    ("citalopram", 20, 5, 509, 3.3, 2.3),
    ("citalopram", 40, 5, 677, 6.2, 2.4),
    ("sertraline", 50, 2, 125, 10.5, 4.4),
    ("sertraline", 100, 2, 135, 14.1, 6.2),
    ("sertraline", 200, 1, 91, 36.3, 4.4),
    ("fluoxetine", 20, 16, 1277, 6.1, 3.4),
    ("fluoxetine", 40, 3, 292, 12.7, 3.8),
    ("fluoxetine", 60, 3, 419, 15.8, 8.0),
    ("paroxetine", 10, 1, 105, 10.5, 3.8),
    ("paroxetine", 20, 10, 1089, 9.3, 5.3),
    ("paroxetine", 30, 5, 332, 13.5, 3.8),
    ("paroxetine", 40, 1, 106, 17.0, 3.8),
    ("venlafaxine", 75, 3, 248, 11.7, 5.1),
    ("venlafaxine", 150, 1, 82, 12.2, 3.6),
    ("venlafaxine", 200, 1, 82, 9.8, 6.3),
    ("venlafaxine", 225, 1, 89, 23.6, 5.4),
    ("venlafaxine", 375, 1, 88, 29.5, 5.4),
    ("desvenlafaxine", 10, 1, 228, 0.9, 2.2),
    ("desvenlafaxine", 25, 1, 237, 3.4, 2.6),
    ("desvenlafaxine", 50, 8, 1751, 4.0, 3.0),
    ("desvenlafaxine", 100, 4, 778, 6.3, 3.3),
    ("desvenlafaxine", 200, 2, 196, 17.3, 5.3),
    ("desvenlafaxine", 400, 2, 202, 18.3, 5.3),
    ("duloxetine", 40, 2, 177, 11.9, 7.3),
    ("duloxetine", 60, 14, 2480, 9.1, 4.7),
    ("duloxetine", 80, 2, 175, 13.1, 7.3),
    ("bupropion", 150, 3, 356, 7.0, 2.5),
    ("bupropion", 300, 4, 374, 5.4, 2.6),
    ("vortioxetine", 1, 1, 140, 2.1, 1.4),
    ("vortioxetine", 2, 2, 308, 5.5, 6.2),
    ("vortioxetine", 5, 7, 1171, 4.7, 4.3),
    ("vortioxetine", 10, 7, 1075, 5.3, 3.9),
    ("vortioxetine", 15, 3, 451, 8.0, 3.5),
    ("vortioxetine", 20, 5, 816, 7.1, 3.3),
    ("amitriptyline", 225, 1, 95, 24.2, 3.2),
    # no fixed doses: arms of any dose beside all placebo arms (1.3)
    ("mirtazapine", 30, 20, 1160, 14.1, 4.6),
)


# ---------------------------------------------------------------- pools


def pool_of(drug):
    return Pool(MDD, WEEKS, {f"{drug} {dose}": text for dose, text in DOSES[drug].items()})


def simulate_pool(drug, patients, folder):
    """Return readings by arm, and the covariates, of the patients of a drug."""
    kept = folder / f"{drug}-{patients}.npz"
    if not kept.exists():
        pool, ids, stored = pool_of(drug), np.arange(1, patients + 1), {}
        with tempfile.TemporaryDirectory() as own:
            trial = protocol(pool, patients, without_dropout(MDD, own), ("all",))
            for arm in pool.arms:
                block = simulate_block(trial, arm, ids)
                stored |= {f"{arm}|{k}": v for k, v in block.drivers.readings.items()}
                people = block.population.columns.items()
                stored |= {f"{drug}|covariate|{k}": np.asarray(v) for k, v in people}
        np.savez_compressed(kept, **stored)
        print(f"pool {drug}", file=sys.stderr, flush=True)
    with np.load(kept) as stored:
        everything = {key: stored[key] for key in stored}
    people = {k.split("|")[2]: v for k, v in everything.items() if "|covariate|" in k}
    arms = {
        f"{drug} {dose}": {
            k.split("|")[1]: v for k, v in everything.items() if k.startswith(f"{drug} {dose}|")
        }
        for dose in DOSES[drug]
    }
    return arms, people


# ---------------------------------------------------------------- who leaves


@dataclass(frozen=True)
class Exits:
    """Episodes of an arm if everybody stayed, each with what could follow from it.

    `bounds` are the shares of mild, and of mild and moderate episodes of its event, `shares` the
    shares withdrawn by severity, ``(3, n_episode)``; `stays` is the chance of not having left for
    other reasons in the middle of a week, ``(n_week, n_lane)``.
    """

    multiple: np.ndarray
    bounds: np.ndarray
    shares: np.ndarray
    cell: np.ndarray
    stays: np.ndarray

    def left(self, withdrawal, rises, adverse, trial=1.0):
        """Return the share who have left for adverse events after each week."""
        bounds = 1.0 / (1.0 + (1.0 / self.bounds - 1.0) * self.multiple**rises)
        severities = np.diff(bounds, axis=0, prepend=0.0, append=1.0)
        ends = (severities * np.minimum(self.shares * withdrawal * trial, 1.0)).sum(axis=0)
        n_week, n_lane = self.stays.shape
        kept = np.bincount(self.cell, np.log1p(-np.minimum(ends, 1.0 - 1e-9)), n_week * n_lane)
        log_stay = kept.reshape(n_week, n_lane) - 7.0 * adverse * trial
        stay = np.exp(np.cumsum(log_stay, axis=0))
        before = np.concatenate((np.ones((1, n_lane)), stay[:-1]))
        return np.cumsum(((before - stay) * self.stays).mean(axis=1))


def exits(condition, events, readings, people, weeks, copies):
    """Draw the events of an arm and return what could end the treatment."""
    n = len(next(iter(people.values())))
    ids = np.arange(1, n * copies + 1)
    columns = {name: np.tile(values, copies) for name, values in people.items()}
    course = start_course(ids, SEED, condition, events, covariates=columns)
    course = replace(course, leave_limit=np.full_like(course.leave_limit, np.inf))
    course.events.plan.luck.withdrawal = np.zeros(len(ids))
    gone = [np.zeros(len(ids))]
    for week in range(weeks):
        days = slice(7 * week, 7 * week + 7)
        drivers = DayDrivers(
            readings={k: np.tile(v[days], (1, copies)) for k, v in readings.items()}
        )
        course = follow_days(course, drivers, condition, events, TrialVariation())
        gone.append(course.leave_hazard[:2].sum(axis=0))
    stay = np.exp(-np.array(gone))
    records = course.events.records
    bounds = [  # of a measured event the severity is known: it does not rise
        (e.severity.mild, e.severity.mild + e.severity.moderate) if e.severity else (1.0, 1.0)
        for e in events
    ]
    shares = [
        [e.action.of(word).withdrawn if e.action else 0.0 for word in SEVERITIES] for e in events
    ]
    measured = np.array([e.severity is None for e in events])[records.event]
    own = np.array(shares)[records.event]
    known = own[np.arange(len(own)), records.severity]
    own[measured] = known[measured, None]
    week = np.clip((records.onset_day - 1) // 7, 0, weeks - 1).astype(int)
    return Exits(
        multiple=1.0 / (1.0 - np.minimum(records.explained, 1.0 - 1e-9)),
        bounds=np.clip(np.array(bounds)[records.event].T, 1e-9, 1.0 - 1e-9),
        shares=own.T,
        cell=week * len(ids) + records.lane,
        stays=0.5 * (stay[1:] + stay[:-1]),
    )


def mixed(by_week):
    """Return the share over the lengths of the pooled trials, up to 6 weeks and longer."""
    return (SHORT * by_week[5] + LONG * by_week[7]) / (SHORT + LONG)


def pooled_lengths(by_week):
    """Return the share over the lengths of all pooled placebo arms."""
    return sum(n * by_week[weeks - 1] for weeks, n in LENGTHS.items()) / sum(LENGTHS.values())


def background(placebo, goal, withdrawal, rises):
    """Return the hazard [1/d] at which a share leaves on placebo for adverse events, from 0."""

    def miss(adverse):
        return pooled_lengths(placebo.left(withdrawal, rises, adverse)) - goal

    return 0.0 if miss(0.0) >= 0.0 else brentq(miss, 0.0, 0.05, xtol=1e-8)


# ---------------------------------------------------------------- fit


def curve(arm, withdrawal, rises, adverse):
    """Return the log of the share who leave, at the log multiples `LOGS`."""
    shares = [mixed(arm.left(withdrawal, rises, adverse, np.exp(x))) for x in LOGS]
    return np.log(np.maximum(shares, 1e-9))


def log_binomial(k, n, p):
    """Return that of the probability of k of n, without the checks of `scipy.stats`."""
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, p) + xlogy(n - k, 1 - p)


def log_likelihood(row, on_drug, on_placebo, mu, s, t):
    """Return that of a row, its multiples integrated out."""
    _, _, k, n, drug, placebo = row
    trials = mu + s / math.sqrt(k) * NODES
    p0 = np.exp(np.interp(trials, LOGS, on_placebo)).clip(1e-9, 1 - 1e-9)
    p1 = np.exp(np.interp(trials[:, None] + t * NODES, LOGS, on_drug)).clip(1e-9, 1 - 1e-9)
    drug_part = np.exp(log_binomial(round(n * drug / 100), n, p1)) @ WEIGHTS
    return np.log(WEIGHTS @ (np.exp(log_binomial(round(n * placebo / 100), n, p0)) * drug_part))


class Fit:
    """The likelihood of all rows, at a multiple of the shares and a rise of severity."""

    def __init__(self, arms, placebo, goal):
        self.arms, self.placebo, self.goal = arms, placebo, goal

    def adverse(self, withdrawal, rises=0.0):
        """Return the hazard that, beside the events, makes the share on placebo right [1/d]."""
        return background(self.placebo, self.goal, withdrawal, rises)

    def most(self):
        """Return the multiple at which the events alone make the share on placebo right."""

        def miss(log):
            by_week = self.placebo.left(np.exp(log), 0.0, 0.0)
            return pooled_lengths(by_week) - self.goal

        return float(np.exp(brentq(miss, -3.0, 1.0)))

    def at(self, withdrawal, rises=0.0):
        """Return the best log likelihood at both numbers, and mu, s, t there."""
        adverse = self.adverse(withdrawal, rises)
        on_placebo = curve(self.placebo, withdrawal, rises, adverse)
        drugs = {name: curve(arm, withdrawal, rises, adverse) for name, arm in self.arms.items()}

        def loss(numbers):
            mu, s, t = numbers[0], *np.exp(numbers[1:])
            return -sum(
                log_likelihood(row, drugs[f"{row[0]} {row[1]}"], on_placebo, mu, s, t)
                for row in ROWS
            )

        found = minimize(loss, [-0.2, np.log(0.3), np.log(0.4)], method="Nelder-Mead")
        return -found.fun, (float(found.x[0]), *np.exp(found.x[1:]).tolist())

    def shares(self, withdrawal, adverse, row):
        """Return the share who leave on a drug at the usual placebo, and at that of its trials."""
        arm, shown = self.arms[f"{row[0]} {row[1]}"], row[5] / 100
        usual = mixed(arm.left(withdrawal, 0.0, adverse))

        def miss(log):
            return mixed(self.placebo.left(withdrawal, 0.0, adverse, np.exp(log))) - shown

        own = brentq(miss, -4.0, 3.0)
        return usual, mixed(arm.left(withdrawal, 0.0, adverse, np.exp(own)))

    def profile(self, rises=0.0):
        """Return multiples up to the most possible, and the log likelihood of each."""
        logs = np.linspace(np.log(LEAST), np.log(self.most()), N_PROFILE)
        return np.exp(logs), np.array([self.at(one, rises)[0] for one in np.exp(logs)])


def summary(multiples, heights):
    """Return mean and 95 % interval of a multiple, flat in its logarithm before the data."""
    weights = np.exp(heights - heights.max())
    weights[[0, -1]] *= 0.5  # trapezoids, of equal width
    weights /= weights.sum()
    logs, below = np.log(multiples), np.cumsum(weights) - 0.5 * weights
    low, high = np.interp((0.025, 0.975), below, logs)
    return [float(np.exp(one)) for one in (weights @ logs, low, high)]


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True, parents=True)
    patients = int(sys.argv[2]) if len(sys.argv) > 2 else 64
    copies = int(sys.argv[3]) if len(sys.argv) > 3 else 12
    condition, goal = load_condition(MDD), targets()["dropouts_adverse_event"]
    arms = {}
    for drug in DOSES:
        pools, people = simulate_pool(drug, patients, folder)
        events = trial_events(protocol(pool_of(drug), patients, MDD, ("all",)))
        for name, readings in pools.items():
            arms[name] = exits(condition, events, readings, people, WEEKS, copies)
        if drug == "escitalopram":  # of the events of the packaged trial; placebo reads nothing
            still = {k: np.zeros((7 * PLACEBO_WEEKS, patients)) for k in pools["escitalopram 10"]}
            placebo = exits(condition, events, still, people, PLACEBO_WEEKS, 4 * copies)
        print(f"events of {drug}", file=sys.stderr, flush=True)
    fit = Fit(arms, placebo, goal)
    multiples, heights = fit.profile()
    for one, height in zip(multiples, heights, strict=True):
        print(f"  multiple {one:.3f}: log likelihood {height:.2f}")
    withdrawal, lowest, highest = summary(multiples, heights)
    adverse = fit.adverse(withdrawal)
    height, (mu, s, t) = fit.at(withdrawal)
    print(f"withdrawal {withdrawal:.3f} (95 % {lowest:.3f} to {highest:.3f})")
    print(f"at {fit.most():.3f} events alone end the treatment on placebo")
    print(f"adverse_event {7 * adverse:.5f} per week beside it; log likelihood {height:.2f}")
    print(f"log multiple of a trial {mu:+.2f} (SD {s:.2f}), of a drug and dose SD {t:.2f}")
    risen = fit.profile(RISES)[1].max()
    print(f"were severity to rise with the hazard ({RISES:g}): log likelihood {risen:.2f} at most")
    rows = []
    for row in ROWS:
        usual, own = fit.shares(withdrawal, adverse, row)
        low, high = binomial_interval(row[4] / 100, row[3])
        rows.append(
            {
                "on": f"{row[0]} {row[1]}",
                "published": row[4] / 100,
                "low": low,
                "high": high,
                "placebo": row[5] / 100,
                "model": usual,
                "model_at_placebo": own,
            }
        )
        print(
            f"{rows[-1]['on']:20s} published {row[4]:5.1f} beside {row[5]:4.1f} on placebo; "
            f"model {100 * usual:5.1f}, {100 * own:5.1f} beside that placebo"
        )
    result = {
        "patients": patients,
        "copies": copies,
        "placebo": goal,
        "withdrawal": withdrawal,
        "withdrawal_95": [lowest, highest],
        "withdrawal_at_most": fit.most(),
        "adverse_event_per_week": 7 * adverse,
        "log_multiple_of_a_trial": [mu, s],
        "log_sd_of_drug_and_dose": t,
        "log_likelihood": height,
        "log_likelihood_at_most": heights.max(),
        "with_rising_severity": [RISES, risen],
        "rows": rows,
    }
    path = Path(__file__).parent / "results" / "leaving.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
