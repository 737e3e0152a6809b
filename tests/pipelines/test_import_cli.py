"""`cohort model import` as people type it: what was read, a course, draws, and every mistake."""

import json
import math

import polars as pl
import pytest
import sbml_models as sb
from typer.testing import CliRunner

from cohort.sbml.example import DECAY
from pipelines.cli import app

pytest.importorskip("libsbml", reason="python-libsbml is not installed (extra 'sbml')")

RUN = ["--simulate", "--end", "2", "--steps", "4", "--device", "numpy"]


def cohort(*words):
    return CliRunner().invoke(app, ["model", "import", *map(str, words)], prog_name="cohort")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "decay.xml"
    path.write_text(DECAY)
    return path


def test_it_says_what_was_read(file):
    found = cohort(file)
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("decay: SBML Level 3 Version 1, 1 state, 2 parameters, 0 events")
    assert "S_amount  6  mol" in found.stdout
    record = json.loads(cohort(file, "--json").stdout)
    assert record["states"] == [{"name": "S_amount", "initial": "3*c", "unit": "mole"}]
    assert [row["value"] for row in record["parameters"]] == [2.0, 0.5]


def test_it_simulates_and_writes_a_table(file, tmp_path):
    out = tmp_path / "course.parquet"
    found = cohort(file, *RUN, "--set", "k=1", "--parquet", out)
    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines()[-1] == f"{out}: 5 rows"
    table = pl.read_parquet(out)
    assert table["quantity"].unique().to_list() == ["S"]
    assert table["time"].to_list() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert table["value"][-1] == pytest.approx(3 * math.exp(-2), rel=1e-6)
    assert pl.read_parquet_metadata(out)["time_unit"] == "second"


def test_draws_are_the_same_however_many_are_made(file, tmp_path):
    tables = []
    for n in (3, 5):
        out = tmp_path / f"{n}.parquet"
        found = cohort(file, *RUN, "--draws", n, "--spread", 0.4, "--seed", 7, "--parquet", out)
        assert found.exit_code == 0, found.output
        tables.append(pl.read_parquet(out))
    few, many = tables
    assert few.equals(many.filter(pl.col("draw") < 3))
    assert many.filter(pl.col("time") == 2.0)["value"].n_unique() == 5
    record = json.loads(cohort(file, *RUN, "--draws", 5, "--json").stdout)
    assert record["course"]["draws"] == 5
    assert record["course"]["failed"] == 0


def test_a_seed_alone_decides_the_order_of_events_that_draw_lots(tmp_path):
    path = tmp_path / "lots.xml"
    pair = [sb.event(name, "time >= 1", {"x": f"10 * x + {number}"}, priority="1")
            for number, name in enumerate("ab", 1)]  # fmt: skip
    path.write_text(
        sb.level3(sb.parameter("x", 0.0, constant=False), *pair).replace(
            'useValuesFromTriggerTime="true"', 'useValuesFromTriggerTime="false"'
        )
    )
    ends = set()
    for seed in range(12):
        found = cohort(path, *RUN, "--seed", seed, "--json")
        assert found.exit_code == 0, found.output
        ends.add(json.loads(found.stdout)["course"]["quantities"]["x"]["median"])
    assert ends == {12.0, 21.0}
    assert "events a and 1 more: chance decides which is first" in cohort(path).stdout


