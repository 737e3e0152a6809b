"""The serotonin system at rest and against published figures; its referee is that of the whole."""

import numpy as np
import pytest
from chemistry_runs import DAY, draw, run
from cohort_tolerances import PRINTED_TWO_DIGITS, REST_RATE, SETTLED_RTOL, SPREAD_RTOL

from cohort.chemistry import chemistry_model
from cohort.model import assemble, evaluate
from cohort.transmitters import serotonin


@pytest.fixture(scope="module")
def model():
    return chemistry_model(("serotonin",))


# -- rest --------------------------------------------------------------------------------------


def test_patients_rest_at_their_own_set_points(model):
    n_lane = 300
    values = draw(model, n_lane, seed=11)
    for name in values:
        values[name][0] = model.parameters[name].value  # the reference patient
    feasible = ~model.infeasible(values, n_lane)
    assert feasible[0]
    assert feasible.mean() > 0.99
    columns = model.columns(values, n_lane)
    columns |= dict(zip(model.system.states, model.lanes(values, n_lane).states, strict=True))
    for name, rate in evaluate(model.system.rhs, columns, n_lane).items():
        level = np.where(columns[name] == 0, 1, columns[name])  # the gut is empty
        assert np.abs(rate / level)[feasible].max() < REST_RATE, name


def test_a_patient_left_alone_stays_at_rest(model):
    values = draw(model, 20, seed=3)
    start = dict(zip(model.system.states, model.lanes(values, 20).states, strict=True))
    (end,) = run(model, [(values, 30 * DAY)], 20)
    for name, level in start.items():
        assert end[name] == pytest.approx(level, rel=SETTLED_RTOL)


def test_metabolites_spread_between_patients_as_in_blennow(model):
    """CSF 5-HIAA 125 (54) nM in 114 healthy adults: CV 0.43 (Blennow 1993)."""
    values = draw(model, 4000, seed=5)
    level = dict(zip(model.system.states, model.lanes(values, 4000).states, strict=True))[
        "hiaa_csf"
    ]
    assert np.median(level) == pytest.approx(0.125, rel=SPREAD_RTOL)
    assert level.std() / level.mean() == pytest.approx(0.43, rel=SPREAD_RTOL)


def test_capacities_of_the_reference_patient_are_the_written_ones(model):
    solved = {name: column[0] for name, column in model.solved({}, 1).items()}
    assert solved["aadc_v_max"] == pytest.approx(404)
    assert solved["mao_rate"] == pytest.approx(19)
    assert solved["vmat_v_max"] == pytest.approx(80)
    assert solved["sert_v_max"] == pytest.approx(693)
    assert solved["loss_rate"] == pytest.approx(40)


# -- published behaviour -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chronic(model):
    """SERT occupancy 0.8: 3 h, 3 d, 4 weeks, 6 weeks, then a day and a week without."""
    hours = [3, 69, 25 * DAY, 14 * DAY]
    on = [({"sert_occupancy": 0.8}, hour) for hour in hours]
    return run(model, [*on, ({}, DAY), ({}, 6 * DAY)])


def test_csf_5hiaa_falls_by_30_to_60_percent_under_weeks_of_an_ssri(chronic):
    """Human CSF 5-HIAA: -33 % (De Bellis 1993), -57 % (Sheline 1997), -40 to -60 % (review)."""
    for weeks in (2, 3):
        assert 0.30 < 1 - chronic[weeks]["hiaa_csf"][0] / 0.125 < 0.60


def test_serotonin_rises_at_once_and_further_as_autoreceptors_desensitize(chronic):
    """Rat: 155-246 % of basal acutely (J Neurochem 2001;76:1645; Pozzi 1999); chronic 2-3.5 x."""
    ratio = [state["serotonin_extracellular"][0] / 0.005 for state in chronic]
    assert 1.55 < ratio[0] < 2.46
    assert ratio[0] < ratio[1] < ratio[2] <= ratio[3]
    assert 2.0 < ratio[2] < 3.5
    assert chronic[2]["sensitivity_1a"][0] < 0.5


