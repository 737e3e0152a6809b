"""The whole patient model: 82 states, 84 days of escitalopram and of meals, from rest.

The chemistry of `cohort.chemistry.WHOLE` with the pharmacokinetics of escitalopram, exactly as a
trial assembles it; nobody writes these equations down twice. Every parameter that differs between
people is drawn for each patient. Three meals a day, a tablet of 10 mg at 09:00, cortisol by the
clock; hours and micromoles per liter. The answer is every state on `SAVE_DAYS`, at midnight, within
rtol 1e-5 and an absolute tolerance of 1e-6 of the state's scale.

The tight answer is no file, as the model is not finished: it is computed when the section begins,
by our engine at rtol 1e-9, and SciPy's Radau at 1e-10 must agree over the first days. Needs the
package `cohort`.
"""

import functools
import itertools
from dataclasses import dataclass, replace

import numpy as np

from cohort.chemistry import WHOLE
from cohort.drugs import load_drug
from cohort.patient_model import patient_model
from cohort.population import sample_parameters
from cohort.trial.protocol import DEFAULT_MEALS
from engine import accuracy
from engine.measure import Problem
from kernels import symbol

SAVE_DAYS = (1, 3, 28, 84)
DAYS = SAVE_DAYS[-1]
REFEREE_DAYS = 3
"""Days that SciPy solves as well; one of `SAVE_DAYS`."""
SEED = 20261125
DRUG = "escitalopram"
TABLET = (9.0, "depot_s_citalopram", 10_000.0)
"""Hour, state, amount [ug]."""
ATOL_SHARE = 0.1
"""Absolute tolerance of a state, in units of rtol and of its scale."""
N_CHECKED = 16
"""Patients whose tight solution is computed."""


@functools.cache
def model():
    """Return the assembled `cohort.model.Model`."""
    return patient_model(load_drug(DRUG).compounds, WHOLE)


@functools.cache
def system():
    """Return its equations, observing every state and without integrals that no one reads here."""
    states = model().system.states
    observed = {name: symbol(name) for name in states}
    return replace(model().system, quadratures={}, observables=observed)


def scales():
    """Return the scale of every state, shape ``(n_state,)``."""
    known = system().scales
    return np.array([known.get(name, 1.0) for name in system().states])


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """Parameters, shape ``(n, n_parameter)``, and the state at rest, ``(n, n_state)``."""

    parameters: np.ndarray
    starts: np.ndarray

    def __len__(self):
        return len(self.parameters)

    def __getitem__(self, some):
        return Patients(parameters=self.parameters[some], starts=self.starts[some])


def patients(n):
    """Return n people at rest; patient k is the same for every n."""
    drawn = sample_parameters(np.arange(1, n + 1), SEED, model())
    lanes = model().lanes(drawn.values, n)
    return Patients(
        parameters=np.ascontiguousarray(lanes.parameters.T),
        starts=np.ascontiguousarray(lanes.states.T),
    )


@functools.cache
def varied():
    """Return the names of the parameters that differ between people."""
    return frozenset(sample_parameters(np.arange(1, 2), SEED, model()).values)


def daily():
    """Return hour, state and amount of everything that is taken in a day, in order of the hour."""
    eaten = [
        (meal.at / 3600.0, f"{nutrient}_gut", getattr(meal, nutrient))
        for meal in DEFAULT_MEALS
        for nutrient in ("protein", "carbohydrate")
    ]
    return sorted([*eaten, TABLET])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Hours without an event: what is added to which row at its start, and whether its end counts.

    ``save`` is the place of the end in `SAVE_DAYS`, None if it is not asked for.
    """

    start_h: float
    end_h: float
    boluses: tuple[tuple[int, float], ...]
    save: int | None


def stretches(days=DAYS):
    """Return the stretches of the first days, for packages that are restarted at every event."""
    taken = {}
    for day in range(days):
        for hour, state, amount in daily():
            row = system().states.index(state)
            taken.setdefault(24.0 * day + hour, []).append((row, amount))
    saves = {24.0 * day: place for place, day in enumerate(SAVE_DAYS) if day <= days}
    borders = sorted({0.0, 24.0 * days, *taken, *saves})
    return [
        Stretch(start_h=a, end_h=b, boluses=tuple(taken.get(a, ())), save=saves.get(b))
        for a, b in itertools.pairwise(borders)
    ]


def follow(start, solve, days=DAYS):
    """Return a patient's states on the save days, shape ``(n_save, n_state)``.

    ``solve(state, stretch)`` returns the state at the end of a stretch, boluses already added.
    """
    state, saved = np.array(start), []
    for stretch in stretches(days):
        for row, amount in stretch.boluses:
            state[row] += amount
        state = solve(state, stretch)
        if stretch.save is not None:
            saved.append(state.copy())
    return np.array(saved)


def errors(found, people, reference):
    """Compare states on the save days, shape ``(n, n_save, n_state)``, with the tight ones."""
    with np.load(reference) as tight:
        n = min(len(found), len(tight["saved"]))
        own, others = people.parameters[:n], tight["parameters"][:n]
        if own.shape != others.shape or not np.allclose(own, others, rtol=1e-13, atol=0.0):
            raise ValueError(
                f"{reference}: its patients are others than chemistry.patients gives; the two must "
                "agree. Leave the model alone while it is measured."
            )
        return accuracy.compare(np.asarray(found)[:n], tight["saved"][:n], ATOL_SHARE * scales())


PROBLEM = Problem(patients=patients, errors=errors, n_checked=N_CHECKED, is_timed_first=True)
