"""Diets and supplements of a trial: what becomes of them in streams, statuses and patients."""

import numpy as np
import pytest
from cohort_tolerances import ROUND_OFF_RTOL, SOLVER_ATOL, SOLVER_RTOL

from cohort.chemistry import Setting, chemistry_model, system_names
from cohort.errors import FileContentError, ProtocolError, UnknownNameError
from cohort.nutrition import load_supplement
from cohort.simulate import simulate, simulate_block
from cohort.trial import (
    Protocol,
    daily_meals,
    diet_names,
    intake_means,
    load_diet,
    meal_streams,
    mean_intake,
    nutrition_systems,
    parse_protocol,
    protocol_meals,
    protocol_schema,
    status_factors,
    supplement_streams,
    trial_systems,
    write_protocol,
)
from kernels import Schedule, Solver, integrate

DAY, HOUR = 86_400, 3600
IDS = np.arange(1, 7)
DIET = """\
name: mine
title: Mine
mark: design
source: a plan
meals:
  - {at: "08:00", protein: 20 g, carbohydrate: 60 g}
  - {at: "19:00", protein: 30 g, source: whey}
inputs:
  plp_status: {value: 0.8, mark: assumed, source: guess}
"""


def trial(supplements=(), **keys):
    """Return a two-arm trial of four weeks whose active arm takes supplements."""
    return Protocol.model_validate(
        {
            "schema_version": 1,
            "name": "t",
            "title": "t",
            "seed": 11,
            "design": "counterfactual",
            "condition": "major_depression",
            "duration": "4 week",
            "run_in": "3 day",
            "visits": ["week 0", "week 2", "week 4"],
            "arms": [
                {"name": "none", "control": True, "patients": 6},
                {"name": "active", "patients": 6, "supplements": list(supplements)},
            ],
            "endpoints": ["MADRS"],
            "primary_endpoint": "MADRS",
            "adverse_events": ["nausea"],
        }
        | keys
    )


TRP = {"supplement": "l_tryptophan", "dose": "1 g", "every": "8 h"}
B6 = {"supplement": "vitamin_b6", "dose": "10 mg"}


# -- diets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", diet_names())
def test_every_packaged_diet_is_whole_and_changes_what_the_chemistry_has(name):
    diet = load_diet(name)
    model = chemistry_model(system_names(), Setting(meals=True))
    assert diet.name == name
    assert diet.meals
    assert set(diet.inputs) <= set(model.parameters)
    assert {stream.target for stream in daily_meals(diet.meals, DAY)} <= set(model.system.states)


def test_the_usual_diet_is_what_the_model_is_at_rest_on():
    model = chemistry_model(("precursors",), Setting(meals=True))
    for name, mean in mean_intake(load_diet("usual").meals).items():
        assert mean == pytest.approx(model.parameters[name].value)


def test_a_diet_by_name_is_its_meals_written_out_and_departs_from_the_usual():
    named = trial(meals="high_protein")
    assert protocol_meals(named) == load_diet("high_protein").meals
    assert intake_means(named) == {}
    assert [s.amounts.sum() for s in meal_streams(named)] == [31 * 150.0, 31 * 150.0]


def test_the_usual_diet_by_name_and_as_a_list_are_the_same_trial():
    listed, named = (simulate(trial(meals=m), "none", IDS)["adlb"] for m in (_usual(), "usual"))
    for column in ("value", "baseline"):
        assert listed[column] == pytest.approx(named[column], rel=ROUND_OFF_RTOL, nan_ok=True)


def _usual():
    return [meal.model_dump(mode="json") for meal in load_diet("usual").meals]


def _week(name):
    """Hourly means of the last day of a week on a diet, one patient of usual rest."""
    model = chemistry_model(("precursors",), Setting(meals=True))
    saves = np.arange(6 * DAY, 7 * DAY + 1, 60)
    schedule = Schedule(t0=0, t1=7 * DAY, streams=daily_meals(load_diet(name).meals, 7 * DAY))
    solver = Solver(rtol=SOLVER_RTOL, atol=SOLVER_ATOL)
    solution = integrate(model.system, model.lanes({}, 1), schedule, saves, solver)
    return {q: float(solution[q][:-1].mean()) for q in model.system.observables}


def test_daily_means_on_a_diet_are_those_of_its_grams():
    """Linear parts of the model: insulin 0.4 + 0.6 c, phenylalanine 0.88 + 0.12 p of rest."""
    for name, protein, carbohydrate in (("ketogenic", 90, 25), ("low_protein", 40, 280)):
        week = _week(name)
        assert week["insulin"] == pytest.approx(0.4 + 0.6 * carbohydrate / 250, rel=2e-3)
        assert week["phe_plasma"] == pytest.approx(60 * (0.88 + 0.12 * protein / 75), rel=2e-3)


