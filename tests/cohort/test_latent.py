"""The unseen severity: the same as what is seen while a patient stays, and another after it."""

import numpy as np
import pytest

from cohort.latent import latent_scores
from cohort.simulate import simulate
from cohort.trial import Protocol, load_protocol

PACKAGED = load_protocol("sct-md-01").model_dump(mode="json", exclude_none=True)
IDS = np.arange(101, 131)


@pytest.fixture(scope="module")
def trial():
    record = {**PACKAGED, "adherence": {"probability": 1.0}, "follow_up": "50 %"}
    return Protocol.model_validate(record)


@pytest.fixture(scope="module")
def truth(trial):
    return latent_scores(trial, "escitalopram 20 mg", IDS)


def test_while_the_treatment_goes_on_both_are_the_same(truth):
    on = truth["on_treatment"]
    assert (~on).any()
    assert truth["severity"][on].tolist() == truth["severity_if_stayed"][on].tolist()
    assert truth["score"][on].tolist() == truth["score_if_stayed"][on].tolist()


def test_who_stopped_would_be_better_on_the_drug(truth):
    last = (truth["visit"] == "week 8") & ~truth["on_treatment"]
    gain = truth["severity"][last] - truth["severity_if_stayed"][last]
    assert (gain >= 0).all()
    assert gain.mean() > 0.5


def test_what_the_tables_show_is_this_score_wherever_a_patient_came(trial, truth):
    tables = simulate(trial, "escitalopram 20 mg", IDS)
    scores = tables["adqs"]
    rated = (scores["endpoint"] == trial.primary_endpoint) & np.isfinite(scores["value"])
    observed = rated & (scores["imputation"] == "")
    key = {
        (patient, visit): score
        for patient, visit, score in zip(
            truth["patient_id"], truth["visit"], truth["score"], strict=True
        )
    }
    pairs = zip(scores["patient_id"][observed], scores["visit"][observed], strict=True)
    assert scores["value"][observed].tolist() == [key[pair] for pair in pairs]


def test_on_placebo_stopping_changes_nothing(trial):
    truth = latent_scores(trial, "placebo", IDS[:8])
    assert truth["severity"].tolist() == truth["severity_if_stayed"].tolist()
