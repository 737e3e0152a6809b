import numpy as np
import pytest

from cohort.calibration import FittedLink, fitted_names, load_fitted
from cohort.conditions import condition_names, load_condition
from cohort.conditions.condition import LinkModel
from cohort.errors import ConditionError, UnknownNameError

TEXT = """
name: two
condition: major_depression
weights: {serotonin_extracellular: 0.4, occupancy_5ht3: 0.1}
covariance: [[0.01, -0.002], [-0.002, 0.0025]]
chi2: 12
n_row: 20
heterogeneity: 0.05
trial_sd: 0.2
drug_sd: 0.3
n_drug: 7
seed: 1
patients: 64
"""
LINK = {
    "rate": {"value": "0.42 1/week", "mark": "design", "source": "example"},
    "fast_share": {"value": 0.15, "mark": "design", "source": "example"},
    "ceiling": {"value": 8, "mark": "design", "source": "example"},
    "sensitivity_sd_log": {"value": 0.5, "mark": "design", "source": "example"},
}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "two.yaml"
    file.write_text(TEXT, "utf-8")
    return file


def test_draws_have_the_mean_and_covariance_of_the_fit(path):
    fitted = load_fitted(str(path)).model_copy(
        update={"weights": {"serotonin_extracellular": 4.0, "occupancy_5ht3": 4.0}}
    )
    drawn = np.array(list(fitted.draws(40_000, 3).values()))
    # 40,000 draws: a standard error is 0.5 % of the SD, 0.7 % of a variance
    assert drawn.mean(axis=1) == pytest.approx([4.0, 4.0], abs=0.002)
    assert np.cov(drawn) == pytest.approx(np.array(fitted.covariance), abs=0.0003)


def test_a_draw_does_not_change_the_sign_of_a_weight(path):
    drawn = load_fitted(str(path)).draws(10_000, 3)["occupancy_5ht3"]
    assert drawn.min() == 0.0
    # 0.1 is two standard errors: a normal number is below in 2.3 %
    assert 0.015 < (drawn == 0.0).mean() < 0.031


def test_the_same_seed_gives_the_same_draws(path):
    fitted = load_fitted(str(path))
    first, second, other = (fitted.draws(5, seed) for seed in (3, 3, 4))
    assert first["occupancy_5ht3"].tolist() == second["occupancy_5ht3"].tolist()
    assert first["occupancy_5ht3"].tolist() != other["occupancy_5ht3"].tolist()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[-0.002, 0.0025]", "[-0.002]", "a square of that size"),
        ("[[0.01, -0.002]", "[[0.01, 0.002]", "it is no covariance"),
        ("0.0025]]", "-0.0025]]", "it is no covariance"),
        ("chi2: 12", "chi2: -1", "chi2"),
        ("drug_sd: 0.3", "drug_sd: -0.3", "drug_sd"),
        ("drug_sd: 0.3\n", "", "drug_sd"),
        ("n_drug: 7", "n_drug: 7\ndrug_sd_interval: [0.4]", "drug_sd_interval"),
        ("weights: {", "wieghts: {", "weights"),
    ],
)
def test_a_damaged_fit_is_refused(old, new, words, tmp_path):
    assert old in TEXT
    file = tmp_path / "wrong.yaml"
    file.write_text(TEXT.replace(old, new), "utf-8")
    with pytest.raises(ConditionError, match=words):
        load_fitted(str(file))


def test_a_link_takes_its_weights_from_the_fit(path):
    link = LinkModel.model_validate({**LINK, "fitted": str(path)})
    assert link.calibrated
    assert {name: fact.number("1") for name, fact in link.signals.items()} == {
        "serotonin_extracellular": 0.4,
        "occupancy_5ht3": 0.1,
    }
    assert {fact.mark for fact in link.signals.values()} == {"computed"}
    again = LinkModel.model_validate(link.model_dump())
    assert again == link


def test_a_written_weight_stands_in_place_of_the_fitted_one(path):
    own = {"value": 0.2, "mark": "design", "source": "example"}
    signals = {"serotonin_extracellular": own}
    link = LinkModel.model_validate({**LINK, "fitted": str(path), "signals": signals})
    assert link.signals["serotonin_extracellular"].number("1") == 0.2
    # its draws are half of those of the fit
    drawn = link.draws(100, 3)["serotonin_extracellular"]
    assert drawn == pytest.approx(
        0.5 * load_fitted(str(path)).draws(100, 3)["serotonin_extracellular"]
    )


def test_a_link_takes_its_spreads_from_the_fit_where_none_are_written(path, tmp_path):
    link = LinkModel.model_validate({**LINK, "fitted": str(path)})
    assert (link.trial_sd.number("1"), link.drug_sd.number("1")) == (0.2, 0.3)
    assert link.drug_sd.mark == "computed"
    own = {"value": 0.1, "mark": "design", "source": "example"}
    written = LinkModel.model_validate({**LINK, "fitted": str(path), "drug_sd": own})
    assert (written.trial_sd.number("1"), written.drug_sd.number("1")) == (0.2, 0.1)
    few = tmp_path / "few.yaml"
    few.write_text(TEXT + "drug_sd_from: major_depression\n", "utf-8")
    borrowed = LinkModel.model_validate({**LINK, "fitted": str(few)}).drug_sd
    assert (borrowed.mark, borrowed.source) == ("assumed", "7 drugs; as in major_depression")


def test_a_link_without_a_fit_may_have_the_spreads_of_another_condition(path):
    link = LinkModel.model_validate({**LINK, "spreads_as_in": str(path)})
    assert not link.calibrated
    assert (link.trial_sd.number("1"), link.drug_sd.number("1")) == (0.2, 0.3)
    assert link.drug_sd.mark == "assumed"
    assert LinkModel.model_validate(link.model_dump()) == link
    with pytest.raises(ValueError, match="major_depression"):
        LinkModel.model_validate({**LINK, "spreads_as_in": "major_depresion"})
    assert LinkModel.model_validate(LINK).drug_sd is None


def test_a_link_without_a_fit_draws_one_factor_for_all_weights():
    relative = {"value": 0.5, "mark": "assumed", "source": "example"}
    weight = {"value": -2, "mark": "assumed", "source": "example"}
    signals = {"dopamine_tone": weight, "serotonin_tone": weight}
    link = LinkModel.model_validate({**LINK, "signals": signals, "signal_relative_error": relative})
    drawn = link.draws(20_000, 3)
    assert drawn["dopamine_tone"].tolist() == drawn["serotonin_tone"].tolist()
    assert drawn["dopamine_tone"].max() <= 0.0
    assert drawn["dopamine_tone"].std() == pytest.approx(1.0, abs=0.05)


def test_an_unknown_fit_offers_the_nearest(tmp_path):
    with pytest.raises(UnknownNameError, match="major_depression"):
        load_fitted("major_depresion")
    with pytest.raises(ValueError, match="major_depression"):
        LinkModel.model_validate({**LINK, "fitted": "major_depresion"})


def test_every_fit_is_read_by_its_condition_and_every_calibrated_link_has_one():
    for name in fitted_names():
        fitted = load_fitted(name)
        assert isinstance(fitted, FittedLink)
        assert load_condition(fitted.condition).link.fitted == name
    for name in condition_names():
        link = load_condition(name).link
        assert link.calibrated == (link.fitted is not None)
