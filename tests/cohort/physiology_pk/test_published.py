"""The reference patient against published observations.

Every case says which role the observation has. ``independent``: nothing in the files was chosen by
it. ``fitted``: a number was chosen by it, so that agreement shows arithmetic only. A miss is a
strict xfail with its size; no number is tuned to remove one.

``seen``: paroxetine (of nine sets) and fluoxetine (of three) were chosen by their fitted
observations while these others were in view; agreement is weaker evidence than for an unseen one.
Windows marked ``own`` are not published; they were drawn around what the model gives and guard
against change only.
"""

import numpy as np
import pytest
from cohort_dosing import swallow
from cohort_pk_tolerances import SOLVER_RTOL

STEADY_DAYS = 60


def missed(*case, reason):
    return pytest.param(*case, marks=pytest.mark.xfail(reason=reason, strict=True))


# Steady state, mean over the day. The minimum dose of each drug is FITTED: EC50 is 0.125 to 0.15 of
# the level at that dose because PET shows about 80 % there. Higher doses and citalopram are judged.
@pytest.mark.parametrize(
    ("drug", "dose_mg", "low", "high"),
    [
        ("escitalopram", 10, 0.75, 0.85),  # fitted
        ("escitalopram", 20, 0.75, 0.85),  # independent
        ("citalopram", 20, 0.70, 0.82),  # independent: 77 %, Meyer 2001
        ("sertraline", 50, 0.76, 0.85),  # fitted, Meyer 2004
        ("sertraline", 200, 0.80, 0.88),  # independent, own window: about 85 %, Voineskos 2007
        ("paroxetine", 20, 0.76, 0.85),  # fitted; 83 %, Meyer 2001
        ("paroxetine", 40, 0.80, 0.88),  # seen, own window: plateau about 85 %, Meyer 2001
        ("fluoxetine", 20, 0.76, 0.85),  # fitted
    ],
)
def test_steady_occupancy_lies_in_the_range_of_pet(drug, dose_mg, low, high):
    occupancy = swallow({drug: dose_mg}, days=STEADY_DAYS).mean("sert_occupancy")[0]
    assert low <= occupancy <= high


# Independent: Psychiatry Res Neuroimaging 2016, escitalopram 10 and 20 mg, sertraline 50 mg.
@pytest.mark.parametrize(
    ("drug", "dose_mg", "hour", "low", "high"),
    [
        ("escitalopram", 10, 4, 0.69, 0.78),
        missed("escitalopram", 20, 4, 0.69, 0.78, reason="78.3 %: 0.3 points too high"),
        missed("sertraline", 50, 4, 0.69, 0.78, reason="68.3 %: 0.7 points too low"),
        missed("escitalopram", 10, 48, 0.53, 0.58, reason="48.1 %: 4.9 points too low"),
        missed("escitalopram", 20, 48, 0.53, 0.58, reason="62.2 %: 4.2 points too high"),
        ("sertraline", 50, 48, 0.53, 0.58),
    ],
)
def test_occupancy_after_one_dose_follows_pet(drug, dose_mg, hour, low, high):
    assert low <= swallow({drug: dose_mg}).at("sert_occupancy", hour)[0] <= high


@pytest.mark.parametrize(("hour", "low", "high"), [(4, 0.69, 0.78), (48, 0.53, 0.58)])
def test_mean_occupancy_of_the_three_single_doses_follows_pet(hour, low, high):
    course = swallow({"escitalopram": [10.0, 20.0]}).at("sert_occupancy", hour)
    other = swallow({"sertraline": 50.0}).at("sert_occupancy", hour)
    assert low <= np.mean([*course, *other]) <= high


# Seen: same study, paroxetine 20 mg, 44.6 % falling to 10.3 %; five points are allowed.
@pytest.mark.parametrize(
    ("hour", "published"),
    [missed(4, 0.446, reason="51.5 %: 6.9 points too high"), (48, 0.103)],
)
def test_one_dose_of_paroxetine_occupies_less_than_other_ssris(hour, published):
    assert swallow({"paroxetine": 20}).at("sert_occupancy", hour)[0] == pytest.approx(
        published, abs=0.05
    )


