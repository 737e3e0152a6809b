"""Put a whole batch into the batch system: its driver becomes a job that runs `cohort batch`.

The worker jobs that the driver starts serve all points. There is no job array of a batch: which
units are left is known to its driver only.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipelines.batch import prepare_batch, write_begun
from pipelines.cluster.jobs import Jobs
from pipelines.cluster.profile import load_profile
from pipelines.cluster.record import Submission, fresh_name
from pipelines.cluster.submission import check_shared, submit_jobs
from pipelines.errors import InputError
from pipelines.provenance import timestamp
from pipelines.run_folder import RunFolder, create_folder

if TYPE_CHECKING:
    from pipelines.batch import BatchRequest
    from pipelines.cluster.scripts import Script

__all__ = ["is_batch_file", "submit_batch"]

_OWN_KEYS = frozenset({"protocols", "protocol", "sweep"})
_DRIVER = "driver"


def is_batch_file(word: str) -> bool:
    """Return whether a word names a batch file, and no protocol.

    Parameters
    ----------
    word
        What the command line was given.

    Examples
    --------
    >>> is_batch_file("sct-md-01")
    False
    """
    path = Path(word)
    if not path.is_file():
        return False
    try:
        found = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, YAMLError):
        return False  # whoever reads the file next says what is wrong with it
    return isinstance(found, dict) and not _OWN_KEYS.isdisjoint(found)


def submit_batch(
    request: "BatchRequest",
    profile_path: Path,
    *,
    mode: str,
    words: Sequence[str],
    is_dry: bool = False,
) -> "tuple[Submission, dict[str, Script]]":
    """Put a batch into the batch system.

    Parameters
    ----------
    request
        The batch; it is checked before anything is written.
    profile_path
        The cluster's profile.
    mode
        ``driver``.
    words
        Batch file and options of `cohort batch` as the job gets them.
    is_dry
        Whether to return the scripts only; writes nothing.

    Returns
    -------
    What was submitted, and the scripts by their part.

    Raises
    ------
    InputError
        If an option, the profile or the folder cannot be used.
    ExecutionError
        If the batch system refuses.

    Examples
    --------
    >>> submit_batch.__name__  # run by tests/pipelines/cluster/test_submission.py
    'submit_batch'
    """
    if mode != _DRIVER:
        raise InputError(
            f"--mode: '{mode}' of a batch; '{_DRIVER}' is allowed, which hands out the units of "
            "all points. Leave out --mode, or submit the protocols one by one."
        )
    profile = load_profile(profile_path)
    check_shared(request.out, profile)
    prepare_batch(request)
    jobs = Jobs(
        out=request.out.absolute(),
        profile=profile,
        mode=mode,
        name=fresh_name(),
        words=words,
        n_units=len(request.batch.to_run),
        here=Path.cwd(),
        command="batch",
    )
    submission = Submission(name=jobs.name, kind=profile.kind, mode=mode, submitted=timestamp())
    # before anything is written: a script may refuse a path
    scripts = {_DRIVER: jobs.script(_DRIVER), "worker": jobs.worker_script()}
    if not is_dry:
        create_folder(request.out, "points")
        submit_jobs(
            RunFolder(request.out), jobs, submission, profile_path, lambda: write_begun(request)
        )
    return submission, scripts
