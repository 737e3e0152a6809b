"""Packaged protocols run: each arm of each, in each variant, gives scores at its visits."""

import numpy as np
import pytest

from cohort.outcomes import load_scale
from cohort.protocols import protocol_names
from cohort.simulate import simulate
from cohort.trial import AS_PLANNED, load_protocol
from cohort.trial_equations import model_texts


def refuse_bad_scores(protocol, tables, n_patients):
    """Assert that everybody has a score in range at every visit, and no table a NaN score."""
    scores = tables["adqs"]
    assert set(scores["endpoint"]) == set(protocol.endpoints)
    for name in protocol.endpoints:
        scale = load_scale(name)
        values = scores["value"][scores["endpoint"] == name]
        assert len(values) == n_patients * len(protocol.visits)
        assert values.min() >= scale.minimum
        assert values.max() <= scale.maximum


def test_one_open_arm_runs_without_another_to_compare_with():
    packaged = load_protocol("sct-md-01")
    events = {"adverse_events": packaged.adverse_events}
    protocol = load_protocol("stard-level-1").model_copy(update=events)
    assert model_texts(protocol) == model_texts(packaged)  # built once for both
    tables = simulate(protocol, "citalopram", np.array([1, 2]))
    refuse_bad_scores(protocol, tables, 2)
    scores = tables["adqs"]
    at_entry = (scores["endpoint"] == "HAMD17") & (scores["visit"] == "week 0")
    assert (scores["value"][at_entry] > 7).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", protocol_names())
def test_every_packaged_protocol_runs(name):
    protocol = load_protocol(name)
    variants = [one.name for one in protocol.variants] or [AS_PLANNED.name]
    for arm in protocol.arms:
        for variant in variants:
            tables = simulate(protocol, arm.name, np.array([1]), variant=variant)
            refuse_bad_scores(protocol, tables, 1)
