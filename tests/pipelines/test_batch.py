"""Batches: what a file may say, which points it makes, what they leave, what they are alike in."""

import json
import logging
import math
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import psutil
import pytest
from distributed import Client, LocalCluster
from scipy.stats import sobol_indices

from cohort.errors import FileContentError
from cohort.trial import load_protocol
from pipelines.batch import BatchRequest, BatchResult, prepare_batch, run_batch
from pipelines.batch_cli import sensitivity_warnings
from pipelines.batch_design import draw_values, saltelli_blocks, unit_points
from pipelines.batch_file import BatchFile, Point, read_batch
from pipelines.batch_tables import key_columns, sensitivity_frame
from pipelines.batch_values import Choices, Range, read_values
from pipelines.errors import ExecutionError, FolderError
from pipelines.run_trial import Request, run_trial
from pipelines.schema.batch import OUTCOMES_BY_POINT, POINTS, SENSITIVITY
from pipelines.schema.columns import polars_schema

DOSE = "arms[escitalopram 10 mg].regimens[0].dose"


def written(tmp_path, text):
    path = tmp_path / "batch.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path, text, **options):
    with pytest.raises(FileContentError) as caught:
        read_batch(written(tmp_path, text), **options)
    return [str(mistake).removeprefix(f"{tmp_path}/") for mistake in caught.value.mistakes]


def request_of(batch, out, **options):
    return BatchRequest(
        batch=batch, out=out, n_workers=1, simulator="standin_batch:fussy", **options
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("5 mg", "'5 mg' was given; a list of values or a range is allowed"),
        ([], "an empty list was given; one value or more is allowed"),
        ([1, None], "nothing stands in the list; plain values are allowed"),
        (["5 mg", "5 mg"], "'5 mg' stands in the list twice"),
        ({"from": "5 mg"}, "the range has no 'to'; both ends are needed"),
        ({"form": 1, "to": 2}, "unknown key 'form' in a range; .* Did you mean 'from'"),
        ({"from": "5 mg", "to": "1 g"}, "ends in one unit are allowed. Write both in the same"),
        ({"from": "20 mg", "to": "5 mg"}, "'from' is less than 'to'. Swap them"),
        ({"from": "08:00", "to": "20:00"}, "'from' is '08:00'; a number with its unit is allowed"),
        ({"from": 0, "to": 5, "scale": "log"}, "more than 0 is allowed. Raise 'from'"),
        ({"from": 1, "to": 5, "scale": "lag"}, "the scale 'lag' .* Did you mean 'log'"),
        ({"from": 1, "to": 5, "scale": "log", "step": 1}, "a step on a scale of logarithms"),
        ({"from": "5 mg", "to": "9 mg", "step": 1}, "a step in the unit .* 'step: 1 mg'"),
        ({"from": 1, "to": 5, "step": 9}, "'step' is 9 .* at most their distance"),
        ({"from": 1, "to": 5, "step": 0}, "'step' is 0 .* more than 0"),
        ({"from": 0.5, "to": 1e6, "step": 0.5}, "which makes 2,000,000 values; at most 100,000"),
        ({"from": float("nan"), "to": 5}, "'from' is nan; a number with its unit"),
    ],
)
def test_values_that_cannot_be_read_say_what_is_allowed(given, said):
    with pytest.raises(ValueError, match=said):
        read_values(given, is_count=False)


def test_ranges_keep_their_unit_and_whole_numbers_stay_whole():
    assert read_values({"from": "5 mg", "to": "20 mg"}, is_count=False).at(0.5) == "12.5 mg"
    assert read_values({"from": "10 %", "to": "90 %"}, is_count=False).at(0.25) == "30 %"
    log = read_values({"from": "1 mg", "to": "100 mg", "scale": "log"}, is_count=False)
    assert log.at(0.5) == "10 mg"
    weeks = read_values({"from": "week 4", "to": "week 8", "step": 2}, is_count=False)
    assert weeks == Choices(("week 4", "week 6", "week 8"))
    assert read_values({"from": 1, "to": 3}, is_count=True) == Choices((1, 2, 3))
    assert read_values({"from": 1, "to": 3}, is_count=False).at(0.25) == 1.5
    sizes = read_values({"from": 1, "to": 2**40}, is_count=True)
    assert isinstance(sizes.at(0.3), int)