def test_serotonin_is_back_a_week_after_stopping(chronic):
    """Rhesus on sertraline: CSF serotonin at baseline 7 d after stop (Anderson 2005)."""
    assert chronic[5]["serotonin_extracellular"][0] / 0.005 == pytest.approx(1, abs=0.05)
    assert chronic[5]["hiaa_csf"][0] / 0.125 == pytest.approx(1, abs=0.05)


def test_autoreceptor_antagonists_add_to_an_ssri(model):
    """Rat: WAY-100635 with citalopram more than doubles the effect of citalopram alone."""
    values = {
        "sert_occupancy": [0.8, 0.8, 0.8],
        "antagonist_1a": [0.0, 1.0, 1.0],
        "antagonist_1b": [0.0, 0.0, 1.0],
    }
    ratio = run(model, [(values, 3)], 3)[0]["serotonin_extracellular"] / 0.005
    assert ratio[0] < 1.9
    assert ratio[1] > 1.7 * ratio[0]
    assert ratio[2] > 2.5 * ratio[0]


def test_blocked_synthesis_empties_stores_more_than_the_outside(model):
    """PCPA: tissue serotonin -90 %, dialysate -50 % (Pozzi 1999)."""
    (end,) = run(model, [({"tph_inhibition": 0.9}, 3 * DAY)])
    assert 1 - end["serotonin_vesicle"][0] / 20 == pytest.approx(0.90, abs=0.06)
    assert 1 - end["serotonin_extracellular"][0] / 0.005 == pytest.approx(0.50, abs=0.15)


def test_an_ssri_on_top_of_mao_inhibition_exceeds_either_alone(model):
    mao, both = {"mao_a_inhibition": 0.9}, {"mao_a_inhibition": 0.9, "sert_occupancy": 0.8}
    alone = run(model, [({"sert_occupancy": 0.8}, 28 * DAY)])[0]["serotonin_extracellular"][0]
    before, after = run(model, [(mao, 14 * DAY), (both, DAY)])
    acute = run(model, [({"sert_occupancy": 0.8}, DAY)])[0]["serotonin_extracellular"][0]
    assert before["serotonin_extracellular"][0] < acute < after["serotonin_extracellular"][0]
    assert after["serotonin_extracellular"][0] > alone


def test_serotonin_under_mao_inhibition_rises_with_the_oxidized_share(model):
    share = {"mao_a_inhibition": 0.9, "loss_oxidized_share": [0.0, 0.4, 0.8]}
    level = run(model, [(share, 14 * DAY)], 3)[0]["serotonin_extracellular"]
    assert level[0] < level[1] < level[2]


def test_a_capacity_that_is_not_ones_own_needs_a_run_in(model):
    values = {"sert_capacity": [1.0, 0.7], "tph_capacity": 1.0, "mao_a_capacity": 1.0}
    first, second = run(model, [(values, 60 * DAY), (values, 30 * DAY)], 2)
    assert first["serotonin_extracellular"][0] == pytest.approx(0.005, rel=SETTLED_RTOL)
    assert first["serotonin_extracellular"][1] > 0.005
    assert second["serotonin_extracellular"][1] == pytest.approx(
        first["serotonin_extracellular"][1], rel=PRINTED_TWO_DIGITS
    )


def test_the_csf_factor_moves_csf_and_nothing_else(model):
    (end,) = run(model, [({"csf_factor": [1.0, 1.5]}, DAY)], 2)
    assert end["hiaa_csf"][1] == pytest.approx(1.5 * end["hiaa_csf"][0])
    assert end["hiaa_brain"][1] == end["hiaa_brain"][0]


def test_alone_the_system_reads_its_ports_as_parameters():
    alone = assemble("alone", [serotonin()])
    for name in ("trp_brain", "mao_a_activity", "bh4", "tnf", "serotonin_drive"):
        assert name in alone.parameters
    (end,) = run(alone, [({"tnf": [1.0, 3.0], "bh4": [1.0, 0.5]}, 14 * DAY)], 2)
    assert end["sert_density"][1] == pytest.approx(1.2, rel=1e-2)
    assert end["serotonin_vesicle"][1] < end["serotonin_vesicle"][0]