def test_what_units_lack_takes_a_line_each_and_json_has_it_whole(file):
    shown = cohort(file).stdout.split("units: ")[1].splitlines()
    assert shown[1:3] == [
        "  line 11: parameter k: it has no unit",
        "  line 17: kineticLaw k * S * c: something in it has no unit",
    ]
    whole = json.loads(cohort(file, "--json").stdout)["unit_findings"]
    assert "'k * S * c' cannot be fully checked. Unit consistency" in whole[-1]
    file.write_text(DECAY.replace("<ci>k</ci>", "<ci>k</ci>" * 90))
    long = "k * " * 90 + "S * c"
    assert max(map(len, cohort(file).stdout.split("units: ")[1].splitlines())) <= 112
    assert long in json.loads(cohort(file, "--json").stdout)["unit_findings"][-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--end", "3"], "--end: given without --simulate"),
        (["--simulate"], "--end: missing"),
        (["--simulate", "--end", "0"], "--end: 0; a finite number greater than zero"),
        (["--simulate", "--end", "a day"], "--end: a day;"),
        (["--simulate", "--end", "-3"], "--end: -3; a finite number greater than zero"),
        (["--simulate", "--end", "1e999999999"], "--end: 1e999999999; a finite number"),
        (["--simulate", "--end", "1e300"], "--end and --steps: times: their smallest"),
        (["--seed", "3"], "--seed: given without --simulate"),
        ([*RUN, "--seed", "3"], "--seed: given without --draws, and no events"),
        ([*RUN[:3], "--steps", "0"], "--steps: 0;"),
        ([*RUN, "--draws", "0"], "--draws: 0;"),
        ([*RUN, "--spread", "0.3"], "--spread: given without --draws"),
        ([*RUN, "--draws", "2", "--spread", "-1"], "--spread: -1.0;"),
        ([*RUN, "--draws", "2", "--spread", "nan"], "--spread: nan;"),
        ([*RUN, "--draws", "2", "--seed", "-1"], "--seed: -1;"),
        ([*RUN, "--draws", "1000000", "--steps", "1000000"], "200,000,000 are allowed"),
        ([*RUN, "--set", "k"], "--set: 'k';"),
        ([*RUN, "--set", "k=inf"], "--set: 'k=inf';"),
        ([*RUN, "--set", "kk=1"], "unknown parameter 'kk'"),
        ([*RUN[:-1], "abacus"], "abacus"),
        ([*RUN, "--parquet", "/proc/none/a.parquet"], "--parquet: /proc/none/a.parquet cannot"),
    ],
)
def test_a_mistake_gets_one_message(file, words, message):
    found = cohort(file, *words)
    assert found.exit_code == 2, found.output
    assert message in " ".join(found.stderr.split())
    assert len(found.stderr.strip().splitlines()) == 1
    assert not found.stdout


def test_a_file_with_mistakes_gets_one_line_each(tmp_path):
    path = tmp_path / "fast.xml"
    path.write_text(DECAY.replace('fast="false"', 'fast="true"'))
    found = cohort(path)
    assert found.exit_code == 2
    assert found.stderr.startswith("fast.xml, loss: the reaction is fast;")
    found = cohort(tmp_path / "none.xml")
    assert found.exit_code == 2
    assert found.stderr == "none.xml: No such file or directory. Give an SBML file.\n"


def test_a_course_that_breaks_off_says_where(tmp_path):
    path = tmp_path / "burst.xml"
    # S' = k S^2 / 2 has no value beyond 2 / (k S0) = 4 / 3
    burst = DECAY.replace("listOfReactants", "listOfProducts").replace(
        "<ci>k</ci><ci>S</ci>", "<ci>k</ci><ci>S</ci><ci>S</ci>"
    )
    path.write_text(burst)
    found = cohort(path, *RUN)
    assert found.exit_code == 1
    assert "draw 0: it could not be solved beyond time 0.666" in found.stderr


def exported(*words):
    return CliRunner().invoke(app, ["model", "export", *map(str, words)], prog_name="cohort")


def test_what_is_exported_can_be_imported(tmp_path):
    path = tmp_path / "cortisol.xml"
    found = exported(path, "--systems", "cortisol", "--rhythm", "circadian")
    assert found.exit_code == 0, found.output
    assert "4 states" in found.stdout
    again = cohort(path)
    assert again.exit_code == 0, again.output
    assert "chemistry: SBML Level 3 Version 2, 4 states" in again.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--systems", "cortisone"], "unknown system 'cortisone'"),
        (["--without", "nothing"], "nothing"),
    ],
)
def test_a_mistake_of_an_export_leaves_no_file(tmp_path, words, message):
    path = tmp_path / "a.xml"
    found = exported(path, *words)
    assert found.exit_code == 2
    assert message in found.stderr
    assert not path.exists()


def test_a_folder_that_is_not_there_gets_one_message(tmp_path):
    found = exported(tmp_path / "no" / "a.xml", "--systems", "cortisol")
    assert found.exit_code == 2
    assert len(found.stderr.strip().splitlines()) == 1, found.stderr
