"""Our chemistry, written as SBML and integrated by libRoadRunner, beside ours.

::

    pip install libroadrunner
    python benchmarks/study_sbml_export.py          # -> sbml/EXPORT.md

Each system starts at rest, then parameters change, and two days pass. Ours on the native backend.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import numpy as np  # noqa: E402
import roadrunner  # noqa: E402

from cohort.chemistry import WHOLE, chemistry_model  # noqa: E402
from cohort.sbml import sbml_text  # noqa: E402
from kernels import Schedule, Solver, integrate  # noqa: E402

CHANGES = {
    "stress": 2.0,
    **dict.fromkeys(("sert_occupancy", "net_occupancy", "dat_occupancy"), 0.6),
    **dict.fromkeys(("mao_a_inhibition", "ache_inhibition", "gat1_occupancy"), 0.5),
}
HOURS = 48
SYSTEMS = ("serotonin", "dopamine", "noradrenaline", "acetylcholine", "gaba_glutamate", "cortisol")
PAGE = HERE / "sbml" / "EXPORT.md"


def compare(systems):
    """Return states, the largest difference of a state in units of its largest value, its name."""
    model = chemistry_model(systems)
    changes = {name: value for name, value in CHANGES.items() if name in model.parameters}
    states = list(model.system.states)
    other = roadrunner.RoadRunner(sbml_text(model))
    other.integrator.relative_tolerance = 1e-11
    other.integrator.absolute_tolerance = 1e-13
    other.integrator.maximum_num_steps = 1_000_000
    for name, value in changes.items():
        other[name] = value
    other.timeCourseSelections = states
    theirs = np.array(other.simulate(0, HOURS, HOURS + 1)).T
    resting = model.lanes({}, 1)
    lanes = replace(resting, parameters=model.lanes(changes, 1).parameters)
    schedule = Schedule(t0=0, t1=HOURS * 3600)
    none = np.zeros(0, np.int64)
    ours = integrate(
        model.system, lanes, schedule, none, Solver(rtol=1e-10, atol=1e-12), "native"
    ).end.states[:, 0]
    scale = np.abs(theirs).max(axis=1)
    apart = np.abs(ours - theirs[:, -1]) / np.where(scale > 0, scale, 1.0)
    moved = np.abs(theirs[:, -1] - theirs[:, 0]) / np.where(scale > 0, scale, 1.0)
    worst = int(apart.argmax())
    return len(states), len(changes), moved.max(), apart[worst], states[worst]


def main():
    rows = []
    for name, systems in (*((one, (one,)) for one in SYSTEMS), ("whole", WHOLE)):
        states, changes, moved, worst, where = compare(systems)
        rows.append(f"| {name} | {states} | {changes} | {moved:.0%} | {worst:.0e} | `{where}` |")
        print(rows[-1], flush=True)
    given = ", ".join(f"{name} = {value:g}" for name, value in CHANGES.items())
    head = f"""# Our chemistry in another simulator

Written by `benchmarks/study_sbml_export.py`, {datetime.now(UTC):%Y-%m-%d}. `cohort model export`
writes the file; libRoadRunner {roadrunner.__version__} (CVODE, rtol 1e-11, atol 1e-13) and the
native backend (rtol 1e-10, atol 1e-12) start at rest, parameters change ({given},
those that are there), {HOURS} h pass. *Moved*: the largest change of a state; *worst*: the
largest difference between the two at the end; both in units of the largest value of the state.

| system | states | changed | moved | worst | where |
| --- | ---: | ---: | ---: | ---: | --- |
"""
    PAGE.write_text(head + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
