"""`cohort content`: what a protocol can name is listed, shown, and reads back as it stands."""

import json

import pytest
from typer.testing import CliRunner

from cohort.lifestyle import lifestyle_names, load_lifestyle
from cohort.nutrition import food_names, load_food, load_supplement, supplement_names
from cohort.trial import load_diet
from cohort.trial.diets import diet_names
from pipelines.cli import app

KINDS = {
    "lifestyles": (lifestyle_names, load_lifestyle),
    "diets": (diet_names, load_diet),
    "foods": (food_names, load_food),
    "supplements": (supplement_names, load_supplement),
}


def content(*words):
    return CliRunner().invoke(app, ["content", *words])


def test_the_list_has_every_file_of_every_kind():
    found = json.loads(content("list", "--json").stdout)
    assert {kind: tuple(titles) for kind, titles in found.items()} == {
        kind: names() for kind, (names, _) in KINDS.items()
    }
    text = content("list").stdout
    assert all(name in text for titles in found.values() for name in titles)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_is_a_file_that_can_be_used(kind, tmp_path):
    names, load = KINDS[kind]
    name = next(name for name in names() if name != "usual")
    path = tmp_path / "mine.yaml"
    path.write_text(content("show", name).stdout)
    assert load(str(path)) == load(name)


def test_an_unknown_name_is_refused_with_the_nearest():
    result = content("show", "exercis")
    assert result.exit_code == 2
    assert "Did you mean 'exercise'" in result.stderr
