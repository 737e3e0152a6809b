"""Experiments as files: every packaged one is whole, nonsense is refused with its place."""

import re

import pytest

from cohort.errors import FileContentError, UnknownNameError
from cohort.experiments import (
    Comparison,
    Step,
    experiment_topics,
    load_experiments,
    topic_title,
)

TOPICS = (
    "acetylcholine",
    "biofluids",
    "cortisol",
    "dopamine",
    "gaba_glutamate",
    "immune",
    "noradrenaline",
    "nutrition",
    "precursors",
    "serotonin",
)
HOUR = 3600

TEXT = """\
title: Mine
experiments:
  - name: ssri
    title: An uptake inhibitor
    species: rat
    source: Somebody 2001
    systems: [serotonin]
    steps:
      - {for: 3 h, set: {sert_occupancy: 0.8}}
      - {for: 1 h}
    comparisons:
      - {quantity: serotonin_extracellular, at: 3 h, published: 1.75, low: 1.4, high: 2.1, interval: ours, mark: read, use: checked}
      - {quantity: hiaa_csf, take: min, from: 1 h, to: 4 h, direction: down, mark: assumed, use: held_out}
"""  # noqa: E501


def load(text, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    return load_experiments(str(path))


def everything():
    return [experiment for topic in experiment_topics() for experiment in load_experiments(topic)]


# -- packaged ------------------------------------------------------------------------------------


def test_every_topic_is_packaged():
    assert set(TOPICS) <= set(experiment_topics())


@pytest.mark.parametrize("topic", TOPICS)
def test_every_packaged_file_is_whole(topic):
    experiments = load_experiments(topic)
    assert experiments
    assert topic_title(topic)
    assert {experiment.topic for experiment in experiments} == {topic}
    for experiment in experiments:
        assert not list(experiment.contradictions())


@pytest.mark.parametrize("topic", TOPICS)
def test_every_quantity_and_parameter_is_in_the_chemistry(topic):
    for experiment in load_experiments(topic):
        model = experiment.model()
        for step in experiment.steps:
            assert set(step.values) <= set(model.parameters), experiment.name
        for comparison in experiment.comparisons:
            assert comparison.quantity in model.system.observables, experiment.name
            assert comparison.over is None or comparison.over in model.system.observables


def test_there_are_enough_of_them_and_no_name_is_there_twice():
    experiments = everything()
    names = [experiment.name for experiment in experiments]
    assert len(set(names)) == len(names) >= 32
    assert sum(len(experiment.comparisons) for experiment in experiments) >= 45


def test_numbers_of_every_use_and_mark_are_among_them():
    comparisons = [one for experiment in everything() for one in experiment.comparisons]
    assert {one.use for one in comparisons} == {"calibrated", "checked", "held_out"}
    assert {one.mark for one in comparisons} == {"read", "assumed", "computed"}
    assert {one.interval for one in comparisons} >= {"published", "sd", "range", "ours"}


def test_sources_are_literature_and_not_addresses():
    for experiment in everything():
        for source in (experiment.source, *(one.source for one in experiment.comparisons)):
            assert not re.search(r"https?:|www\.|\.com\b", source or ""), experiment.name


# -- reading -------------------------------------------------------------------------------------


def test_a_file_of_ones_own_is_read(tmp_path):
    (experiment,) = load(TEXT, tmp_path)
    assert experiment.duration == 4 * HOUR
    assert experiment.topic.endswith("mine.yaml")
    first, second = experiment.comparisons
    assert (first.at, first.relative_to, first.bounds) == (3 * HOUR, 0, (1.4, 2.1))
    assert (second.begin, second.end, second.bounds[1]) == (HOUR, 4 * HOUR, 0.95)


def test_steps_repeat_with_rest_between():
    step = Step.model_validate({"for": "8 h", "set": {"stress": 2}, "every": "1 day", "times": 2})
    on, off = (8 * HOUR, {"stress": 2.0}), (16 * HOUR, {})
    assert step.pieces() == (on, off, on, off)
    without_rest = Step.model_validate({"for": "1 day", "every": "1 day", "times": 2})
    assert without_rest.pieces() == ((24 * HOUR, {}),) * 2


WRONG = {
    "an unknown parameter": ("sert_occupancy", "sert_ocupancy", "Did you mean 'sert_occupancy'"),
    "a parameter out of bounds": ("0.8}", "1.8}", "from 0 to 1"),
    "a parameter that is no number": ("0.8}", "high}", "a number is wanted"),
    "an unknown quantity": (
        "quantity: hiaa_csf",
        "quantity: hiaa_cfs",
        "unknown quantity 'hiaa_cfs'",
    ),
    "a quantity of a system that is not asked for": (
        "quantity: hiaa_csf",
        "quantity: mhpg_csf",
        "unknown quantity 'mhpg_csf'",
    ),
    "an unknown system": ("[serotonin]", "[seratonin]", "Did you mean 'serotonin'"),
    "an unknown key": ("species:", "speceis:", "Did you mean 'species'"),
    "an unknown species": ("species: rat", "species: unicorn", "'unicorn'"),
    "no title": ("    title: An uptake inhibitor\n", "", "'title' is missing"),
    "a time without a unit": ("for: 3 h", "for: 3", "Write 'for: 3 h'"),
    "a time that is none": ("at: 3 h", "at: 3 kg", "3 kg"),
    "a negative time": ("at: 3 h", "at: -3 h", "-3 h"),
    "a step that takes no time": ("for: 1 h", "for: 0 h", "longer is allowed"),
    "a comparison after the end": ("at: 3 h", "at: 5 h", "the steps end at 4 h"),
    "a window after the end": ("to: 4 h", "to: 5 h", "the steps end at 4 h"),
    "a window that ends before it begins": ("to: 4 h", "to: 30 min", "ends before it begins"),
    "a window of a value": ("take: min, ", "", "a window needs max"),
    "a time of a window": ("take: min,", "take: min, at: 2 h,", "a window is allowed"),
    "a number outside its interval": ("published: 1.75", "published: 3", "outside its interval"),
    "no interval": ("low: 1.4, high: 2.1, interval: ours, ", "", "at least one end"),
    "an interval from nowhere": (", interval: ours", "", "interval: ours"),
    "neither number nor direction": ("direction: down, ", "", "direction: up"),
    "number and direction": ("direction: down", "direction: down, low: 0.5", "one of them"),
    "a direction of a level": ("direction: down", "as: value, direction: down", "needs a ratio"),
    "a direction that is none": ("direction: down", "direction: sideways", "'sideways'"),
    "a mark that does not exist": ("mark: read", "mark: heard", "heard"),
    "a use that does not exist": ("use: checked", "use: tuned", "tuned"),
    "hours of a level": ("take: min,", "take: min, as: hours,", "percent_change or value"),
    "a ratio of times": ("take: min,", "take: time_of_min,", "hours or clock"),
    "a unit of a ratio": ("at: 3 h,", "at: 3 h, unit: nM,", "value has one"),
    "a reference of a level": (
        "at: 3 h,",
        "at: 3 h, as: value, unit: nM, relative_to: 1 h,",
        "percent_change have one",
    ),
    "a unit of another dimension": ("at: 3 h,", "at: 3 h, as: value, unit: kg,", "factor:"),
    "a unit that is none": ("at: 3 h,", "at: 3 h, as: value, unit: spoons,", "not a unit"),
    "repeats without an interval": ("{for: 1 h}", "{for: 1 h, times: 3}", "every: 1 day"),
    "repeats that overlap": ("{for: 1 h}", "{for: 1 h, every: 10 min, times: 3}", "shorter than"),
    "a time of day that is none": ("species: rat", "start: noon\n    species: rat", "time of day"),
    "food that is no mass": (
        "species: rat",
        "meals: [{at: 0 h, protein: 3 h}]\n    species: rat",
        "[g]",
    ),
    "food of a source that does not exist": (
        "species: rat",
        "meals: [{at: 0 h, protein: 3 g, source: zain}]\n    species: rat",
        "'zein'",
    ),
    "a supplement that does not exist": (
        "species: rat",
        "intakes: [{at: 0 h, supplement: l_tyrosin, dose: 1 g}]\n    species: rat",
        "'l_tyrosine'",
    ),
    "a supplement without unit": (
        "species: rat",
        "intakes: [{at: 0 h, supplement: l_tyrosine, dose: 1}]\n    species: rat",
        "Write 'dose: 1 mg'",
    ),
    "a supplement that does nothing here": (
        "species: rat",
        "intakes: [{at: 0 h, supplement: vitamin_b6, dose: 10 mg}]\n    species: rat",
        "no bolus",
    ),
    "a supplement after the end": (
        "species: rat",
        "intakes: [{at: 9 h, supplement: l_tyrosine, dose: 1 g}]\n    species: rat",
        "the steps end at 4 h",
    ),
    "no steps": (TEXT[TEXT.index("    steps:") : TEXT.index("    comparisons:")], "", "'steps'"),
    "a list where a record is wanted": ("{for: 1 h}", "[1, 2]", "a mapping"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_nonsense_is_refused_with_its_line(case, tmp_path):
    old, new, words = WRONG[case]
    assert old in TEXT
    with pytest.raises(FileContentError) as caught:
        load(TEXT.replace(old, new, 1), tmp_path)
    assert words in str(caught.value)
    assert all(mistake.line for mistake in caught.value.mistakes)
    assert len(caught.value.mistakes) == 1


def test_all_mistakes_come_at_once(tmp_path):
    text = TEXT.replace("sert_occupancy", "sert_ocupancy").replace("species: rat", "species: cow")
    text = text.replace("quantity: hiaa_csf", "quantity: hiaa").replace("at: 3 h", "at: 9 h")
    with pytest.raises(FileContentError) as caught:
        load(text, tmp_path)
    places = [(mistake.line, mistake.key_path) for mistake in caught.value.mistakes]
    assert places == [
        (5, "experiments.ssri.species"),
        (9, "experiments.ssri.steps[0].set.sert_ocupancy"),
        (12, "experiments.ssri.comparisons[0].at"),
        (13, "experiments.ssri.comparisons[1].quantity"),
    ]


def test_an_experiment_that_is_there_twice_is_refused(tmp_path):
    again = TEXT[TEXT.index("  - name") :]
    with pytest.raises(FileContentError, match="'ssri' is there twice"):
        load(TEXT + again, tmp_path)


def test_an_unknown_topic_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"'seratonin'.*'serotonin'"):
        load_experiments("seratonin")


def test_an_open_end_is_infinite():
    most = {"quantity": "tnf", "published": 5, "low": 5, "interval": "published"}
    record = Comparison.model_validate(most | {"mark": "read", "use": "checked"})
    assert record.bounds == (5.0, float("inf"))


def test_a_record_of_an_experiment_can_be_written_and_read_again():
    comparison = load_experiments("precursors")[0].comparisons[0]
    again = Comparison.model_validate_json(comparison.model_dump_json(by_alias=True))
    assert again == comparison
