"""One simulated patient: changes, patients, meals, what is written, and failures."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from pipelines_tolerances import REST_DRIFT, SAME_COURSE

from cohort.population.parameters import sample_parameters
from kernels import ResultCode, Solver
from pipelines import model_plot, model_run
from pipelines.errors import ExecutionError, InputError
from pipelines.model_output import render_course, require_success, summarise_course, write_run
from pipelines.model_plot import MOST_PANELS, choose_panels, draw
from pipelines.model_request import read_request
from pipelines.model_run import Quantity, meal_boluses, reported, simulate

SMALL = {"systems": "cortisol,inflammation", "device": "numpy", "save_every": "1 h"}


def run(out, **options):
    return simulate(read_request(out=out, **{**SMALL, **options}))


@pytest.fixture(scope="module")
def stressed(tmp_path_factory):
    out = tmp_path_factory.mktemp("stressed") / "new" / "folder"
    course = run(out, days=1, changes=["6 h: stress=2", "12 h: stress=1"])
    return course, write_run(course), out


def test_a_patient_left_alone_stays_at_rest(tmp_path):
    course = run(tmp_path, days=2)
    for place, item in enumerate(course.quantities):
        assert course.values[:, place] == pytest.approx(item.baseline, rel=REST_DRIFT), item.name


def test_a_sampled_patient_left_alone_rests_at_the_own_baseline(tmp_path):
    """Spinal fluid too: its factor is the patient's, read by other systems through a port."""
    course = run(tmp_path, days=2, patient=7, systems="serotonin,noradrenaline")
    for place, item in enumerate(course.quantities):
        assert course.values[:, place] == pytest.approx(
            item.baseline, rel=REST_DRIFT, abs=REST_DRIFT
        ), item.name


def test_a_change_acts_from_its_time_on(stressed):
    course, _, _ = stressed
    hours, level = course.times_s / 3600, course.series("cortisol")
    assert level[hours <= 6] == pytest.approx(1.0, rel=REST_DRIFT)
    assert (level[(hours > 7) & (hours <= 12)] > 1.1).all()
    assert level[hours == 12] > level[hours == 24]


