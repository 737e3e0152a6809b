"""Records that are packaged by name, or a user's own by path: one reader for every kind."""

import functools
from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from cohort.errors import FileContentError, UnknownNameError
from cohort.yaml_files.read_model import read_yaml_model

__all__ = ["load_named", "packaged_names"]

ModelT = TypeVar("ModelT", bound=BaseModel)


def packaged_names(package: str) -> tuple[str, ...]:
    """Return the names of the YAML files of a package, sorted.

    Parameters
    ----------
    package
        Import name of the package that holds the files.

    Returns
    -------
    File names without their ending.

    Examples
    --------
    >>> "citalopram" in packaged_names("cohort.drugs")
    True
    """
    names = (entry.name for entry in resources.files(package).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def load_named(
    name_or_path: str,
    package: str,
    model: type[ModelT],
    *,
    kind: str,
    error: type[FileContentError],
) -> ModelT:
    """Return a packaged record by name, or one from a file.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.
    package
        Import name of the package that holds the packaged files.
    model
        Record to build.
    kind
        What messages call it.
    error
        Error that lists the mistakes of a file.

    Returns
    -------
    The validated record. Packaged ones are read once; a user's file each time, since it may change.

    Raises
    ------
    UnknownNameError
        If no packaged record has that name and no such file exists.
    FileContentError
        Of the type ``error``: the file has mistakes.

    Examples
    --------
    >>> from cohort.conditions import Condition
    >>> from cohort.errors import ConditionError
    >>> load_named(
    ...     "major_depression", "cohort.conditions", Condition,
    ...     kind="condition", error=ConditionError,
    ... ).entry.scale
    'MADRS'
    """
    known = packaged_names(package)
    if name_or_path in known:
        record = _packaged(name_or_path, package, model)
        assert isinstance(record, model)
        return record
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        return read_yaml_model(path, model, error=error)
    raise UnknownNameError(kind, name_or_path, known, kind)


@functools.cache
def _packaged(name: str, package: str, model: type[BaseModel]) -> BaseModel:
    with resources.as_file(resources.files(package) / f"{name}.yaml") as path:
        return read_yaml_model(path, model)
