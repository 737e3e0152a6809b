"""Variants of a protocol: read, written, refused, and turned into shifts and streams."""

import numpy as np
import pytest

from cohort.chemistry import Setting, chemistry_model
from cohort.compounds import TARGETS
from cohort.drugs import load_drug
from cohort.errors import ProtocolError, UnknownNameError
from cohort.interactions import protocol_risks
from cohort.lifestyle import lifestyle_names, load_lifestyle
from cohort.protocols import protocol_text
from cohort.trial import (
    AS_PLANNED,
    OwnAddition,
    Variant,
    dose_streams,
    dosing_record,
    is_expected_to_help,
    lasting_shifts,
    load_protocol,
    meal_streams,
    parse_protocol,
    self_directed,
    shift_streams,
    shifted_parameters,
    trial_systems,
    variant_covariates,
    variant_shifts,
    write_protocol,
)

DAY_S = 86_400
VALID = """\
schema_version: 1
name: small
title: A small trial
seed: 7
condition: major_depression
duration: 8 week
run_in: 2 day
visits: [week 0, week 4, week 8]
arms:
  - {name: placebo, control: true, patients: 10}
  - {name: active, patients: 10, regimens: [{drug: escitalopram, dose: 10 mg}]}
endpoints: [MADRS]
primary_endpoint: MADRS
"""
VARIANTS = """\
variants:
  - {name: usual, lifestyle: [], nutrition: usual}
  - name: training
    lifestyle: [exercise, {name: smoking, from: week 0}]
    meals: [{at: "09:00", protein: 40 g}]
  - {name: on their own, supervision: self_directed}
"""
TRIAL = load_protocol("sct-md-01")
IDS = np.arange(1, 2001)


def crossed(text=VARIANTS):
    return parse_protocol(VALID + text, where="trial.yaml")


def model_of(trial):
    return chemistry_model(trial_systems(trial), Setting(meals=True, rhythm="circadian"))


def test_variants_are_read_and_written_back():
    trial = crossed()
    assert [one.name for one in trial.variants] == ["usual", "training", "on their own"]
    assert trial.variant("training").lifestyle[1].since == "week 0"
    assert parse_protocol(write_protocol(trial)) == trial
    with pytest.raises(UnknownNameError, match="training"):
        trial.variant("trainin")
    with pytest.raises(UnknownNameError):
        trial.variant()


def test_without_variants_nothing_of_the_protocol_changes():
    plain = parse_protocol(VALID)
    assert plain.variant() is AS_PLANNED
    assert "variants" not in plain.canonical_json()
    assert "variants" not in write_protocol(plain)
    assert parse_protocol(VALID + "variants: []\n").content_hash() == plain.content_hash()
    assert crossed().content_hash() != plain.content_hash()
    assert AS_PLANNED.name == "as planned"


