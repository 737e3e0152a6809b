"""Each structure that a compound or drug file can ask for, against its closed form."""

import numpy as np
import pytest
from cohort_compounds import compound, drug, fact, follow
from cohort_pk_tolerances import CLOSED_FORM_RTOL, ROUND_OFF_RTOL
from scipy.integrate import quad
from scipy.special import lambertw
from scipy.stats import gamma

from cohort.compounds import TARGETS
from cohort.drugs import load_drug
from cohort.errors import CohortError
from cohort.physiology.enzymes import ENZYMES
from cohort.physiology.targets import targets_without_system

HOURS = np.array([0.5, 1.0, 2.0, 3.5, 6.0, 9.0, 14.0, 24.0, 30.0])
DOSE_UG = 100_000.0
K_A, K, V = 1.0, 0.1, 100.0
SYSTEMIC = {"bioavailability": fact(0.4)}
IRREVERSIBLE = {"k_inact": fact("1 1/h"), "k_inact_half": fact("1 ng/mL")}


def bateman(hours, k_a=K_A, k=K):
    return k_a / (k_a - k) * (np.exp(-k * hours) - np.exp(-k_a * hours))


def held(hours, duration, k=K):
    """Amount during and after an input of 1 at an even rate into one compartment."""
    during = np.minimum(hours, duration)
    after = np.maximum(hours - duration, 0.0)
    return (1 - np.exp(-k * during)) / (k * duration) * np.exp(-k * after)


def test_a_share_of_the_dose_is_absorbed():
    got = follow(drug(compound(disposition=SYSTEMIC)), HOURS)
    expected = 0.4 * DOSE_UG * bateman(HOURS) / V
    np.testing.assert_allclose(got["concentration_x"], expected, rtol=CLOSED_FORM_RTOL)


def test_a_dose_into_a_vein_is_one_exponential():
    got = follow(drug(compound(disposition=SYSTEMIC), route="intravenous"), HOURS)
    expected = DOSE_UG * np.exp(-K * HOURS) / V
    np.testing.assert_allclose(got["concentration_x"], expected, rtol=CLOSED_FORM_RTOL)


@pytest.mark.parametrize("route", ["intravenous", "transdermal"])
def test_an_infusion_and_a_patch_give_at_an_even_rate(route):
    form = drug(compound(disposition=SYSTEMIC), route=route, release={"duration": fact("8 h")})
    got = follow(form, HOURS)
    expected = DOSE_UG * held(HOURS, 8.0) / V
    np.testing.assert_allclose(got["concentration_x"], expected, rtol=CLOSED_FORM_RTOL)


def test_extended_release_keeps_a_share_back():
    release = {"duration": fact("8 h"), "immediate_share": fact(0.25)}
    got = follow(drug(compound(), release=release), HOURS)

    def amount(hour):
        held_back = quad(lambda s: bateman(hour - s) / 8.0, 0, min(hour, 8.0), epsabs=1e-13)[0]
        return 0.25 * bateman(hour) + 0.75 * held_back

    expected = DOSE_UG * np.array([amount(hour) for hour in HOURS]) / V
    np.testing.assert_allclose(got["concentration_x"], expected, rtol=CLOSED_FORM_RTOL)


def test_repeated_patches_do_not_pile_up_in_the_skin():
    form = drug(
        compound(disposition=SYSTEMIC), route="transdermal", release={"duration": fact("24 h")}
    )
    got = follow(form, [24 * 20], doses_mg=[24.0] * 20)
    assert got["concentration_x"][0] == pytest.approx(1000 / 10, rel=1e-6)  # rate over clearance


def test_releases_that_overlap_add_up():
    form = drug(
        compound(disposition=SYSTEMIC), route="transdermal", release={"duration": fact("36 h")}
    )
    hours = np.array([20.0, 30.0, 40.0, 55.0, 70.0])
    got = follow(form, hours, doses_mg=[36.0, 36.0])["concentration_x"]
    expected = 36_000 / V * (held(hours, 36.0) + held(np.maximum(hours - 24, 0), 36.0))
    np.testing.assert_allclose(got, expected, rtol=CLOSED_FORM_RTOL)


