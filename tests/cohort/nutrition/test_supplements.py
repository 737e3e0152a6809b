"""Supplements: doses become boluses, statuses drift, effects without mechanism stay out."""

import math

import pytest

from cohort.chemistry import chemistry_model, system_names
from cohort.errors import FileContentError, UnknownNameError
from cohort.nutrition import load_supplement, supplement_names

MODEL = chemistry_model(system_names())
TEXT = """\
name: mine
title: Mine
dosing:
  lowest: {value: 100 mg, mark: assumed, source: guess}
  usual: {value: 1 g, mark: assumed, source: guess}
  highest: {value: 5 g, mark: assumed, source: guess}
boluses:
  - into: trp_gut
    share: {value: 0.4, mark: assumed, source: guess}
changes:
  - parameter: same_status
    largest: {value: 0.5, mark: assumed, source: guess}
    half_dose: {value: 1 g, mark: assumed, source: guess}
    time_constant: {value: 2 day, mark: assumed, source: guess}
empirical:
  condition: major_depression
  effect: {value: -0.3, mark: assumed, source: guess}
  low: {value: -0.5, mark: assumed, source: guess}
  high: {value: -0.1, mark: assumed, source: guess}
  note: A guess.
"""
EFFECT = TEXT[TEXT.index("empirical") :]
BOLUSES = TEXT[TEXT.index("boluses") : TEXT.index("changes")]


def load(text, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    return load_supplement(str(path))


@pytest.mark.parametrize("name", supplement_names())
def test_every_packaged_supplement_is_whole_and_changes_what_the_chemistry_has(name):
    found = load_supplement(name)
    assert found.name == name
    assert set(found.amounts(1000.0)) <= set(MODEL.system.states)
    assert set(found.factors(1000.0, 1e6)) <= set(MODEL.parameters)
    for system in found.systems:
        assert system in system_names()
    if found.systems:
        alone = chemistry_model((*found.systems, "serotonin"))
        assert set(found.amounts(1.0)) <= set(alone.system.states)
        assert set(found.factors(1.0, 1.0)) <= set(alone.parameters)


def test_only_the_effect_of_omega_3_is_without_any_input():
    silent = [name for name in supplement_names() if not load_supplement(name).is_simulated]
    assert silent == ["omega_3"]
    assert load_supplement("omega_3").systems == ()


def test_a_dose_is_shared_out_in_the_unit_of_the_state(tmp_path):
    assert load(TEXT, tmp_path).amounts(2000.0) == {"trp_gut": 0.8}
    assert load_supplement("hydroxytryptophan").amounts(150.0) == {"htp_gut": 150.0}


def test_a_status_saturates_with_the_dose_and_settles_with_time(tmp_path):
    found = load(TEXT, tmp_path)
    day = 86_400.0
    for daily_mg, days in ((1000.0, 2.0), (500.0, 4.0), (9000.0, 1.0)):
        exact = 1 + 0.5 * daily_mg / (daily_mg + 1000) * (1 - math.exp(-days / 2))
        assert found.factors(daily_mg, days * day)["same_status"] == pytest.approx(exact)
    assert found.factors(1000.0, -day) == {"same_status": 1.0}
    assert found.factors(0.0, day) == {"same_status": 1.0}


WRONG = {
    "an unknown state": ("trp_gut", "trp_guts", "trp_gut"),
    "an unknown status": ("same_status", "sam_status", "same_status"),
    "a share above 1": ("value: 0.4", "value: 1.4", "at most 1"),
    "no share": ("value: 0.4", "value: 0", "greater than 0"),
    "a dose without unit": ("usual: {value: 1 g", "usual: {value: 1", "mg"),
    "a dose that is no mass": ("value: 100 mg", "value: 100 h", "100 h"),
    "doses that do not rise": ("value: 100 mg", "value: 10 g", "rising values"),
    "a dose of nothing": ("value: 100 mg", "value: 0 mg", "above 0 mg"),
    "a time that is none": ("value: 2 day", "value: 2 kg", "2 kg"),
    "no time": ("value: 2 day", "value: 0 day", "time_constant: 0"),
    "a status that vanishes": ("value: 0.5, mark", "value: -1, mark", "greater than -1"),
    "an effect outside its interval": ("value: -0.3", "value: 0.3", "outside its interval"),
    "a route": ("title: Mine", "title: Mine\nroute: rectal", "oral"),
    "a mark that does not exist": ("mark: assumed", "mark: heard", "heard"),
    "a state that is there twice": (BOLUSES, BOLUSES + BOLUSES[len("boluses:\n") :], "there twice"),
    "nothing that it does": (TEXT[TEXT.index("boluses") :], "", "it changes nothing"),
    "an unknown key": ("title:", "titel:", "Did you mean 'title'"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_nonsense_is_refused_with_its_place(case, tmp_path):
    old, new, words = WRONG[case]
    assert old in TEXT
    with pytest.raises(FileContentError) as caught:
        load(TEXT.replace(old, new, 1), tmp_path)
    assert words in str(caught.value)
    assert len(caught.value.mistakes) == 1


def test_an_effect_alone_is_allowed_and_not_simulated(tmp_path):
    text = TEXT[: TEXT.index("boluses")] + EFFECT
    found = load(text, tmp_path)
    assert not found.is_simulated
    assert found.empirical.effect.number("1") == -0.3


def test_an_unknown_supplement_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"'l_triptophan'.*'l_tryptophan'"):
        load_supplement("l_triptophan")