# Independent: Klein 2006 (one dose, 6 h) and 2007 (10 d), SPECT, mean and SD.
@pytest.mark.parametrize(
    ("drug", "dose_mg", "days", "hour", "mean", "sd"),
    [
        ("escitalopram", 5, 1, 6, 0.60, 0.06),
        ("escitalopram", 10, 1, 6, 0.64, 0.06),
        ("escitalopram", 20, 1, 6, 0.75, 0.05),
        ("citalopram", 10, 1, 6, 0.65, 0.10),
        ("citalopram", 20, 1, 6, 0.70, 0.06),
        ("escitalopram", 10, 10, 6, 0.815, 0.054),
        ("escitalopram", 10, 10, 54, 0.633, 0.121),
        missed(
            "citalopram", 20, 10, 6, 0.64, 0.127, reason="78.3 %: R-citalopram does not attenuate"
        ),
        missed(
            "citalopram", 20, 10, 54, 0.49, 0.117, reason="65.0 %: R-citalopram does not attenuate"
        ),
    ],
)
def test_occupancy_lies_within_one_sd_of_spect(drug, dose_mg, days, hour, mean, sd):
    occupancy = swallow({drug: dose_mg}, days=days).at("sert_occupancy", hour)[0]
    assert occupancy == pytest.approx(mean, abs=sd)


def test_norfluoxetine_alone_has_a_half_life_of_nine_days():
    """Fitted: label 4-16 d, mean 9.3 d; 216.6 h is ln 2 times entered v_c over cl."""
    course = swallow({"fluoxetine": 20}, days=30, tail_h=150 * 24, step_h=24)
    half_life = course.half_life("concentration_norfluoxetine", 140 * 24, 150 * 24)[0]
    assert half_life == pytest.approx(9.03 * 24, rel=0.02)


def test_sertraline_level_at_100_mg():
    """Fitted: cl was chosen by the 31.7 ng/mL of Bråten 2020; the trough is 34 ng/mL."""
    course = swallow({"sertraline": 100}, days=STEADY_DAYS)
    assert course.at("concentration_sertraline", 24)[0] == pytest.approx(31.7, rel=0.10)


def test_cyp2c19_multiplies_exposure_as_entered():
    """Input: shares were computed from these ratios (2.63 and 2.68), so this is arithmetic."""
    for drug, compound, ratio in (
        ("escitalopram", "s_citalopram", 2.63),
        ("sertraline", "sertraline", 2.68),
    ):
        values = {f"cyp2c19_activity_{compound}": [0.0, 1.0]}
        course = swallow({drug: [20.0, 20.0]}, days=STEADY_DAYS, values=values)
        poor, normal = course.mean(f"concentration_{compound}")
        assert poor / normal == pytest.approx(ratio, rel=0.01)


def test_fluoxetine_and_norfluoxetine_after_thirty_days_of_40_mg():
    """Label ranges. Fluoxetine is fitted (cl ends near 9.6 L/h); norfluoxetine seen."""
    course = swallow({"fluoxetine": 40}, days=30)
    assert 91 <= course.mean("concentration_fluoxetine")[0] <= 302
    assert 72 <= course.mean("concentration_norfluoxetine")[0] <= 258


def test_fluoxetine_slows_its_own_elimination():
    """Seen, own window: 1-3 d after one dose, 4-6 d at steady state, one parameter set."""
    first = swallow({"fluoxetine": 20}).half_life("concentration_fluoxetine", 48, 72)[0]
    steady = swallow({"fluoxetine": 20}, days=STEADY_DAYS)
    assert steady.half_life("concentration_fluoxetine", 48, 72)[0] > 1.5 * first


