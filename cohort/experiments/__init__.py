"""Published experiments, each a run of the chemistry and the numbers that were measured.

One YAML file a topic: what was given, what was measured, by whom, and whether the number was used
to build the model. Failures stay in the table. May import `cohort.chemistry`, `cohort.facts`,
`cohort.nutrition`, `cohort.yaml_files`, quantities and meals of `cohort.trial`, and `kernels`; the
walk enters at `load_experiments` and leaves at `run_experiments`.
"""

from cohort.experiments.comparison import Comparison
from cohort.experiments.experiment import Experiment, ExperimentIntake, ExperimentMeal, Step
from cohort.experiments.load_experiments import (
    ExperimentFile,
    experiment_topics,
    load_experiments,
    topic_title,
)
from cohort.experiments.run_experiment import (
    ExperimentResult,
    Verdict,
    judge,
    run_experiment,
    run_experiments,
)

__all__ = [
    "Comparison",
    "Experiment",
    "ExperimentFile",
    "ExperimentIntake",
    "ExperimentMeal",
    "ExperimentResult",
    "Step",
    "Verdict",
    "experiment_topics",
    "judge",
    "load_experiments",
    "run_experiment",
    "run_experiments",
    "topic_title",
]
