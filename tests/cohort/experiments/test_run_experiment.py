"""Running experiments: closed forms, what a comparison reads off a run, and the verdict."""

import importlib
import math

import numpy as np
import pytest
from cohort_tolerances import REFEREE_RTOL, ROUND_OFF_RTOL

from cohort.experiments import Comparison, Experiment, judge, run_experiment, run_experiments
from kernels import IntegrationError, Solver

WINDOW_ATOL = 1e-3  # a mean of equally spaced points, of a level that falls from 0.84 to 0.57
WINDOW_STEP_H = 0.1001  # points of a window of a day lie 6 min apart

BASE = {"name": "mine", "title": "Mine", "species": "human", "source": "Somebody 2001"}
MARKS = {"mark": "read", "use": "checked"}
ANY = {"published": 1.0, "low": -1e9, "high": 1e9, "interval": "ours", **MARKS}


def experiment(steps, comparisons, **more):
    systems = {"systems": ["precursors"]} | more
    record = BASE | systems | {"steps": steps, "comparisons": [ANY | one for one in comparisons]}
    return Experiment.model_validate(record)


def simulated(*arguments, **more):
    return [result.simulated for result in run_experiment(experiment(*arguments, **more))]


HALVED = [{"for": "12 h", "set": {"tryptophan_supply": 0.5}}]


def plasma(hours):
    """Tryptophan after its supply is halved: 60 uM falls to 30 at 0.4 /h."""
    return 30 + 30 * math.exp(-0.4 * hours)


# -- closed forms ----------------------------------------------------------------------------------


def test_plasma_tryptophan_relaxes_as_its_formula_says():
    hours = (0, 1, 5, 12)
    level = {"quantity": "trp_plasma", "as": "value", "unit": "uM"}
    found = simulated(HALVED, [level | {"at": f"{hour} h"} for hour in hours])
    assert found == pytest.approx([plasma(hour) for hour in hours], rel=REFEREE_RTOL)


def test_every_measure_is_read_off_the_same_run():
    found = simulated(
        HALVED,
        [
            {"quantity": "trp_plasma", "at": "2 h"},
            {"quantity": "trp_plasma", "at": "2 h", "as": "percent_change"},
            {"quantity": "trp_plasma", "at": "2 h", "relative_to": "1 h"},
            {"quantity": "trp_plasma", "at": "2 h", "relative_to": "untreated"},
            {"quantity": "trp_plasma", "at": "2 h", "as": "value", "unit": "nM"},
            {"quantity": "trp_plasma", "at": "2 h", "as": "value", "factor": 2.0, "unit": "mg"},
            {"quantity": "trp_plasma", "over": "tyr_plasma", "at": "2 h", "as": "value"},
            {"quantity": "trp_plasma"},
        ],
    )
    level = plasma(2)
    wanted = [level / 60, 100 * (level / 60 - 1), level / plasma(1), level / 60, 1e3 * level]
    wanted += [2 * level, level / 60, plasma(12) / 60]
    assert found == pytest.approx(wanted, rel=REFEREE_RTOL)


def test_windows_hold_extremes_means_and_their_times():
    window = {"quantity": "trp_plasma", "from": "1 h", "to": "5 h"}
    found = simulated(
        HALVED,
        [
            window | {"take": "max"},
            window | {"take": "min"},
            window | {"take": "mean"},
            window | {"take": "time_of_max", "as": "hours"},
            window | {"take": "time_of_min", "as": "hours"},
            window | {"take": "time_of_min", "as": "clock", "published": 13.0},
        ],
        start="08:30",
    )
    mean = (30 * 4 + 30 / 0.4 * (math.exp(-0.4) - math.exp(-2))) / 4
    assert found[:2] == pytest.approx([plasma(1) / 60, plasma(5) / 60], rel=REFEREE_RTOL)
    assert found[2] == pytest.approx(mean / 60, abs=WINDOW_ATOL)
    assert found[3:] == [1.0, 5.0, 13.5]


def test_a_time_of_day_is_the_one_nearest_to_the_published():
    late = {"quantity": "trp_plasma", "take": "time_of_min", "as": "clock", "published": 0.3}
    (found,) = simulated([{"for": "3 h", "set": {"tryptophan_supply": 0.5}}], [late], start="20:30")
    assert found == pytest.approx(-0.5, abs=ROUND_OFF_RTOL)  # half an hour before midnight


def test_what_a_step_does_not_set_is_at_rest_again():
    steps = [{"for": "2 h", "set": {"tryptophan_supply": 0.5}}, {"for": "3 h"}]
    (found,) = simulated(steps, [{"quantity": "trp_plasma"}])
    assert 60 * found == pytest.approx(60 - (60 - plasma(2)) * math.exp(-1.2), rel=REFEREE_RTOL)


def test_a_repeated_step_is_the_same_as_its_steps_written_out():
    given = {"for": "6 h", "set": {"tryptophan_supply": 0.5}}
    seen = [{"quantity": "trp_plasma"}]
    repeated = simulated([given | {"every": "10 h", "times": 3}], seen)
    assert repeated == simulated([given, {"for": "4 h"}] * 3, seen)