def test_a_wrong_file_names_every_mistake_with_its_line(tmp_path):
    said = refused(
        tmp_path,
        "protocol: sct-md-01\n"
        "sweep:\n"
        "  method: grid\n"
        "  keys:\n"
        "    entry.at_least: [20, 22]\n"
        "    arms[escitalopram 10mg].regimens[0].dose: [5 mg]\n"
        "    adherence.probability: {from: 50 %, to: 90 %}\n"
        "    arms[*].patients: [10]\n"
        "    arms[0].patients: [20]\n",
    )
    assert len(said) == 4
    assert said[0].startswith("batch.yaml:5, sweep.keys.entry.at_least: 'entry.at_least' is no key")
    assert said[0].endswith("Did you mean 'population.entry.at_least'?")
    assert "batch.yaml:6, sweep.keys.arms[escitalopram 10mg].regimens[0].dose: " in said[1]
    assert f"Did you mean '{DOSE}'" in said[1]
    assert "batch.yaml:7" in said[2]
    assert "a range without a step in a grid" in said[2]
    assert "batch.yaml:9" in said[3]
    assert "'arms[0].patients' and 'arms[*].patients' both set arms[placebo].patients" in said[3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "no protocol is named; one is needed"),
        ("protocols: []", "an empty list was given; one protocol or more is needed"),
        ("protocol: smile", "a protocol without a sweep; both are needed"),
        ("protocols: [smlie]", "Did you mean 'smile'?"),
        ("protocols: [smile]\nprotocol: smile", "either many protocols or a sweep of one"),
        ("protocol: smile\nsweep: {method: grid, keys: {}}", "no key is varied"),
        ("protocol: smile\nsweep: {method: gird, keys: {seed: [1]}}", "Did you mean 'grid'?"),
        ("protocol: smile\nsweep: {method: sobol, keys: {seed: [1]}}", "without 'samples'"),
        ("protocol: smile\nsweep: {method: grid, samples: 4, keys: {seed: [1]}}", "4 samples of a"),
        (
            "protocol: smile\nsweep: {method: saltelli, samples: 12, keys: {seed: [1]}}",
            "12 samples of 'saltelli'; a power of 2 is allowed. Write 8 or 16.",
        ),
        ("protocol: smile\nsweep: {method: latin hypercube, samples: 0, keys: {seed: [1]}}", "at"),
        (
            "protocol: smile\nsweep: {method: latin hypercube, samples: 200000, keys: {seed: [1]}}",
            "200,000 points; at most 100,000 are allowed",
        ),
    ],
)
def test_a_file_that_is_no_batch_says_what_is_needed(tmp_path, text, said):
    assert said in " ".join(refused(tmp_path, text))


def test_a_value_that_its_protocol_refuses_is_named_with_its_line_and_point(tmp_path):
    text = "protocol: sct-md-01\nsweep:\n  method: grid\n  keys:\n    duration: [8 week, 1 week]\n"
    (said,) = refused(tmp_path, text)
    assert said.startswith("batch.yaml:5, sweep.keys.duration: point 2 (duration 1 week): ")
    assert (
        "--seed 5 was given"
        in refused(tmp_path, "protocol: smile\nsweep: {method: grid, keys: {seed: [1]}}", seed=5)[0]
    )


