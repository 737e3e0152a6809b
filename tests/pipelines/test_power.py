"""Power against the noncentral t distribution on normal scores, and a small run of the command."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from cohort.conditions import load_condition
from cohort.inference.estimands import IntercurrentEvents, Scores
from cohort.trial import Analysis, load_protocol
from pipelines.cli import main
from pipelines.dose_finding import dose_series
from pipelines.errors import InputError
from pipelines.power import ALL, ANY, PowerRequest, required_size, summarise, trial_spread

N = 4000
SD = 8.0


@pytest.fixture(scope="module")
def protocol():
    whole = load_protocol("sct-md-01")
    return whole.model_copy(update={"published": ()})


def normal_courses(protocol, size, effects, seed=1):
    """Yield replicates with normal scores at one visit, without baseline spread or leavers."""
    rng = np.random.default_rng(seed)
    n = len(protocol.arms) * size
    means = np.repeat(effects, size)
    for _ in range(N // 1000):
        values = means + SD * rng.standard_normal((1000, n))
        scores = Scores(
            visit_days=np.array([56.0]), baseline=np.zeros((1000, n)), seen=values[..., None]
        )
        nobody = np.full((1000, n), np.nan)
        yield scores, IntercurrentEvents(left_day=nobody, is_failure=np.zeros((1000, n), bool))


def closed_form(effect, size, n_arm):
    """Power of being better by the two-sided t test with the variance of all arms."""
    freedom = n_arm * size - n_arm
    shift = -effect / (SD * np.sqrt(2 / size))
    return stats.nct.sf(stats.t.ppf(0.975, freedom), freedom, shift)


def test_assurance_averages_over_what_is_not_known_of_a_drug():
    condition = load_condition("major_depression")
    sd = condition.link.drug_sd.number("1")
    assert sd > 0.0
    n = 4000
    drug, placebo = (
        trial_spread(condition, n, 3, drugs).draws(3, n)["benefit_factor"]
        for drugs in (("sertraline",), ())
    )
    between = condition.link.trial_sd.number("1")
    assert placebo.std() == pytest.approx(between, rel=0.05)
    # an SD of 4,000 draws is known to 1.1 %
    assert drug.std() == pytest.approx(np.hypot(between, sd), rel=0.05)


def test_power_of_normal_scores_is_the_noncentral_t(protocol):
    sizes = (40, 80, 160)
    effects = (0.0, -2.0, -3.0, 0.0)
    found = summarise(
        PowerRequest(protocol=protocol), sizes, normal_courses(protocol, sizes[-1], effects)
    )
    for arm, effect in zip(protocol.arms[1:], effects[1:], strict=True):
        for row in found.table.filter(arm=arm.name).to_dicts():
            expected = closed_form(effect, row["patients_per_arm"], 4)
            assert stats.binomtest(row["successes"], N, expected).pvalue > 1e-3
            assert row["mean_estimate"] == pytest.approx(effect, abs=0.15)
    some = found.table.filter(patients_per_arm=160)
    power = dict(zip(some["arm"], some["power"], strict=True))
    assert power[ALL] <= min(power[arm.name] for arm in protocol.arms[1:])
    assert power[ANY] >= max(power[arm.name] for arm in protocol.arms[1:])


def test_the_required_size_is_that_of_the_noncentral_t(protocol):
    two = protocol.model_copy(update={"arms": protocol.arms[:2]})
    sizes = (100, 160, 240)
    found = summarise(
        PowerRequest(protocol=two, target=0.9),
        sizes,
        normal_courses(two, sizes[-1], (0.0, -2.5)),
    )
    row = found.required.filter(arm=protocol.arms[1].name).to_dicts()[0]
    expected = next(n for n in range(50, 500) if closed_form(-2.5, n, 2) >= 0.9)
    assert row["low"] - 2 <= expected <= row["high"] + 2
    assert row["high"] - row["low"] < 0.2 * expected
    assert row["note"] == ""


def test_a_dose_response_is_shown_and_its_dose_found(protocol):
    """A straight line of 0.3 points a mg, 2 points at 6.7 mg; without effect, half the level."""
    (series,) = dose_series(protocol)
    assert (series.drug, series.doses) == ("escitalopram", (10.0, 20.0))
    request = PowerRequest(protocol=protocol, relevant=2.0)
    straight = summarise(request, (150,), normal_courses(protocol, 150, (0.0, -3.0, -6.0, 0.0)))
    row = straight.dose_finding.to_dicts()[0]
    assert row["power"] > 0.99
    assert row["dose_median_mg"] == pytest.approx(6.7, abs=1.5)
    nothing = summarise(request, (150,), normal_courses(protocol, 150, (0.0,) * 4))
    shown = round(nothing.dose_finding["power"][0] * N)
    assert stats.binomtest(shown, N, 0.025).pvalue > 1e-3


def test_looks_and_several_arms_change_what_counts_as_success(protocol):
    sizes, effects = (80,), (0.0, -2.5, -2.5, -2.5)

    def with_analysis(**choices):
        changed = protocol.model_copy(update={"analysis": Analysis(**choices)})
        request = PowerRequest(protocol=changed)
        table = summarise(request, sizes, normal_courses(changed, 80, effects)).table
        return {row["arm"]: row for row in table.to_dicts()}

    plain = with_analysis()
    strict = with_analysis(multiplicity="bonferroni")
    step = with_analysis(multiplicity="holm")
    looks = with_analysis(looks=["50 %"], futility="10 %")
    assert strict[ANY]["power"] == step[ANY]["power"] < plain[ANY]["power"]
    assert strict[ALL]["power"] < step[ALL]["power"] < plain[ALL]["power"]
    assert looks[ANY]["mean_patients_at_stop"] < 320 == plain[ANY]["mean_patients_at_stop"]


def test_a_size_cannot_be_read_from_what_does_not_rise():
    rng = np.random.default_rng(2)
    flat = rng.uniform(size=(2, 500)) < np.array([[0.6], [0.4]])
    assert required_size((50, 100), flat, 0.9, 1)["note"] == "power does not rise with size"
    assert "at least two" in required_size((50,), flat[:1], 0.9, 1)["note"]
    far = rng.uniform(size=(2, 2000)) < np.array([[0.1], [0.15]])
    assert required_size((50, 100), far, 0.9, 1)["note"] == "extrapolated"


def test_the_command_prints_and_writes(tmp_path, capsys):
    words = [
        *("power", "sct-md-01", "--replicates", "100", "--pool", "20", "--sizes", "10,20"),
        *("--assurance", "--out", str(tmp_path / "out"), "--quiet"),
    ]
    with pytest.raises(SystemExit, match="0"):
        main(words)
    text = capsys.readouterr().out
    assert "assurance over 100 replicates from 20 simulated patients" in text
    assert "escitalopram 20 mg" in text
    table = pl.read_parquet(tmp_path / "out" / "power.parquet")
    assert len(table) == 2 * (3 + 2)
    assert (tmp_path / "out" / "required_sizes.parquet").is_file()
    assert "escitalopram 0, 10, 20 mg, 20 an arm: shown in" in text
    assert len(pl.read_parquet(tmp_path / "out" / "dose_finding.parquet")) == 2


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--sizes", "ten", "'ten'; whole numbers with commas"),
        ("--sizes", "2,50", "--sizes: 2; 5 to 20,000"),
        ("--replicates", "3", "--replicates: 3; 100 to"),
        ("--pool", "1", "--pool: 1; 20 to"),
        ("--relevant", "0", "--relevant: 0 points"),
        ("--target", "1.5", "--target: 1.5; more than 0"),
    ],
)
def test_nonsense_is_bad_input(option, value, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["power", "sct-md-01", option, value])
    assert message in capsys.readouterr().err


def test_a_design_without_comparison_is_refused(protocol):
    alone = protocol.model_copy(update={"arms": protocol.arms[:1]})
    with pytest.raises(InputError, match="one arm"):
        PowerRequest(protocol=alone).checked_sizes()
