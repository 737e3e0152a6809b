"""What drugs take away of the resting signal at a receptor, against its closed form."""

import pytest

from cohort.compounds import TARGETS, load_compound
from cohort.physiology.targets import targets

REST = 0.25  # resting dopamine in units of the half saturation of D2


def net_block(name, dose, target="d2"):
    """Return occupancy and net block at a level of ``dose`` times the level of half occupancy."""
    model = targets([load_compound(name)])
    values = {parameter.name: parameter.value for parameter in model.parameters}
    values[f"concentration_{name}"] = dose * values[f"ec50_{target}_{name}"]
    found = []
    for rule in (TARGETS[target].occupancy, TARGETS[target].net_block):
        expression = model.rules[rule].expression
        known = {symbol: values[symbol.name] for symbol in expression.free_symbols}
        found.append(float(expression.subs(known)))
    return found


@pytest.mark.parametrize("dose", [0.0, 0.5, 4.0, 30.0])
def test_an_antagonist_takes_away_what_it_holds(dose):
    held, lost = net_block("haloperidol", dose)
    assert held == pytest.approx(dose / (1.0 + dose))
    assert lost == pytest.approx(held)


@pytest.mark.parametrize("target", ["d2", "d2_pituitary"])
def test_a_full_agonist_adds_its_level_to_the_transmitter(target):
    _, lost = net_block("pramipexole", 3.0, target)
    assert lost == pytest.approx(1.0 - (REST + 3.0) / REST)


def test_a_partial_agonist_holds_nearly_all_and_takes_nothing_away():
    held, lost = net_block("aripiprazole", 20.0)
    assert held > 0.95
    signal = (REST + 0.25 * 20.0) / (1.0 + 0.75 * 20.0)
    assert lost == pytest.approx(1.0 - signal / REST)
    assert lost < 0.0


def test_risperidone_holds_more_of_the_pituitary_than_haloperidol_does_at_like_block_of_the_brain():
    # outside the blood-brain barrier affinity and binding to protein count alone
    ratio = {}
    for name in ("haloperidol", "risperidone"):
        model = targets([load_compound(name)])
        values = {parameter.name: parameter.value for parameter in model.parameters}
        ratio[name] = values[f"ec50_d2_pituitary_{name}"] / values[f"ec50_d2_{name}"]
    assert ratio["haloperidol"] > 5.0 * ratio["risperidone"]
