"""One way to give tablets to lanes, so that a test reads as a protocol and a claim."""

from dataclasses import dataclass

import numpy as np

from cohort.drugs import load_drug
from cohort.model import assemble
from cohort.patient_model import drug_submodels
from cohort.physiology.pharmacokinetics import absorption_lag
from kernels import Schedule, Solver, Stream, integrate, symbol

HOUR, DAY = 3600, 86400
UG_PER_MG = 1000.0


def body(compounds):
    parts = drug_submodels(compounds)
    names = [f"concentration_{compound.name}" for compound in compounds]
    provided = {name for part in parts for name in part.provides}
    wanted = [name for name in ("sert_occupancy", "cyp2d6_activity") if name in provided]
    observables = {name: symbol(name) for name in [*names, *wanted]}
    return assemble("body", parts, observables)


def streams(drug, doses_mg, days):
    """One tablet a day for each lane; ``doses_mg`` holds one dose a lane."""
    times = np.arange(days, dtype=np.int64) * DAY
    doses = np.asarray(doses_mg, dtype=float)
    return [
        Stream(
            name=compound.name,
            target=f"depot_{compound.name}",
            times=times,
            amounts=np.full(days, UG_PER_MG * drug.fractions[compound.name]),
            lag=np.full(doses.size, round(absorption_lag(compound).value), dtype=np.int64),
            scale=doses,
        )
        for compound in drug.compounds
        if compound.name in drug.fractions
    ]


@dataclass
class Course:
    """Observables after the first instant of the last dosing interval."""

    hours: np.ndarray
    solution: object

    def __getitem__(self, name):
        return self.solution[name]

    def at(self, name, hour):
        return self[name][np.flatnonzero(np.isclose(self.hours, hour))[0]]

    def mean(self, name):
        """Mean over the day that follows the last dose, shape ``(n_lane,)``."""
        within = self.hours <= 24
        return np.trapezoid(self[name][within], self.hours[within], axis=0) / 24

    def half_life(self, name, start, end):
        """Half-life [h] by the log of two concentrations."""
        return (end - start) * np.log(2) / np.log(self.at(name, start) / self.at(name, end))


def swallow(given, days=1, tail_h=72, values=None, step_h=0.5):
    """Give one or more drugs daily; return what follows the last dose."""
    drugs = [(load_drug(name), np.atleast_1d(doses)) for name, doses in given.items()]
    compounds = tuple({c.name: c for drug, _ in drugs for c in drug.compounds}.values())
    model = body(compounds)
    n_lane = max(doses.size for _, doses in drugs)
    tablets = [
        item
        for drug, doses in drugs
        for item in streams(drug, np.broadcast_to(doses, n_lane), days)
    ]
    last = (days - 1) * DAY
    hours = np.arange(0, tail_h + step_h / 2, step_h)
    saves = last + np.round(hours * HOUR).astype(np.int64)
    solution = integrate(
        model.system,
        model.lanes(values or {}, n_lane),
        Schedule(t0=0, t1=int(saves[-1]), streams=tuple(tablets)),
        saves,
        Solver(rtol=1e-6, atol=1e-8),
    )
    assert not solution.codes.any()
    return Course(hours, solution)
