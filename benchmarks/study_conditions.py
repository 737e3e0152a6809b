"""What patients of every condition are like, beside what was published.

    python benchmarks/study_conditions.py            # a minute or two; models are compiled first

Simulates a day of untreated patients after settling and run-in, and writes
benchmarks/conditions/CONDITIONS.md. Levels of the brain and of spinal fluid are the median over
patients of their own level over that of the same person without the disease.
"""

from pathlib import Path

import numpy as np

from cohort.conditions import condition_names, load_condition
from cohort.simulate import simulate_block
from cohort.trial import parse_protocol

OUT = Path(__file__).parent / "conditions" / "CONDITIONS.md"
N_PATIENTS = 400
STATES = (
    "hva_csf",
    "hiaa_csf",
    "mhpg_csf",
    "dopamine_extracellular",
    "acetylcholine_extracellular",
)
HEADS = ("HVA", "5-HIAA", "MHPG", "DA outside", "ACh outside")
HVA = "HVA in spinal fluid"
CONTROLS = "19.0 (7.6) / 37.1 (12.7) ng/mL, n 11 / 13: 0.51 (Neurosci Lett 1998, 245:121)"
MILD = "165 (95) nmol/L (Parkinson Study Group)"
LOWER = "all three lower (Russell 1992, Arthritis Rheum 35:550); sizes not read"
TEXT = """\
# Conditions: patients at rest, beside what was published

Written by `python benchmarks/study_conditions.py`: {n} untreated patients each, after settling and
run-in. Weights of the links were not calibrated but for depression, so nothing here is about drugs.

{table}

Levels: median over patients, each over the same person without the disease; 1 where the condition
moves nothing, a dash where it does not simulate it. Severity is latent, PANSS counted above 30.

{measured}
"""


def protocol(name: str, scales: tuple[str, ...]):
    return parse_protocol(
        f"""
schema_version: 1
name: study
title: Untreated patients
seed: 20
condition: {name}
duration: 1 day
visits: [week 0]
arms: [{{name: placebo, control: true, patients: {N_PATIENTS}}}]
endpoints: [{", ".join(scales)}]
primary_endpoint: {scales[0]}
"""
    )


def levels(block) -> dict[str, np.ndarray]:
    """Return each patient's level over that of the same person without the disease, by state."""
    shifted = {shift.parameter for shift in block.condition.shifts}
    own = {
        name: values for name, values in block.population.parameters.items() if name not in shifted
    }
    healthy = block.model.lanes(own, len(block.patient_ids)).states
    now = block.solutions[0].end.states
    return {
        state: now[row] / healthy[row]
        for row, state in enumerate(block.model.system.states)
        if state in STATES
    }


def main() -> None:
    rows, found = [], {}
    for name in condition_names():
        condition = load_condition(name)
        block = simulate_block(
            protocol(name, condition.scales), "placebo", np.arange(1, N_PATIENTS + 1)
        )
        assert (block.solutions[-1].codes == 0).all(), name
        people, ratios = block.population.columns, levels(block)
        found[name] = ratios
        if name == "parkinsons_disease_early":
            found["nm"] = 1e3 * block.solutions[0]["hva_csf_now"][-1]
        severity = block.courses[0].severity.baseline
        shown = [f"{np.median(ratios[one]):.2f}" if one in ratios else "-" for one in STATES]
        age, women = people["age_y"], (people["sex"] == "F").mean()
        entry = f"{condition.severity.scale} {severity.mean():.1f} ({severity.std():.1f})"
        cells = [name, f"{age.mean():.0f} ({age.std():.0f})", f"{women:.2f}", entry, *shown]
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1])
    head = f"| condition | age, y | women | severity at entry | {' | '.join(HEADS)} |"
    table = "\n".join([head, f"|{' --- |' * (4 + len(HEADS))}", *rows])
    early = found["parkinsons_disease_early"]["hva_csf"]
    low, high = np.quantile(early, [0.05, 0.95])
    pain = [
        f"{np.median(found['fibromyalgia'][one]):.2f}"
        for one in ("hiaa_csf", "hva_csf", "mhpg_csf")
    ]
    here = f"{np.median(early):.2f} (5th to 95th percentile {low:.2f} to {high:.2f})"
    mild = f"{found['nm'].mean():.0f} ({found['nm'].std():.0f}) nmol/L"
    lines = (
        ("what", "published", "here", "entered in the file?"),
        ("---", "---", "---", "---"),
        (f"{HVA}, early Parkinson's disease / controls", CONTROLS, here, "no: imaging is"),
        (f"{HVA}, mild untreated Parkinson's disease", MILD, mild, "no"),
        ("5-HIAA, HVA, MHPG in spinal fluid, fibromyalgia", LOWER, ", ".join(pain), "direction"),
    )
    measured = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    text = TEXT.format(n=N_PATIENTS, table=table, measured=measured)
    OUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
