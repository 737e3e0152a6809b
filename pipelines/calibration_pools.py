"""What every arm of a calibration plan does to the same patients, day by day.

Nobody leaves and nobody is rated here: the readings do not depend on the weights, so one
simulation serves every fit of a plan. Arms without any drug need none; every reading is at rest.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib import resources
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.conditions import Condition, load_condition
from cohort.errors import CohortError
from cohort.simulate import simulate_block
from cohort.trial import parse_protocol
from cohort.trial.quantities import DAY_S
from pipelines.calibration_contrasts import Contrast
from pipelines.calibration_plan import CalibrationPlan
from pipelines.errors import InputError

__all__ = ["PLACEBO", "Pools", "plan_condition", "simulate_pools"]

Floats = NDArray[np.float64]
Pools = Mapping[str, Mapping[str, Floats]]
"""Daily readings of each arm by name of the reading, shape ``(n_day, n_patient)``."""

PLACEBO: Final = ""
"""Arm without a drug: simulated only where everybody takes something beside it."""

# rooms of `cohort` that say nothing about the daily readings of a patient who stays
_OF_OUTCOMES: Final = frozenset(
    {"calibration", "conditions", "inference", "outcomes", "protocols", "replicate", "scales"}
)
# parts of a condition of which the same holds
_AFTER_READINGS: Final = frozenset({"dropout", "link", "placebo"})
_SOURCES: Final = frozenset({".py", ".yaml", ".csv", ".hpp", ".cu", ".txt"})


def plan_condition(plan: CalibrationPlan) -> Condition:
    """Return the condition of a plan with the plan's readings as signals, weights at their prior.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    The condition.

    Examples
    --------
    >>> from pipelines.calibration_plan import load_plan
    >>> condition = plan_condition(load_plan("major_depression"))
    >>> condition.link.signals["serotonin_extracellular"].number("1")
    0.3
    """
    record = load_condition(plan.condition).model_dump()
    link = record["link"]
    link["fitted"] = None
    link["signals"] = {
        name: {"value": prior.sign * prior.mean.number("1"), "mark": "assumed", "source": "prior"}
        for name, prior in plan.weights.items()
    }
    return Condition.model_validate(record)


def simulate_pools(
    plan: CalibrationPlan,
    rows: Sequence[Contrast],
    *,
    workers: int = 1,
    device: str = "auto",
    cache_folder: Path | None = None,
) -> Pools:
    """Simulate every treatment of the rows, one protocol a drug.

    Parameters
    ----------
    plan
        Who is simulated, and how long.
    rows
        Contrasts whose treatments are wanted.
    workers
        Processes, one drug each at a time.
    device
        Where to integrate, as in `kernels.integrate`.
    cache_folder
        Where pools are kept and found again; nowhere if None.

    Returns
    -------
    Readings by arm.

    Raises
    ------
    InputError
        If a treatment of the plan cannot be given.

    Examples
    --------
    >>> from pipelines.calibration_plan import load_plan
    >>> simulate_pools(load_plan("major_depression"), [])
    {}
    """
    drugs: dict[str, dict[str, Contrast]] = {}
    for row in rows:
        drugs.setdefault(row.drug, {})[row.arm] = row
    condition = plan_condition(plan).model_dump_json(exclude_none=True)
    jobs = [(plan, tuple(arms.values()), condition) for arms in drugs.values()]
    if workers == 1 or len(jobs) < 2:  # noqa: PLR2004 -- nothing to share
        found: Iterable[dict[str, dict[str, Floats]]] = [
            _simulate_drug(job, device, cache_folder) for job in jobs
        ]
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
            found = list(executor.map(_simulate_drug, jobs, repeat(device), repeat(cache_folder)))
    return {name: readings for arms in found for name, readings in arms.items()}


def _simulate_drug(
    job: tuple[CalibrationPlan, tuple[Contrast, ...], str], device: str, cache_folder: Path | None
) -> dict[str, dict[str, Floats]]:
    plan, rows, condition = job
    text = _protocol_text(plan, rows)
    kept = None
    if cache_folder is not None:
        said = f"{text}\n{_of_readings(condition)}\n{_sources()}"
        digest = hashlib.sha256(said.encode()).hexdigest()[:20]
        kept = cache_folder / f"{plan.name}-{rows[0].drug}-{digest}.npz"
        if kept.is_file():
            return _read(kept)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "condition.yaml"
        path.write_text(condition, encoding="utf-8")  # JSON is YAML
        try:
            protocol = parse_protocol(text.replace("CONDITION", json.dumps(str(path))))
        except CohortError as error:
            raise InputError(f"plan {plan.name}, drug {rows[0].drug}: {error}") from error
        ids = np.arange(1, plan.patients + 1)
        arms = {}
        placebo = {PLACEBO: "placebo"} if plan.background else {}
        for key, arm in (placebo | {row.arm: row.arm for row in rows}).items():
            block = simulate_block(protocol, arm, ids, device=device)
            arms[key] = dict(block.drivers.readings)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        flat = {f"{arm}/{name}": days for arm, all_ in arms.items() for name, days in all_.items()}
        with kept.open("wb") as file:
            np.savez(file, **flat)  # type: ignore[arg-type]  # every keyword is an array
    return arms


def _read(path: Path) -> dict[str, dict[str, Floats]]:
    arms: dict[str, dict[str, Floats]] = {}
    with np.load(path) as kept:
        for key in kept.files:
            arm, _, name = key.rpartition("/")
            arms.setdefault(arm, {})[name] = kept[key]
    return arms


def _protocol_text(plan: CalibrationPlan, rows: Sequence[Contrast]) -> str:
    """Return a trial of one drug without visits on the way, so that nobody stops his tablets."""
    record = {
        "schema_version": 1,
        "name": f"calibration-{plan.name.replace('_', '-')}",
        "title": plan.title,
        "seed": plan.seed,
        "design": "counterfactual",
        "duration": f"{plan.duration // DAY_S} day",
        "visits": ["week 0", {"name": "end", "time": f"day {plan.duration // DAY_S + 1}"}],
        "endpoints": [plan.scale],
        "primary_endpoint": plan.scale,
        "adverse_events": list(plan.adverse_events),
        "arms": [
            {"name": "placebo", "control": True, "patients": plan.patients},
            *(
                {
                    "name": row.arm,
                    "patients": plan.patients,
                    "regimens": [_regimen(row)],
                }
                for row in rows
            ),
        ],
    }
    if plan.adherence:
        record["adherence"] = dict(plan.adherence)
    if plan.background:
        record["background"] = [dict(one) for one in plan.background]
    return f"condition: CONDITION\n{_flow(record)}"


def _regimen(row: Contrast) -> dict[str, str]:
    regimen = {"drug": row.drug, "dose": row.dose, "every": row.every}
    if row.stop is not None:
        regimen["stop"] = f"day {row.stop // DAY_S + 1}"
    return regimen


def _flow(record: Mapping[str, object]) -> str:
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in record.items())


def _of_readings(condition: str) -> str:
    """Return what the daily readings of a patient who stays depend on."""
    record = json.loads(condition)
    signals = sorted(record["link"].get("signals", {}))
    others = {name: part for name, part in record.items() if name not in _AFTER_READINGS}
    return json.dumps({**others, "signals": signals}, sort_keys=True)


@cache
def _sources() -> str:
    """Return a hash of everything that the readings of a patient depend on."""
    digest = hashlib.sha256()
    for package in ("kernels", "cohort"):
        with resources.as_file(resources.files(package)) as root:
            for path in sorted(root.rglob("*")):
                inside = path.relative_to(root)
                if path.suffix in _SOURCES and inside.parts[0] not in _OF_OUTCOMES:
                    digest.update(str(inside).encode())
                    digest.update(path.read_bytes())
    return digest.hexdigest()
