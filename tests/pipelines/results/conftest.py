"""Fixtures: analysis-results data of made-up tables, parallel and paired; tests only read them."""

import pytest
from made_results import make
from made_trial import trial


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made"), trial(), 150)


@pytest.fixture(scope="session")
def paired(tmp_path_factory):
    return make(tmp_path_factory.mktemp("paired"), trial(is_paired=True), 80, seed=2)
