"""Doses and meals: how many, when, into what, and who takes them."""

import numpy as np
import pytest
from cohort_trial_tolerances import ADHERENCE_MEAN, LOGIT_MEAN

from cohort.drugs import load_drug
from cohort.errors import ShapeError, UnknownNameError
from cohort.population.draws import uniforms
from cohort.trial import (
    Adherence,
    Protocol,
    Regimen,
    adherence_probability,
    dose_streams,
    dose_times,
    doses_taken,
    dosing_record,
    intake_means,
    load_protocol,
    logit_center,
    meal_streams,
    planned_doses,
)

DAY = 86_400
HOUR = 3600
DRUGS = {name: load_drug(name) for name in ("escitalopram", "citalopram")}


def trial(regimens, own_adherence=None, **keys):
    """Return a two-arm trial of four weeks whose active arm has the given regimens."""
    return Protocol.model_validate(
        {
            "schema_version": 1,
            "name": "t",
            "title": "t",
            "seed": 11,
            "condition": "major_depression",
            "duration": "4 week",
            "run_in": "3 day",
            "visits": ["week 0", "week 4"],
            "arms": [
                {"name": "placebo", "control": True, "patients": 50},
                {
                    "name": "active",
                    "patients": 50,
                    "regimens": regimens,
                    "adherence": own_adherence,
                },
            ],
            "endpoints": ["MADRS"],
            "primary_endpoint": "MADRS",
            **keys,
        }
    )


ONCE_DAILY = [{"drug": "escitalopram", "dose": "10 mg"}]


def test_a_daily_dose_is_given_on_every_day_of_the_trial_at_its_clock_time():
    (doses,) = planned_doses(trial(ONCE_DAILY), "active")
    assert doses.times.tolist() == [day * DAY + 8 * HOUR for day in range(28)]


def test_a_titration_has_one_dose_a_day_and_changes_at_the_step():
    protocol = load_protocol("sct-md-01")
    (doses,) = planned_doses(protocol, "citalopram 40 mg")
    assert len(doses.times) == 56
    assert np.all(np.diff(doses.times) == DAY)
    assert doses.amounts_mg.tolist() == [20.0] * 7 + [40.0] * 49


def test_twice_daily_doses_alternate_between_two_clock_times():
    regimen = Regimen(drug="a", dose="1 mg", every="12 h", at="20:00", start="day 2")
    times = list(dose_times(regimen, 4 * DAY))
    assert [time / HOUR for time in times] == [44, 56, 68, 80, 92]


def test_a_start_within_a_day_waits_for_the_clock_time():
    regimen = Regimen(drug="a", dose="1 mg", at="08:00", start="9 h")
    assert next(iter(dose_times(regimen, 9 * DAY))) == DAY + 8 * HOUR


def test_a_dose_at_the_stop_is_not_given():
    regimen = Regimen(drug="a", dose="1 mg", at="00:00", stop="day 3")
    assert list(dose_times(regimen, 9 * DAY)) == [0, DAY]


def test_placebo_has_no_streams():
    protocol = trial(ONCE_DAILY)
    assert planned_doses(protocol, "placebo") == ()
    assert dose_streams(protocol, "placebo", np.arange(3), drugs={}, lags={}) == ()


def test_streams_hold_micrograms_of_each_compound_after_the_run_in():
    protocol = trial([{"drug": "citalopram", "dose": "40 mg"}])
    lags = {"s_citalopram": np.array([0, 600]), "r_citalopram": np.array([60, 0])}
    left, right = dose_streams(protocol, "active", np.array([1, 2]), drugs=DRUGS, lags=lags)
    assert (left.target, right.target) == ("depot_s_citalopram", "depot_r_citalopram")
    assert left.times[0] == 3 * DAY + 8 * HOUR
    assert set(left.amounts) == {20_000.0}
    assert left.lag.tolist() == [0, 600]
    assert right.lag.tolist() == [60, 0]


def test_two_drugs_of_one_compound_give_two_streams():
    protocol = trial([*ONCE_DAILY, {"drug": "citalopram", "dose": "20 mg", "at": "20:00"}])
    streams = dose_streams(protocol, "active", np.array([1]), drugs=DRUGS, lags={})
    assert [one.name for one in streams] == [
        "escitalopram: s_citalopram",
        "citalopram: s_citalopram",
        "citalopram: r_citalopram",
    ]


def test_a_scale_acts_on_one_compound():
    (stream,) = dose_streams(
        trial(ONCE_DAILY),
        "active",
        np.array([1, 2]),
        drugs=DRUGS,
        lags={},
        scales={"s_citalopram": np.array([1.0, 0.5])},
    )
    assert stream.factors(0, np.array([0, 1])).tolist() == [10_000.0, 5_000.0]


def test_a_patient_who_left_takes_no_more_doses():
    stop = np.array([10 * DAY, 10 * DAY + 9 * HOUR, 10**9])
    (stream,) = dose_streams(
        trial(ONCE_DAILY), "active", np.arange(3), drugs=DRUGS, lags={}, stop_times=stop
    )
    assert stream.taken.sum(axis=0).tolist() == [10, 11, 28]


def test_the_record_of_doses_agrees_with_the_streams():
    protocol = trial(ONCE_DAILY, {"probability": 0.7, "sd_logit": 0.5})
    ids = np.arange(40)
    (stream,) = dose_streams(protocol, "active", ids, drugs=DRUGS, lags={})
    record = dosing_record(protocol, "active", ids)
    assert record.planned.tolist() == [28] * 40
    assert np.array_equal(record.taken, stream.taken.sum(axis=0))
    assert np.array_equal(record.cumulative_mg, 10.0 * record.taken)


