"""Made-up compounds and drugs for tests: one structure each, round numbers."""

import numpy as np

from cohort.compounds import Compound
from cohort.drugs import Drug, drug_streams
from cohort.model import assemble
from cohort.patient_model import drug_submodels
from kernels import Schedule, Solver, integrate, symbol

HOUR = 3600


def fact(value):
    return {"value": value, "mark": "design", "tag": "input", "source": "made up for a test"}


def compound(name="x", elimination=(("other", 1.0),), **keys):
    """Compound of 10 L/h and 100 L; ``disposition`` is merged, numbers become facts."""
    disposition = {"k_a": fact("1 1/h"), "cl": fact("10 L/h"), "v_c": fact("100 L")}
    disposition |= keys.pop("disposition", {})
    routes = [
        route if isinstance(route, dict) else {"enzyme": route[0], "share": fact(route[1])}
        for route in elimination
    ]
    return Compound.model_validate(
        {
            "name": name,
            "title": name,
            "molar_mass": fact("250 g/mol"),
            "f_u": fact(0.5),
            "disposition": {k: v for k, v in disposition.items() if v is not None},
            "elimination": routes,
            **keys,
        }
    )


def drug(*compounds, metabolites=(), **keys):
    """Drug of equal parts of the compounds that are no metabolites."""
    swallowed = [item for item in compounds if item.name not in metabolites]
    dose = fact("100 mg")
    return Drug.model_validate(
        {
            "name": swallowed[0].name,
            "title": "a drug",
            "dosing": {"lowest": dose, "usual": dose, "highest": dose},
            "contents": [
                {"compound": item.name, "fraction": fact(1 / len(swallowed))} for item in swallowed
            ],
            "metabolites": list(metabolites),
            "definitions": [item.model_dump() for item in compounds],
            **keys,
        }
    )


def follow(given, hours, *, doses_mg=(100.0,), every_h=24.0, values=None, others=()):
    """Return every rule and state after doses of a drug, by name, shape ``(n_time,)``."""
    compounds = tuple({c.name: c for one in (given, *others) for c in one.compounds}.values())
    inputs = {name for one in (given, *others) for name in one.inputs}
    parts = drug_submodels(compounds, inputs)
    observed = [item.name for part in parts for item in part.species]
    observed += [name for part in parts for name in part.rules]
    model = assemble("body", parts, {name: symbol(name) for name in observed})
    times = np.round(np.arange(len(doses_mg)) * every_h * HOUR).astype(np.int64)
    amounts = np.array(doses_mg)
    streams = tuple(
        stream for one in (given, *others) for stream in drug_streams(one, times, amounts)
    )
    saves = np.round(np.asarray(hours) * HOUR).astype(np.int64)
    solution = integrate(
        model.system,
        model.lanes(values or {}, 1),
        Schedule(t0=0, t1=int(saves[-1]) + 1, streams=streams),
        saves,
        Solver(rtol=1e-9, atol=1e-11),
        "numpy",
    )
    assert not solution.codes.any()
    return {name: solution[name][:, 0] for name in observed}
