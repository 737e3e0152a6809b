"""Options of `cohort model simulate`: what is read from them, and every way to get them wrong."""

from pathlib import Path

import pytest

from cohort.chemistry import WHOLE
from cohort.errors import CohortError, RangeError, UnitError, UnknownNameError
from pipelines.errors import InputError
from pipelines.model_request import read_request, read_setting, read_systems

OUT = Path("somewhere-new")


def read(**options):
    return read_request(out=OUT, **options)


def test_nothing_asked_for_is_the_whole_chemistry_for_three_days():
    request = read()
    assert request.systems == WHOLE
    assert (request.duration_s, request.save_every_s) == (3 * 86_400, 600)
    assert request.setting == read_setting()
    assert request.command() == ["cohort", "model", "simulate", "--days", "3", "--out", str(OUT)]


def test_values_are_read_in_the_unit_of_the_parameter_or_the_one_written():
    request = read(
        systems="levodopa",
        sets=["levodopa_plasma = 5000 nM", "sert_occupancy=80 %", "sert_k_m=0.2"],
    )
    assert request.values == pytest.approx(
        {"levodopa_plasma": 5.0, "sert_occupancy": 0.8, "sert_k_m": 0.2}
    )


def test_changes_are_sorted_and_those_of_one_time_come_together():
    request = read(
        changes=["1 d: stress=2, sert_occupancy=0.5", "90 min: stress=1.5", "24 h: sleep_debt=1"]
    )
    assert [change.at_s for change in request.changes] == [5400, 86_400]
    assert request.changes[1].values == {"stress": 2.0, "sert_occupancy": 0.5, "sleep_debt": 1.0}


def test_whole_stands_for_the_whole_chemistry_and_more_can_be_added():
    assert read_systems("whole", read_setting()) == WHOLE
    assert read_systems("whole, levodopa,serotonin", read_setting()) == (*WHOLE, "levodopa")


def test_the_command_asks_for_the_same_run_again():
    request = read(
        systems="serotonin,cortisol",
        days=1 / 3,
        sets=["sert_occupancy=0.1234567890123"],
        changes=["1 h: stress=2", "100 s: stress=1.5"],
        rhythm="ultradian",
        meals=True,
        left_out=["cortisol_on_tph"],
        patient=7,
        save_every="1 min",
        device="numpy",
    )
    words = request.command()[3:]
    options = {
        "--systems": "systems",
        "--days": "days",
        "--set": "sets",
        "--change": "changes",
        "--rhythm": "rhythm",
        "--without": "left_out",
        "--patient": "patient",
        "--seed": "seed",
        "--save-every": "save_every",
        "--device": "device",
        "--out": "out",
    }
    again = {"meals": "--meals" in words}
    words.remove("--meals")
    for word, value in zip(words[::2], words[1::2], strict=True):
        name = options[word]
        if name in ("sets", "changes", "left_out"):
            again[name] = [*again.get(name, []), value]
        else:
            again[name] = {"days": float, "patient": int, "seed": int, "out": Path}.get(name, str)(
                value
            )
    assert read_request(**again) == request


