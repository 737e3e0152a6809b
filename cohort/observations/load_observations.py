"""The packaged observations, one YAML file a theme, and a user's own."""

from collections.abc import Iterable

from cohort.errors import DrugError
from cohort.observations.observation import Observation, ObservationFile
from cohort.yaml_files import load_named, packaged_names

__all__ = ["load_observations", "observation_files"]

_PACKAGE = "cohort.observations"


def observation_files() -> tuple[str, ...]:
    """Return the names of the packaged files, sorted.

    Examples
    --------
    >>> "ssri" in observation_files()
    True
    """
    return packaged_names(_PACKAGE)


def load_observations(names: Iterable[str] | None = None) -> tuple[Observation, ...]:
    """Return the observations of some files.

    Parameters
    ----------
    names
        Packaged names or paths of YAML files; None takes all packaged ones.

    Returns
    -------
    Observations in the order of files and entries, each with its theme.

    Raises
    ------
    UnknownNameError
        If no file has that name.
    DrugError
        If a file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_observations(["ssri"])[0].theme
    'ssri'
    """
    wanted = observation_files() if names is None else tuple(names)
    return tuple(
        one.model_copy(update={"theme": name})
        for name in wanted
        for one in load_named(
            name, _PACKAGE, ObservationFile, kind="file of observations", error=DrugError
        ).observations
    )
