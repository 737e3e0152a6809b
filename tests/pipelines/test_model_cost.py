"""What systems cost: operations against the programs, modes against closed forms."""

import numpy as np
import pytest

from cohort.chemistry import Setting, chemistry
from cohort.errors import UnknownNameError
from cohort.model import assemble
from kernels import Solver, lower
from kernels.cost import of_step
from pipelines import model_cost
from pipelines.errors import ExecutionError, InputError
from pipelines.model_cost import measure_costs, mode_owners, render_costs

NAMES = ("kynurenine", "cortisol")


@pytest.fixture(scope="module")
def table():
    told = []
    found = measure_costs(NAMES, device="numpy", report=told.append)
    assert told[-1] == "taking steps"
    return found


def rows(table):
    return {row.name: row for row in table.rows}


def flop(names, **changes):
    model = assemble("m", chemistry(names, Setting(meals=True, **changes)), {})
    return of_step(lower(model.system), "rodas5p").flop


def test_a_system_costs_what_the_whole_does_more_than_without_it(table):
    row = rows(table)["cortisol"]
    whole = flop(NAMES, rhythm="circadian")
    assert table.step["flop"] == whole
    assert row.operations == whole - flop(("kynurenine",))
    assert row.share == row.operations / whole
    assert row.needed_by == ()


def test_a_system_that_others_need_is_counted_alone(table):
    row = rows(table)["inflammation"]
    assert row.needed_by == ("kynurenine",)
    assert row.share is None
    (part,) = [one for one in chemistry(["inflammation"]) if one.name == "inflammation"]
    assert row.operations == of_step(lower(assemble("m", [part], {}).system), "rodas5p").flop


def test_the_fastest_mode_is_attributed_to_its_state(table):
    found = rows(table)
    assert found["cortisol"].fastest_state == "crh"  # turnover 10.4 / h
    assert 250 < found["cortisol"].fastest_s < 400
    assert found["precursors"].fastest_state == "insulin"  # turnover 2 / h
    assert found["precursors"].fastest_s == pytest.approx(1800)
    assert found["crosstalk"].fastest_s is None


def test_steps_are_counted_over_days_with_meals_and_a_dose(table):
    assert 5 < table.steps_per_day < 500
    assert table.events_per_day == "three meals and one dose a day, circadian rhythm"


def test_systems_without_meals_and_clock_still_have_a_daily_dose():
    table = measure_costs(("histamine",), device="numpy")
    assert table.events_per_day == "one dose a day"
    assert rows(table)["histamine"].share == 1.0


def test_the_text_has_a_line_a_system(table):
    text = render_costs(table)
    for row in table.rows:
        assert f"\n{row.name} " in text
    assert "needed by kynurenine" in text
    assert "steps accepted a day" in text
    assert table.as_dict()["rows"][0]["name"] == "precursors"


def test_modes_of_a_chain_belong_to_its_links():
    chain = np.array([[-2.0, 0, 0], [2.0, -10.0, 0], [0, 10.0, -0.5]])
    hours, owners = zip(*mode_owners(chain), strict=True)
    assert owners == (1, 0, 2)
    assert hours == pytest.approx([0.1, 0.5, 2.0])


def test_modes_that_do_not_decay_are_left_out():
    assert mode_owners(np.array([[0.0, 0.0], [0.0, 1.0]])) == []


def test_an_oscillation_belongs_to_one_of_its_states():
    modes = mode_owners(np.array([[-1.0, 5.0], [-5.0, -1.0]]))
    assert [hours for hours, _ in modes] == pytest.approx([1.0, 1.0])


def test_unknown_systems_and_devices_are_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'histamine'"):
        measure_costs(("histamin",))
    with pytest.raises(InputError, match="--device: 'abacus' was asked for"):
        measure_costs(("histamine",), device="abacus")


def test_a_patient_that_cannot_be_solved_is_reported(monkeypatch):
    monkeypatch.setattr(model_cost, "SOLVER", Solver(max_steps=2))
    with pytest.raises(ExecutionError, match="reference patient could not be solved beyond"):
        measure_costs(("histamine",), device="numpy")