def test_transit_compartments_delay_as_a_gamma_distribution():
    """Savic 2007: the dose reaches the gut with density gamma(n + 1, MTT / (n + 1))."""
    chain = {"transit": {"compartments": 3, "mean_time": fact("2 h")}}
    got = follow(drug(compound(disposition=chain)), HOURS)
    arrival = gamma(4, scale=2.0 / 4)

    def amount(hour):
        return quad(lambda s: arrival.pdf(s) * bateman(hour - s), 0, hour, epsabs=1e-13)[0]

    expected = DOSE_UG * np.array([amount(hour) for hour in HOURS]) / V
    np.testing.assert_allclose(got["concentration_x"], expected, rtol=CLOSED_FORM_RTOL)


def test_a_saturable_route_follows_the_lambert_function():
    route = {"enzyme": "other", "share": fact(1.0), "k_m": fact("200 ng/mL")}
    form = drug(compound(elimination=[route], disposition=SYSTEMIC), route="intravenous")
    got = follow(form, HOURS)["concentration_x"]
    ratio = (DOSE_UG / V) / 200.0
    expected = 200.0 * np.real(lambertw(ratio * np.exp(ratio - K * HOURS)))
    np.testing.assert_allclose(got, expected, rtol=CLOSED_FORM_RTOL)


def test_a_metabolite_is_made_by_its_route_only():
    parent = compound(elimination=[("cyp2d6", 0.75), ("other", 0.25)])
    child = compound(
        "y",
        disposition={"k_a": None, "cl": fact("20 L/h")},
        formation=[{"parent": "x", "route": "cyp2d6", "mass_yield": fact(0.9)}],
    )
    form = drug(parent, child, metabolites=["y"])
    hours = np.linspace(0, 200, 4001)[1:]
    got = follow(form, hours)
    area = np.trapezoid(np.append(0, got["concentration_y"]), np.append(0, hours))
    assert area == pytest.approx(DOSE_UG * 0.75 * 0.9 / 20, rel=1e-4)
    poor = follow(form, hours, values={"cyp2d6_capacity": 0.0})
    assert (poor["concentration_y"] == 0).all()


def test_first_pass_makes_metabolite_before_the_parent_reaches_plasma():
    parent = compound(
        elimination=[("cyp3a4", 1.0)],
        disposition={"cl": fact("180 L/h"), "hepatic_flow": fact("90 L/h")},
    )
    child = compound(
        "y",
        disposition={"k_a": None, "cl": fact("20 L/h")},
        formation=[{"parent": "x", "route": "cyp3a4", "mass_yield": fact(1.0)}],
    )
    hours = np.linspace(0, 200, 4001)[1:]
    got = follow(drug(parent, child, metabolites=["y"]), hours)
    area = {
        name: np.trapezoid(np.append(0, got[f"concentration_{name}"]), np.append(0, hours))
        for name in "xy"
    }
    assert area["x"] == pytest.approx(DOSE_UG / 180, rel=1e-3)  # over intrinsic clearance
    assert area["y"] == pytest.approx(DOSE_UG / 20, rel=1e-3)  # all of it, whichever way


