"""What makes kept readings of a plan other readings: nothing is simulated here."""

import json

from pipelines.calibration_plan import load_plan
from pipelines.calibration_pools import _of_readings, plan_condition


def said(**changes):
    record = json.loads(plan_condition(load_plan("major_depression")).model_dump_json())
    for path, value in changes.items():
        *parts, last = path.split("__")
        place = record
        for part in parts:
            place = place[part]
        place[last] = value
    return _of_readings(json.dumps(record))


def test_leaving_placebo_and_weights_keep_the_readings():
    same = said()
    assert said(dropout__other__value="0.5 1/week") == same
    assert said(placebo__gain__value=20) == same
    assert said(link__ceiling__value=20) == same
    assert said(link__signals__occupancy_5ht3__value=0.9) == same


def test_people_and_what_is_read_of_them_do_not():
    same = said()
    assert said(population__age_mean__value="70 year") != same
    assert said(systems=["serotonin"]) != same
    fact = {"value": 0.1, "mark": "design", "source": "example"}
    assert said(link__signals__dopamine_tone=fact) != same
