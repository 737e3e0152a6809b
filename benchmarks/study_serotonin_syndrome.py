"""How often serotonin syndrome comes, by combination: one SSRI, with pindolol, with MAO inhibitors.

    python benchmarks/study_serotonin_syndrome.py            # some five minutes

Simulates 1,000 patients an arm (the same in every arm, all doses taken) for 12 weeks and adds up
their hazards, each times the probability that the signs of that day make the diagnosis, which is
exact where counted events would be rare (but for signs that come on a later day). Writes
benchmarks/treatments/SEROTONIN_SYNDROME.md. Published: 0.5 to 0.9 per 1,000 patient-months on one
SSRI (post-marketing, recalled).
"""

from itertools import product
from pathlib import Path

import numpy as np

from cohort.interactions import protocol_risks
from cohort.outcomes import hazard_per_day, load_adverse_event
from cohort.population.draws import normals
from cohort.simulate import simulate_block
from cohort.trial import parse_protocol

OUT = Path(__file__).parent / "treatments" / "SEROTONIN_SYNDROME.md"
N_PATIENTS, BLOCK, WEEKS = 1000, 250, 12
DAYS_A_MONTH = 30.4
ARMS = {
    "placebo": "",
    "sertraline 100 mg": "[{drug: sertraline, dose: 100 mg}]",
    "escitalopram 20 mg": "[{drug: escitalopram, dose: 20 mg}]",
    "sertraline 100 mg + pindolol 7.5 mg": "[{drug: sertraline, dose: 100 mg}, "
    "{drug: pindolol, dose: 2.5 mg, every: 8 h}]",
    "phenelzine 60 mg": "[{drug: phenelzine, dose: 30 mg, every: 12 h}]",
    "moclobemide 600 mg + sertraline 100 mg": "[{drug: moclobemide, dose: 300 mg, every: 12 h}, "
    "{drug: sertraline, dose: 100 mg}]",
    "phenelzine 60 mg + sertraline 100 mg": "[{drug: phenelzine, dose: 30 mg, every: 12 h}, "
    "{drug: sertraline, dose: 100 mg}]",
    "tranylcypromine 30 mg + sertraline 100 mg": "[{drug: tranylcypromine, dose: 15 mg, "
    "every: 12 h}, {drug: sertraline, dose: 100 mg}]",
    "phenelzine - two weeks of wash-out - sertraline": "[{drug: phenelzine, dose: 30 mg, "
    "every: 12 h, stop: week 4}, {drug: sertraline, dose: 100 mg, start: week 6}]",
    "phenelzine - sertraline at once": "[{drug: phenelzine, dose: 30 mg, "
    "every: 12 h, stop: week 4}, {drug: sertraline, dose: 100 mg, start: week 4}]",
}
REFERENCE = "sertraline 100 mg"
TEXT = """\
# Serotonin syndrome by combination

Written by `python benchmarks/study_serotonin_syndrome.py`: {n} patients, the same in every arm, all
doses taken, {weeks} weeks. The rate adds up the hazards of all patients and days, each times the
probability that the signs of that day meet the criteria of Hunter; *outside* is the median over
patients of extracellular 5-HT on the last day, over untreated. Published on one SSRI:
0.5 to 0.9 per 1,000 patient-months (post-marketing, recalled). Two numbers of the hazard were set
here: its scale by that rate on sertraline, its steepness so that phenelzine with sertraline is at
least 100 times as dangerous; those two lines are fitted. The others follow from the states of the
patients: the event knows no drug.

| arm | 5-HT outside | per 1,000 patient-months | against one SSRI | warned of |
| --- | --- | --- | --- | --- |
{rows}

A research tool, not medical advice.
"""


def protocol():
    arms = "\n".join(
        f"  - {{name: '{name}', patients: {N_PATIENTS}"
        + (", control: true" if not regimens else f", regimens: {regimens}")
        + "}"
        for name, regimens in ARMS.items()
    )
    return parse_protocol(
        f"""
schema_version: 1
name: serotonin-syndrome
title: Serotonin syndrome by combination
seed: 11
design: counterfactual
condition: major_depression
duration: {WEEKS} week
visits: [week 0, week {WEEKS}]
arms:
{arms}
endpoints: [HAMD17]
primary_endpoint: HAMD17
adverse_events: [serotonin_syndrome]
"""
    )


def diagnosed(signs, rise):
    """Return the probability that the signs at a rise make the diagnosis, summed over all cases."""
    shown = [one.likelihood(rise, is_level=False) for one in signs.signs]
    total = np.zeros_like(rise)
    for case in product((True, False), repeat=len(shown)):
        if signs.met(np.array(case)[:, None])[0]:
            chances = [p if there else 1 - p for p, there in zip(shown, case, strict=True)]
            total += np.prod(chances, axis=0)
    return total


def rate(trial, arm):
    """Return events per 1,000 patient-months, and the median rise on the last day."""
    event = load_adverse_event("serotonin_syndrome")
    hazards, rises = [], []
    for start in range(1, N_PATIENTS + 1, BLOCK):
        ids = np.arange(start, start + BLOCK)
        block = simulate_block(trial, arm, ids)
        rise = block.drivers.get("serotonin_extracellular")
        frailty = normals(trial.seed, ids, "frailty: study", 0)
        still = [np.zeros(len(ids))]
        for day in rise:
            readings = {"serotonin_extracellular": day}
            toxic = hazard_per_day(event, readings, still, frailty, 0.0)
            hazards.append(toxic * diagnosed(event.needs_signs, day))
        rises.append(rise[-1])
    return 1000 * DAYS_A_MONTH * float(np.mean(hazards)), float(np.exp(np.median(rises)))


def main():
    trial = protocol()
    warned = {}
    for risk in protocol_risks(trial):
        warned.setdefault(risk.arm, risk.grade)
    found = {}
    for arm in ARMS:
        found[arm] = rate(trial, arm)
        print(f"{arm}: {found[arm][0]:.3g} per 1,000 patient-months", flush=True)
    reference = found[REFERENCE][0]
    rows = "\n".join(
        f"| {arm} | x {rise:.2f} | {value:.3g} | x {value / reference:.3g} | "
        f"{warned.get(arm, '')} |"
        for arm, (value, rise) in found.items()
    )
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(TEXT.format(n=N_PATIENTS, weeks=WEEKS, rows=rows))
    print(f"written to {OUT}")


if __name__ == "__main__":
    main()
