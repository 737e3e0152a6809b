"""What the submodels promise: exact rest under placebo, competition, interaction, declarations."""

import numpy as np
import pytest
from cohort_dosing import body, swallow
from cohort_pk_tolerances import ROUND_OFF_RTOL

from cohort.compounds import compound_names, covariate_effects, load_compound
from cohort.drugs import load_drug
from cohort.model import assemble, evaluate
from cohort.physiology.enzymes import enzyme_effects, enzymes
from cohort.physiology.pharmacokinetics import absorption_lag, pharmacokinetics
from cohort.physiology.targets import targets
from kernels import Schedule, integrate, symbol

EVERYTHING = tuple(load_compound(name) for name in compound_names())


@pytest.fixture(scope="module")
def everything():
    return body(EVERYTHING)


def test_placebo_stays_at_rest_to_the_last_bit(everything):
    model = everything
    start = model.lanes({}, 2)
    saves = np.array([86400, 30 * 86400], dtype=np.int64)
    schedule = Schedule(t0=0, t1=int(saves[-1]), streams=())
    end = integrate(model.system, start, schedule, saves, device="numpy")
    assert (end.end.states == start.states).all()
    assert (end["sert_occupancy"] == 0).all()
    assert (end["cyp2d6_activity"] == 1).all()


def test_no_compound_occupies_nothing():
    model = assemble("empty", [targets([]), _any_state()], {"o": symbol("sert_occupancy")})
    assert model.system.observables["o"] == 0
    assert "sert_e_max" not in model.parameters


def _any_state():
    return pharmacokinetics(load_compound("sertraline"))


def test_every_compound_assembles_alone_with_its_parent():
    for compound in EVERYTHING:
        parents = dict.fromkeys(formation.parent for formation in compound.formation)
        assert body([compound, *map(load_compound, parents)]).system.states


def test_occupancy_adds_competitors_before_it_saturates():
    model = body([load_compound("sertraline"), load_compound("s_citalopram")])
    columns = {name: np.array([value.value]) for name, value in model.parameters.items()}
    for name in model.system.states:
        columns[name] = np.array([1.0 if name == "cyp2d6_pool" else 0.0])
    columns["central_sertraline"] = np.array([2.7 * 3500.0])
    columns["central_s_citalopram"] = np.array([2 * 2.5 * 692.0])
    found = evaluate({"o": model.system.observables["sert_occupancy"]}, columns, 1)["o"][0]
    assert found == pytest.approx(0.88 * 3 / 4, rel=ROUND_OFF_RTOL)


def test_a_metabolite_without_its_parent_is_never_formed():
    way = pharmacokinetics(load_compound("norfluoxetine"))
    assert [reaction.name for reaction in way.reactions] == ["clearance"]


def test_without_the_enzymes_their_activity_is_a_parameter():
    model = assemble("m", [pharmacokinetics(load_compound("paroxetine"))])
    assert model.parameters["cyp2d6_activity"].value == 1


def test_enzymes_without_inhibitors_have_no_state():
    assert enzymes([load_compound("sertraline")]).species == ()


def test_reversible_inhibitors_alone_leave_the_pool_out():
    enzyme = enzymes([load_compound("fluoxetine"), load_compound("norfluoxetine")])
    assert enzyme.species == ()
    assert len(enzyme.ports) == 2


def test_paroxetine_raises_desipramine():
    """At least twofold, as guidance of the FDA asks of a strong or moderate inhibitor."""
    alone = swallow({"desipramine": 50.0}, days=14).mean("concentration_desipramine")[0]
    both = swallow({"desipramine": 50.0, "paroxetine": 20.0}, days=14)
    assert both.mean("concentration_desipramine")[0] > 2 * alone


def test_paroxetine_adds_little_to_fluoxetine_which_holds_the_enzyme_itself():
    alone = swallow({"fluoxetine": 20.0}, days=14).mean("concentration_fluoxetine")[0]
    both = swallow({"fluoxetine": 20.0, "paroxetine": 20.0}, days=14)
    assert alone < both.mean("concentration_fluoxetine")[0] < 1.2 * alone


def test_paroxetine_does_not_move_sertraline():
    name = "concentration_sertraline"
    alone = swallow({"sertraline": 50.0}, days=5).mean(name)[0]
    both = swallow({"sertraline": 50.0, "paroxetine": 20.0}, days=5).mean(name)[0]
    assert both == pytest.approx(alone, rel=1e-4)


def test_citalopram_holds_half_of_the_s_enantiomer():
    name = "concentration_s_citalopram"
    racemate = swallow({"citalopram": 20.0}).mean(name)[0]
    assert racemate == pytest.approx(swallow({"escitalopram": 10.0}).mean(name)[0], rel=1e-4)


def test_spread_is_lognormal():
    parameters = body(load_drug("escitalopram").compounds).parameters
    assert parameters["cl_s_citalopram"].sd_log == pytest.approx(np.sqrt(np.log(1 + 0.34**2)))
    assert parameters["q_s_citalopram"].sd_log == 0


def test_lag_is_in_seconds():
    assert absorption_lag(load_compound("s_citalopram")).value == pytest.approx(0.93 * 3600)
    assert absorption_lag(load_compound("paroxetine")).value == 0
    assert absorption_lag(load_compound("paroxetine")).unit == "s"


def test_every_effect_moves_a_parameter_of_the_model(everything):
    model = everything
    effects = [item for compound in EVERYTHING for item in covariate_effects(compound)]
    for effect in (*effects, *enzyme_effects(model.parameters)):
        assert effect.parameter in model.parameters
        assert effect.source


def test_reference_levels_have_factor_one():
    for compound in EVERYTHING:
        for effect in covariate_effects(compound):
            if effect.covariate == "cyp2c19":
                assert effect.levels["NM"] == 1
                assert effect.levels["PM"] < effect.levels["IM"] < effect.levels["UM"]
            if effect.covariate == "sex":
                assert effect.levels["F"] * effect.levels["M"] == pytest.approx(1, abs=0.002)
    for effect in enzyme_effects(f"{name}_capacity" for name in ("cyp2c19", "cyp2d6")):
        assert effect.levels["NM"] == 1


def test_every_number_of_the_model_has_a_source_and_a_role(everything):
    for row in everything.parameter_table().rows:
        assert row.unit
        assert len(row.source) > 5
        assert row.mark in {"read", "computed", "assumed", "design"}
