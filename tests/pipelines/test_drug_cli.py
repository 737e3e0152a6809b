"""`cohort drugs`: what people read, what it writes, and what it says to nonsense."""

import json
import re

import polars as pl
import pytest
from typer.testing import CliRunner

from cohort.drugs import drug_names, load_drug
from cohort.interactions import drug_profile
from cohort.observations import dose_response, load_observations
from pipelines.cli import app
from pipelines.drug_card import target_curves, write_card

OBSERVATION = """\
observations:
  - name: sertraline_level
    doses: [{drug: sertraline, dose: 100 mg, count: 10}]
    measure: mean
    of: concentration_sertraline
    low: 30 ng/mL
    high: 60 ng/mL
    interval: ours
    tag: fitted
    mark: design
    source: a test
  - name: sertraline_far_off
    doses: [{drug: sertraline, dose: 100 mg}]
    measure: t_max
    of: concentration_sertraline
    high: 1 h
    interval: ours
    tag: independent
    mark: design
    source: a test
"""


def cohort(*words, code=0):
    result = CliRunner().invoke(app, ["drugs", *words])
    assert result.exit_code == code, result.output
    return result


def test_the_list_has_every_drug():
    text = cohort("list").stdout
    assert all(name in text for name in drug_names())
    records = json.loads(cohort("list", "--json").stdout)
    assert {record["name"] for record in records} == set(drug_names())
    for record in records:
        assert 0 <= record["assumed"] <= record["numbers"]


def test_one_drug_shows_every_number_with_its_source():
    text = cohort("show", "sertraline").stdout
    assert "sertraline.disposition.cl" in text
    assert "95 L/h" in text
    record = json.loads(cohort("show", "sertraline", "--json").stdout)
    assert all(row["source"] for row in record["numbers"])


def test_an_unknown_drug_is_refused_with_the_nearest_name():
    assert "Did you mean 'sertraline'" in cohort("show", "sertralin", code=2).stderr


def test_every_packaged_drug_passes_its_check():
    lines = cohort("check").stdout.splitlines()
    assert len(lines) == len(drug_names())
    assert all("no mistakes" in line for line in lines)


def test_a_users_file_is_checked_with_all_mistakes(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\ntitle: Mine\ncontents: []\ndosing: {lowest: 1}\n")
    errors = cohort("check", str(path), code=2).stderr.splitlines()
    assert len(errors) > 1
    assert all(str(path) in line for line in errors)


def test_observations_become_a_page_and_a_table(tmp_path):
    path = tmp_path / "seen.yaml"
    path.write_text(OBSERVATION)
    text = cohort("validate", str(path), "--out", str(tmp_path / "out")).stdout
    assert "misses by" in text
    assert "sertraline_far_off" in text
    table = pl.read_parquet(tmp_path / "out" / "observations.parquet")
    assert table["agrees"].to_list() == [True, False]
    assert table["low"].to_list() == [30.0, None]
    page = (tmp_path / "out" / "DRUGS.md").read_text()
    assert "30 to 60 ng/mL" in page
    assert "at most 1 h" in page


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("drug: sertraline", "drug: sertralin", "Did you mean 'sertraline'"),
        ("high: 60 ng/mL", "high: 60 kg", "kg"),
        ("measure: t_max", "measure: at", "needs a time"),
        ("name: sertraline_far_off", "name: sertraline_level", "is there twice"),
        ("measure: mean", "measure: median", "'mean'"),
        ("of: concentration_sertraline", "of: concentration_x", "unknown quantity"),
    ],
)
def test_nonsense_in_observations_is_refused(tmp_path, old, new, words):
    path = tmp_path / "seen.yaml"
    assert old in OBSERVATION
    path.write_text(OBSERVATION.replace(old, new, 1))
    result = CliRunner().invoke(
        app, ["drugs", "validate", str(path), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code in (1, 2)
    assert words in result.stderr


def test_a_card_is_a_page_and_a_picture(tmp_path):
    cohort("card", "sertraline", "--out", str(tmp_path))
    page = (tmp_path / "sertraline.html").read_text()
    assert "<svg" in page
    assert "95 L/h" in page
    assert (tmp_path / "sertraline.png").read_bytes()[:4] == b"\x89PNG"


def test_a_card_says_how_often_a_day_and_what_a_drug_destroys(tmp_path):
    cohort("card", "tranylcypromine", "--out", str(tmp_path))
    page = (tmp_path / "tranylcypromine.html").read_text()
    assert "30 mg a day in 2 doses at even intervals" in page
    assert "mao_a gone" in page
    gone = drug_profile(load_drug("tranylcypromine"), 30).occupancy
    (row,) = re.findall(r"<td>[^<]*(?:MAO-A|oxidase A)[^<]*</td><td>(\d+)%</td>", page)
    assert int(row) == pytest.approx(100 * gone["mao_a"], abs=1)


def test_targets_are_ordered_by_what_the_usual_dose_holds():
    drug = load_drug("olanzapine")
    response = dose_response(drug, [5, 10, 40], days=8)
    curves = target_curves(drug, response)
    held = [float(values[1]) for values, _ in curves.values()]
    assert held == sorted(held, reverse=True)
    assert set(curves) == {binding.target for binding in drug.compounds[0].binds}


def test_a_one_sided_interval_has_words_on_the_card(tmp_path):
    path = tmp_path / "seen.yaml"
    path.write_text(OBSERVATION)
    write_card(load_drug("sertraline"), load_observations([str(path)]), tmp_path)
    page = (tmp_path / "sertraline.html").read_text()
    assert "at most 1 h" in page
    assert "inf" not in page.split("<h2>Numbers")[0].split("</svg>")[1]
