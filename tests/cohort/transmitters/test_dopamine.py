"""Dopamine in three regions: published behaviour, conservation, and what the motor drive shows."""

import numpy as np
import pytest
import sympy
from chemistry_runs import DAY, ratios, run
from cohort_tolerances import SETTLED_RTOL

from cohort.chemistry import WHOLE, chemistry_model
from cohort.model import assemble
from cohort.transmitters import dopamine


@pytest.fixture(scope="module")
def model():
    return chemistry_model((*WHOLE, "mesolimbic_dopamine", "levodopa"))


def test_capacities_are_within_two_percent_of_best_2009():
    """DAT 8000, AADC 10000, VMAT 7082, TH 125 * 0.56 uM/h; solved here from levels and fluxes."""
    solved = assemble("brain", [dopamine()]).solved({}, 1)
    assert solved["dat_v_max"][0] == pytest.approx(8000, rel=0.02)
    assert solved["dopa_v_max"][0] == pytest.approx(10_000, rel=0.02)
    assert solved["dopamine_vmat_v_max"][0] == pytest.approx(7082, rel=0.02)
    assert solved["th_v_max"][0] == pytest.approx(125 * 0.56, rel=0.02)


def test_extracellular_dopamine_outlives_terminals_and_the_motor_drive_does_not(model):
    """Passive stabilization: no deficit can be read off the extracellular level."""
    shares = np.array([1.0, 0.5, 0.2, 0.05])
    (end,) = ratios(model, [({"dopamine_terminals": shares}, 60 * DAY)], 4)
    assert (end["dopamine_extracellular"] > 0.8).all()
    assert end["motor_drive"] == pytest.approx(shares, rel=0.05)
    ventral = end["dopamine_extracellular_mesolimbic"]
    assert ventral == pytest.approx(np.ones(4), rel=SETTLED_RTOL)


def test_a_motor_deficit_follows_a_postsynaptic_blocker(model):
    (end,) = ratios(model, [({"antagonist_dopamine": 0.7, "antagonist_d2": 0.7}, 2 * DAY)])
    assert end["motor_drive"][0] < 0.6
    assert end["dopamine_tone"][0] < 0.6


def test_hva_needs_comt_and_mao(model):
    blocked = {
        "comt_inhibition": [0.9, 0.0, 0.0],
        "mao_a_inhibition": [0.0, 0.9, 0.9],
        "mao_b_inhibition": [0.0, 0.0, 0.9],
    }
    (end,) = ratios(model, [(blocked, 7 * DAY)], 3)
    assert end["hva_csf"][0] < 0.7
    assert end["dopac_brain"][0] > 1.5
    assert end["methoxytyramine_brain"][0] < 0.2
    assert end["hva_csf"][2] < end["hva_csf"][1] < 0.8
    assert end["methoxytyramine_brain"][2] > 2
    assert end["dopac_brain"][2] < 0.6


def test_metabolites_of_the_lumped_terminal_follow_the_separate_ones_without_comt_block():
    lumped, separate = (assemble("brain", [dopamine(kind)]) for kind in ("lumped", "separate"))
    assert len(lumped.system.states) == len(separate.system.states) - 2
    a, b = (run(m, [({"th_inhibition": 0.5}, 10 * DAY)])[0] for m in (lumped, separate))
    assert a["dopamine_extracellular"] == pytest.approx(
        b["dopamine_extracellular"], rel=SETTLED_RTOL
    )
    assert a["hva_csf"] == pytest.approx(b["hva_csf"], rel=1e-3)


def test_dopamine_outside_leaves_by_four_ways_in_a_living_terminal():
    """Sum over the pools: synthesis less oxidation, methylation and diffusion."""
    part = dopamine()
    pools = ("dopa_dopamine", *(f"dopamine_{p}" for p in ("cytosol", "vesicle", "extracellular")))
    left = sympy.Add(
        *(
            count * reaction.rate
            for reaction in part.reactions
            for name, count in reaction.stoichiometry.items()
            if name in pools
        )
    )
    alive = {symbol: 1 for symbol in left.free_symbols if symbol.name == "dopamine_terminals"}
    names = ("synthesis", "oxidation", "methylation", "diffusion")
    flux = {n: sympy.Symbol(f"dopamine_{n}", real=True) for n in names}
    given = sum(sympy.Symbol(n, real=True) for n in ("levodopa_influx", "dopamine_foreign_release"))
    lost = flux["oxidation"] + flux["methylation"] + flux["diffusion"]
    assert sympy.expand(left.subs(alive) - (flux["synthesis"] + given - lost)) == 0


def test_levodopa_swings_widen_as_terminals_are_lost(model):
    """Levodopa for two hours, then four without: peak over trough of extracellular dopamine."""
    shares = {"dopamine_terminals": [1.0, 0.5, 0.2, 0.05]}
    settled, peak, trough = run(
        model, [(shares, 60 * DAY), (shares | {"levodopa_plasma": 5.0}, 2), (shares, 4)], 4
    )
    swing = peak["dopamine_extracellular"] / trough["dopamine_extracellular"]
    assert (np.diff(swing) > 0).all()
    assert (peak["motor_drive"] > 1.3 * settled["motor_drive"]).all()
    share = peak["dopamine_foreign_release"] / peak["motor_drive"]
    assert (np.diff(share) > 0).all()


def test_levodopa_in_serotonin_terminals_costs_serotonin(model):
    (end,) = ratios(model, [({"levodopa_plasma": 5.0}, 2)])
    assert end["serotonin_vesicle"][0] < 0.9
    (fasting,) = run(model, [({}, DAY)])
    for name in ("levodopa_brain", "dopamine_5ht_cytosol", "dopamine_5ht_vesicle"):
        assert fasting[name][0] == 0


def test_cortical_dopamine_follows_the_noradrenaline_transporter_and_striatal_does_not(model):
    """Atomoxetine in rats: prefrontal dopamine x 3, none in striatum (Bymaster 2002)."""
    (end,) = ratios(model, [({"net_occupancy": 0.95}, 3)])
    assert 2.5 < end["dopamine_cortical"][0] < 3.5
    assert end["dopamine_extracellular"][0] == pytest.approx(1, abs=0.05)


def test_a_smaller_transporter_lets_mesolimbic_dopamine_rise_alike(model):
    (end,) = ratios(model, [({"dat_occupancy": 0.8}, 2)])
    assert end["dopamine_extracellular_mesolimbic"][0] > 2
    assert end["dopamine_extracellular"][0] > 2


def test_iron_and_vitamin_b6_limit_synthesis(model):
    (end,) = ratios(model, [({"iron_status": [1.0, 0.1], "plp_status": [1.0, 1.0]}, 3 * DAY)], 2)
    assert end["dopamine_synthesis"][1] < 0.95 * end["dopamine_synthesis"][0]
    (end,) = ratios(model, [({"plp_status": [1.0, 0.2]}, 3 * DAY)], 2)
    assert end["gaba_total"][1] < 0.9