def test_missed_doses_are_exactly_the_draws_of_their_day():
    adherence = Adherence(probability=0.8)
    ids = np.array([3, 17, 4_000_000_000])
    times = np.arange(28) * DAY + 8 * HOUR
    draws = uniforms(11, ids, "adherence.dose", (np.arange(28) * 24)[:, None])
    assert np.array_equal(doses_taken(adherence, 11, ids, times), draws < 0.8)


def test_two_doses_of_a_day_are_separate_draws():
    ids = np.arange(200)
    times = np.repeat(np.arange(28), 2) * DAY + np.tile([8 * HOUR, 20 * HOUR], 28)
    taken = doses_taken(Adherence(probability=0.5), 11, ids, times)
    assert 0.45 < np.mean(taken[::2] == taken[1::2]) < 0.55


def test_moving_the_clock_time_changes_nobody_s_missed_days():
    ids, usual = np.arange(100), Adherence(probability=0.8, sd_logit=1)
    morning = doses_taken(usual, 11, ids, np.arange(28) * DAY + 8 * HOUR)
    evening = doses_taken(usual, 11, ids, np.arange(28) * DAY + 22 * HOUR)
    assert np.array_equal(morning, evening)


def test_a_patient_misses_the_same_days_in_every_arm_and_on_every_drug():
    protocol = load_protocol("sct-md-01")
    ids = np.arange(30)
    streams = [
        dose_streams(protocol, arm.name, ids, drugs=DRUGS, lags={})[0]
        for arm in protocol.arms
        if arm.regimens
    ]
    assert len(streams) == 3
    assert all(np.array_equal(streams[0].taken, other.taken) for other in streams[1:])


def test_a_patient_s_doses_do_not_depend_on_the_block():
    protocol = load_protocol("sct-md-01")
    whole = dosing_record(protocol, "escitalopram 10 mg", np.arange(100)).taken
    halves = [
        dosing_record(protocol, "escitalopram 10 mg", np.arange(*bounds)).taken
        for bounds in [(0, 37), (37, 100)]
    ]
    assert np.array_equal(whole, np.concatenate(halves))


@pytest.mark.parametrize(("probability", "sd_logit"), [(0.9, 1.0), (0.9, 0.0), (0.5, 3.0)])
def test_the_mean_share_of_doses_taken_is_the_probability(probability, sd_logit):
    adherence = Adherence(probability=probability, sd_logit=sd_logit)
    taken = doses_taken(adherence, 3, np.arange(5000), np.arange(28) * DAY)
    assert taken.mean() == pytest.approx(probability, abs=ADHERENCE_MEAN)


@pytest.mark.parametrize(("probability", "sd_logit"), [(0.9, 1.0), (0.99, 2.0), (0.3, 4.0)])
def test_the_center_of_the_logits_agrees_with_scipy(probability, sd_logit):
    from scipy import integrate, special, stats

    center = logit_center(probability, sd_logit)
    mean, _ = integrate.quad(
        lambda z: special.expit(center + sd_logit * z) * stats.norm.pdf(z), -9, 9, limit=200
    )
    assert mean == pytest.approx(probability, abs=LOGIT_MEAN)


def test_everybody_or_nobody_takes_doses_at_the_ends_of_the_range():
    times = np.arange(28) * DAY
    assert doses_taken(Adherence(probability=1, sd_logit=2), 1, np.arange(50), times).all()
    assert not doses_taken(Adherence(probability=0, sd_logit=2), 1, np.arange(50), times).any()


def test_patients_differ_in_adherence_only_if_asked():
    ids = np.arange(1000)
    assert np.ptp(adherence_probability(Adherence(probability=0.9), 1, ids)) == 0
    assert np.ptp(adherence_probability(Adherence(probability=0.9, sd_logit=1), 1, ids)) > 0.3


def test_an_arm_s_own_adherence_wins():
    own = trial(ONCE_DAILY, {"probability": 0}, adherence={"probability": 1})
    assert dosing_record(own, "active", np.arange(5)).taken.tolist() == [0] * 5


def test_wrong_shapes_and_unknown_drugs_are_refused():
    protocol = trial(ONCE_DAILY)
    with pytest.raises(ShapeError, match="one entry a patient"):
        dosing_record(protocol, "active", np.arange(5), np.zeros(4, dtype=np.int64))
    with pytest.raises(UnknownNameError, match="unknown drug 'escitalopram'"):
        dose_streams(protocol, "active", np.arange(5), drugs={}, lags={})


def test_meals_are_eaten_every_day_from_the_run_in_to_the_end():
    protein, carbohydrate = meal_streams(trial(ONCE_DAILY))
    assert (protein.target, carbohydrate.target) == ("protein_gut", "carbohydrate_gut")
    assert len(protein.times) == 3 * (3 + 28)
    assert np.all(np.diff(protein.times) > 0)
    assert protein.times[-1] < 31 * DAY
    assert protein.amounts.sum() == 75.0 * 31
    assert intake_means(trial(ONCE_DAILY))["carbohydrate_intake_mean"] == pytest.approx(250 / 24)


def test_meals_in_any_order_are_sorted_and_none_gives_no_streams():
    meals = [{"at": "19:00", "protein": "30 g"}, {"at": "07:00", "protein": "10 g"}]
    protein, _ = meal_streams(trial(ONCE_DAILY, meals=meals))
    assert protein.amounts[:2].tolist() == [10.0, 30.0]
    assert meal_streams(trial(ONCE_DAILY, meals=[])) == ()