def test_at_the_end_of_a_step_and_at_the_start_the_level_is_the_one_before():
    """Activity of MAO-A jumps with a reversible inhibitor."""
    steps = [{"for": "1 h", "set": {"mao_a_inhibition": 0.8}}, {"for": "1 h"}]
    moments = ("0 h", "30 min", "1 h", "90 min")
    found = simulated(
        steps,
        [{"quantity": "mao_a_activity", "at": at, "as": "value"} for at in moments],
        systems=["serotonin"],
    )
    assert found == pytest.approx([1.0, 0.2, 0.2, 1.0], rel=REFEREE_RTOL)


def test_settling_moves_the_clock_and_not_the_patient():
    seen = [{"quantity": "trp_plasma", "at": "3 h"}]
    assert simulated(HALVED, seen, settle="3 day") == pytest.approx(
        simulated(HALVED, seen), rel=REFEREE_RTOL
    )


def test_with_a_rhythm_the_start_is_a_time_of_day():
    """Cortisol peaks in the morning, whenever the experiment begins."""
    peak = {"quantity": "cortisol", "take": "time_of_max", "as": "clock", "published": 8.5}
    rhythm = {"systems": ["cortisol"], "rhythm": "circadian", "settle": "10 day"}
    found = [simulated([{"for": "1 day"}], [peak], start=at, **rhythm) for at in ("12:00", "22:00")]
    assert np.ptp(found) <= WINDOW_STEP_H
    assert 8.0 < found[0][0] < 10.0


def test_meals_begin_at_the_start_after_ordinary_days():
    seen = [{"quantity": "protein_gut", "at": at, "as": "value", "unit": "g"} for at in ("0 h",)]
    seen += [{"quantity": "protein_gut", "at": "1 h", "as": "value", "unit": "g"}]
    before, after = simulated(
        [{"for": "1 h"}], seen, meals=[{"at": "0 h", "protein": "40 g"}], settle="2 day"
    )
    assert 0 < before < 0.2  # dinner is 13.5 h ago
    assert after == pytest.approx((before + 40) * math.exp(-0.5), rel=REFEREE_RTOL)


def test_a_level_over_one_that_is_zero_fails():
    (result,) = run_experiment(
        experiment(
            [{"for": "1 h", "set": {"levodopa_plasma": 5.0}}],
            [{"quantity": "levodopa_brain"}],
            systems=["levodopa"],
        )
    )
    assert math.isnan(result.simulated)
    assert result.verdict == "fails"


def test_a_run_that_cannot_be_solved_names_the_experiment(monkeypatch):
    module = importlib.import_module("cohort.experiments.run_experiment")
    monkeypatch.setattr(module, "_SOLVER", Solver(max_steps=1))
    with pytest.raises(IntegrationError) as caught:
        simulated(HALVED, [{"quantity": "trp_plasma"}])
    assert "'mine'" in caught.value.__notes__[0]


def test_results_come_in_the_order_of_the_comparisons():
    one = experiment(HALVED, [{"quantity": "trp_plasma"}, {"quantity": "tyr_plasma"}])
    results = run_experiments([one, one], device="numpy")
    assert [result.comparison.quantity for result in results] == ["trp_plasma", "tyr_plasma"] * 2
    assert results[0].source == "Somebody 2001"


# -- the verdict ---------------------------------------------------------------------------------


def numbers(published, low=None, high=None):
    return {"published": published, "low": low, "high": high, "interval": "ours"}


VERDICTS = [
    (numbers(2.0, 1.0, 3.0), {1.0: "agrees", 3.0: "agrees", 3.5: "near", 3.51: "fails"}),
    (numbers(2.0, 1.9, 2.1), {2.1: "agrees", 2.39: "near", 2.41: "fails", 1.61: "near"}),
    (numbers(-80.0, -90.0, -70.0), {-60.0: "near", -55.0: "fails"}),
    (numbers(5.0, low=5.0), {100.0: "agrees", 4.3: "near", 4.2: "fails"}),
    (numbers(0.05, high=0.2), {-1.0: "agrees", 0.205: "near", 0.3: "fails"}),
    ({"direction": "up"}, {1.06: "agrees", 1.02: "near", 1.0: "fails", 0.9: "fails"}),
    ({"direction": "down"}, {0.9: "agrees", 0.98: "near", 1.0: "fails", 1.1: "fails"}),
    ({"direction": "none"}, {0.91: "agrees", 1.15: "near", 0.85: "near", 1.25: "fails"}),
]


@pytest.mark.parametrize(("published", "cases"), VERDICTS, ids=str)
def test_the_verdict_follows_the_interval(published, cases):
    comparison = Comparison.model_validate({"quantity": "tnf", **MARKS, **published})
    assert {number: judge(number, comparison) for number in cases} == cases


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_fails(number):
    comparison = Comparison.model_validate({"quantity": "tnf", "direction": "up", **MARKS})
    assert judge(number, comparison) == "fails"
