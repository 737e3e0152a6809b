"""Criteria: what they mean, beside Python's own meaning; what is refused; nonsense."""

import pickle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cohort.conditions import load_condition
from cohort.errors import CohortError, ExpressionError, RangeError, UnknownNameError
from cohort.model import assemble
from cohort.outcomes import scale_names
from cohort.population import (
    PatientHistory,
    PopulationSpec,
    column_kinds,
    draw_candidates,
    sample_people,
    sample_population,
    screening_problem,
)
from cohort.transmitters.serotonin import serotonin
from cohort.trial.eligibility import parse_criterion

SPEC = PopulationSpec(age_min_y=18, age_max_y=65, age_mean_y=41, age_sd_y=12, female_fraction=0.62)
HISTORY = load_condition("major_depression").population.history
KINDS = column_kinds(HISTORY)
PEOPLE = draw_candidates(np.arange(3000), 7, SPEC, HISTORY)
PAIR = {
    "age_y": np.array([17.0, 18.0, 40.0, 65.0, 66.0]),
    "weight_kg": np.array([50.0, 60.0, 70.0, 80.0, 90.0]),
    "crcl_ml_min": np.array([59.0, 60.0, 90.0, 120.0, 30.0]),
    "smoker": np.array(["yes", "no", "yes", "no", "no"]),
    "cyp2d6": np.array(["PM", "IM", "NM", "UM", "PM"]),
}


def test_kinds_are_those_of_the_columns_that_are_drawn():
    assert set(KINDS) == set(PEOPLE)
    for name, column in PEOPLE.items():
        assert KINDS[name].is_text == (column.dtype.kind == "U"), name
        if KINDS[name].is_text:
            assert set(column) <= set(KINDS[name].levels)


# the condition, and the same in NumPy, by hand
MEANINGS = {
    "age_y >= 18 y": lambda p: p["age_y"] >= 18,
    "age_y >= 18": lambda p: p["age_y"] >= 18,
    "18 y <= age_y <= 65 y": lambda p: (p["age_y"] >= 18) & (p["age_y"] <= 65),
    "216 month <= age_y": lambda p: p["age_y"] >= 18,
    "weight_kg > 70000 g": lambda p: p["weight_kg"] > 70,
    "crcl_ml_min >= 3.6 L/h": lambda p: p["crcl_ml_min"] >= 60,
    "cyp2d6 != 'PM'": lambda p: p["cyp2d6"] != "PM",
    'cyp2d6 == "PM"': lambda p: p["cyp2d6"] == "PM",
    "cyp2d6 in ('PM', 'IM')": lambda p: (p["cyp2d6"] == "PM") | (p["cyp2d6"] == "IM"),
    "cyp2d6 not in ('PM',)": lambda p: p["cyp2d6"] != "PM",
    "age_y in (17, 18 y)": lambda p: p["age_y"] <= 18,
    "not smoker == 'yes'": lambda p: p["smoker"] == "no",
    "not not smoker == 'yes'": lambda p: p["smoker"] == "yes",
    "age_y > 65 or age_y < 18 and smoker == 'no'": lambda p: p["age_y"] > 65,
    "(age_y > 65 or age_y < 18) and smoker == 'no'": lambda p: p["age_y"] > 65,
    "not (age_y > 65 or smoker == 'yes')": lambda p: (p["age_y"] <= 65) & (p["smoker"] == "no"),
    "weight_kg > crcl_ml_min or weight_kg > weight_kg": None,  # two dimensions
    "18 y <= age_y <= 65 y and cyp2d6 != 'PM' and crcl_ml_min >= 60 mL/min and "
    "not smoker == 'yes'": lambda p: np.array([False, True, False, True, False]),
    "age_y<65": lambda p: p["age_y"] < 65,
    "-1 < age_y": lambda p: p["age_y"] > -1,
    "age_y < .5e2": lambda p: p["age_y"] < 50,
}