def test_inhibition_and_induction_settle_where_turnover_says():
    victim = compound("v", elimination=[("cyp3a4", 0.8), ("other", 0.2)])
    driver = compound(
        disposition={"cl": fact("1 L/h"), **SYSTEMIC},
        inhibits=[
            {
                "enzyme": "cyp3a4",
                "k_i": fact("2 uM"),
                "k_inact": fact("0.03 1/h"),
                "k_inact_half": fact("1 uM"),
            }
        ],
        induces=[{"enzyme": "cyp3a4", "e_max": fact(4), "ec50": fact("3 uM")}],
    )
    form = drug(driver, route="transdermal", release={"duration": fact("24 h")})
    got = follow(form, [24 * 100], doses_mg=[24.0] * 100, others=[drug(victim)])
    unbound = 1000.0 / 1.0 * 0.5 / 250.0  # ug/h over L/h, f_u, g/mol: uM
    turnover = ENZYMES["cyp3a4"].turnover
    made = 1 + 4 * unbound / (3 + unbound)
    pool = turnover * made / (turnover + 0.03 * unbound / (1 + unbound))
    assert got["cyp3a4_pool"][0] == pytest.approx(pool, rel=CLOSED_FORM_RTOL)
    activity = pool / (1 + unbound / 2)
    assert got["cyp3a4_activity"][0] == pytest.approx(activity, rel=CLOSED_FORM_RTOL)
    assert got["clearance_v"][0] == pytest.approx(10 * (0.8 * activity + 0.2), rel=1e-6)


def test_an_own_ladder_is_inhibited_like_the_common_one():
    own = {
        "enzyme": "cyp2c19",
        "share": fact(1.0),
        "activity": {name: fact(1.0) for name in ("PM", "IM", "NM", "RM", "UM")},
    }
    inhibits = [{"enzyme": "cyp2c19", "k_i": fact("1 uM")}]
    victim = drug(compound("v", elimination=[own]))
    other = drug(compound(inhibits=inhibits))
    got = follow(other, HOURS, others=[victim])
    unbound = got["concentration_x"] * 0.5 / 250.0
    np.testing.assert_allclose(got["clearance_v"], 10 / (1 + unbound), rtol=ROUND_OFF_RTOL)


def test_the_site_of_action_lags_behind_plasma():
    """A link of its own half-life: convolution of the plasma curve with its exponential."""
    binds = [{"target": "ache", "ec50": fact("100 ng/mL"), "onset": fact("6 h")}]
    got = follow(drug(compound(binds=binds)), HOURS)
    k = np.log(2) / 6
    expected = [
        quad(lambda s, t=t: k * np.exp(-k * (t - s)) * DOSE_UG * bateman(s) / V, 0, t)[0]
        for t in HOURS
    ]
    np.testing.assert_allclose(got["site_ache_x"], expected, rtol=CLOSED_FORM_RTOL)
    ratio = got["site_ache_x"] / 100
    np.testing.assert_allclose(got["occupancy_ache"], ratio / (1 + ratio), rtol=ROUND_OFF_RTOL)


def test_agonist_and_antagonist_share_a_receptor():
    def binds(efficacy):
        return [{"target": "d2", "ec50": fact("50 ng/mL"), "efficacy": fact(efficacy)}]

    partial, blocker = compound(binds=binds(0.25)), compound("b", binds=binds(0.0))
    got = follow(drug(partial), HOURS, others=[drug(blocker)])
    one, two = got["concentration_x"] / 50, got["concentration_b"] / 50
    passive = 0.75 * one + two
    np.testing.assert_allclose(got["antagonist_d2"], passive / (1 + passive), rtol=ROUND_OFF_RTOL)
    np.testing.assert_allclose(got["agonist_d2"], 0.25 * one / (1 + passive), rtol=ROUND_OFF_RTOL)
    np.testing.assert_allclose(got["occupancy_d2"], (one + two) / (1 + one + two), rtol=1e-9)
    assert (got["agonist_dopamine"] == got["agonist_d2"]).all()


def test_an_antagonist_alone_opens_no_agonist_door():
    blocker = compound(binds=[{"target": "d2", "ec50": fact("50 ng/mL")}])
    assert "agonist_d2" not in follow(drug(blocker), HOURS)


