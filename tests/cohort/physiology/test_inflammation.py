"""Cytokines, IDO, BH4, and what the kynurenine branch makes of them."""

import pytest
from chemistry_runs import DAY, ratios
from cohort_tolerances import SETTLED_RTOL

from cohort.chemistry import WHOLE, chemistry_model
from cohort.model import Submodel
from cohort.physiology import cofactors


@pytest.fixture(scope="module")
def model():
    return chemistry_model(WHOLE)


def test_endotoxin_raises_tnf_then_il6_then_cortisol(model):
    """0.4 ng/kg: TNF x 4.6 at 1.5 h, IL-6 x 40 at 2 h, cortisol x 2.4 at 3 h."""
    drive = {"inflammatory_drive": 5.5}
    two, three, day = ratios(model, [(drive, 2), ({}, 1), ({}, 21)])
    assert 4 < two["tnf"][0] < 6
    assert 25 < two["il6"][0] < 55
    assert 1.7 < three["cortisol"][0] < 2.6
    assert day["tnf"][0] == pytest.approx(1, abs=0.05)


def test_interferon_turns_tryptophan_to_kynurenine(model):
    """Raison 2010: kynurenine and quinolinate rise in spinal fluid, tryptophan there stays."""
    values = {"interferon_drive": 2.0, "inflammatory_drive": 0.5}
    (end,) = ratios(model, [(values, 84 * DAY)])
    assert 1.5 < end["kynurenine_brain"][0] < 2.5
    assert 2 < end["quinolinate_brain"][0] < 4
    assert end["trp_brain"][0] > 0.85
    assert end["bh4"][0] < 0.98
    assert end["serotonin_extracellular"][0] < 1


def test_cortisol_restrains_cytokines(model):
    """A drive that the axis answers is weaker than one that it does not."""
    (end,) = ratios(model, [({"stress": [1.0, 3.0], "inflammatory_drive": 1.0}, 3 * DAY)], 2)
    assert end["tnf"][1] < end["tnf"][0]


def test_rest_has_no_kink_and_no_offset(model):
    (end,) = ratios(model, [({}, 28 * DAY)])
    for name in ("tnf", "il6", "ido_activity", "bh4", "kynurenine_plasma"):
        assert end[name][0] == pytest.approx(1, rel=SETTLED_RTOL)


def test_cofactors_are_one_in_the_replete_and_bounded():
    part = cofactors()
    assert isinstance(part, Submodel)
    for rule in part.rules.values():
        values = {symbol: 1.0 for symbol in rule.expression.free_symbols if "status" in symbol.name}
        constants = {item.symbol: item.value for item in part.parameters}
        assert float(rule.expression.subs(constants)) == pytest.approx(1)
        low = rule.expression.subs(dict.fromkeys(values, 0.2)).subs(constants)
        assert 0 < float(low) < 1
