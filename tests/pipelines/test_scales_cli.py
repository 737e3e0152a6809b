"""`cohort scales`: every scale is listed with what it measures, and shown with its numbers."""

import json

from typer.testing import CliRunner

from cohort.conditions import condition_names, load_condition
from cohort.scales import load_scale, scale_names
from pipelines.cli import app


def scales(*words):
    return CliRunner().invoke(app, ["scales", *words])


def test_the_list_has_every_scale_and_what_it_measures():
    found = json.loads(scales("list", "--json").stdout)
    assert tuple(row["name"] for row in found) == scale_names()
    for row in found:
        measured = [
            name for name in condition_names() if row["name"] in load_condition(name).scales
        ]
        assert row["conditions"] == measured
        assert measured
    text = scales("list").stdout
    assert "0 to 16 h (parkinsons_disease_advanced)" in text


def test_every_scale_is_shown_with_its_numbers():
    for name in scale_names():
        text, scale = scales("show", name).stdout, load_scale(name)
        assert f"{scale.noise_sd.value} ({scale.noise_sd.mark}: {scale.noise_sd.source})" in text
        assert text.count("reads severity") == len(scale.latents)
        assert json.loads(scales("show", name, "--json").stdout)["maximum"] == scale.maximum


def test_an_unknown_scale_is_refused_with_the_nearest():
    result = scales("show", "MADR")
    assert result.exit_code == 2
    assert "Did you mean 'MADRS'" in result.stderr
