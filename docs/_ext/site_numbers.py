"""Numbers that pages quote, counted from the content or read from committed results.

A page writes ``{{ drugs }}``; MyST puts the number there. So no number of a page can grow old.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from content import chemistry_views, observations
from page_text import marked_rows

from cohort.chemistry import WHOLE, system_names
from cohort.conditions import condition_names, load_condition
from cohort.drugs import drug_names, load_drug
from cohort.facts import count_assumed
from cohort.outcomes import adverse_event_names, load_adverse_event
from cohort.protocols import protocol_names
from cohort.scales import load_scale, scale_names
from cohort.trial_equations import SOLVER
from pipelines.model_view import SystemView, total_counts

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["site_numbers"]


def site_numbers(root: Path) -> dict[str, str]:
    """Return the numbers by name, as text.

    Parameters
    ----------
    root
        The repository, whose ``benchmarks`` hold the results.

    Examples
    --------
    >>> site_numbers.__name__  # run by the build: it reads the repository
    'site_numbers'
    """
    results = root / "benchmarks"
    chemistry = _read(results / "chemistry" / "experiments.json")
    found = {
        **_counted(),
        **_marks(),
        **_trials(_read(results / "trials" / "validation.json")),
        "n_experiments": len(
            {(one["topic"], one["experiment"]) for one in chemistry["comparisons"]}
        ),
        **_verdicts("experiments", chemistry["counts"]),
        **_verdicts("observations", _read(results / "treatments" / "observations.json")["counts"]),
    }
    return {name: str(value) for name, value in found.items()}


def _read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def _counted() -> dict[str, object]:
    return {
        "n_drugs": len(drug_names()),
        "n_conditions": len(condition_names()),
        "n_events": len(adverse_event_names()),
        "n_scales": len(scale_names()),
        "n_trials": len(protocol_names()),
        "n_systems": len(system_names()),
        "n_systems_whole": len(WHOLE),
        "n_states": sum(len(view.states) for view in _whole()),
        "n_observations": len(observations()),
        "solver_method": SOLVER.method,
        "solver_rtol": f"{SOLVER.rtol:g}",
        "solver_atol": f"{SOLVER.atol:g}",
    }


def _marks() -> dict[str, object]:
    chemistry = total_counts(_whole())
    drugs = Counter(_drug_marks())
    others = [
        count_assumed(record)
        for record in (
            *map(load_condition, condition_names()),
            *map(load_adverse_event, adverse_event_names()),
            *map(load_scale, scale_names()),
        )
    ]
    total = sum(one for one, _ in others)
    assumed = sum(one for _, one in others)
    every = chemistry.total + sum(drugs.values()) + total
    all_assumed = chemistry.assumed + drugs["assumed"] + assumed
    return {
        "chemistry_numbers": chemistry.total,
        "chemistry_known": chemistry.known,
        "chemistry_design": chemistry.design,
        "chemistry_assumed": chemistry.assumed,
        "chemistry_assumed_share": _percent(chemistry.assumed, chemistry.total),
        "drug_numbers": sum(drugs.values()),
        "drug_known": drugs["read"] + drugs["computed"],
        "drug_design": drugs["design"],
        "drug_assumed": drugs["assumed"],
        "drug_assumed_share": _percent(drugs["assumed"], sum(drugs.values())),
        "outcome_numbers": total,
        "outcome_assumed": assumed,
        "outcome_assumed_share": _percent(assumed, total),
        "all_numbers": every,
        "all_assumed": all_assumed,
        "all_assumed_share": _percent(all_assumed, every),
    }


def _whole() -> list[SystemView]:
    """Return what is simulated unless less is asked for."""
    return [view for view in chemistry_views() if view.name in (*WHOLE, "crosstalk", "balance")]


def _drug_marks() -> Iterator[str]:
    """Yield the mark of every number of every drug and, once, of every compound that they share."""
    records: dict[str, BaseModel] = {}
    for drug in map(load_drug, drug_names()):
        own = {compound.name for compound in drug.definitions}
        records[f"drug {drug.name}"] = drug
        records |= {one.name: one for one in drug.compounds if one.name not in own}
    for record in records.values():
        for _, _, mark, _ in marked_rows(record.model_dump(mode="json")):
            yield mark


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %"


def _trials(record: dict[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {
        "judged_trials": len(record["trials"]),
        "judged_replicates": record["replicates"],
    }
    for way, result in record["ways"].items():
        for kind in ("absolute", "contrast"):
            coverage = result["coverage"][kind]
            found[f"{way}_{kind}_n"] = coverage["n"]
            for width in ("50", "95"):
                one = coverage[width]
                found[f"{way}_{kind}_{width}"] = _percent(one["inside"], coverage["n"])
    return found


def _verdicts(name: str, counts: dict[str, dict[str, int]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for use, verdicts in counts.items():
        found[f"{name}_{use}"] = sum(verdicts.values())
        found |= {f"{name}_{use}_{verdict}": n for verdict, n in verdicts.items()}
    return found
