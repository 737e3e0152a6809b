"""The page, the tables and the picture of published experiments."""

import hashlib
import json
import math
from pathlib import Path

import polars as pl
import pytest

from cohort.errors import UnknownNameError
from cohort.experiments import Comparison, Experiment, ExperimentResult, load_experiments
from pipelines.chemistry_report import (
    USES,
    VERDICTS,
    count_verdicts,
    main_validate,
    moment_text,
    validation_markdown,
    validation_results,
    validation_table,
    write_validation,
)

COMMITTED = Path(__file__).parents[2] / "benchmarks" / "chemistry" / "experiments.parquet"
COMMITTED_RTOL = (
    2e-3  # another processor, another last digit of a step; a change of the model is more
)
FILES = [
    "CHEMISTRY.md",
    "experiments.json",
    "experiments.parquet",
    "experiments.png",
    "experiments.svg",
]
NUMBER = {"published": 2.0, "low": 1.0, "high": 3.0, "interval": "ours"}


def result(simulated, verdict, topic="serotonin", name="mine", **comparison):
    one = {"quantity": "hiaa_csf", "mark": "read", "use": "checked", **comparison}
    experiment = {
        "name": name,
        "title": f"Title of {name}",
        "species": "rat",
        "source": "Somebody 2001",
        "steps": [{"for": "30 day"}],
        "comparisons": [one],
        "topic": topic,
        "note": "An input | was chosen.",
    }
    record = Experiment.model_validate(experiment)
    return ExperimentResult(
        experiment=record,
        comparison=record.comparisons[0],
        simulated=simulated,
        verdict=verdict,
    )


@pytest.fixture(scope="module")
def results():
    """One of every shape: levels, changes, directions, times, open ends, beyond the axis."""
    return (
        result(2.1, "agrees", **NUMBER),
        result(9.0, "fails", **NUMBER | {"mark": "assumed", "note": "Nobody knows why."}),
        result(-50.0, "near", name="second", **NUMBER, **{"as": "percent_change"}),
        result(1.2, "agrees", name="second", direction="up", use="held_out"),
        result(0.5, "agrees", name="third", direction="down", use="calibrated"),
        result(1.0, "agrees", name="third", direction="none", mark="computed"),
        result(1e-9, "agrees", "dopamine", published=0.5, high=0.6, interval="published"),
        result(1e9, "agrees", "dopamine", published=0.5, low=0.4, interval="published"),
        result(math.nan, "fails", "dopamine", direction="up"),
        result(9.0, "fails", "cortisol", take="time_of_max", **{"as": "hours"}, **NUMBER),
        result(2.5, "agrees", "cortisol", take="time_of_min", **{"as": "clock"}, **NUMBER),
    )


def test_a_row_holds_what_was_published_beside_what_was_simulated(results):
    table = validation_table(results)
    row = table.row(1, named=True)
    assert (row["published"], row["low"], row["high"], row["simulated"]) == (2.0, 1.0, 3.0, 9.0)
    assert (row["verdict"], row["use"], row["mark"]) == ("fails", "checked", "assumed")
    assert row["source"] == "Somebody 2001"
    assert table["low"].null_count() == 5  # four directions and an open end
    assert table.height == len(results)


def test_verdicts_are_counted_apart_by_use(results):
    counts = count_verdicts(validation_table(results))
    assert tuple(counts) == USES
    assert all(tuple(row) == VERDICTS for row in counts.values())
    assert counts["held_out"] == {"agrees": 1, "near": 0, "fails": 0}
    assert counts["calibrated"] == {"agrees": 1, "near": 0, "fails": 0}
    assert sum(sum(row.values()) for row in counts.values()) == len(results)


def test_the_page_groups_by_topic_and_hides_no_failure(results):
    page = validation_markdown(validation_table(results))
    assert page.index("## Serotonin") < page.index("## Dopamine") < page.index("## Cortisol")
    assert page.count("**fails**") == 3
    assert "11 comparisons from 5 experiments" in page
    assert "2† [1 to 3, ours]" in page
    assert "at most 0.6" in page
    assert "at least 0.4" in page
    assert "Title of mine, `hiaa_csf` at end: Nobody knows why." in page
    assert "An input | was chosen." in page


def test_every_line_of_a_table_has_the_same_cells(results):
    for line in validation_markdown(validation_table(results)).splitlines():
        if line.startswith("| ") and "use" not in line[:6] and line.count("|") != 6:
            assert line.count("|") == 9, line


def test_the_same_results_give_the_same_bytes(results, tmp_path):
    hashes = []
    for name in ("one", "two"):
        write_validation(tmp_path / name, results)
        found = sorted((tmp_path / name).iterdir())
        assert [path.name for path in found] == FILES
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in found])
    assert hashes[0] == hashes[1]


def test_the_picture_has_no_date_and_the_json_no_nan(results, tmp_path):
    write_validation(tmp_path, results)
    assert "<dc:date>" not in (tmp_path / "experiments.svg").read_text("utf-8")
    text = (tmp_path / "experiments.json").read_text("utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    assert len(json.loads(text)["comparisons"]) == len(results)


def test_an_empty_table_is_written_too(tmp_path):
    write_validation(tmp_path, ())
    assert pl.read_parquet(tmp_path / "experiments.parquet").is_empty()


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, "at end"),
        ({"at": "0 h"}, "at 0 h"),
        ({"at": "90 min"}, "at 90 min"),
        ({"at": "1352 h"}, "at 56 day 8 h"),
        ({"at": "28 day", "relative_to": "1 day"}, "at 4 week, over 1 day"),
        ({"at": "2 h", "relative_to": "untreated"}, "at 2 h, over untreated"),
        ({"take": "max"}, "max"),
        ({"take": "mean", "from": "19 h"}, "mean, 19 h to end"),
        ({"take": "min", "to": "1 day"}, "min, 0 h to 1 day"),
    ],
    ids=str,
)
def test_moments_are_written_as_people_do(more, text):
    record = {"quantity": "tnf", "direction": "up", "mark": "read", "use": "checked"}
    assert moment_text(Comparison.model_validate(record | more)) == text


def test_the_command_writes_and_counts(tmp_path, capsys):
    main_validate(tmp_path, "acetylcholine")
    printed = capsys.readouterr().out
    assert "calibrated" in printed
    assert "held out" in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


def test_the_command_prints_one_json_object(tmp_path, capsys):
    main_validate(tmp_path, "acetylcholine", as_json=True)
    answer = json.loads(capsys.readouterr().out)
    n = sum(len(one.comparisons) for one in load_experiments("acetylcholine"))
    assert len(answer["comparisons"]) == n
    assert sum(sum(row.values()) for row in answer["counts"].values()) == n


def test_an_unknown_topic_writes_nothing(tmp_path):
    with pytest.raises(UnknownNameError, match="acetylcholine"):
        main_validate(tmp_path / "new", "acetylcoline")
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_the_committed_table_is_what_a_fresh_run_gives():
    """Refresh it with `cohort model validate --out benchmarks/chemistry`."""
    committed = pl.read_parquet(COMMITTED)
    fresh = validation_table(validation_results())
    names = ["topic", "experiment", "quantity", "moment", "published", "use"]
    assert fresh.select(names).equals(committed.select(names))
    assert fresh["simulated"].to_list() == pytest.approx(
        committed["simulated"].to_list(), rel=COMMITTED_RTOL, nan_ok=True
    )