def test_protein_and_no_carbohydrate_leave_less_tryptophan_to_the_brain():
    level = {name: _week(name)["trp_brain"] for name in diet_names()}
    assert level["high_carbohydrate"] > level["usual"] > level["high_protein"]
    assert level["ketogenic"] < level["usual"]


WRONG_DIETS = {
    "a source that does not exist": ("source: whey", "source: way", "'whey'"),
    "protein without unit": ("protein: 20 g", "protein: 20", "20 g"),
    "a time that is none": ('"19:00"', '"25:00"', "25:00"),
    "a status that does not exist": ("plp_status", "plp_stat", "plp_status"),
    "a status of nothing": ("value: 0.8", "value: 0", "greater than 0"),
    "a status with a unit": ("value: 0.8", "value: 0.8 g", "0.8 g"),
    "meals that are no list": (
        DIET[DIET.index("meals:") : DIET.index("inputs")],
        "meals: none\n",
        "a list is wanted",
    ),
    "no source": ("source: a plan\n", "", "'source' is missing"),
    "an unknown key": ("inputs:", "input:", "Did you mean 'inputs'"),
}


@pytest.mark.parametrize("case", WRONG_DIETS, ids=str)
def test_a_wrong_diet_is_refused_with_its_place(case, tmp_path):
    old, new, words = WRONG_DIETS[case]
    assert old in DIET
    path = tmp_path / "mine.yaml"
    path.write_text(DIET.replace(old, new, 1), "utf-8")
    with pytest.raises(FileContentError) as caught:
        load_diet(str(path))
    assert words in str(caught.value)
    assert len(caught.value.mistakes) == 1


def test_a_diet_of_ones_own_is_eaten(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(DIET, "utf-8")
    protocol = trial(meals=str(path))
    targets = [stream.target for stream in meal_streams(protocol)]
    assert targets[:2] == ["protein_gut", "carbohydrate_gut"]
    assert set(targets[2:]) == {"trp_gut", "tyr_gut", "phe_gut", "bcaa_gut"}
    assert nutrition_systems(protocol) == ("amino_acids", "cofactors")
    block = simulate_block(protocol, "none", IDS[:2])
    status = block.model.system.parameters.index("plp_status")
    assert (block.solutions[0].end.parameters[status] == 0.8).all()


def test_an_unknown_diet_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"'mediteranean'.*'mediterranean'"):
        load_diet("mediteranean")


# -- supplements -----------------------------------------------------------------------------------


def test_doses_of_a_supplement_are_boluses_into_the_gut_after_the_run_in():
    (stream,) = supplement_streams(trial([TRP]), "active", IDS)
    assert stream.target == "trp_gut"
    assert stream.times[:4].tolist() == [3 * DAY + h * HOUR for h in (8, 16, 24, 32)]
    assert len(stream.times) == 28 * 3 - 1
    assert set(stream.amounts) == {1.0}
    assert stream.taken.all()


def test_who_forgets_or_leaves_takes_none():
    adherence = {"probability": 0.5}
    stops = np.full(6, 14 * DAY)
    protocol = trial([TRP], adherence=adherence)
    (stream,) = supplement_streams(protocol, "active", IDS, stops)
    taken = stream.taken
    assert not taken[stream.times >= 17 * DAY].any()
    assert 0.3 < taken[stream.times < 17 * DAY].mean() < 0.7
    (again,) = supplement_streams(protocol, "active", IDS, stops)
    assert np.array_equal(taken, again.taken)


def test_only_what_is_taken_brings_its_systems():
    assert nutrition_systems(trial()) == ()
    protocol = trial([TRP, B6])
    assert trial_systems(protocol) == ("serotonin", "noradrenaline", "amino_acids", "cofactors")
    assert nutrition_systems(trial(meals="usual")) == ()


def test_a_status_is_that_of_the_middle_of_the_time_and_ends_with_the_regimen():
    protocol = trial([B6 | {"start": "week 1", "stop": "week 2"}])
    week = 7 * DAY
    assert status_factors(protocol, "active", 0, week) == {"plp_status": 1.0}
    wanted = load_supplement("vitamin_b6").factors(10.0, week / 2)
    assert status_factors(protocol, "active", week, 2 * week) == wanted
    assert status_factors(protocol, "active", 2 * week, 3 * week) == {}
    assert status_factors(protocol, "none", week, 2 * week) == {}


def test_patients_carry_the_status_while_they_take_it():
    protocol = trial([B6 | {"stop": "week 2"}])
    block = simulate_block(protocol, "active", IDS)
    row = block.model.system.parameters.index("plp_status")
    run_in, during, after = (solution.end.parameters[row] for solution in block.solutions)
    factor = status_factors(protocol, "active", 0, 14 * DAY)["plp_status"]
    assert during == pytest.approx(run_in * factor)
    assert factor > 1.1
    assert np.array_equal(after, run_in)


