"""Covariate effects, spread of parameters between patients, redraws and lags."""

import math

import numpy as np
import pytest
import sympy
from cohort_population_tolerances import SMALLEST_P, STANDARD_ERRORS
from scipy import stats

from cohort.compounds import CovariateEffect
from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.model import (
    ANY,
    FRACTION,
    POSITIVE,
    Feasibility,
    Parameter,
    Source,
    Species,
    Submodel,
    assemble,
)
from cohort.population import (
    REDRAW_LIMIT,
    covariate_factors,
    sample_lags,
    sample_parameters,
    slc6a4_effect,
)
from cohort.transmitters.serotonin import serotonin
from kernels import symbol

HERE = Source("a test", "design")
N = 20_000
IDS = np.arange(N)


def _model(*, largest=math.inf, share=0.1):
    """A decaying state whose rate must stay below ``largest``, and a share of at most 1."""
    feasibility = ()
    if largest < math.inf:
        margin = largest - symbol("rate") * symbol("hour")
        feasibility = (Feasibility(margin, "the rate is below the largest"),)
    return assemble(
        "decay",
        [
            Submodel(
                name="decay",
                species=(Species("amount", sympy.Integer(1), "1", "what decays"),),
                parameters=(
                    Parameter("rate", 2.0, "1/h", "rate of decay", HERE, 0.5, POSITIVE),
                    Parameter("hour", 1.0, "h", "one hour", HERE),
                    Parameter("share", share, "1", "a share", HERE, 0.5, FRACTION),
                ),
                rates={"amount": -symbol("rate") * symbol("amount") * symbol("share")},
                feasibility=feasibility,
            )
        ],
    )


def test_parameters_are_lognormal_around_their_reference():
    found = sample_parameters(IDS, 7, _model()).values["rate"]
    assert stats.kstest(found, stats.lognorm(0.5, scale=2.0).cdf).pvalue > SMALLEST_P


def test_parameters_without_spread_or_factor_are_left_to_the_model():
    assert set(sample_parameters(IDS[:5], 7, _model()).values) == {"rate", "share"}


def test_parameters_are_independent_of_one_another():
    values = sample_parameters(IDS, 7, _model()).values
    found = np.corrcoef(np.log(values["rate"]), np.log(values["share"]))[0, 1]
    assert abs(found) < STANDARD_ERRORS / math.sqrt(N)


def test_a_factor_multiplies_and_brings_a_fixed_parameter_in():
    factor = np.linspace(0.5, 2, N)
    plain = sample_parameters(IDS, 7, _model())
    found = sample_parameters(IDS, 7, _model(), {"rate": factor, "hour": factor})
    same = plain.redraws + found.redraws == 0
    np.testing.assert_allclose(
        found.values["rate"][same], (factor * plain.values["rate"])[same], rtol=1e-15
    )
    assert np.array_equal(found.values["hour"], factor)


def test_infeasible_draws_are_drawn_again_and_counted():
    draw = sample_parameters(IDS, 7, _model(largest=3.0))
    assert draw.values["rate"].max() < 3
    expected = stats.lognorm(0.5, scale=2.0).sf(3.0)
    found = (draw.redraws > 0).mean()
    assert abs(found - expected) < STANDARD_ERRORS * math.sqrt(expected / N)
    kept = stats.lognorm(0.5, scale=2.0)
    accepted = stats.kstest(draw.values["rate"], lambda x: kept.cdf(x) / kept.cdf(3.0))
    assert accepted.pvalue > SMALLEST_P


def test_feasible_patients_keep_their_first_draw_whoever_is_redrawn():
    free, bounded = (
        sample_parameters(IDS, 7, _model()),
        sample_parameters(IDS, 7, _model(largest=3)),
    )
    first = bounded.redraws == 0
    assert np.array_equal(free.values["rate"][first], bounded.values["rate"][first])


def test_draws_out_of_bounds_are_drawn_again():
    draw = sample_parameters(IDS, 7, _model(share=0.9))
    assert draw.values["share"].max() <= 1
    assert draw.redraws.max() > 1


def test_a_redrawn_patient_is_the_same_alone_and_in_a_block():
    block = sample_parameters(IDS, 7, _model(largest=3.0))
    patient = int(np.argmax(block.redraws))
    alone = sample_parameters([patient], 7, _model(largest=3.0))
    assert alone.redraws[0] == block.redraws[patient] > 1
    for name, column in block.values.items():
        assert alone.values[name][0] == column[patient]


