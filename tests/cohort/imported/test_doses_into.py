"""Where a dose goes in a model in which nothing else moves, and where it does not."""

import numpy as np
import pytest
from imported_trials import levels, of_volume

from cohort.errors import CohortError, ProtocolError
from cohort.imported import trial_model
from cohort.imported.simulate import tiny_levels
from cohort.simulate import simulate
from cohort.trial import allocate
from pipelines.parameters import trial_codes
from pipelines.trial_warnings import trial_warnings

HOW = {"at once": "", "absorbed": ", ka: 5 1/h", "infused": ", infusion: 1 h"}


def run(protocol, arm="dosed", **how):
    return simulate(protocol, arm, allocate(protocol, arm)[:2], device="numpy", **how)


@pytest.mark.parametrize("how", HOW.values(), ids=HOW.keys())
@pytest.mark.parametrize("moves", [False, True], ids=["constant volume", "volume with a rate"])
def test_a_concentration_with_a_rate_rises_by_the_dose_over_the_volume(tmp_path, how, moves):
    drug = f"{{name: w, into: C, amount_per_mg: 1{how}}}"
    if moves and not how:
        with pytest.raises(ProtocolError, match="in a volume that changes"):
            of_volume(tmp_path / "v.xml", drug, moves=moves)
        return
    tables = run(of_volume(tmp_path / "v.xml", drug, moves=moves))
    assert levels(tables, "C", "week 1") == pytest.approx(np.full(2, 1.0 + 8.0 / 8.0), rel=1e-6)
    if moves:
        assert levels(tables, "V", "week 1") == pytest.approx(np.full(2, 8.0), rel=1e-12)


def test_an_amount_rises_by_the_dose_in_moles(tmp_path):
    protocol = of_volume(tmp_path / "v.xml", "{name: w, into: Ac, molar_mass: 250 g/mol}")
    expected = np.full(2, 8e-3 / 250.0)
    assert levels(run(protocol), "Ac", "week 1") == pytest.approx(expected, rel=1e-12)


def test_what_patients_add_is_divided_by_the_volume_too(tmp_path):
    protocol = of_volume(
        tmp_path / "v.xml",
        "{name: w, into: C, amount_per_mg: 1}",
        (
            "arms:",
            "variants:\n  - {name: a}\n  - name: b\n    supervision: self_directed\n    adds:\n"
            "      - {drug: w, dose: 8 mg, every: 52 week, share: 100 %}\narms:",
        ),
    )
    tables = run(protocol, "none", variant="b")
    assert levels(tables, "C", "week 1") == pytest.approx(np.full(2, 2.0), rel=1e-9)


@pytest.mark.parametrize("into", ["O_2", "k", "kin", "V"])
def test_what_is_computed_or_constant_takes_no_dose(tmp_path, into):
    with pytest.raises(ProtocolError, match="held constant or computed by a rule"):
        of_volume(tmp_path / "v.xml", f"{{name: w, into: {into}, amount_per_mg: 1}}")


@pytest.mark.parametrize(
    ("name", "words"),
    [("initial_R", "decides an initial assignment"), ("initial_V", "decides the amount of 'C'")],
)
def test_a_start_that_others_follow_from_is_not_moved_alone(tmp_path, name, words):
    drug = "{name: w, into: Ac, amount_per_mg: 1}"
    change = ("duration:", f"  parameters: {{{name}: 5}}\nduration:")
    with pytest.raises(ProtocolError, match=words):
        of_volume(tmp_path / "v.xml", drug, change, moves=True)


def test_levels_can_be_reported_in_another_unit(tmp_path):
    drug = "{name: w, into: Ac, molar_mass: 250 g/mol}"
    change = ("duration:", "  units: {Ac: umol}\nduration:")
    protocol = of_volume(tmp_path / "v.xml", drug, change)
    tables = run(protocol)
    assert levels(tables, "Ac", "week 1") == pytest.approx(np.full(2, 32.0), rel=1e-12)
    assert set(tables["adlb"]["unit"][tables["adlb"]["biomarker"] == "Ac"]) == {"umol"}


def test_levels_that_tables_cannot_hold_are_told(tmp_path):
    protocol = of_volume(tmp_path / "v.xml", "{name: w, into: Ac, amount_per_mg: 1}")
    assert tiny_levels(trial_model(protocol.model)) == ("lambda",)
    assert any("below 1e-6" in one for one in trial_warnings(protocol))
    huge = of_volume(tmp_path / "h.xml", "{name: w, into: Ac, amount_per_mg: 1.0e+12}")
    with pytest.raises(CohortError, match="Ac: a level of 8e\\+12"):
        run(huge)


def test_ids_of_a_file_get_no_code_that_means_something_of_ours(tmp_path):
    protocol = of_volume(tmp_path / "v.xml", "{name: w, into: Ac, amount_per_mg: 1}")
    codes = trial_codes(protocol)
    assert codes == {"Ac": "AC", "O_2": "M_O_2", "lambda": "LAMBDA"}