def test_tryptophan_raises_plasma_tryptophan_of_those_who_take_it():
    """Visits are at midnight, 8 h after the last but one and right before the next dose."""
    protocol = trial([TRP | {"at": "06:00"}])
    none, active = (simulate(protocol, arm, IDS)["adlb"] for arm in ("none", "active"))
    keep = none["biomarker"] == "TRPPL"
    first = keep & (none["visit_number"] == 0)
    later = keep & (none["visit_number"] > 0)
    assert np.array_equal(none["value"][first], active["value"][first], equal_nan=True)
    there = later & np.isfinite(none["value"]) & np.isfinite(active["value"])
    assert there.any()
    assert (active["value"][there] > 1.2 * none["value"][there]).all()


def test_a_protocol_with_food_and_supplements_can_be_written_and_read_again():
    meals = [{"at": "12:00", "protein": "40 g", "source": "alpha_lactalbumin"}]
    for protocol in (trial([TRP, B6], meals=meals), trial([TRP], meals="ketogenic")):
        assert parse_protocol(write_protocol(protocol)) == protocol
    properties = protocol_schema()["properties"]["meals"]["anyOf"]
    assert {option["type"] for option in properties} == {"array", "string"}


VALID = write_protocol(trial([TRP]))
WRONG = {
    "unknown supplement": ("l_tryptophan", "l_triptophan", "Did you mean 'l_tryptophan'"),
    "no mechanism": ("supplement: l_tryptophan", "supplement: omega_3", "no mechanism"),
    "too much": ("dose: 1000 mg", "dose: 10 g", "from 250 mg to 12000 mg a day"),
    "no unit": ("dose: 1000 mg", "dose: 1", "Write 'dose: 1 mg'"),
    "not often enough": ("every: 8 h", "every: 8", "'every: 8 h'"),
    "no supplement": ("supplement: l_tryptophan", "supplement: 7", "a text is wanted"),
    "a drug's name": (
        "supplement: l_tryptophan",
        "supplement: sertraline",
        "'sertraline' is a drug; a supplement is wanted. Write it as 'drug' of a regimen.",
    ),
    "a drug": ("supplement: l_tryptophan", "drug: sertraline", "unknown key 'drug'"),
    "late": ("start: 0 week", "start: 5 week", "regimens start before the end"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_supplement_is_refused_with_its_place(case):
    old, new, words = WRONG[case]
    assert old in VALID
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(VALID.replace(old, new, 1))
    assert words in str(caught.value)
    assert all("arms.active.supplements" in one.key_path for one in caught.value.mistakes)


def test_one_supplement_twice_at_a_time_is_refused():
    text = write_protocol(trial([TRP, B6])).replace("vitamin_b6", "l_tryptophan")
    with pytest.raises(ProtocolError, match="one regimen of a supplement at a time"):
        parse_protocol(text.replace("dose: 10 mg", "dose: 1 g"))


WRONG_MEALS = {
    "unknown diet": ("mediteranean", r"unknown eating pattern.*Did you mean 'mediterranean'"),
    "a protein": ("casein", r"'casein' is a protein source; an eating.*as 'source' of a meal"),
    "a file that is not there": ("no-such.yaml", "no such file 'no-such.yaml'"),
    "an unknown source": ("\n- {at: '08:00', protein: 20 g, source: whye}", "Did you mean 'whey'"),
    "a number": ("7", "a list is wanted"),
    "a meal without unit": ("\n- {at: '08:00', protein: 20}", "Write 'protein: 20 g'"),
}


@pytest.mark.parametrize("case", WRONG_MEALS, ids=str)
def test_wrong_meals_are_refused_once(case):
    new, words = WRONG_MEALS[case]
    text = VALID[: VALID.index("meals:")] + VALID[VALID.index("adherence:") :]
    with pytest.raises(ProtocolError, match=words) as caught:
        parse_protocol(f"{text}meals: {new}\n")
    assert len(caught.value.mistakes) == 1


def test_all_mistakes_of_an_own_eating_pattern_are_shown(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: t\nmark: assumed\nsource: guess\nmeals:\n"
        '  - {at: "08:00", protein: 8 L, carbohydrate: 90}\n'
    )
    text = VALID[: VALID.index("meals:")] + VALID[VALID.index("adherence:") :]
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(f"{text}meals: {path}\n")
    (said,) = caught.value.mistakes
    assert said.key_path == "meals"
    assert f"{path}:6, meals[0].protein: '8 L' is given in [L]" in said.message
    assert f"{path}:6, meals[0].carbohydrate: 90 has no unit" in said.message