def test_keys_that_the_protocol_leaves_out_can_be_set_and_units_are_columns(tmp_path):
    batch = read_batch(
        written(
            tmp_path,
            "protocol: sct-md-01\nsweep:\n  method: grid\n  keys:\n"
            f"    '{DOSE}': [5 mg, 10 mg]\n"
            "    population.female_fraction: [0.5]\n"
            "    analysis.missing_data: [J2R]\n"
            "    meals[1].protein: [30 g]\n"
            "    meals[*].carbohydrate: [70 g]\n",
        ),
        patients_per_arm=7,
    )
    last = batch.points[-1].protocol
    assert last.arm("escitalopram 10 mg").regimens[0].dose == 10.0
    assert last.population.female_fraction == 0.5
    assert last.analysis.missing_data == "J2R"
    assert [meal.protein for meal in last.meals] == [20.0, 30.0, 30.0]
    assert {meal.carbohydrate for meal in last.meals} == {70.0}
    assert {arm.patients for arm in last.arms} == {7}
    columns, data = key_columns(batch)
    assert columns[0].name == f"{DOSE} (mg)"
    assert (columns[0].kind, columns[0].unit) == ("number", "mg")
    assert data[f"{DOSE} (mg)"] == [5.0, 10.0]
    assert columns[2].kind == "text"


def test_designs_fill_the_cube_and_grow_in_place():
    for method in ("latin hypercube", "sobol"):
        points = unit_points(method, 3, 16, 5)
        for column in points.T:  # one point in every sixteenth
            assert sorted((column * 16).astype(int)) == list(range(16))
    for method in ("sobol", "saltelli"):
        short, long = (unit_points(method, 3, n, 5) for n in (8, 16))
        np.testing.assert_array_equal(short, long[: len(short)])
    a, b, ab = saltelli_blocks(unit_points("saltelli", 3, 8, 5).T, 3)
    for key in range(3):
        swapped = a.copy()
        swapped[key] = b[key]
        np.testing.assert_array_equal(ab[key], swapped)


def ishigami_batch(samples):
    around = Range(low=-math.pi, high=math.pi)
    values = draw_values("saltelli", [around] * 3, samples, 3)
    protocol = load_protocol("sct-md-01")
    points = tuple(
        Point(number=i, protocol=protocol, values=one, same_as=i)
        for i, one in enumerate(values, start=1)
    )
    return BatchFile(text="", method="saltelli", keys=("x1", "x2", "x3"), points=points)


def outcomes_frame(batch, values):
    rows = [
        {
            "point": point.number,
            "source": "contrasts",
            "variant": None,
            "arm": "active",
            "endpoint": "MADRS",
            "visit": "week 8",
            "visit_week": 8.0,
            "statistic": "difference",
            "value": float(value),
        }
        for point, value in zip(batch.points, values, strict=True)
        if value is not None
    ]
    return pl.DataFrame(rows, schema=polars_schema(OUTCOMES_BY_POINT))


def test_the_indices_of_ishigami_s_function_are_the_analytic_ones():
    batch = ishigami_batch(1024)
    x = np.array([point.values for point in batch.points]).T
    y = np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])
    found = sensitivity_frame(outcomes_frame(batch, y), batch)
    # closed form: Ishigami & Homma 1990 with a = 7, b = 0.1
    v1 = 0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2
    v2 = 7**2 / 8
    v13 = 0.1**2 * math.pi**8 * (1 / 18 - 1 / 50)
    total = v1 + v2 + v13
    first = np.array([v1, v2, 0]) / total
    whole = np.array([v1 + v13, v2, v13]) / total
    assert found["key"].to_list() == ["x1", "x2", "x3"]
    assert set(found["n"]) == {1024}
    np.testing.assert_allclose(found["first_order"], first, atol=0.03)
    np.testing.assert_allclose(found["total"], whole, atol=0.03)
    assert (found["first_order_low"].to_numpy() < first).all()
    assert (found["first_order_high"].to_numpy() > first).all()
    assert (found["total_low"].to_numpy() < whole).all()
    assert (found["total_high"].to_numpy() > whole).all()
    np.testing.assert_allclose(found["sd"], math.sqrt(total), rtol=0.02)
    a, b, ab = saltelli_blocks(y[np.newaxis], 3)
    own = sobol_indices(func={"f_A": a, "f_B": b, "f_AB": ab}, n=1024)
    np.testing.assert_allclose(found["total"], own.total_order.ravel(), rtol=1e-12)