WRONG = {
    "an unknown lifestyle": ("[exercise, ", "[exercize, ", "Did you mean 'exercise'"),
    "a file that is not there": ("[exercise, ", "[mine.yaml, ", "no such file 'mine.yaml'"),
    "a lifestyle twice": ("[exercise, ", "[exercise, exercise, ", "stands a second time"),
    "a start that is none": ("from: week 0", "from: week 1", "'week 0' or 'always'"),
    "a name twice": ("name: training", "name: Usual", "second of this name"),
    "no name": ("  - name: training\n   ", "  -", "the key 'name' is missing"),
    "an unknown supervision": ("self_directed", "alone", "'supervised' or 'self_directed'"),
    "an unknown eating pattern": ("nutrition: usual", "nutrition: keto", "unknown eating pattern"),
    "no meal at all": ('[{at: "09:00", protein: 40 g}]', "[]", "so nobody eats"),
    "a meal without unit": ("protein: 40 g", "protein: 40", "40 has no unit"),
    "an unknown key": ("supervision:", "supervison:", "Did you mean 'supervision'"),
    "a number": ("lifestyle: [], ", "lifestyle: [3], ", "3 was given"),
    "no list": ("lifestyle: [], ", "lifestyle: exercise, ", "a list is wanted"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_one_mistake_gives_one_message_with_its_line(case):
    old, new, words = WRONG[case]
    assert old in VARIANTS
    with pytest.raises(ProtocolError) as caught:
        crossed(VARIANTS.replace(old, new, 1))
    (mistake,) = caught.value.mistakes
    assert words in str(mistake)
    assert mistake.line > VALID.count("\n")
    assert mistake.key_path.startswith("variants")


def test_meals_of_a_variant_need_meals_of_the_protocol():
    with pytest.raises(ProtocolError, match="supply is even all day and meals do nothing"):
        crossed("meals: []\n" + VARIANTS)


def test_too_many_variants_are_refused():
    many = "variants:\n" + "".join(f"  - {{name: v{i}}}\n" for i in range(21))
    with pytest.raises(ProtocolError, match="21 variants were given; at most 20"):
        crossed(many)


def test_lifestyles_that_add_up_beyond_a_parameters_range_are_refused(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(
            f"name: {name}\ntitle: t\nsystems: [dopamine]\nexpectation: none\n"
            "inputs: [{parameter: antagonist_d2, value: 0.7, mark: assumed, source: guess}]\n"
        )
    both = f"[{tmp_path}/one.yaml, {tmp_path}/two.yaml]"
    with pytest.raises(ProtocolError, match=r"'antagonist_d2' between 0 and 1.4 \[1\]"):
        crossed(f"variants: [{{name: a, lifestyle: {both}}}]\n")


def test_a_parameter_that_a_drug_of_the_trial_computes_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: t\nsystems: [serotonin]\nexpectation: none\n"
        "inputs: [{parameter: sert_occupancy, value: 0.2, mark: assumed, source: guess}]\n"
    )
    with pytest.raises(
        ProtocolError, match="moves 'sert_occupancy', which is computed by escitalopram"
    ):
        crossed(f"variants: [{{name: a, lifestyle: [{path}]}}]\n")


def test_the_drug_that_computes_what_a_lifestyle_moves_is_named(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: t\nsystems: [dopamine]\nexpectation: none\n"
        "inputs: [{parameter: antagonist_dopamine, value: 0.2, mark: assumed, source: guess}]\n"
    )
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(
            VALID.replace("escitalopram", "haloperidol")
            + f"variants: [{{name: a, lifestyle: [{path}]}}]\n"
        )
    (said,) = [one for one in caught.value.mistakes if "antagonist_dopamine" in one.message]
    assert said.key_path == "variants.a.lifestyle[0]"
    assert "computed by haloperidol in this trial" in said.message


@pytest.mark.parametrize("lifestyle", lifestyle_names())
def test_packaged_lifestyles_move_nothing_that_a_packaged_drug_computes(lifestyle):
    doors = {door for one in TARGETS.values() for door in (*one.doors, *one.agonist_doors)}
    assert not doors & {one.parameter for one in load_lifestyle(lifestyle).inputs}


def test_the_systems_of_lifestyles_join_those_of_the_condition():
    assert trial_systems(parse_protocol(VALID)) == ("serotonin", "noradrenaline")
    systems = trial_systems(crossed())
    assert systems[0] == "serotonin"
    assert {"cortisol", "noradrenaline", "monoamine_oxidase_b"} <= set(systems)
    assert "stress" in shifted_parameters(crossed())
    assert "mao_a_capacity" not in shifted_parameters(crossed())  # it lasts all day


def test_shifts_of_two_lifestyles_add_up():
    variant = Variant(name="a", lifestyle=["chronic_stress", "sleep_restriction", "shift_work"])
    systems = ("cortisol", "inflammation", "noradrenaline", "dopamine", "peripheral_pools")
    model = chemistry_model(systems, Setting(rhythm="circadian"))
    amounts = lasting_shifts(variant_shifts(variant, model), is_habit=False)
    assert amounts["sleep_debt"] == pytest.approx(0.6 + 0.25)
    assert amounts["rhythm_first_peak"] == pytest.approx(3.0)


def test_habits_act_in_the_run_in_and_treatments_do_not():
    text = "variants: [{name: a, lifestyle: [exercise, smoking, {name: caffeine, from: week 0}]}]\n"
    trial = crossed(text)
    assert variant_covariates(trial.variants[0]) == {"smoker": "yes"}
    assert is_expected_to_help(trial.variants[0])
    shifts = variant_shifts(trial.variants[0], model_of(trial))
    assert lasting_shifts(shifts, is_habit=True) == pytest.approx(
        {"mao_a_capacity": -0.28, "mao_b_capacity": -0.40}
    )
    assert lasting_shifts(shifts, is_habit=False) == pytest.approx({"sleep_debt": 0.05})
    for stream in shift_streams(shifts, trial):
        assert stream.times[0] >= trial.run_in


def test_a_window_falls_on_its_days_of_the_week_and_its_hour():
    trial = crossed()
    shifts = variant_shifts(trial.variant("training"), model_of(trial))
    streams = {stream.target: stream for stream in shift_streams(shifts, trial)}
    stream = streams["shift_stress"]
    since_start = stream.times - trial.run_in
    assert (since_start % DAY_S == 17 * 3600).all()
    assert sorted(set(since_start // DAY_S % 7)) == [0, 2, 4]
    assert len(stream.times) == 3 * 8
    assert (stream.durations == 3600).all()
    assert stream.amounts == pytest.approx(np.full(24, 1.5))  # 2.5 less the reference of 1


def test_meals_of_a_variant_begin_at_week_0():
    trial = crossed()
    usual, other = (meal_streams(trial, trial.variant(name)) for name in ("usual", "training"))
    assert [stream.amounts.sum() for stream in usual] == [
        stream.amounts.sum() for stream in meal_streams(trial)
    ]
    before = [stream for stream in other if stream.times[0] < trial.run_in]
    after = [stream for stream in other if stream.times[0] >= trial.run_in]
    assert max(stream.times[-1] for stream in before) < trial.run_in
    assert {stream.target: set(stream.amounts) for stream in after} == {
        "protein_gut": {40.0},
        "carbohydrate_gut": {0.0},
    }
    assert (after[0].times % DAY_S == 9 * 3600).all()


# -- supervision -----------------------------------------------------------------------------------

OWN = Variant(name="own", supervision="self_directed")


def test_a_third_stops_in_a_month_as_was_published():
    # Lin 1995, recalled: 28 % had stopped after one month, 44 % after three
    found = self_directed(3, np.arange(20_000), DAY_S * np.arange(84))
    stopped = [1 - found.taken[day:].any(axis=0).mean() for day in (28, 84 - 14)]
    assert 0.25 < stopped[0] < 0.33
    assert 0.35 < stopped[1] < 0.50
    assert stopped[0] == pytest.approx(1 - 0.92**4, abs=0.02)  # closed form of the weekly share


def test_doses_are_halved_doubled_or_as_written():
    found = self_directed(3, np.arange(20_000), DAY_S * np.arange(56))
    assert set(np.unique(found.factors)) == {0.5, 1.0, 2.0}
    away = found.factors[0] != 1
    assert away.mean() == pytest.approx(0.03, abs=0.005)
    assert (found.factors[0][away] == 0.5).mean() == pytest.approx(0.7, abs=0.06)


def test_what_a_patient_does_does_not_depend_on_the_block_or_the_arm():
    whole = dosing_record(TRIAL, "escitalopram 10 mg", IDS, variant=OWN)
    part = dosing_record(TRIAL, "escitalopram 10 mg", IDS[[7, 99]], variant=OWN)
    assert whole.taken[[7, 99]].tolist() == part.taken.tolist()
    assert whole.cumulative_mg[[7, 99]].tolist() == part.cumulative_mg.tolist()
    other = dosing_record(TRIAL, "escitalopram 20 mg", IDS, variant=OWN)
    assert other.taken.tolist() == whole.taken.tolist()


def test_streams_carry_what_the_record_counts():
    options = {"drugs": {"escitalopram": load_drug("escitalopram")}, "lags": {}, "variant": OWN}
    (stream,) = dose_streams(TRIAL, "escitalopram 20 mg", IDS, **options)
    record = dosing_record(TRIAL, "escitalopram 20 mg", IDS, variant=OWN)
    lanes = np.arange(len(IDS))
    swallowed = sum(stream.factors(event, lanes) for event in range(stream.n_event)) / 1000
    assert np.allclose(swallowed, record.cumulative_mg, rtol=1e-12)
    written = dosing_record(TRIAL, "escitalopram 20 mg", IDS)
    assert (record.taken <= written.taken).all()
    assert record.taken.mean() < 0.85 * written.taken.mean()
    assert record.planned.tolist() == written.planned.tolist()


def test_absorbed_shares_multiply_what_patients_swallow():
    half = {"s_citalopram": np.full(len(IDS), 0.5)}
    options = {"drugs": {"escitalopram": load_drug("escitalopram")}, "lags": {}, "variant": OWN}
    (whole,) = dose_streams(TRIAL, "escitalopram 20 mg", IDS, **options)
    (part,) = dose_streams(TRIAL, "escitalopram 20 mg", IDS, scales=half, **options)
    lanes = np.arange(len(IDS))
    assert (part.factors(9, lanes) == 0.5 * whole.factors(9, lanes)).all()


def test_the_variants_in_the_notes_of_the_packaged_protocol_can_be_used():
    text = protocol_text("sct-md-01")
    notes = text[text.index("# variants:") : text.index("# Packaged lifestyles")]
    written = "".join(line.removeprefix("# ") for line in notes.splitlines(keepends=True))
    trial = parse_protocol(text.replace(notes, written))
    assert [variant.name for variant in trial.variants] == [
        "usual",
        "training",
        "one meal a day",
        "mediterranean",
        "on their own",
    ]
    names = text[text.index("# Packaged lifestyles: ") :].split(";")[0].replace("\n# ", " ")
    assert set(names.split(": ")[1].split(", ")) == set(lifestyle_names())


ADDS = Variant(
    name="on their own",
    supervision="self_directed",
    adds=[{"drug": "pindolol", "dose": "5 mg", "share": "30 %", "start": "week 1"}],
)


def test_a_share_of_patients_adds_a_drug_of_their_own_whatever_the_block():
    ids = np.arange(1, 2001)
    drugs = {name: load_drug(name) for name in ("escitalopram", "pindolol")}

    def added(some):
        streams = dose_streams(
            TRIAL, "escitalopram 20 mg", some, drugs=drugs, lags={}, variant=ADDS
        )
        (stream,) = [one for one in streams if one.target == "depot_pindolol"]
        return stream

    stream = added(ids)
    takes = stream.taken.any(axis=0)
    assert takes.mean() == pytest.approx(0.3, abs=0.03)  # three standard errors
    assert stream.taken[:, takes].all()
    assert stream.times[0] // 86_400 == TRIAL.run_in // 86_400 + 7
    assert (added(ids[:50]).taken == stream.taken[:, :50]).all()


def test_what_patients_add_is_simulated_named_and_warned_of():
    crossed = TRIAL.model_copy(update={"variants": (Variant(name="usual"), ADDS)})
    assert "pindolol" in crossed.drugs
    assert "pindolol" not in TRIAL.drugs
    forbidden = ADDS.model_copy(
        update={"adds": (OwnAddition(drug="phenelzine", dose="45 mg", share=0.1),)}
    )
    risks = protocol_risks(TRIAL.model_copy(update={"variants": (forbidden,)}))
    assert {risk.grade for risk in risks} == {"contraindicated"}
    assert all(risk.arm.endswith("/ on their own") for risk in risks)


@pytest.mark.parametrize(
    ("adds", "supervision", "words"),
    [
        ("{drug: pindolol, dose: 5 mg, share: 10 %}", "supervised", "but are supervised"),
        ("{drug: pindolol, dose: 5 mg, share: 0 %}", "self_directed", "more than 0 %"),
        ("{drug: pindolol, dose: 5 mg, share: 120 %}", "self_directed", "share"),
        ("{drug: pindolola, dose: 5 mg, share: 10 %}", "self_directed", "Did you mean 'pindolol'"),
        ("{drug: pindolol, dose: 500 mg, share: 10 %}", "self_directed", "is given from"),
        ("{drug: pindolol, dose: 5 mg, share: 10 %, start: week 90}", "self_directed", "ends at"),
        (
            "{drug: pindolol, dose: 5 mg, share: 10 %}, {drug: pindolol, dose: 9 mg, share: 5 %}",
            "self_directed",
            "added twice",
        ),
    ],
)
def test_nonsense_in_what_patients_add_is_refused(adds, supervision, words):
    text = protocol_text("sct-md-01") + (
        f"\nvariants: [{{name: own, supervision: {supervision}, adds: [{adds}]}}]\n"
    )
    with pytest.raises(ProtocolError, match=words):
        parse_protocol(text)
