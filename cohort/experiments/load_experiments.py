"""The packaged experiments, one YAML file a topic, and a user's own."""

from collections.abc import Iterator

from pydantic import Field, model_validator

from cohort.errors import FileContentError
from cohort.experiments.experiment import Experiment
from cohort.facts import Declaration
from cohort.trial.quantities import Words
from cohort.yaml_files import (
    Contradiction,
    is_read,
    load_named,
    packaged_names,
    refuse_contradictions,
)

__all__ = ["ExperimentFile", "experiment_topics", "load_experiments", "topic_title"]

_PACKAGE = "cohort.experiments"


class ExperimentFile(Declaration):
    """A file of experiments on one topic.

    Examples
    --------
    >>> ExperimentFile(title="Nothing yet", experiments=()).title
    'Nothing yet'
    """

    title: Words = Field(examples=["Serotonin"])
    experiments: tuple[Experiment, ...]

    def contradictions(self) -> Iterator[Contradiction]:
        """List experiments of one name.

        Examples
        --------
        >>> list(ExperimentFile(title="Nothing yet", experiments=()).contradictions())
        []
        """
        seen: set[str] = set()
        for i, experiment in enumerate(self.experiments):
            if not is_read(experiment) or not is_read(experiment.name):
                continue
            if experiment.name in seen:
                yield Contradiction(
                    path=("experiments", i, "name"),
                    message=f"'{experiment.name}' is there twice; once is allowed. Rename one.",
                )
            seen.add(experiment.name)

    _refuse = model_validator(mode="after")(refuse_contradictions)


def experiment_topics() -> tuple[str, ...]:
    """Return the topics that are packaged, sorted.

    Examples
    --------
    >>> "serotonin" in experiment_topics()
    True
    """
    return packaged_names(_PACKAGE)


def topic_title(topic: str) -> str:
    """Return the title of a topic in words.

    Parameters
    ----------
    topic
        Packaged topic, or path of a YAML file.

    Raises
    ------
    UnknownNameError, FileContentError
        As in `load_experiments`.

    Examples
    --------
    >>> topic_title("serotonin")
    'Serotonin'
    """
    return _file(topic).title


def load_experiments(topic: str) -> tuple[Experiment, ...]:
    """Return the experiments of a packaged topic, or of a file.

    Parameters
    ----------
    topic
        Packaged topic, or path of a YAML file.

    Returns
    -------
    Experiments in the order of the file, each with its topic.

    Raises
    ------
    UnknownNameError
        If no topic has that name and no such file exists.
    FileContentError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_experiments("precursors")[0].species
    'model'
    """
    return tuple(
        experiment.model_copy(update={"topic": topic}) for experiment in _file(topic).experiments
    )


def _file(topic: str) -> ExperimentFile:
    return load_named(
        topic, _PACKAGE, ExperimentFile, kind="topic of experiments", error=FileContentError
    )