def test_points_that_failed_leave_their_sample_out_and_what_does_not_vary_has_no_index():
    batch = ishigami_batch(16)
    lost = {7, 40}  # of samples 2 and 8: of fourteen whole ones the first eight are used
    values = [None if p.number in lost else p.values[1] for p in batch.points]
    found = sensitivity_frame(outcomes_frame(batch, values), batch)
    assert set(found["n"]) == {8}
    assert found["total"].to_numpy()[[0, 2]] == pytest.approx([0, 0], abs=1e-12)
    assert "8 whole samples" in found["reason"][0]
    constant = sensitivity_frame(outcomes_frame(batch, [1.5] * len(batch.points)), batch)
    assert set(constant["reason"]) == {"it does not vary"}
    assert constant["total"].null_count() == constant["first_order_low"].null_count() == 3
    assert set(constant["sd"]) == {0.0}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A sweep of three seeds, one of them unlucky, and of one length written in two ways."""
    folder = tmp_path_factory.mktemp("batch")
    text = (
        "protocol: sct-md-01\nsweep:\n  method: grid\n  keys:\n"
        "    seed: [1, 13, 2]\n    duration: [8 week, 56 day]\n"
    )
    batch = read_batch(written(folder, text), patients_per_arm=8)
    return batch, folder / "out", run_batch(request_of(batch, folder / "out"))


def test_a_point_that_fails_is_set_aside_and_the_others_are_done(swept):
    _, out, result = swept
    assert list(result.failures) == [3]
    assert "planted for seed 13" in (out / "failures/0003.txt").read_text()
    points = pl.read_parquet(out / "tables/points.parquet")
    assert points["status"].to_list() == [one for one in ("done", "failed", "done") for _ in "ab"]
    assert points["seed"].to_list() == points["patient_seed"].to_list() == [1, 1, 13, 13, 2, 2]
    assert points["n_patients"].to_list() == [32] * 6
    assert points["n_failed"].null_count() == 2
    assert points["failure"].null_count() == 4
    assert dict(points.schema) == {
        **polars_schema(POINTS),
        "seed": pl.Float64,
        "duration": pl.String,
    }


def test_equal_protocols_are_run_once(swept):
    batch, out, result = swept
    assert [point.same_as for point in batch.points] == [1, 1, 3, 3, 5, 5]
    assert not batch.has_common_patients
    assert sorted(path.name for path in (out / "points").iterdir()) == ["0001", "0003", "0005"]
    outcomes = result.tables["outcomes_by_point"]
    assert set(outcomes["point"]) == {1, 2, 5, 6}
    assert outcomes.filter(point=1).drop("point").equals(outcomes.filter(point=2).drop("point"))
    assert not outcomes.filter(point=1).drop("point").equals(outcomes.filter(point=5).drop("point"))


def test_a_point_is_the_run_of_its_protocol_and_its_outcomes_are_that_run_s(swept, tmp_path):
    _, out, result = swept
    given = out / "points/0005/protocol.yaml"
    alone = run_trial(
        Request(
            protocol=load_protocol(given),
            protocol_text=given.read_text(),
            out=tmp_path / "alone",
            n_workers=1,
            simulator="standin_batch:fussy",
        )
    )
    for path in sorted(alone.folder.tables.iterdir()):
        assert path.read_bytes() == (out / "points/0005/tables" / path.name).read_bytes(), path
    outcomes = pl.read_parquet(out / "tables/outcomes_by_point.parquet")
    assert dict(outcomes.schema) == polars_schema(OUTCOMES_BY_POINT)
    assert result.tables["outcomes_by_point"].equals(outcomes)
    arms = pl.read_parquet(alone.folder.tables / "outcomes_by_arm.parquet")
    for row in arms.filter(visit="week 8").iter_rows(named=True):
        mine = outcomes.filter(
            point=5,
            source="outcomes_by_arm",
            arm=row["arm"],
            endpoint=row["endpoint"],
            visit="week 8",
            statistic="change_mean",
        )
        assert mine["value"].to_list() == [row["change_mean"]]


@pytest.mark.parametrize("table", [POINTS, OUTCOMES_BY_POINT, SENSITIVITY])
def test_columns_are_unique_described_and_fit_sas_labels(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    assert all(0 < len(column.label) <= 40 for column in table.columns)
    assert all(column.meaning.endswith(".") for column in table.columns)
    assert all(column.unit for column in table.columns if column.kind == "number")


def cohort_batch(capsys, *words):
    from pipelines.cli import main

    with pytest.raises(SystemExit) as left:
        main(["batch", *map(str, words)], simulator="standin_batch:fussy")
    return left.value.code or 0, capsys.readouterr()


def test_the_same_command_resumes_and_says_what_was_set_aside(swept, capsys):
    _, out, first = swept
    assert (first.n_computed, first.n_reused) == (8, 0)
    options = ("--out", out, "--patients-per-arm", 8, "--workers", 1)
    code, shown = cohort_batch(capsys, out / "batch.yaml", *options)
    assert code == 1
    assert "4 of 6 points done; 0 units computed, 8 were there" in shown.out
    assert "set aside: point 3: " in shown.err
    assert "planted for seed 13" in shown.err
    again = pl.read_parquet(out / "tables/outcomes_by_point.parquet")
    assert again.equals(first.tables["outcomes_by_point"])


def test_a_folder_of_something_else_is_refused(swept, tmp_path):
    _, out, _ = swept
    text = "protocol: sct-md-01\nsweep: {method: grid, keys: {seed: [1, 4, 2]}}"
    other = read_batch(written(tmp_path, text), patients_per_arm=8)
    with pytest.raises(FolderError, match="begun with 6 points, of which point 2 is another now"):
        prepare_batch(request_of(other, out))
    with pytest.raises(FolderError, match="is the folder of a run"):
        prepare_batch(request_of(other, out / "points/0001"))


def test_a_dry_run_says_what_would_run_and_writes_nothing(tmp_path, capsys):
    path = written(tmp_path, "protocols: [sct-md-01, sct-md-01]")
    options = ("--patients-per-arm", 4, "--out", tmp_path / "out", "--dry-run")
    code, shown = cohort_batch(capsys, path, *options)
    assert code == 0
    assert "2 points, a list of protocols; 1 different runs of 16 patients" in shown.out
    assert not (tmp_path / "out").exists()
    _, shown = cohort_batch(capsys, path, *options, "--json")
    assert json.loads(shown.out)["points_done"] == 0
    code, shown = cohort_batch(capsys, path)
    assert (code, shown.err) == (2, "--out: no folder was given; one is needed. Add --out DIR.\n")


def test_a_point_that_failed_before_it_began_can_be_begun_again(tmp_path, monkeypatch):
    batch = read_batch(written(tmp_path, "protocols: [sct-md-01]"), patients_per_arm=4)

    def no_room(*arguments):
        raise OSError("no room")

    monkeypatch.setattr("pipelines.run_folder.RunFolder.begin", no_room)
    request = request_of(batch, tmp_path / "out")
    assert run_batch(request).failures == {1: "OSError: no room"}
    monkeypatch.undo()
    assert prepare_batch(request).plan.n_patients == 16


@pytest.fixture
def in_threads(monkeypatch):
    """Let the workers of a batch be threads of this process: they start at once."""

    @contextmanager
    def cluster(n_workers, folder):
        with (
            LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                processes=False,
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                local_directory=str(folder),
                silence_logs=logging.CRITICAL,
            ) as started,
            Client(started) as client,
        ):
            yield client

    monkeypatch.setattr("pipelines.batch_workers.local_cluster", cluster)


SEEDS = "protocol: sct-md-01\nsweep: {method: grid, keys: {seed: [1, 4, 2]}}"


def test_units_of_different_points_are_in_flight_together(tmp_path, in_threads):
    batch = read_batch(written(tmp_path, SEEDS), patients_per_arm=4)
    told = []
    request = request_of(batch, tmp_path / "out")
    run_batch(
        replace(request, n_workers=2, simulator="standin:slow"),
        lambda point: told.append(point.number),
        lambda receipt, was_there: told.append(receipt.unit),
    )
    of_first = {path.name for path in (tmp_path / "out/points/0001/shards").iterdir()}
    last = max(at for at, one in enumerate(told) if one in of_first)
    assert told[0] == 1
    assert told.index(2) < last  # begun while units of the first were computed
    assert len(told) == 3 + 12


def test_a_finished_point_is_not_run_again_unless_it_is_damaged_or_of_another_version(
    tmp_path, in_threads, monkeypatch
):
    monkeypatch.setattr("pipelines.batch_points.source_commit", lambda: "abc")
    monkeypatch.setattr("pipelines.provenance.source_commit", lambda: "abc")
    batch = read_batch(written(tmp_path, SEEDS), patients_per_arm=4)
    request = request_of(batch, tmp_path / "out")
    first = run_batch(request)
    table = tmp_path / "out/points/0002/tables/adsl.parquet"
    before = table.read_bytes()
    table.write_bytes(before[:-1] + b"!")
    run = []
    monkeypatch.setattr(
        "pipelines.batch_points.run_trial",
        lambda request, report: run.append(request.out.name) or run_trial(request, report),
    )
    again = run_batch(request)
    assert run == ["0002"]
    assert table.read_bytes() == before
    assert (again.n_computed, again.n_reused) == (0, first.n_computed)
    monkeypatch.setattr("pipelines.batch_points.source_commit", lambda: "abc, changed")
    run_batch(request)
    assert run[1:] == ["0001", "0002", "0003"]


def test_workers_that_cannot_be_had_end_the_batch_and_no_point_is_set_aside(tmp_path, monkeypatch):
    @contextmanager
    def nobody(n_workers, folder):
        raise ExecutionError("nobody answers")
        yield

    monkeypatch.setattr("pipelines.batch_workers.local_cluster", nobody)
    batch = read_batch(written(tmp_path, SEEDS), patients_per_arm=4)
    with pytest.raises(ExecutionError, match="nobody answers"):
        run_batch(request_of(batch, tmp_path / "out"))
    assert not (tmp_path / "out/failures").exists()
    said = json.loads((tmp_path / "out/points/0001/provenance.json").read_text())
    assert said["runs"][-1]["outcome"] == "failed: ExecutionError"


def test_a_batch_on_a_scheduler_gives_the_tables_of_a_batch_here(swept, tmp_path, capsys):
    _, here, _ = swept
    options = ("--out", tmp_path / "out", "--patients-per-arm", 8)
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        local_directory=str(tmp_path / "scratch"),
    ) as cluster:
        address = cluster.scheduler_address
        code, shown = cohort_batch(capsys, here / "batch.yaml", *options, "--scheduler", address)
        assert len(cluster.scheduler_info["workers"]) == 1  # it is left to others
    assert code == 1  # one point has the unlucky seed
    assert "4 of 6 points done; 8 units computed, 0 were there" in shown.out
    path = "tables/outcomes_by_point.parquet"
    assert (tmp_path / "out" / path).read_bytes() == (here / path).read_bytes()
    # why a point failed names its folder
    points = [
        pl.read_parquet(root / "tables/points.parquet").drop("failure")
        for root in (tmp_path / "out", here)
    ]
    assert points[0].equals(points[1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--scheduler", "10.0.0.1:8786"), "tcp://HOST:PORT or tls://HOST:PORT is allowed"),
        (("--scheduler", "tls://a:1"), "without the options --tls-ca"),
        (("--tls-ca", "a.pem"), "are for a running scheduler; give --scheduler"),
        (("--cluster", "none.yaml"), "none.yaml"),
        (("--cluster", "none.yaml", "--workers", "2"), "a profile says all of that itself"),
        (("--workers", "0"), "--workers: 0; 1 or more is allowed"),
        (("--block-size", "0"), "--block-size: 0 patients; 1 or more is allowed"),
        (("--trajectories", "-1"), "--trajectories: -1 patients; 0 or more is allowed"),
        (("--patients-per-arm", "0"), "patients"),
        (("--device", "abacus"), "--device: "),
    ],
)
def test_options_that_cannot_be_used_are_refused_before_anything_is_written(
    tmp_path, capsys, options, said
):
    path = written(tmp_path, SEEDS)
    code, shown = cohort_batch(capsys, path, "--out", tmp_path / "out", *options)
    assert (code, shown.out) == (2, "")
    assert said in shown.err
    assert not (tmp_path / "out").exists()


def test_outcomes_that_some_points_lack_are_in_the_table_with_the_reason():
    batch = ishigami_batch(16)
    lacking = 5
    terms = {
        "Nausea": [p.values[1] for p in batch.points],
        "Syncope": [None if p.number == lacking else p.values[1] for p in batch.points],
    }
    frames = [
        outcomes_frame(batch, values).with_columns(
            source=pl.lit("ae_rates_by_arm"), endpoint=pl.lit(term), statistic=pl.lit("percent")
        )
        for term, values in terms.items()
    ]
    found = sensitivity_frame(pl.concat(frames), batch)
    assert dict(found.schema) == polars_schema(SENSITIVITY)
    nausea, syncope = (found.filter(endpoint=term) for term in terms)
    assert nausea["total"].null_count() == 0
    assert set(nausea["n"]) == {16}
    assert set(nausea["reason"]) == {"16 whole samples; intervals from fewer than 64 are rough"}
    assert syncope["total"].null_count() == 3
    assert set(syncope["n_points"]) == {79}
    assert set(syncope["reason"]) == {"1 of 80 points do not have it"}
    result = BatchResult(tables={"sensitivity": found}, failures={}, n_computed=0, n_reused=0)
    lost, rough = sensitivity_warnings(result)
    assert "1 outcomes have no indices because some points do not have them: Syncope." in lost
    assert "16 whole samples; bootstrap intervals from fewer than 64 are rough" in rough


def test_an_interrupted_batch_leaves_no_process_and_is_resumed_by_the_same_command(
    tmp_path, in_threads
):
    path, out = written(tmp_path, SEEDS), tmp_path / "out"
    words = ["slow", "batch", path, "--out", out, "--patients-per-arm", 4, "--workers", 1]
    driver = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "run_cohort.py"), *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 50
    while not list(out.glob("points/*/shards/*/receipt.json")):
        assert driver.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    started = psutil.Process(driver.pid).children(recursive=True)
    driver.send_signal(signal.SIGINT)
    _, said = driver.communicate(timeout=50)
    assert driver.returncode == 130
    assert f"SIGINT: stopped. {out} can be resumed" in said
    assert "Traceback" not in said
    assert not psutil.wait_procs(started, timeout=10)[1]
    assert not list((out / "failures").glob("*"))
    begun = json.loads((out / "points/0001/provenance.json").read_text())
    assert begun["runs"][-1]["outcome"] == "interrupted"
    batch = read_batch(path, patients_per_arm=4)
    result = run_batch(replace(request_of(batch, out), simulator="standin:slow"))
    assert result.n_reused > 0
    assert result.n_computed + result.n_reused == 12
    assert set(result.tables["points"]["status"]) == {"done"}
