"""Live a lifestyle for a while: the reference patient, the real model, the real streams."""

import numpy as np

from cohort.chemistry import Setting, chemistry_model
from cohort.lifestyle import load_lifestyle
from cohort.model import with_shifts
from cohort.trial import (
    Variant,
    lasting_shifts,
    load_protocol,
    meal_streams,
    shift_streams,
    shifted_parameters,
    variant_shifts,
)
from kernels import Lanes, Schedule, Solver, integrate

HOUR_S, DAY_S = 3600, 86_400
EVERY_S = 600
SOLVER = Solver(rtol=1e-6, atol=1e-8)
SETTLE_D = 28


def live(name, days=14, since="week 0"):
    """Times of day [h] and two solutions of the last day: usual life, and the lifestyle."""
    choice = {"name": name, "from": since}
    variants = (Variant(name="usual"), Variant(name="other", lifestyle=[choice]))
    changes = {"variants": variants, "run_in": SETTLE_D * DAY_S, "duration": days * DAY_S}
    protocol = load_protocol("sct-md-01").model_copy(update=changes)
    systems = ("precursors", *load_lifestyle(name).systems)
    setting = Setting(meals=True, rhythm="circadian")
    model = with_shifts(chemistry_model(systems, setting), shifted_parameters(protocol))
    end = (SETTLE_D + days) * DAY_S
    times = np.arange(end - DAY_S, end, EVERY_S)
    lanes = model.lanes({}, 1)
    meals = meal_streams(protocol)
    run_in = Schedule(t0=0, t1=SETTLE_D * DAY_S, streams=meals)
    rest = integrate(model.system, lanes, run_in, np.array([run_in.t1]), SOLVER).end
    found = []
    for variant in variants:
        shifts = variant_shifts(variant, model)
        amounts = lasting_shifts(shifts, is_habit=False)
        values = {name: model.parameters[name].value + by for name, by in amounts.items()}
        moved = Lanes(parameters=model.lanes(values, 1).parameters, states=rest.states)
        streams = (*meals, *shift_streams(shifts, protocol))
        schedule = Schedule(t0=SETTLE_D * DAY_S, t1=end, streams=streams)
        solution = integrate(model.system, moved, schedule, times, SOLVER)
        assert not solution.codes.any()
        found.append(solution)
    return (times % DAY_S) / HOUR_S, *found