def test_a_rule_at_a_change_has_the_value_of_just_before_it(tmp_path):
    course = run(tmp_path, days=1, changes=["6 h: inflammatory_drive=3"])
    drive = dict(zip(course.times_s // 3600, course.series("inflammatory_input"), strict=True))
    assert (drive[6], drive[7]) == (0.0, 3.0)


def test_a_change_to_the_same_value_changes_nothing(tmp_path):
    plain = run(tmp_path, days=1, sets=["stress=2"])
    cut = run(tmp_path, days=1, sets=["stress=2"], changes=["7 h: stress=2"])
    assert cut.times_s.tolist() == plain.times_s.tolist()
    assert cut.values == pytest.approx(plain.values, rel=SAME_COURSE)


def test_the_end_is_saved_even_between_two_save_times(tmp_path):
    course = run(tmp_path, days=0.25, save_every="4 h")
    assert course.times_s.tolist() == [0, 4 * 3600, 6 * 3600]
    assert run(tmp_path, days=0.25, save_every="1 d").times_s.tolist() == [0, 6 * 3600]


def test_baselines_are_of_rest_without_clock_and_without_what_is_set(tmp_path):
    course = run(tmp_path, days=0.5, rhythm="circadian", sets=["inflammatory_drive=1"])
    baseline = {item.name: item.baseline for item in course.quantities}
    assert baseline["crh_drive"] == 1.0
    assert baseline["inflammatory_input"] == 0.0
    assert course.series("crh_drive").min() < 0.5


def test_a_set_point_that_is_set_is_the_baseline(tmp_path):
    course = run(
        tmp_path, days=0.1, systems="serotonin", sets=["serotonin_extracellular_baseline=0.008"]
    )
    item = next(one for one in course.quantities if one.name == "serotonin_extracellular")
    assert item.baseline == pytest.approx(0.008)
    assert course.series(item.name) == pytest.approx(0.008, rel=REST_DRIFT)


def test_a_sampled_patient_is_that_of_the_population(tmp_path):
    course = run(tmp_path, days=0.1, patient=5, seed=11)
    wanted = sample_parameters(np.array([5]), 11, course.request.model).values
    assert course.drawn == {name: column[0] for name, column in wanted.items()}
    assert course.drawn != run(tmp_path, days=0.1, patient=6, seed=11).drawn
    # what is set goes before what was drawn
    (name, *_) = course.drawn
    set_one = run(tmp_path, days=0.1, patient=5, seed=11, sets=[f"{name}=1.0"])
    assert set_one.request.values == {name: 1.0}


def test_meals_are_three_a_day_and_move_the_precursors(tmp_path):
    protein, carbohydrate = meal_boluses(3 * 86_400)
    assert len(protein.times) == len(carbohydrate.times) == 9
    assert meal_boluses(86_400, is_eating=False) == ()
    course = run(tmp_path, systems="precursors", days=2, meals=True)
    assert np.ptp(course.series("trp_lnaa_ratio")) > 0.01
    assert np.ptp(run(tmp_path, systems="precursors", days=1).series("trp_lnaa_ratio")) < 1e-6


def test_a_coupling_left_out_does_not_act(tmp_path):
    options = {"systems": "serotonin,cortisol", "days": 1, "sets": ["stress=3"]}
    joined = run(tmp_path, **options)
    apart = run(tmp_path, **options, left_out=["cortisol_on_tph"])
    assert joined.series("tph_drive")[-1] > 1.01
    assert "tph_drive" not in [item.name for item in apart.quantities]
    synthesis = [course.series("serotonin_synthesis")[-1] for course in (joined, apart)]
    assert synthesis[0] > 1.01 * synthesis[1]


def test_parameters_without_a_rest_are_refused_by_condition(tmp_path):
    with pytest.raises(InputError, match="from 0 h on: not so that synthesis exceeds extra"):
        run(tmp_path, systems="serotonin", sets=["serotonin_synthesis_flux=0.1"])
    with pytest.raises(InputError, match="from 12 h on: not so that release exceeds"):
        run(tmp_path, systems="serotonin", changes=["12 h: serotonin_release_flux=0.1"])


@pytest.mark.parametrize("device", ["", "abacus", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(tmp_path, device):
    with pytest.raises(InputError, match="--device: '"):
        run(tmp_path, device=device)


# -- what is written -----------------------------------------------------------------------------


def test_the_table_holds_every_state_and_rule_with_units(stressed):
    course, _, out = stressed
    path = out / "time_courses.parquet"
    frame = pl.read_parquet(path)
    model = course.request.model
    assert frame["quantity"].unique(maintain_order=True).to_list() == list(model.system.observables)
    assert len(frame) == course.values.size
    one = frame.filter(pl.col("quantity") == "cortisol")
    assert one["value"].to_list() == course.series("cortisol").tolist()
    assert one["time_h"].to_list() == (course.times_s / 3600).tolist()
    assert one["system"].unique().to_list() == ["cortisol"]
    assert (frame["ratio"] * frame["baseline"] - frame["value"]).drop_nulls().abs().max() < 1e-12
    assert frame.filter(pl.col("baseline") == 0.0)["ratio"].null_count() == len(
        frame.filter(pl.col("baseline") == 0.0)
    )
    schema = pq.read_schema(path)
    assert schema.field("time_h").metadata[b"unit"] == b"h"
    assert all(field.metadata[b"meaning"] for field in schema)
    assert schema.metadata[b"label"] == b"Time Courses of One Patient"


def test_the_record_says_how_the_run_was_made(stressed):
    course, record, out = stressed
    stored = json.loads((out / "simulation.json").read_text())
    assert stored == record
    assert stored["command"] == course.request.command()
    assert stored["changes"][0] == {
        "time_h": 6.0,
        "parameters": {"stress": {"value": 2.0, "unit": "1"}},
    }
    assert stored["simulated"] == ["cortisol", "inflammation", "crosstalk", "balance"]
    assert stored["result"]["code"] == 0
    assert stored["solver"]["steps_accepted"] == course.accepted > 0
    assert stored["solver"]["steps_accepted_per_day"] == course.accepted
    assert {"matplotlib", "numpy", "neurocohort"} <= set(stored["versions"])
    assert sorted(stored["files"]) == sorted(path.name for path in out.iterdir())


def test_the_same_run_writes_the_same_bytes(stressed, tmp_path):
    course, _, out = stressed
    again = simulate(course.request)
    again = replace(again, request=replace(course.request, out=tmp_path))
    write_run(again)
    for kind in ("png", "svg"):
        name = f"time_courses.{kind}"
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()
    first, second = (pl.read_parquet(where / "time_courses.parquet") for where in (out, tmp_path))
    assert first.equals(second)


def test_an_older_run_in_the_folder_is_replaced(stressed, tmp_path):
    course, _, _ = stressed
    for name in ("time_courses.parquet", "time_courses.png"):
        (tmp_path / name).write_text("old")
    write_run(replace(course, request=replace(course.request, out=tmp_path)))
    assert len(pl.read_parquet(tmp_path / "time_courses.parquet"))
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_folder_that_cannot_be_made_is_refused(stressed, tmp_path):
    course, _, _ = stressed
    (tmp_path / "file").touch()
    inside = replace(course.request, out=tmp_path / "file" / "below")
    with pytest.raises(InputError, match=r"--out: .* cannot be written to"):
        write_run(replace(course, request=inside))


def test_the_summary_has_start_end_and_extremes(stressed):
    course, _, _ = stressed
    rows = {row["quantity"]: row for row in summarise_course(course)}
    assert list(rows) == ["cortisol", "acth", "tnf", "il6", "ido_activity", "bh4"]
    row = rows["cortisol"]
    assert row["max"] == course.series("cortisol").max() > row["start"] == 1.0
    assert row["ratio"] == row["end"] / row["rest"]
    text = render_course(course)
    assert "reference patient, 1 d on numpy" in text
    assert "not medical advice" in text


def test_a_level_that_rests_at_zero_has_no_ratio(tmp_path):
    course = run(tmp_path, systems="levodopa", days=0.05, device="auto")
    rows = {row["quantity"]: row for row in summarise_course(course)}
    assert rows["levodopa_brain"]["ratio"] is None
    assert rows["serotonin_extracellular"]["ratio"] == pytest.approx(1.0)
    assert len(draw(course).axes) == len(rows)


# -- the picture ---------------------------------------------------------------------------------


def test_the_picture_has_a_panel_a_reported_quantity_and_marks_changes(stressed):
    course, _, out = stressed
    figure = draw(course)
    names = [panel.texts[0].get_text() for panel in figure.axes]
    assert names == [item.name for item in reported(course)]
    for panel in figure.axes:
        dashed = [line for line in panel.lines if line.get_linestyle() == "--"]
        assert [line.get_xdata()[0] for line in dashed] == [6.0, 12.0]
        assert panel.get_xlim() == (0.0, 24.0)
    words = " ".join(text.get_text() for text in figure.texts)
    assert "dashed at 6 h: stress = 2" in words
    assert "time [h]" in words
    assert "not medical advice" in words
    assert (out / "time_courses.svg").read_text().count("cortisol") >= 2  # letters stay letters


def test_there_are_no_more_panels_than_can_be_read():
    def quantity(system, number):
        name = f"{system}{number}"
        return Quantity(name=name, unit="1", system=system, baseline=1.0, is_reported=True)

    many = [quantity(system, number) for system in "abcdefgh" for number in range(6)]
    kept = [item.name for item in choose_panels(many)]
    assert len(kept) == MOST_PANELS
    assert {name[0] for name in kept} == set("abcdefgh")
    assert kept == sorted(kept)
    flat = [item.name for item in many if item.system == "a"]
    assert not [name for name in choose_panels(many, flat) if name.name in flat]


def test_a_flat_line_is_not_blown_up(tmp_path):
    figure = draw(run(tmp_path, days=0.25))
    for panel in figure.axes:
        low, high = panel.get_ylim()
        assert high - low > 0.09


@pytest.mark.parametrize(("days", "unit"), [(0.02, "h"), (4, "h"), (5, "d")])
def test_time_is_in_hours_for_short_runs_and_in_days_for_long_ones(tmp_path, days, unit):
    figure = draw(run(tmp_path, days=days, save_every="6 h"))
    assert f"time [{unit}]" in [text.get_text() for text in figure.texts]


def test_systems_that_report_nothing_are_drawn_all_the_same(tmp_path, monkeypatch):
    course = run(tmp_path, systems="monoamine_oxidase_a", days=0.1)
    monkeypatch.setattr(model_plot, "reported", lambda _: [])
    assert len(draw(course).axes) == len(course.quantities)


# -- failures ------------------------------------------------------------------------------------


def test_a_solver_failure_keeps_what_came_before_it_and_says_when(tmp_path, monkeypatch):
    monkeypatch.setattr(model_run, "SOLVER", Solver(rtol=1e-8, atol=1e-10, max_steps=60))
    course = run(tmp_path, days=2, changes=["12 h: stress=3"], rhythm="circadian")
    assert course.code is ResultCode.TOO_MANY_STEPS
    assert 0 < course.failure_h < 48
    assert course.times_s[-1] < course.failure_h * 3600
    assert np.isfinite(course.values).all()
    with pytest.raises(
        ExecutionError, match=r"could not be solved beyond .* h of 48 h: the limit on steps"
    ):
        require_success(course)
    record = write_run(course)
    assert record["result"]["name"] == "too_many_steps"
    assert record["result"]["failure_time_h"] == course.failure_h
    figure = draw(course)
    assert any("FAILED at" in text.get_text() for text in figure.texts)


def test_a_failure_at_once_still_writes_how_it_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(model_run, "SOLVER", Solver(max_steps=1))
    course = run(tmp_path, days=1, rhythm="circadian", save_every="1 d")
    write_run(course)
    assert json.loads((tmp_path / "simulation.json").read_text())["result"]["code"] == 2
    assert "reference patient" in render_course(course)
    with pytest.raises(ExecutionError, match="with nothing set"):
        require_success(course)


def test_success_is_no_failure(stressed):
    require_success(stressed[0])
