"""Conditions and marked numbers: read whole, refused with every mistake."""

from importlib import resources

import pytest

from cohort.calibration import fitted_names, load_fitted
from cohort.conditions import condition as condition_module
from cohort.conditions import condition_names, load_condition
from cohort.errors import ConditionError, UnknownNameError
from cohort.facts import Fact, count_assumed
from cohort.population import ANCESTRIES

OWN_WEIGHT = """  signals:
    serotonin_extracellular: {value: 0.3, mark: design, source: example}
"""
PACKAGED = (resources.files("cohort.conditions") / "major_depression.yaml").read_text("utf-8")
TEXT = PACKAGED.replace("  fitted: major_depression\n", OWN_WEIGHT)


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
    "an unknown system": ("systems: [serotonin,", "systems: [seratonin,", "seratonin"),
    "a negative time": ("value: 10.75 week", "value: -10.75 week", "-10.75"),
    "a share above 1": ("female_fraction: {value: 0.62", "female_fraction: {value: 62", "62"),
    "a negative spread": ("baseline_sd: {value: 3.2", "baseline_sd: {value: -3.2", "-3.2"),
    "shares that add up to more": ("white: {value: 0.80", "white: {value: 0.90", "add up to 1.1"),
    "an ancestry that is none": ("    white: ", "    wite: ", "Did you mean 'white'"),
    "a mean age out of its range": (
        "  female_fraction:",
        "  age_min: {value: 50 year, mark: design, source: example}\n  female_fraction:",
        "41 year was given, and age_min is 50 year",
    ),
    "a scale that is none": ("scale: HAMD17", "scale: HAMD71", "Did you mean 'HAMD21' or 'HAMD17'"),
    "a scale that reads another": ("scale: HAMD17", "scale: HAMD24", "Write 'scale: HAMD17'"),
    "entry on the scale of another": ("scale: MADRS", "scale: PANSS", "does not measure"),
    "a criterion beyond the scale": (
        "at_least: {value: 22,",
        "at_least: {value: 220,",
        "220 points was given; MADRS goes from 0 to 60",
    ),
    "a fit that is none": (OWN_WEIGHT, "  fitted: major_depresion\n", "'major_depression'"),
    "a signal that is none": (
        "    serotonin_extracellular:",
        "    serotonin_extracelular:",
        "Did you mean 'serotonin_extracellular'",
    ),
    "a signal of another system": (
        "    serotonin_extracellular:",
        "    motor_drive:",
        "no state or rule 'motor_drive'",
    ),
    "no serotonin": ("systems: [serotonin,", "systems: [acetylcholine,", "adverse events read it"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_wrong_file_is_refused_with_its_line(case, tmp_path):
    old, new, words = WRONG[case]
    assert old in TEXT
    path = tmp_path / "wrong.yaml"
    path.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(ConditionError) as caught:
        load_condition(str(path))
    mistakes = [one for one in caught.value.mistakes if "no state or rule" not in one.message]
    (mistake,) = mistakes or caught.value.mistakes  # one, but for what no serotonin brings
    assert words in str(mistake)
    assert mistake.line
    assert mistake.message.endswith((".", "?"))


FURTHER_SCALES = {
    "OFFTIMES": "Did you mean 'OFFTIME'",
    "MADRS": "'MADRS' reads a severity in points of 'HAMD17'; this one is in points of 'UPDRS'",
    "UPDRS3": "'UPDRS3' measures this condition already",
    "OFFTIME, OFFTIME": "'OFFTIME' measures this condition already",
}


@pytest.mark.parametrize("names", FURTHER_SCALES)
def test_further_scales_read_the_severity_of_the_condition(names, tmp_path):
    folder = resources.files("cohort.conditions")
    text = (folder / "parkinsons_disease_advanced.yaml").read_text("utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("[OFFTIME]", f"[{names}]"), "utf-8")
    with pytest.raises(ConditionError) as caught:
        load_condition(str(path))
    (mistake,) = caught.value.mistakes
    assert FURTHER_SCALES[names] in str(mistake)
    assert mistake.line


EARLY = (resources.files("cohort.conditions") / "parkinsons_disease_early.yaml").read_text("utf-8")
TERMINALS = "- parameter: dopamine_terminals\n    factor: {value: 0.5"
FACT = "mark: design, source: example}"

WRONG_SHIFTS = {
    "a parameter that is none": (
        "parameter: dopamine_terminals",
        "parameter: dopamine_terminal",
        "Did you mean 'dopamine_terminals'",
    ),
    "a parameter of another system": (
        "parameter: dopamine_terminals",
        "parameter: acetylcholine_terminals",
        "the systems of this condition have no parameter 'acetylcholine_terminals'",
    ),
    "a quantity that is computed": (
        "parameter: dopamine_terminals",
        "parameter: dopamine_firing",
        "'dopamine_firing' is computed by 'dopamine'; ",
    ),
    "a state": ("parameter: dopamine_terminals", "parameter: hva_csf", "no parameter 'hva_csf'"),
    "more terminals than there are": (
        TERMINALS,
        TERMINALS.replace("0.5", "1.5"),
        "would be 1.5 [1] in the median patient; from 0 to 1 [1] is allowed",
    ),
    "a negative factor": (TERMINALS, TERMINALS.replace("0.5", "-0.5"), "-0.5"),
    "a factor with a unit": (TERMINALS, TERMINALS.replace("0.5", "0.5 week"), "0.5 week"),
    "a value in a wrong unit": (
        "factor: {value: 0.5",
        "value: {value: 0.5 week",
        "0.5 week",
    ),
    "factor and value": (
        "    factor: {value: 0.5",
        f"    value: {{value: 0.5, {FACT}\n    factor: {{value: 0.5",
        "of factor and value both is there",
    ),
    "neither": ("    factor: {value: 0.5", "    # factor: {value: 0.5", "neither is there"),
    "a multiple of nothing": (
        "parameter: dopamine_terminals",
        "parameter: dat_occupancy",
        "is 0 [1] in healthy people",
    ),
    "a spread without end": ("sd_log: {value: 0.25", "sd_log: {value: 25", "25"),
    "a correlation above 1": (
        "severity_correlation: {value: -0.3",
        "severity_correlation: {value: -3",
        "-3",
    ),
    "a correlation of what does not vary": (
        "    sd_log: {value: 0.25",
        "    # sd_log: {value: 0.25",
        "there is no sd_log",
    ),
    "one parameter twice": (
        "parameter: noradrenaline_terminals",
        "parameter: dopamine_terminals",
        "shifted a second time",
    ),
    "no time to settle": ("settling:", "# settling:", "there are shifts and no 'settling'"),
    "a settling of nothing": ("value: 180 day", "value: 0 day", "0 day"),
    "a flag that is none": ("calibrated: false", "calibrated: perhaps", "perhaps"),
}


@pytest.mark.parametrize("case", WRONG_SHIFTS, ids=str)
def test_a_wrong_shift_is_refused_with_its_line(case, tmp_path):
    old, new, words = WRONG_SHIFTS[case]
    assert old in EARLY
    path = tmp_path / "wrong.yaml"
    path.write_text(EARLY.replace(old, new, 1), "utf-8")
    with pytest.raises(ConditionError) as caught:
        load_condition(str(path))
    (mistake,) = caught.value.mistakes
    assert words in str(mistake)
    assert mistake.line
    assert mistake.message.endswith((".", "?"))


def test_ancestries_are_those_of_the_table_of_people():
    assert set(condition_module._ANCESTRIES) == set(ANCESTRIES)


def test_a_link_that_was_not_fitted_warns_and_a_fitted_one_does_not():
    fitted = {load_fitted(name).condition for name in fitted_names()}
    assert "major_depression" in fitted
    for name in set(condition_names()) - {"healthy"}:
        warning = load_condition(name).warning
        assert (warning == "") == (name in fitted)
        assert ("has not been calibrated" in warning) == (name not in fitted)
        assert "\n" not in warning


def test_weights_of_a_link_that_was_not_calibrated_are_marked_assumed():
    for name in condition_names():
        link = load_condition(name).link
        if not link.calibrated:
            assert {weight.mark for weight in link.signals.values()} <= {"assumed"}, name


def test_parkinsons_disease_is_never_read_from_extracellular_dopamine():
    for name in ("parkinsons_disease_early", "parkinsons_disease_advanced"):
        assert set(load_condition(name).link.signals) == {"motor_drive"}


def test_an_unknown_condition_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="major_depression"):
        load_condition("major_depresion")


def test_a_fact_converts_its_unit():
    assert Fact(value="2 week", mark="assumed", source="example").number("day") == 14.0