def test_an_irreversible_inhibitor_gives_a_rate_of_inactivation():
    binds = [{"target": "mao_b", "k_inact": fact("2 1/h"), "k_inact_half": fact("100 ng/mL")}]
    got = follow(drug(compound(binds=binds)), HOURS)
    level = got["concentration_x"]
    np.testing.assert_allclose(got["mao_b_inactivation"], 2 * level / (100 + level), rtol=1e-9)
    assert "occupancy_mao_b" not in got


def test_every_target_reports_an_occupancy_and_opens_its_doors():
    held = [name for name, target in TARGETS.items() if target.kind != "destroyed"]
    binds = [{"target": name, "ec50": fact("50 ng/mL")} for name in held]
    got = follow(drug(compound(binds=binds)), [4.0])
    ratio = got["concentration_x"][0] / 50
    for name in held:
        expected = TARGETS[name].e_max * ratio / (1 + ratio)
        assert got[TARGETS[name].occupancy][0] == pytest.approx(expected, rel=ROUND_OFF_RTOL)
        for door in TARGETS[name].doors:
            assert got[door][0] != (1.0 if name == "gaba_a" else 0.0)


def test_targets_without_their_system_are_named():
    binds = [{"target": name, "ec50": fact("50 ng/mL")} for name in ("d2", "dat", "5ht2a")]
    found = targets_without_system([compound(binds=binds)], ["serotonin"])
    assert found == {"dopamine": ("dopamine D2, auto- and postsynaptic", "dopamine transporter")}


def test_what_is_supplied_to_a_system_that_is_not_there_is_named():
    levodopa = load_drug("levodopa_carbidopa").compounds
    assert targets_without_system(levodopa, ["serotonin"]) == {
        "levodopa": ("dopamine made of levodopa",)
    }
    assert targets_without_system(levodopa, ["levodopa"]) == {}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"binds": [{"target": "d2", "ec50": fact("1 L")}]}, "ng/mL"),
        ({"binds": [{"target": "d2"}]}, "give ec50"),
        (
            {
                "binds": [
                    {"target": "d2", "k_inact": fact("1 1/h"), "k_inact_half": fact("1 ng/mL")}
                ]
            },
            "cannot be inactivated; mao_a, mao_b, gaba_t can",
        ),
        ({"binds": [{"target": "gaba_t", "ec50": fact("1 ng/mL")}]}, "irreversibly only"),
        (
            {"binds": [{"target": "sert", "ec50": fact("1 ng/mL"), "efficacy": fact(0.5)}]},
            "no receptor",
        ),
        ({"binds": [{"target": "d2", "ec50": fact("1 ng/mL")}] * 2}, "a target is given twice"),
        ({"inhibits": [{"enzyme": "cyp2d6"}]}, "neither k_i nor k_inact"),
        ({"inhibits": [{"enzyme": "renal", "k_i": fact("1 uM")}]}, "cannot be inhibited"),
        ({"elimination": [("cyp2d6", 0.5), ("other", 0.4)]}, "add up to 0.9"),
        ({"disposition": {"bioavailability": fact(1.5)}}, "at most 1"),
        ({"disposition": {"k_a": None}}, "neither k_a nor formation"),
        ({"disposition": {"k_a": None, **SYSTEMIC}}, "Add k_a"),
        (
            {"disposition": {"transit": {"compartments": 0, "mean_time": fact("1 h")}}},
            "greater than or equal to 1",
        ),
    ],
)
def test_nonsense_is_refused(keys, words):
    with pytest.raises((CohortError, ValueError), match=words):
        compound(**keys)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"route": "transdermal"}, "without release"),
        ({"route": "intravenous"}, "those over its bioavailability"),
        ({"release": {"duration": fact("0 h")}}, "greater than 0"),
        ({"metabolites": ["z"]}, "unknown compound 'z'"),
    ],
)
def test_a_drug_that_cannot_be_given_is_refused(keys, words):
    with pytest.raises((CohortError, ValueError), match=words):
        drug(compound(), **keys)
