"""Conditions and marked numbers: read whole, refused with every mistake."""

from importlib import resources

import pytest

from cohort.conditions import condition_names, load_condition
from cohort.errors import ConditionError, UnknownNameError
from cohort.facts import Fact, count_assumed

TEXT = (resources.files("cohort.conditions") / "major_depression.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", condition_names())
def test_every_packaged_condition_is_whole(name):
    condition = load_condition(name)
    total, assumed = count_assumed(condition)
    assert total > 20
    assert 0 < assumed < total
    shares = [share.number("1") for share in condition.population.ancestry.values()]
    assert sum(shares) == pytest.approx(1.0)


def test_a_file_of_ones_own_is_read(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace("name: major_depression", "name: mine"), "utf-8")
    assert load_condition(str(path)).name == "mine"


WRONG = {
    "an unknown key": ("entry:", "entri:", "entri"),
    "a rate without a unit": ("value: 0.42 1/week", "value: 0.42", "unit"),
    "a rate in a wrong unit": ("value: 0.42 1/week", "value: 0.42 kg", "0.42 kg"),
    "a mark that does not exist": ("mark: read", "mark: heard", "heard"),
    "no source": (', source: "Burke 2002, entry', ', sauce: "Burke 2002, entry', "sauce"),
    "an unknown system": ("systems: [serotonin]", "systems: [seratonin]", "seratonin"),
    "a negative time": ("value: 10.75 week", "value: -10.75 week", "-10.75"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_file_is_refused_with_its_line(case, tmp_path):
    old, new, words = WRONG[case]
    assert old in TEXT
    path = tmp_path / "wrong.yaml"
    path.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(ConditionError) as caught:
        load_condition(str(path))
    assert words in str(caught.value)
    assert any(mistake.line for mistake in caught.value.mistakes)


def test_an_unknown_condition_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="major_depression"):
        load_condition("major_depresion")


def test_a_fact_converts_its_unit():
    assert Fact(value="2 week", mark="assumed", source="example").number("day") == 14.0
