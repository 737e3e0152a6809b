"""`cohort validate`: values of protocols, predictions, null models, and what it writes."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from cohort.conditions import load_condition
from cohort.outcomes import DayDrivers, TrialVariation
from cohort.protocols import protocol_names
from cohort.replicate import Pool, TrialSpread
from cohort.simulate import trial_condition
from cohort.trial import load_protocol
from pipelines.calibration_contrasts import Contrast, plan_contrasts
from pipelines.calibration_plan import load_plan
from pipelines.errors import InputError
from pipelines.trial_validation import Request, TrialResult, ValidationResult, validate
from pipelines.trial_validation_fits import FitSource, JudgingLink, plan_trial
from pipelines.trial_validation_judge import ABSOLUTE, CONTRAST, judge
from pipelines.trial_validation_nulls import DRUG_CLASSES, NULLS, null_constant, null_draws
from pipelines.trial_validation_predict import predict, trial_spread, variance_shares
from pipelines.trial_validation_report import summary_numbers, write_validation
from pipelines.trial_validation_values import published_values, seen_values

TRIAL = load_protocol("sct-md-01")
VALUES = tuple(  # in arms of 24 patients, to be quick
    replace(value, cell=replace(value.cell, patients=24))
    for value in published_values(TRIAL)
    if value.mark == "read" and value.outcome in ("score", "response", "dropout")
)
LABELS = tuple(dict.fromkeys(value.cell.label for value in VALUES))
DRUGS = dict.fromkeys(LABELS, ("escitalopram",)) | {LABELS[0]: ()}
SIGNAL = "serotonin_extracellular"


@pytest.fixture(scope="module")
def protocols():
    return {name: load_protocol(name) for name in protocol_names()}


@pytest.fixture(scope="module")
def pool():
    """Bodies whose serotonin is constant: nothing on placebo, twice the level on drugs."""
    n, n_day = 20, 56
    lanes = np.linspace(0.5, 1.1, n)
    condition = trial_condition(TRIAL)
    drivers = {
        label: DayDrivers(readings={SIGNAL: np.tile(0.0 if place == 0 else lanes, (n_day, 1))})
        if place
        else DayDrivers(readings={SIGNAL: np.zeros((n_day, n))})
        for place, label in enumerate(LABELS)
    }
    return Pool(
        protocol=TRIAL.model_copy(update={"adverse_events": ()}),
        condition=condition,
        patient_ids=np.arange(1, n + 1),
        columns={},
        drivers=drivers,
        failed_visit={label: np.full(n, len(TRIAL.visits)) for label in LABELS},
        variations=dict.fromkeys(LABELS, TrialVariation()),
    )


def link(n, weight=0.4, spread=0.1, rows=()):
    draws = (
        weight
        + spread * stats.norm.ppf((np.arange(n) + 0.5) / n)[np.argsort(np.sin(np.arange(n) * 7.7))]
    )
    return JudgingLink(
        weights={SIGNAL: draws}, trial_sd=0.2, drug_sd=0.0, rows=rows, note="made up"
    )


def rows_of(trial="pool"):
    made = [("escitalopram", -0.3, 0.1), ("sertraline", -0.2, 0.2), ("duloxetine", -0.5, 0.1)]
    return tuple(
        Contrast(
            trial=trial,
            drug=drug,
            dose="10 mg",
            every="1 day",
            stop=None,
            label=drug,
            at=4_838_400,
            measure="smd",
            value=value,
            se=se,
        )
        for drug, value, se in made
    )


def judged(pool, values=VALUES, n=60, seed=5, **options):
    one = link(n, **options)
    links = dict.fromkeys(LABELS, one)
    draws = predict(pool, values, links, n, seed)
    return judge(values, draws, links, trial_spread(pool.condition, one), DRUGS, seed), draws


def test_every_published_number_is_read_as_it_stands():
    values = {(v.cell.arm, v.outcome, v.scale): v for v in published_values(TRIAL)}
    row = next(row for row in TRIAL.published if row.arm == "escitalopram 20 mg")
    score = values["escitalopram 20 mg", "score", "HAMD24"]
    assert (score.value, score.sd, score.statistic) == (row.mean_change, row.sd_change, "change")
    assert values["escitalopram 20 mg", "response", "HAMD24"].value == 55 / 128
    assert values["placebo", "dropout", "HAMD24"].value == 36 / 127
    recalled = values["placebo", "score", "MADRS"]
    assert recalled.mark == "assumed"
    assert not recalled.is_primary


def test_a_score_on_another_scale_is_left_out_and_its_contrast_is_not(pool):
    told = [
        row.model_copy(update={"reported_on": "HAMD21"}) if row.scale == "HAMD24" else row
        for row in TRIAL.published
    ]
    values = published_values(TRIAL.model_copy(update={"published": tuple(told)}))
    scores = [v for v in values if v.outcome == "score" and v.scale == "HAMD24"]
    assert all("HAMD21" in value.left_out and value.counts for value in scores)
    assert not any(value.is_primary for value in scores)
    elsewhere = [replace(v, left_out="published on the HAMD21") for v in VALUES]
    (records, _), _ = judged(pool, values=elsewhere)
    kept = {record["kind"] for record in records if not record["left_out"]}
    assert kept == {CONTRAST}
    assert all(record["is_primary"] for record in records if record["kind"] == CONTRAST)


def test_only_the_last_visit_of_an_outcome_counts():
    values = published_values(load_protocol("donepezil-302"))
    nausea = [v for v in values if v.outcome == "event: nausea" and v.cell.arm == "placebo"]
    assert len(nausea) > 1
    assert [v.is_last for v in nausea] == [v.week == max(v.week for v in nausea) for v in nausea]


def test_what_was_seen_names_values_that_are_there(protocols):
    for trial, arm, outcome in seen_values():
        values = published_values(protocols[trial])
        if outcome == "event: *":  # events that are not simulated yet may be seen too
            events = [v for v in values if v.outcome.startswith("event: ")]
            assert all(v.seen and not v.is_primary for v in events)
        else:
            assert any(v.outcome == outcome and v.cell.arm == arm and v.seen for v in values)


def test_predictions_are_right_where_the_published_values_come_from_them(pool):
    """Published values drawn from other replicates of the same model: intervals hold."""
    n = 160
    one = link(n)
    links = dict.fromkeys(LABELS, one)
    truth = predict(pool, VALUES, links, n, 99)
    draws = predict(pool, VALUES, links, n, 5)
    spread = trial_spread(pool.condition, one)
    pits, inside = [], {0.5: [], 0.95: []}
    for replicate in range(0, n, 4):
        told = [
            replace(value, value=float(one_.draws[replicate]), sd=float(one_.sd[replicate]))
            if value.outcome == "score"
            else replace(value, value=float(one_.draws[replicate]))
            for value, one_ in zip(VALUES, truth, strict=True)
        ]
        records, _ = judge(told, draws, links, spread, DRUGS, 5)
        chosen = records[replicate % 5 :: 7]  # a few: values of one trial hang together
        pits += [record["pit"] for record in chosen]
        for level in inside:
            inside[level] += [record[f"inside_{int(100 * level)}"] for record in chosen]
    assert np.mean(inside[0.5]) == pytest.approx(0.5, abs=0.1)
    assert np.mean(inside[0.95]) == pytest.approx(0.95, abs=0.04)
    assert np.mean(pits) == pytest.approx(0.5, abs=0.08)


def test_contrasts_are_against_the_control_in_standard_deviations(pool):
    (records, joint), draws = judged(pool)
    by = {(r["kind"], r["outcome"], r["arm"]): r for r in records}
    arm, control = "escitalopram 10 mg", "placebo"
    a = next(v for v in VALUES if v.cell.arm == arm and v.outcome == "score")
    c = next(v for v in VALUES if v.cell.arm == control and v.outcome == "score")
    pooled = ((a.sd**2 + c.sd**2) / 2) ** 0.5
    found = by[CONTRAST, "score", arm]
    assert found["published"] == pytest.approx((a.value - c.value) / pooled)
    assert found["unit"] == "SD"
    assert (CONTRAST, "score", control) not in by
    assert by[ABSOLUTE, "score", arm]["published"] == a.value
    assert by[CONTRAST, "response", arm]["published"] == pytest.approx(47 / 124 - 32 / 127)
    assert joint.n == 3
    assert found["mean"] < 0  # the drug helps
    assert by[ABSOLUTE, "score", arm]["mean"] == pytest.approx(draws[VALUES.index(a)].draws.mean())


def test_the_weights_of_a_cell_move_that_cell_alone(pool):
    n, seed = 50, 5
    plain = dict.fromkeys(LABELS, link(n))
    other = plain | {LABELS[2]: link(n, weight=1.5)}
    first, second = (predict(pool, VALUES, links, n, seed) for links in (plain, other))
    for value, one, two in zip(VALUES, first, second, strict=True):
        moved = value.cell.label == LABELS[2]
        assert np.array_equal(one.draws, two.draws) != moved
    index = next(i for i, v in enumerate(VALUES) if v.cell.label == LABELS[2])
    assert second[index].draws.mean() < first[index].draws.mean() - 1.0


def test_some_cells_alone_are_what_they_are_among_all(pool):
    n, seed = 40, 5
    links = dict.fromkeys(LABELS, link(n))
    every = predict(pool, VALUES, links, n, seed)
    cells = [value.cell for value in VALUES]
    some = [value for value in VALUES if value.cell.label == LABELS[2]]
    alone = predict(pool, some, links, n, seed, list(dict.fromkeys(cells)))
    for value, one in zip(some, alone, strict=True):
        assert np.array_equal(one.draws, every[VALUES.index(value)].draws)


def test_variance_is_shared_out_as_it_was_put_together():
    rng = np.random.default_rng(8)
    trial, drug, weight, own = rng.normal(size=(4, 20_000))
    draws = 1.5 * trial + 0.8 * drug + 0.5 * weight + own
    shares = variance_shares(draws, {"t": trial}, {"d": drug}, {"w": weight})
    # four standard errors of a variance and of a regression over 20,000 draws
    assert shares == pytest.approx((1.0, 2.25, 0.64, 0.25), abs=0.1)
    nothing = variance_shares(own, {"t": np.ones(20_000)}, {}, {})
    assert nothing == pytest.approx((own.var(ddof=1), 0.0, 0.0, 0.0))


def test_variance_of_replicates_is_that_of_trials_without_the_other_parts(pool):
    """The regression against replicates with one part switched off."""
    n = 400
    links = dict.fromkeys(LABELS, link(n, spread=0.15))
    score = next(v for v in VALUES if v.outcome == "score" and v.cell.label == LABELS[1])
    whole = predict(pool, [score], links, n, 5)[0].draws
    spread = trial_spread(pool.condition, links[LABELS[0]])
    effects = {k: v for k, v in spread.draws(5, n).items() if k != SIGNAL}
    shares = variance_shares(whole, effects, {}, links[LABELS[0]].weights)
    sampling, between, drug, parameter = shares
    assert drug == 0.0
    quiet = replace(pool, condition=_without_trial_effects(pool.condition))
    still = {label: replace(one, weights={}, trial_sd=0.0) for label, one in links.items()}
    alone = predict(quiet, [score], still, n, 5)[0].draws
    assert sampling == pytest.approx(alone.var(ddof=1), rel=0.35)
    assert between > parameter > 0
    assert sampling + between + parameter == pytest.approx(whole.var(ddof=1), rel=0.05)


def _without_trial_effects(condition):
    record = condition.model_dump()
    record["placebo"]["trial_sd"]["value"] = 0.0
    for name in ("trial_sd_log", "adverse_trial_sd_log"):
        record["dropout"][name] = None
    return type(condition).model_validate(record)


ANTIDEPRESSANTS = ("citalopram", "fluoxetine", "sertraline", "paroxetine", "bupropion", "trazodone")


def balanced_rows(values, se=0.05):
    """Return two contrasts of each antidepressant, all known equally well."""
    return tuple(
        replace(rows_of()[0], drug=drug, dose=f"{place} mg", value=value, se=se)
        for drug, own in zip(ANTIDEPRESSANTS, values, strict=True)
        for place, value in enumerate(own, 1)
    )


def test_null_constants_have_the_spread_of_an_analysis_of_variance():
    rng = np.random.default_rng(5)
    values = -0.3 + rng.normal(0, 0.12, (6, 1)) + rng.normal(0, 0.06, (6, 2))
    within, between = values.var(axis=1, ddof=1).mean(), 2 * values.mean(axis=1).var(ddof=1)
    assert between > within > 0.05**2
    one = null_constant("one effect", balanced_rows(values), ("escitalopram",))
    assert one.value == pytest.approx(values.mean())
    # the spread settles to a thousandth
    assert one.drug_sd == pytest.approx(((between - within) / 2) ** 0.5, rel=0.01)
    assert one.se == pytest.approx((between / 12) ** 0.5, rel=0.01)
    spread = np.random.default_rng(1).normal(3.0, 0.2, 4000)
    draws = null_draws(one, spread, np.random.default_rng(2).normal(size=4000))
    assert draws.mean() == pytest.approx(values.mean(), abs=0.02)
    own = one.se**2 + one.drug_sd**2 + one.heterogeneity**2
    assert one.heterogeneity == pytest.approx((within - 0.05**2) ** 0.5, rel=0.02)
    assert draws.var() == pytest.approx(0.2**2 + own, rel=0.1)


def test_class_means_leave_less_between_drugs_where_classes_differ():
    values = (
        np.array([[-0.3, -0.32]] * 4 + [[-0.1, -0.12]] * 2) + 0.03 * np.sin(np.arange(6))[:, None]
    )
    rows = balanced_rows(values, se=0.01)
    ssri = null_constant("class means", rows, ("escitalopram",))
    assert ssri.value == pytest.approx(values[:4].mean(), abs=0.003)
    assert ssri.n == 8
    one = null_constant("one effect", rows, ("escitalopram",))
    assert ssri.drug_sd < 0.5 * one.drug_sd
    assert null_constant("class means", rows, ("amitriptyline",)) == one


def test_a_class_for_every_contrast_takes_the_spread_about_one_mean():
    published = {"sertraline": -0.5, "venlafaxine": -0.2, "amitriptyline": -0.35, "bupropion": -0.1}
    rows = tuple(
        replace(rows_of()[0], drug=drug, value=value, se=0.05) for drug, value in published.items()
    )
    one = null_constant("one effect", rows, ("sertraline",))
    own = null_constant("class means", rows, ("sertraline",))
    assert (own.value, own.n) == (pytest.approx(-0.5), 1)
    assert own.heterogeneity == one.heterogeneity
    parts = (0.05, own.drug_sd, own.heterogeneity)
    assert own.se == pytest.approx(sum(part**2 for part in parts) ** 0.5)
    assert own.heterogeneity < np.std(list(published.values()), ddof=1)


def test_null_models_without_contrasts_or_with_few_drugs():
    assert null_constant("no effect", rows_of(), ()).value == 0.0
    assert null_constant("no effect", rows_of(), ()).drug_sd == 0.0
    assert null_constant("one effect", (), ()) is None
    few = null_constant("one effect", rows_of(), ("escitalopram",))
    plan = load_plan("major_depression")
    lent = null_constant(
        "one effect", [row for row in plan_contrasts(plan) if row.trial not in plan.held_out], ()
    )
    assert few.drug_sd / abs(few.value) == pytest.approx(lent.drug_sd / abs(lent.value), rel=1e-6)


def test_arms_of_one_drug_share_its_residual_and_others_have_their_own(pool):
    """Benefit is all that differs between replicates here, so arms move with their residual."""
    n, seed = 300, 5
    quiet = replace(pool, condition=_without_trial_effects(pool.condition))
    one = replace(link(n, spread=0.0), trial_sd=0.0, drug_sd=0.5)
    spreads = {label: trial_spread(quiet.condition, one, drugs) for label, drugs in DRUGS.items()}
    other = spreads[LABELS[3]] = trial_spread(quiet.condition, one, ("citalopram",))
    factors = {label: spread.draws(seed, n)["benefit_factor"] for label, spread in spreads.items()}
    assert factors[LABELS[1]].tolist() == factors[LABELS[2]].tolist()
    assert (factors[LABELS[0]] == 1.0).all()
    # 300 draws: an SD is known to 4 %, a correlation of 0 to 0.06
    assert factors[LABELS[1]].std() == pytest.approx(0.5, rel=0.15)
    assert abs(np.corrcoef(factors[LABELS[1]], factors[LABELS[3]])[0, 1]) < 0.2
    assert other.drugs == ("citalopram",)


def test_the_residual_of_drugs_is_a_part_of_the_variance_and_null_models_go_without_it(pool):
    n, seed = 200, 5
    (plain, _), _ = judged(pool, n=n, rows=rows_of())
    residual = replace(link(n, rows=rows_of()), drug_sd=0.5)
    links = dict.fromkeys(LABELS, residual)
    wide = predict(pool, VALUES, links, n, seed)
    spread = trial_spread(pool.condition, residual)
    records, _ = judge(VALUES, wide, links, spread, DRUGS, seed)

    def score(found):
        return next(r for r in found if r["kind"] == CONTRAST and r["outcome"] == "score")

    before, after = score(plain), score(records)
    assert before["variance_drug"] == 0.0
    benefit = abs(before["mean"])
    # an SD of 200 draws is known to 5 %, and the regression takes some of the noise along
    assert after["variance_drug"] == pytest.approx((0.5 * benefit) ** 2, rel=0.5)
    assert after["sd"] > before["sd"]
    assert after["crps_one_effect"] == pytest.approx(before["crps_one_effect"], rel=0.1)


def test_every_drug_of_a_judged_trial_has_a_class(protocols):
    taken = {
        regimen.drug
        for protocol in protocols.values()
        if published_values(protocol)
        for arm in protocol.arms
        for regimen in arm.regimens
    }
    assert taken
    assert taken <= set(DRUG_CLASSES)


def test_null_models_get_the_spread_of_the_simulation(pool):
    (records, _), _ = judged(pool, rows=rows_of())
    scores = [r for r in records if r["kind"] == CONTRAST and r["outcome"] == "score"]
    for record in scores:
        assert all(record[f"crps_{name.replace(' ', '_')}"] > 0 for name in NULLS)
    others = [r for r in records if r not in scores]
    assert all(r["crps_no_effect"] is None for r in others)
    (unfitted, _), _ = judged(pool)
    score = next(r for r in unfitted if r["kind"] == CONTRAST and r["outcome"] == "score")
    assert score["crps_no_effect"] is not None
    assert score["crps_one_effect"] is None


def test_trials_of_a_plan_are_found_by_the_name_of_their_protocol():
    known = {trial.name for trial in load_plan("major_depression").trials}
    assert known == {plan_trial(name) for name in protocol_names()} & known


def test_a_link_without_its_only_drug_is_drawn_from_its_prior():
    source = FitSource(load_condition("alzheimers_disease"), n=4000, seed=3)
    found = source.link(("donepezil-302",), ("donepezil",))
    assert "prior" in found.note
    assert not found.rows
    draws = found.weights["acetylcholine_tone"]
    mean, sd = (float(value[0]) for value in source.plan.prior)
    assert np.median(draws) == pytest.approx(mean, abs=4 * sd / 4000**0.5 * 1.25)
    # a draw that would change the sign is held at 0
    assert (draws == 0.0).mean() == pytest.approx(stats.norm.cdf(-mean / sd), abs=0.025)


def result_of(pool, ways=("trial", "drug")):
    records, joint = judged(pool, rows=rows_of())[0]
    return ValidationResult(
        request=Request(trials=("sct-md-01",), replicates=60, ways=ways),
        trials=[
            TrialResult(
                trial="sct-md-01",
                records=[{"left_out_is": way, **record} for way in ways for record in records],
                joint=dict.fromkeys(ways, joint),
                seconds=(1.0, 2.0),
            )
        ],
        seconds=3.0,
    )


def test_table_report_and_picture_are_written(pool, tmp_path):
    result = result_of(pool)
    paths = write_validation(result, tmp_path / "new")
    assert [path.name for path in paths] == [
        "validation.parquet",
        "validation.json",
        "VALIDATION.md",
        "validation.png",
        "validation.svg",
    ]
    table = pl.read_parquet(paths[0])
    assert table.height == 2 * (12 + 9)
    numbers = json.loads(paths[1].read_text())
    absolute = numbers["ways"]["trial"]["coverage"]["absolute"]
    rows = table.filter((pl.col("left_out_is") == "trial") & (pl.col("kind") == "absolute"))
    assert absolute["95"]["inside"] == rows["inside_95"].sum()
    assert sum(absolute["pit"]) == absolute["n"] == rows.height
    text = paths[2].read_text()
    for words in ("Leave one drug out", "CRPS", "escitalopram 20 mg", "binomial"):
        assert words in text
    assert paths[3].stat().st_size > 20_000


def test_a_coverage_above_the_range_is_missed_too(pool):
    result = result_of(pool, ways=("trial",))
    records = result.trials[0].records
    for record in records:
        record["inside_95"] = record["inside_50"] = True
    found = summary_numbers(result)["ways"]["trial"]["coverage"]["absolute"]
    assert found["95"]["share"] == 1.0
    assert found["95"]["is_met"] is False
    assert found["50"]["is_met"] is False


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request(trials=("sct-md-1",)), "sct-md-01"),
        (Request(trials=("sct-md-01",), replicates=5), "replicates: 5"),
        (Request(trials=("sct-md-01",), patients=1), "patients of a pool: 1"),
        (Request(trials=("sct-md-01",), workers=0), "workers: 0"),
        (Request(trials=("sct-md-01",), ways=("arm",)), "'arm'"),
    ],
)
def test_nonsense_is_refused(request_, words):
    with pytest.raises(InputError, match=words):
        validate(request_)


def test_a_trial_effect_of_the_spread_is_not_a_parameter():
    assert SIGNAL not in TrialSpread().draws(1, 3)
