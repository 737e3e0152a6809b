"""A trial with visit windows, raters and item sums through the real model."""

import numpy as np
import pytest

from cohort.outcomes import latent_by_day, load_scale
from cohort.simulate import simulate_block
from cohort.tables import block_columns
from cohort.trial import biomarker_codes, load_protocol, visit_days

TRIAL = load_protocol("sct-md-01")
ARM = "escitalopram 20 mg"
IDS = np.arange(101, 131)
RATINGS = {"noise": "items", "raters": 6, "rater_sd": 0.5, "entry_is_baseline": True}


def changed(**keys):
    return type(TRIAL).model_validate(TRIAL.model_dump(mode="json") | keys)


@pytest.fixture(scope="module")
def block():
    return simulate_block(TRIAL, ARM, IDS)


@pytest.fixture(scope="module")
def plain(block):
    return block_columns(TRIAL, ARM, block, frozenset())["adqs"]


def test_every_biomarker_that_an_endpoint_can_name_is_reported(block):
    tables = block_columns(TRIAL, ARM, block, frozenset())
    reported = {*tables["adlb"]["biomarker"], *tables["adpc"]["biomarker"]}
    assert reported == set(biomarker_codes(TRIAL))


def test_new_keys_that_are_left_out_change_neither_text_nor_hash():
    text = TRIAL.canonical_json()
    assert "ratings" not in text
    assert "visit_window" not in text
    assert changed(ratings={"noise": "normal"}).content_hash() == TRIAL.content_hash()
    assert changed(ratings=RATINGS).content_hash() != TRIAL.content_hash()


def test_scores_are_those_of_the_day_on_which_a_patient_came(block, plain):
    protocol = changed(visit_window="2 day")
    scores = block_columns(protocol, ARM, block, frozenset())["adqs"]
    days = visit_days(protocol, IDS)
    n_visit = len(protocol.visits)
    own = scores["endpoint"] == "MADRS"
    assert np.array_equal(scores["day"][own].reshape(n_visit, -1), days + 1)
    assert np.array_equal(scores["target_day"], plain["day"])
    # another day is another severity: scores move by what the latent moved, and no more
    daily = latent_by_day(block.courses[0], block.drivers, block.condition, block.variation)
    here = np.take_along_axis(daily, days, axis=0)
    planned = daily[visit_days(TRIAL, IDS)[:, 0]]
    moved = (scores["value"] - plain["value"])[own].reshape(n_visit, -1)
    seen = (plain["imputation"] == "")[own].reshape(n_visit, -1)
    seen &= (scores["imputation"] == "")[own].reshape(n_visit, -1)
    wanted = load_scale("MADRS").loading.number("1") * (here - planned)
    assert np.abs(moved - wanted)[seen].max() <= 1.0  # rounding
    assert np.abs(wanted[1:]).max() > 0.2


def test_nobody_is_seen_on_a_day_after_leaving(block):
    protocol = changed(visit_window="2 day")
    scores = block_columns(protocol, ARM, block, frozenset())["adqs"]
    left = block.courses[-1].left_day
    gone = np.isfinite(left)
    assert gone.any()
    own = scores["endpoint"] == "MADRS"
    carried = (scores["imputation"][own] == "LOCF").reshape(len(protocol.visits), -1)
    days = visit_days(protocol, IDS)
    assert np.array_equal(carried[:, gone], days[:, gone] >= left[gone])


def test_the_score_that_let_a_patient_in_is_the_baseline():
    protocol = changed(ratings=RATINGS)
    found = simulate_block(protocol, ARM, IDS)
    scores = block_columns(protocol, ARM, found, frozenset())["adqs"]
    first = scores["is_baseline"] & (scores["endpoint"] == "MADRS")
    assert scores["value"][first].min() >= 22.0
    assert (scores["value"] == np.rint(scores["value"])).all()