def test_a_sampled_patient_has_a_seed():
    assert read(patient=3).seed == 1
    assert read(patient=3, seed=9).seed == 9
    assert read().seed is None


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"systems": "serotonn"}, UnknownNameError, "Did you mean 'serotonin'"),
        ({"systems": ""}, InputError, "--systems: ''; names with commas"),
        ({"systems": "serotonin,,cortisol"}, InputError, "names with commas"),
        ({"systems": "crosstalk"}, UnknownNameError, "unknown system 'crosstalk'"),
        ({"systems": "cofactors,cerebrospinal_fluid"}, InputError, "has no state"),
        ({"systems": "cortisol", "meals": True}, InputError, "--meals: nothing among cortisol"),
        ({"systems": "serotonin", "rhythm": "circadian"}, InputError, "Add cortisol to --systems"),
        ({"rhythm": "weekly"}, UnknownNameError, "unknown rhythm 'weekly'"),
        ({"left_out": ["a_on_b"]}, UnknownNameError, "unknown coupling 'a_on_b'"),
        ({"days": 0}, InputError, "--days: 0 d; more than a second"),
        ({"days": -1.0}, InputError, "--days: -1 d"),
        ({"days": float("nan")}, InputError, "--days: nan d"),
        ({"days": float("inf")}, InputError, "--days: inf d"),
        ({"days": 1e-9}, InputError, "more than a second"),
        ({"days": 4000}, InputError, "at most 3650 d"),
        ({"save_every": "10"}, InputError, "'10' has no unit; .* Write '10 min'"),
        ({"save_every": "0 s"}, InputError, "a second or more"),
        ({"save_every": "-5 min"}, InputError, "a second or more"),
        ({"save_every": "0.5 s"}, InputError, "whole seconds are allowed"),
        ({"save_every": "1 s"}, InputError, "is 259,201 times in 3 d; at most 50,000"),
        ({"save_every": "often"}, UnitError, "--save-every: 'often' is not a number"),
        ({"save_every": "5 mg"}, UnitError, "measured in"),
        ({"seed": 3}, InputError, "--seed: 3 without a patient"),
        ({"sets": ["stress"]}, InputError, "--set: 'stress'; NAME=VALUE"),
        ({"sets": ["=2"]}, InputError, "--set: '=2'; NAME=VALUE"),
        ({"sets": ["stress="]}, InputError, "NAME=VALUE"),
        ({"sets": [""]}, InputError, "NAME=VALUE"),
        ({"sets": ["stress=2=3"]}, UnitError, "'2=3' is not a unit|is not"),
        ({"sets": ["stres=2"]}, UnknownNameError, "Did you mean 'stress'"),
        ({"sets": ["stress=much"]}, UnitError, "--set, stress: 'much' is not a number"),
        ({"sets": ["stress=2 mg"]}, UnitError, "is given in"),
        ({"sets": ["sert_k_m=2 mg"]}, UnitError, "measured in"),
        ({"sets": ["stress=-1"]}, RangeError, "--set, stress: -1 .*at least 0"),
        ({"sets": ["sert_occupancy=80"]}, RangeError, "from 0 to 1"),
        ({"sets": ["stress=nan"]}, RangeError, "--set, stress: nan"),
        ({"sets": ["stress=-inf"]}, RangeError, "--set, stress: -inf"),
        ({"sets": ["stress=1e999"]}, RangeError, "--set, stress: 1e999"),
        ({"sets": ["stress=1", "stress=2"]}, InputError, "'stress' is given twice"),
        ({"sets": ["tnf=2"]}, InputError, "'tnf' follows from the equations of 'inflammation'"),
        ({"sets": ["htp=2"]}, InputError, "'htp' follows from the equations of 'serotonin'"),
        ({"sets": ["firing_steepness_1a=3"]}, InputError, "as a constant"),
        ({"sets": ["levodopa_plasma=5"]}, InputError, "Write --systems whole,levodopa"),
        (
            {"systems": "serotonin", "sets": ["stress=2"]},
            InputError,
            "'stress' belongs to 'cortisol'.* Write --systems serotonin,cortisol",
        ),
        ({"changes": ["24 h"]}, InputError, "--change '24 h'; 'TIME: NAME=VALUE, ...'"),
        ({"changes": [""]}, InputError, "'TIME: NAME=VALUE, ...'"),
        ({"changes": [":"]}, InputError, "'TIME: NAME=VALUE, ...'"),
        ({"changes": [": stress=2"]}, UnitError, "is not a number"),
        ({"changes": ["24: stress=2"]}, InputError, "'24' has no unit; .* Write '24 h'"),
        ({"changes": ["24 kg: stress=2"]}, UnitError, "measured in"),
        ({"changes": ["72 h: stress=2"]}, InputError, "72 h; from 0 h to before the end at 72 h"),
        ({"changes": ["-1 h: stress=2"]}, InputError, "-1 h; from 0 h"),
        ({"changes": ["1 h: stress"]}, InputError, "NAME=VALUE"),
        ({"changes": ["1 h: stress=2,"]}, InputError, "NAME=VALUE"),
        ({"changes": ["1 h: stress=2, stress=3"]}, InputError, "'stress' is given twice"),
        ({"changes": ["1 h: stress=2", "60 min: stress=3"]}, InputError, "changes twice at 1 h"),
        ({"changes": ["1 h: stress=-2"]}, RangeError, "--change '1 h: stress=-2'.*at least 0"),
        ({"changes": ["1 h: tnf=2"]}, InputError, "'tnf' follows"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_do(options, kind, message):
    with pytest.raises(kind, match=message) as caught:
        read(**options)
    assert isinstance(caught.value, CohortError | InputError)


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(InputError, match="is a file; a folder is allowed"):
        read_request(out=path)
