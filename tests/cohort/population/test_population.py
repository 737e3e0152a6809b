"""Whole patients: the same person in every block, order, arm and process."""

import subprocess
import sys

import numpy as np
import pytest

from cohort.compounds import CovariateEffect
from cohort.errors import CohortError
from cohort.model import ANY, Model, Parameter, Source, Species, Submodel, assemble
from cohort.population import PopulationSpec, sample_population, slc6a4_effect
from cohort.transmitters.serotonin import serotonin
from kernels import symbol

SPEC = PopulationSpec(age_min_y=18, age_max_y=65, age_mean_y=41, age_sd_y=12, female_fraction=0.62)
HERE = Source("a test", "design")
LAGS = {"drug": Parameter("t_lag_drug", 1.0, "h", "lag", HERE, 0.3)}
EFFECTS = (
    slc6a4_effect("serotonin_extracellular_baseline"),
    CovariateEffect(
        parameter="cl_drug", covariate="weight_kg", source="a test", exponent=0.75, reference=70.0
    ),
    CovariateEffect(
        parameter="cl_drug",
        covariate="cyp2c19",
        source="a test",
        levels={"PM": 0.4, "IM": 0.8, "NM": 1.0, "RM": 1.1, "UM": 1.3},
    ),
)


def _drug() -> Submodel:
    return Submodel(
        name="drug",
        species=(Species("central_drug", symbol("zero"), "ug", "amount"),),
        parameters=(
            Parameter("zero", 0.0, "ug", "no drug at the start", HERE, 0.0, ANY),
            Parameter("cl_drug", 20.0, "L/h", "clearance", HERE, 0.3),
            Parameter("v_c_drug", 800.0, "L", "volume", HERE, 0.2),
        ),
        rates={
            "central_drug": -symbol("cl_drug") / symbol("v_c_drug") * symbol("central_drug"),
        },
    )


def _treated() -> Model:
    return assemble("treated", [serotonin(), _drug()])


def _sample(ids, model=None, seed=7):
    return sample_population(ids, seed, SPEC, model or _treated(), EFFECTS, LAGS)


def _everything(population):
    named = {**population.columns, **population.parameters, **population.lags_s}
    return {**named, "redraws": population.redraws, "patient_ids": population.patient_ids}


def test_a_patient_is_the_same_in_any_block_and_order():
    whole = _everything(_sample(np.arange(300)))
    shuffled = np.random.default_rng(1).permutation(300)
    parts = [_everything(_sample(block)) for block in np.array_split(shuffled, 7)]
    for name, column in whole.items():
        joined = np.concatenate([part[name] for part in parts])
        assert joined.tobytes() == column[shuffled].tobytes() or (
            column.dtype.kind == "U" and np.array_equal(joined, column[shuffled])
        ), name


def test_patient_17_is_the_same_person_in_every_arm():
    treated = _sample(np.arange(50))
    placebo = sample_population([17], 7, SPEC, assemble("placebo", [serotonin()]), EFFECTS[:1])
    for name, column in placebo.columns.items():
        assert column[0] == treated.columns[name][17]
    assert set(placebo.parameters) < set(treated.parameters)
    for name, column in placebo.parameters.items():
        assert column[0] == treated.parameters[name][17]


def test_another_seed_gives_other_patients():
    one, two = _sample(np.arange(50)), _sample(np.arange(50), seed=8)
    assert not np.array_equal(one.columns["weight_kg"], two.columns["weight_kg"])
    assert not (one.parameters["cl_drug"] == two.parameters["cl_drug"]).any()


def test_covariates_reach_the_parameters():
    population = _sample(np.arange(4000))
    weight, phenotype = population.columns["weight_kg"], population.columns["cyp2c19"]
    clearance = np.log(population.parameters["cl_drug"])
    slope = np.polyfit(np.log(weight), clearance, 1)[0]
    assert slope == pytest.approx(0.75, abs=0.1)  # spread 0.3 / (sd ln weight 0.26 * sqrt 4000)
    poor, normal = clearance[phenotype == "PM"].mean(), clearance[phenotype == "NM"].mean()
    assert poor - normal == pytest.approx(np.log(0.4), abs=0.15)


def test_patients_make_lanes_that_rest():
    model = _treated()
    population = _sample(np.arange(200), model)
    lanes = model.lanes(population.parameters, 200)
    assert np.isfinite(lanes.states).all()
    assert not model.infeasible(population.parameters, 200).any()


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_another_process_makes_the_same_patients(hash_seed):
    code = (
        "import hashlib, numpy as np\n"
        "from cohort.model import assemble\n"
        "from cohort.population import PopulationSpec, sample_population\n"
        "from cohort.transmitters.serotonin import serotonin\n"
        "spec = PopulationSpec(age_min_y=18, age_max_y=65, age_mean_y=41, age_sd_y=12,"
        " female_fraction=0.62)\n"
        "found = sample_population(np.arange(99), 7, spec, assemble('b', [serotonin()]))\n"
        "print([v.tolist() for v in (*found.columns.values(), *found.parameters.values())])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
    )
    here = sample_population(np.arange(99), 7, SPEC, assemble("b", [serotonin()]))
    columns = (*here.columns.values(), *here.parameters.values())
    assert done.stdout.strip() == str([column.tolist() for column in columns])


@pytest.mark.parametrize("ids", [[], 3, [[1]], [-1], [0.5], ["x"], None])
def test_ids_that_are_no_list_of_patients_are_refused(ids):
    with pytest.raises(CohortError, match="patient_ids"):
        _sample(ids)


def test_an_effect_on_an_unknown_parameter_is_refused():
    with pytest.raises(CohortError, match="unknown parameter 'cl_drug'"):
        sample_population([1], 7, SPEC, assemble("b", [serotonin()]), EFFECTS)