@pytest.mark.parametrize("text", MEANINGS)
def test_a_condition_means_what_it_says(text):
    meaning = MEANINGS[text]
    if meaning is None:
        with pytest.raises(ExpressionError, match=r"\[mL/min\] is compared with 'weight_kg'"):
            parse_criterion(text)
        return
    found = parse_criterion(text).holds(PAIR)
    assert found.dtype == np.bool_
    assert found.tolist() == meaning(PAIR).tolist()


def test_two_columns_are_compared_in_one_unit():
    found = parse_criterion("disease_duration_y <= age_y", KINDS).holds(
        {"disease_duration_y": np.array([5.0, 50.0]), "age_y": np.array([40.0, 40.0])}
    )
    assert found.tolist() == [True, False]
    with pytest.raises(
        ExpressionError, match=r"\[cm\] is compared with 'weight_kg'.*Compare each with a number"
    ):
        parse_criterion("weight_kg < height_cm")


def test_a_criterion_survives_pickling():
    criterion = parse_criterion("age_y >= 18 y and cyp2d6 in ('NM', 'IM')")
    again = pickle.loads(pickle.dumps(criterion))
    assert again == criterion
    assert again.holds(PAIR).tolist() == criterion.holds(PAIR).tolist()


# the expression, the character of the mistake, words of the message
REFUSED = {
    "crcl_ml_mi >= 60 mL/min": (1, "unknown covariate 'crcl_ml_mi'.*Did you mean 'crcl_ml_min'"),
    "age_y >= 18 kg": (10, r"\[kg\] is compared with 'age_y', which is measured in \[y\]"),
    "age_y >= 18 quux": (10, "'quux' is not a unit"),
    "age_y = 18 y": (7, "'=' is not understood. Write '=='"),
    "age_y >= 18 && smoker == 'no'": (13, "Write 'and'"),
    "age_y \N{GREATER-THAN OR EQUAL TO} 18": (7, "Write '>='"),
    "age_y >= 18 AND smoker == 'no'": (13, "'AND'; small letters are wanted. Write 'and'"),
    "smoker": (7, "the end after 'smoker'; a comparison is wanted.*smoker == 'yes'"),
    "smoker and age_y > 5": (8, "'and' after 'smoker'; a comparison"),
    "smoker == yes": (11, "yes is a text without quotes. Write 'yes'"),
    "cyp2d6 == 'pm'": (11, "'pm' is no level of 'cyp2d6'. Did you mean 'PM'"),
    "cyp2d6 >= 'PM'": (8, "'>=' with a text; '==' and '!=' are allowed"),
    "cyp2d6_activity >= 2 dB": (20, "'2 dB' for 'cyp2d6_activity', a pure number"),
    "cyp2d6 == 2": (11, "'2' for 'cyp2d6', which is a text"),
    "age_y == 'old'": (10, "'old' for 'age_y', which is a number"),
    "age_y == smoker": (10, "a text and a number, are compared"),
    "'PM' == 'PM'": (1, "one side is a covariate"),
    "18 < 20": (1, "'18' is compared with '20'; one side is a covariate"),
    "MADRS >= 22": (1, "'MADRS' is a score.*entry: {scale: MADRS, at_least"),
    "age_y >= 18 and": (16, "the end where a covariate"),
    "(age_y >= 18": (1, r"'\(' is not closed"),
    "age_y >= 18)": (12, r"'\)' after a whole condition; it closes nothing"),
    "(age_y >= 18 smoker": (11, "'smoker' is not a unit"),
    "age_y >= 18 'x'": (13, "'x' after a whole condition; 'and' or 'or' is wanted"),
    "smoker == 'yes": (11, "a text is opened and not closed"),
    "cyp2d6 in 'PM'": (11, "after 'in'; a list in parentheses"),
    "cyp2d6 in ()": (1, "the list after 'in' is empty"),
    "cyp2d6 in ('PM' 'IM')": (17, "',' or '\\)' is wanted"),
    "cyp2d6 in (PM)": (12, "PM is a text without quotes"),
    "cyp2d6 in ('PM', age_y)": (18, "'age_y' in a list"),
    "cyp2d6 in ('PM'": (16, "the end in a list"),
    "3 in (3)": (1, "'3' before 'in'; a covariate is wanted"),
    "age_y not 5": (11, "'5' after 'not'; 'in' is wanted"),
    "age_y >= 1e999": (10, "is not finite"),
    "age_y >= 1.2.3": (13, "after a number"),
    "age_y >= 1 y^9^9^9^9": (15, "after a number"),
    "age_y; import os": (6, "';' is not understood"),
    "__import__('os')": (1, "unknown covariate '__import__'"),
    "": (1, "nothing is written"),
    " \t ": (1, "nothing is written"),
    "age_y > " + "(" * 41 + "1": (9, "where a covariate"),
    "(" * 41 + "age_y > 1": (41, "more than 40 parentheses"),
    "age_y > 1 or " * 200 + "age_y > 1": (2000, "at most 2000 are allowed"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_mistake_is_named_with_its_place_and_its_fix(text):
    position, words = REFUSED[text]
    with pytest.raises(ExpressionError, match=words) as caught:
        parse_criterion(text, KINDS, scale_names())
    assert caught.value.position == position
    assert caught.value.expression == text
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


@pytest.mark.parametrize("text", [None, 3, b"age_y > 1", ["age_y > 1"], True])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(ExpressionError, match="a text is wanted"):
        parse_criterion(text)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(UnknownNameError, match="unknown covariate 'weight_kg'"):
        parse_criterion("weight_kg > 50 kg").holds({"age_y": np.array([1.0])})


WORDS = st.sampled_from(
    [
        *KINDS,
        *("and", "or", "not", "in", "(", ")", ",", "<", "<=", "==", "!=", ">=", ">", "=", "-"),
        *(
            "18",
            "18 y",
            "60 mL/min",
            "1e5",
            ".5",
            "0",
            "70 kg",
            "5 %",
            "3 dB",
            "2 degC",
            "1 kg/m^2",
        ),
        *("1 m**9", "9^9", "1 y^99999999", "1 eV/K", "7 count", "'yes'", "'PM'", '"F"', "'none'"),
        *(
            "MADRS",
            "PM",
            "é",
            "\N{DOUBLE-STRUCK CAPITAL R}",
            "\0",
            "\n",
            "%",
            "[",
            "lambda",
            "1 Np",
        ),
    ]
)


@settings(max_examples=1000, deadline=5000)
@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60))
@example("not " * 500)
@example("a" * 3000)
@example("(" * 1999)
@example("age_y in (" + "1," * 990)
@example("1 " + "a" * 1900)
@example("1 " + "m*" * 900)
def test_nonsense_is_refused_or_has_a_meaning(text):
    position, found = 1, np.zeros(3000, np.bool_)
    try:
        found = parse_criterion(text, KINDS, scale_names()).holds(PEOPLE)
    except ExpressionError as error:
        position = error.position
    assert 1 <= position <= len(text) + 1
    assert found.shape == (3000,)
    assert found.dtype == np.bool_


