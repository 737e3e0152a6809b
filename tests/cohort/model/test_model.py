import numpy as np
import pytest

from cohort.errors import RangeError, ShapeError, UnknownNameError
from cohort.model import assemble
from cohort.physiology import monoamine_oxidase, precursors
from cohort.transmitters import serotonin


@pytest.fixture(scope="module")
def model():
    return assemble("patient", [precursors(), monoamine_oxidase(), serotonin()])


def test_lanes_have_the_shapes_the_engine_asks_for(model):
    lanes = model.lanes({"sert_occupancy": [0.0, 0.5, 0.8]}, 3)
    assert lanes.parameters.shape == (len(model.system.parameters), 3)
    assert lanes.states.shape == (len(model.system.states), 3)
    assert lanes.states.flags.c_contiguous
    assert lanes.parameters[model.system.parameters.index("sert_occupancy")].tolist() == [
        0,
        0.5,
        0.8,
    ]


def test_what_is_not_given_takes_its_reference_value(model):
    columns = model.columns({}, 2)
    assert all(
        columns[name].tolist() == [parameter.value] * 2
        for name, parameter in model.parameters.items()
    )


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"sert_ocupancy": 0.1}, UnknownNameError, "Did you mean 'sert_occupancy'"),
        ({"sert_occupancy": [0.1, 0.2]}, ShapeError, r"shape \(2,\); \(\) or \(3,\) is allowed"),
        ({"sert_occupancy": np.zeros((1, 3))}, ShapeError, r"shape \(1, 3\)"),
        ({"sert_occupancy": [0.1, 1.2, 0.2]}, RangeError, r"1.2 \[1\] in lane 1; from 0 to 1"),
        ({"sert_occupancy": [0.1, 0.2, np.nan]}, RangeError, "nan in lane 2"),
        ({"sert_k_m": 0.0}, RangeError, r"0 \[uM\] in lane 0; greater than 0 \[uM\]"),
        ({"sert_k_m": np.inf}, RangeError, "inf in lane 0"),
        ({"sert_k_m": "big"}, RangeError, "'big' is no number"),
        ({"sert_k_m": None}, RangeError, "nan in lane 0"),
    ],
)
def test_wrong_values_are_refused(model, values, error, message):
    with pytest.raises(error, match=message):
        model.lanes(values, 3)


@pytest.mark.parametrize("n_lane", [0, -1, 1.5, True, None])
def test_a_number_of_lanes_that_is_none_is_refused(model, n_lane):
    with pytest.raises(RangeError, match="n_lane"):
        model.lanes({}, n_lane)


def test_infeasible_patients_are_marked(model):
    broken = model.infeasible(
        {
            "serotonin_synthesis_flux": [4.0, 0.1, 4.0],
            "serotonin_release_flux": [20.0, 20.0, 0.1],
        },
        3,
    )
    assert broken.tolist() == [False, True, True]
    assert not model.infeasible({}, 1).any()


def test_the_table_of_numbers_is_complete_and_counts_what_is_assumed(model):
    table = model.parameter_table()
    assert len({row.name for row in table.rows}) == len(table.rows)
    assert {row.name for row in table.rows} == {*model.parameters, *model.constants}
    assert all(row.unit and row.meaning and row.source and row.submodel for row in table.rows)
    marks = ("read", "computed", "assumed", "design")
    assert sum(table.count(mark) for mark in marks) == len(table.rows)
    assert table.to_text().endswith(f"{table.count('assumed')} of them assumed")
    spread = {row.name for row in table.rows if row.sd_log > 0}
    assert {"serotonin_synthesis_flux", "serotonin_release_flux", "sert_turnover_time"} <= spread


def test_one_patient_has_the_same_bits_in_every_block(model):
    rng = np.random.default_rng(7)
    values = {
        name: parameter.value * np.exp(parameter.sd_log * rng.standard_normal(31))
        for name, parameter in model.parameters.items()
        if parameter.sd_log
    }
    whole = model.lanes(values, 31)
    solved = model.solved(values, 31)
    for i in (0, 13, 30):
        alone = {name: column[i : i + 1] for name, column in values.items()}
        assert model.lanes(alone, 1).states[:, 0].tobytes() == whole.states[:, i].tobytes()
        for name, column in model.solved(alone, 1).items():
            assert column[0] == solved[name][i]
