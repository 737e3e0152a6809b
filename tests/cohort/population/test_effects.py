"""Genes of transmitters: another body, at rest all the same."""

import numpy as np
import pytest
from cohort_population_tolerances import REST_DRIFT

from cohort.chemistry import Setting, chemistry_model
from cohort.model import assemble
from cohort.population import (
    comt_effects,
    covariate_factors,
    genotype_effects,
    load_genotypes,
    maoa_effect,
    slc6a4_effect,
)
from cohort.transmitters.serotonin import serotonin
from kernels import Schedule, Solver, integrate

SYSTEMS = ("serotonin", "cortical_dopamine", "mesolimbic_dopamine")
GENOTYPES = np.array(["ValVal", "ValMet", "MetMet"])
DAY_S = 86_400


@pytest.fixture(scope="module")
def model():
    return chemistry_model(SYSTEMS, Setting(meals=False, rhythm="none"))


def _values(model):
    columns = {"comt": GENOTYPES, "slc6a4": np.array(["SS", "SL", "LL"])}
    factors = covariate_factors(columns, genotype_effects(model))
    return {name: model.parameters[name].value * factor for name, factor in factors.items()}


def test_every_genotype_rests_where_it_starts(model):
    lanes = model.lanes(_values(model), 3)
    times = np.array([0, DAY_S, 28 * DAY_S])
    solver = Solver(rtol=1e-6, atol=1e-9)
    found = integrate(model.system, lanes, Schedule(t0=0, t1=28 * DAY_S), times, solver)
    assert not found.codes.any()
    start = lanes.states
    moved = np.abs(found.end.states - start) / np.maximum(np.abs(start), 1e-12)
    assert moved[np.abs(start) > 0].max() < REST_DRIFT


def test_cortical_dopamine_at_rest_follows_the_balance_of_its_clearance(model):
    """Release is the same; what leaves at the new level, by hand, equals it."""
    solved = model.solved(_values(model), 3)
    level = _values(model)["dopamine_cortical_baseline"]
    activity = [load_genotypes().comt.activities[name].number("1") for name in GENOTYPES]
    release = model.parameters["cortical_release_flux"].value
    capacity = {name: solved[f"cortical_{name}_v_max"] for name in ("net", "dat", "comt")}
    k_m = {name: model.parameters[f"cortical_{name}_k_m"].value for name in capacity}
    leaving = sum(capacity[name] * level / (k_m[name] + level) for name in capacity)
    assert leaving == pytest.approx(np.full(3, release), rel=1e-12)
    # levels are far below every Michaelis constant: capacities are those of the genotype
    assert capacity["comt"] / capacity["comt"][1] == pytest.approx(activity, rel=0.01)
    assert capacity["net"] / capacity["net"][1] == pytest.approx(np.ones(3), rel=0.01)
    assert level[0] < level[1] < level[2]


def test_set_points_of_striatum_do_not_depend_on_comt(model):
    row = model.system.states.index("dopamine_extracellular")
    assert len(set(model.lanes(_values(model), 3).states[row])) == 1


def test_maoa_changes_nothing():
    columns = {"maoa": np.array(["3R", "4R", "3R3R", "3R4R", "4R4R"])}
    factors = covariate_factors(columns, [maoa_effect("dopamine_mao_rate")])
    assert factors["dopamine_mao_rate"].tolist() == [1.0] * 5


def test_a_model_without_dopamine_has_no_effect_of_comt():
    model = assemble("serotonin", [serotonin()])
    assert comt_effects(model) == ()
    assert genotype_effects(model) == (slc6a4_effect("serotonin_extracellular_baseline"),)