def test_a_model_that_nobody_can_have_stops_the_run():
    message = rf"patient 4 and 1 more have no resting state after {REDRAW_LIMIT} redraws"
    with pytest.raises(RangeError, match=message):
        sample_parameters([4, 9], 7, _model(largest=1e-9))


def test_factors_of_unknown_parameters_or_shapes_are_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'rate'"):
        sample_parameters([1], 7, _model(), {"rat": [1.0]})
    with pytest.raises(ShapeError, match=r"factor of 'rate': shape \(2,\); \(1,\) is allowed"):
        sample_parameters([1], 7, _model(), {"rate": [1.0, 1.0]})


def _effect(**changes):
    usual = {"parameter": "cl", "covariate": "cyp2c19", "source": "a test"}
    if "reference" not in changes:
        usual["levels"] = {"PM": 0.4, "NM": 1.0}
    return CovariateEffect(**{**usual, **changes})


def test_effects_on_one_parameter_multiply():
    columns = {"cyp2c19": np.array(["PM", "NM"]), "weight_kg": np.array([70.0, 140.0])}
    by_weight = _effect(covariate="weight_kg", reference=70.0, exponent=0.75)
    found = covariate_factors(columns, [_effect(), by_weight])
    np.testing.assert_allclose(found["cl"], [0.4, 2**0.75], rtol=1e-14)


def test_no_effects_give_no_factors():
    assert covariate_factors({}, []) == {}


@pytest.mark.parametrize(
    ("effect", "columns", "message"),
    [
        (_effect(), {"cyp2c9": np.array(["PM"])}, "Did you mean 'cyp2c9'"),
        (_effect(), {"cyp2c19": np.array(["IM"])}, "unknown level 'IM'"),
        (_effect(), {"cyp2c19": np.array([1.0])}, "levels for a column of float64"),
        (_effect(reference=1.0), {"cyp2c19": np.array(["PM"])}, "a power of"),
        (_effect(reference=1.0), {"cyp2c19": np.array([0.0])}, "greater than 0"),
    ],
)
def test_an_effect_that_does_not_fit_its_column_is_refused(effect, columns, message):
    with pytest.raises((RangeError, UnknownNameError), match=message):
        covariate_factors(columns, [effect])


def test_the_serotonin_transporter_follows_its_genotype_while_patients_rest():
    model = assemble("brain", [serotonin()])
    name = "serotonin_extracellular_baseline"
    genotypes = {"slc6a4": np.array(["SS", "SL", "LL"])}
    factor = covariate_factors(genotypes, [slc6a4_effect(name)])[name]
    values = {name: model.parameters[name].value * factor}
    capacity = model.solved(values, 3)["sert_v_max"]
    # within the resting level over the Michaelis constant, 5 nM / 170 nM, of the density
    np.testing.assert_allclose(capacity / capacity[1], [0.95, 1.0, 1.05], atol=0.05 * 0.03)
    rest = model.lanes(values, 3).states[model.system.states.index("serotonin_extracellular")]
    assert np.array_equal(rest, values[name])


def test_lags_are_whole_seconds_around_their_reference():
    lag = Parameter("t_lag_a", 0.93, "h", "lag", HERE, 0.3)
    found = sample_lags(IDS, 7, {"a": lag})["a"]
    assert found.dtype == np.int64
    expected = stats.lognorm(0.3, scale=0.93 * 3600)
    assert abs(np.log(found).mean() - math.log(0.93 * 3600)) < STANDARD_ERRORS * 0.3 / math.sqrt(N)
    assert abs((found > expected.ppf(0.9)).mean() - 0.1) < STANDARD_ERRORS * math.sqrt(0.09 / N)


def test_a_lag_in_seconds_or_of_nothing_is_kept():
    lags = {
        "a": Parameter("t_lag_a", 90.0, "s", "lag", HERE),
        "b": Parameter("t_lag_b", 0.0, "min", "lag", HERE, 0.0, ANY),
    }
    found = sample_lags([1, 2], 7, lags)
    assert found["a"].tolist() == [90, 90]
    assert found["b"].tolist() == [0, 0]


@pytest.mark.parametrize(("value", "unit"), [(1.0, "mg"), (-1.0, "h")])
def test_a_lag_that_is_no_time_is_refused(value, unit):
    with pytest.raises(RangeError, match=r"lag of 'a': .*a time of at least 0"):
        sample_lags([1], 7, {"a": Parameter("t_lag_a", value, unit, "lag", HERE, 0.0, ANY)})
