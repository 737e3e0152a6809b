import re

import numpy as np
import pytest
import standin

from cohort.chemistry import find_system, system_names
from cohort.compounds import TARGETS
from cohort.outcomes import measure_names, scale_names
from pipelines.adam import adam_tables
from pipelines.definitions import read_definitions
from pipelines.parameters import MARKER_NAMES, parameter_codes, parameter_names
from pipelines.plan import trial_facts


def is_code(name):
    return re.fullmatch(r"[A-Z][A-Z0-9_]{0,7}", name) is not None


def test_every_scale_measure_and_biomarker_has_a_code_of_adam():
    markers = [one.code for system in system_names() for one in find_system(system).biomarkers]
    assert [name for name in (*measure_names(), *markers) if not is_code(name)] == []
    assert set(markers) == set(MARKER_NAMES)
    assert parameter_codes([*markers, *scale_names()]) == {"MDSUPDRS3": "MDSUPDRS"}


def test_a_scale_with_a_longer_name_has_its_code_in_all_tables(protocol):
    trial = protocol.model_copy(
        update={"endpoints": ("MDSUPDRS3",), "primary_endpoint": "MDSUPDRS3"}
    )
    facts = trial_facts(trial, read_definitions(trial.endpoints, ()))
    assert facts.primary_endpoint == "MDSUPDRS"
    scores = standin.simulate(trial, "placebo", np.arange(1, 9))
    tables = adam_tables({**scores, "adae": {}}, "placebo", facts)
    assert set(tables["adqs"]["PARAMCD"]) == {"MDSUPDRS"}
    assert "Time to First Response, MDSUPDRS (Days)" in set(tables["adtte"]["PARAM"])


def test_codes_of_all_targets_are_short_and_differ():
    names = [f"O_{target}" for target in TARGETS]
    codes = parameter_codes(names)
    assert set(codes) == set(names)
    assert all(map(is_code, codes.values()))
    assert len(set(codes.values())) == len(names)


@pytest.mark.parametrize("order", [1, -1])
def test_names_that_shorten_alike_are_numbered_whatever_their_order(order):
    names = ["C_hydroxybupropion", "C_hydroxybuspirone", "C_hydroxyzine"][::order]
    assert parameter_codes(names) == {
        "C_hydroxybupropion": "C_HYDROX",
        "C_hydroxybuspirone": "C_HYDRO2",
        "C_hydroxyzine": "C_HYDRO3",
    }


def test_a_code_that_is_taken_is_not_given_again():
    assert parameter_codes(["C_SCITAL", "C_s_citalopram"]) == {"C_s_citalopram": "C_SCITA2"}


def test_names_fit_people():
    found = parameter_names(["C_sertraline", "O_d2", "QTCF", "EC5HT", "STRANGE"])
    assert found == {
        "C_sertraline": "Concentration of sertraline",
        "O_d2": "Occupancy of d2",
        "QTCF": "QT interval corrected by Fridericia",
        "EC5HT": "Extracellular serotonin",
        "STRANGE": "STRANGE",
    }