ATOMS = st.sampled_from(
    [
        ("age_y >= 40 y", "(p['age_y'] >= 40)"),
        ("30 <= age_y < 50", "((30 <= p['age_y']) & (p['age_y'] < 50))"),
        ("smoker == 'yes'", "(p['smoker'] == 'yes')"),
        ("bmi < 25 kg/m^2", "(p['bmi'] < 25)"),
        ("cyp2d6 in ('PM', 'UM')", "np.isin(p['cyp2d6'], ['PM', 'UM'])"),
        ("comt != 'MetMet'", "(p['comt'] != 'MetMet')"),
    ]
)
TREES = st.recursive(
    ATOMS,
    lambda parts: (
        st.tuples(parts, st.sampled_from([("and", "&"), ("or", "|")]), parts).map(
            lambda t: (f"({t[0][0]}) {t[1][0]} ({t[2][0]})", f"({t[0][1]} {t[1][1]} {t[2][1]})")
        )
        | parts.map(lambda t: (f"not ({t[0]})", f"~{t[1]}"))
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(TREES)
def test_any_tree_of_conditions_means_what_numpy_says(tree):
    text, meaning = tree
    if len(text) > 2000:
        return
    expected = eval(meaning, {"p": PEOPLE, "np": np})  # the referee: NumPy's own operators
    assert np.array_equal(parse_criterion(text, KINDS).holds(PEOPLE), expected)


CRITERIA = tuple(
    parse_criterion(text, KINDS)
    for text in ("crcl_ml_min >= 90 mL/min", "cyp2d6 != 'PM'", "smoker == 'no' and bmi < 30")
)


def test_everybody_who_is_drawn_qualifies():
    people = sample_people(np.arange(3000), 7, SPEC, HISTORY, CRITERIA)
    for criterion in CRITERIA:
        assert criterion.holds(people).all()


def test_who_qualified_at_first_stays_the_same_person():
    people = sample_people(np.arange(3000), 7, SPEC, HISTORY, CRITERIA)
    first = np.all([criterion.holds(PEOPLE) for criterion in CRITERIA], axis=0)
    assert 0 < first.sum() < 3000
    for name, column in PEOPLE.items():
        assert np.array_equal(people[name][first], column[first]), name


def test_a_patient_is_the_same_whatever_the_block():
    ids = np.random.default_rng(2).permutation(400)
    whole = sample_people(np.arange(400), 7, SPEC, HISTORY, CRITERIA)
    parts = [
        sample_people(block, 7, SPEC, HISTORY, CRITERIA) for block in np.split(ids, [1, 2, 50, 90])
    ]
    for name, column in whole.items():
        assert np.array_equal(np.concatenate([part[name] for part in parts]), column[ids]), name


def test_those_let_in_are_candidates_given_that_they_qualify():
    """Rejection by redraw: means of the redrawn are those of the qualified among all."""
    n = 20_000
    everybody = draw_candidates(np.arange(n), 11, SPEC, HISTORY)
    good = np.all([criterion.holds(everybody) for criterion in CRITERIA], axis=0)
    people = sample_people(np.arange(n), 7, SPEC, HISTORY, CRITERIA)
    for name in ("age_y", "weight_kg", "crcl_ml_min", "previous_episodes", "disease_duration_y"):
        expected, found = everybody[name][good], people[name]
        error = np.sqrt(expected.var() / good.sum() + found.var() / n)
        assert abs(expected.mean() - found.mean()) < 4 * error, name


def test_a_rare_patient_is_found():
    rare = parse_criterion("cyp2d6 == 'UM' and smoker == 'yes' or height_cm > 192 cm")
    people = sample_people(np.arange(40), 7, SPEC, HISTORY, (rare,))
    assert rare.holds(people).all()


def test_criteria_that_hardly_anybody_meets_are_refused_with_the_share():
    hard = parse_criterion("weight_kg > 180 kg")
    easy = parse_criterion("age_y >= 18 y")
    message = r"eligibility: 0\.\d+ % of 4000 .* at least 1 %.*Relax 'weight_kg > 180 kg'"
    with pytest.raises(RangeError, match=message):
        sample_people(np.arange(5), 7, SPEC, HISTORY, (easy, hard))
    assert screening_problem(SPEC, HISTORY, (easy,)) is None


def test_criteria_leave_parameters_of_a_patient_alone():
    model = assemble("b", [serotonin()])
    ids = np.arange(60)
    free = sample_population(ids, 7, SPEC, model)
    strict = sample_population(ids, 7, SPEC, model, criteria=(parse_criterion("smoker == 'no'"),))
    for name, column in free.parameters.items():
        assert np.array_equal(strict.parameters[name], column)
    assert set(strict.columns["smoker"]) == {"no"}


def test_no_criteria_draw_the_first_candidates():
    people = sample_people(np.arange(3000), 7, SPEC, PatientHistory(), ())
    for name, column in people.items():
        assert np.array_equal(column, PEOPLE[name])


def test_the_declared_error_is_in_the_one_tree():
    assert issubclass(ExpressionError, CohortError)
