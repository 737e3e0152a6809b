"""What a worker elsewhere must have: the same program, and the run folder in sight.

Byte-identical tables need one version of everything that computes, and shards must land where the
driver reads them. A worker that has neither is refused when it joins, before it computes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from distributed import WorkerPlugin

from pipelines.errors import ExecutionError
from pipelines.plan import code_versions

if TYPE_CHECKING:
    from distributed import Worker

__all__ = ["PLUGIN", "SameProgram"]

PLUGIN = "neurocohort-same-program"
"""Name by which a scheduler knows the check."""


class SameProgram(WorkerPlugin):
    """Refuses a worker with other versions, or without the run folder.

    Parameters
    ----------
    code
        Versions and source hash of the driver.
    mark
        A file that the driver wrote into the run folder.

    Examples
    --------
    >>> SameProgram({"numpy": "1.0"}, Path("no/mark")).setup(None)
    Traceback (most recent call last):
    ...
    pipelines.errors.ExecutionError: worker ...: ...numpy 1.0 on the driver, ...
    """

    def __init__(self, code: Mapping[str, str], mark: Path) -> None:
        self.name = PLUGIN
        self.code = dict(code)
        self.mark = mark

    def setup(self, worker: "Worker | None") -> None:
        """Check this worker; runs on it.

        Raises
        ------
        ExecutionError
            Naming what differs.

        Examples
        --------
        >>> SameProgram.setup.__name__  # shown above
        'setup'
        """
        here = code_versions()
        differing = [
            f"{name} {version} on the driver, {here.get(name, 'none')} there"
            for name, version in self.code.items()
            if here.get(name) != version
        ]
        address = getattr(worker, "address", "here")
        if differing:
            raise ExecutionError(
                f"worker {address}: another program ({'; '.join(differing)}); tables do not depend "
                "on the worker only if all run the same. Use one environment on all nodes."
            )
        if not self.mark.exists():
            raise ExecutionError(
                f"worker {address}: does not see {self.mark.parent}; workers write shards there. "
                "Choose a run folder that every node sees."
            )