# Twenty percent either way is allowed. The AUC is fitted, the other two were seen.
@pytest.mark.parametrize(
    ("what", "published"),
    [("auc", 8), missed("c_max", 6, reason="7.5: 25 % too high"), ("c_min", 14)],
)
def test_paroxetine_accumulates_more_than_superposition_says(what, published):
    """Label, 30 mg a day: steady state over what one dose predicts by superposition."""
    name = "concentration_paroxetine"
    one = swallow({"paroxetine": 30}, tail_h=240)
    steady = swallow({"paroxetine": 30}, days=30)
    auc = np.trapezoid(one[name][:, 0], one.hours)
    ratio = {
        "auc": steady.mean(name)[0] * 24 / auc,
        "c_max": steady[name].max() / one[name].max(),
        "c_min": steady.at(name, 24)[0] / one.at(name, 24)[0],
    }[what]
    assert ratio == pytest.approx(published, rel=0.20)


@pytest.mark.xfail(reason="2.6: doubling 20 mg is too close to linear", strict=True)
def test_paroxetine_trough_rises_more_than_in_proportion():
    """Seen, label: the trough at 40 mg is 2 to 3 times more than double that at 20 mg."""
    low, high = swallow({"paroxetine": [20.0, 40.0]}, days=30).at("concentration_paroxetine", 24)
    assert 4 <= high / low <= 6


def test_paroxetine_clearance_falls_with_dose():
    """Kim 2015: CL/F goes with dose to the power -0.363 (20 to 40 mg); own window."""
    mean = swallow({"paroxetine": [20.0, 40.0]}, days=30).mean("concentration_paroxetine")
    exponent = -np.log(mean[1] / mean[0] / 2) / np.log(2)
    assert -0.6 < exponent < -0.2


def test_poor_metabolizers_of_paroxetine_differ_less_at_steady_state():
    """Sindrup 1992 (recalled): exposure ratio about 7 after one dose, about 2 at steady state.

    Seen, own windows: the model gives 9.1 and 1.2, so it understates the second.
    """
    name, values = "concentration_paroxetine", {"cyp2d6_capacity": [0.0, 1.0]}
    one = swallow({"paroxetine": [30.0, 30.0]}, tail_h=600, values=values)
    steady = swallow({"paroxetine": [30.0, 30.0]}, days=40, values=values).mean(name)
    poor, normal = np.trapezoid(one[name], one.hours, axis=0)
    assert 5 < poor / normal < 12
    assert 1.1 < steady[0] / steady[1] < 2.5


def test_poor_metabolizers_have_like_amounts_of_active_fluoxetine():
    """Label: CYP2D6 poor metabolizers have the same total of active compounds at steady state.

    Independent, own window: the model gives 1.2.
    """
    values = {"cyp2d6_capacity": [0.0, 1.0]}
    course = swallow({"fluoxetine": [20.0, 20.0]}, days=90, values=values)
    total = course.mean("concentration_fluoxetine") + course.mean("concentration_norfluoxetine")
    assert total[0] / total[1] == pytest.approx(1.0, abs=0.35)


# Independent (paroxetine: constants read, level fitted): inhibition near 0.95 by strong
# inhibitors, from AUC ratios of dextromethorphan,
# tolterodine and risperidone (PMC6709421, table 4).
@pytest.mark.parametrize(
    ("drug", "dose_mg"),
    [
        ("paroxetine", 20),
        ("fluoxetine", 60),
        missed(
            "fluoxetine", 20, reason="0.81: inhibition constants of Sager 2014 give less at 20 mg"
        ),
    ],
)
def test_strong_inhibitors_take_most_of_cyp2d6(drug, dose_mg):
    activity = swallow({drug: dose_mg}, days=30).mean("cyp2d6_activity")[0]
    assert 1 - activity == pytest.approx(0.95, abs=0.03)


def test_cyp2d6_returns_within_two_weeks_of_the_last_paroxetine():
    course = swallow({"paroxetine": 20}, days=20, tail_h=14 * 24)
    activity = course["cyp2d6_activity"][:, 0]
    assert activity[0] < 0.1
    assert activity[-1] > 0.85
    assert (np.diff(activity[course.hours > 24]) > 0).all()


def test_an_exposure_is_linear_in_dose_where_no_enzyme_is_inhibited():
    mean = swallow({"sertraline": [50.0, 100.0]}, days=10).mean("concentration_sertraline")
    assert mean[1] == pytest.approx(2 * mean[0], rel=SOLVER_RTOL)
