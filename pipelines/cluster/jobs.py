"""The jobs of a whole run as scripts, in two modes.

``driver``: one job runs `cohort run --cluster`, whose scheduler submits worker jobs and replaces
them. ``array``: tasks of a job array compute shares with nothing between them but the file system,
and one job that waits for them makes the tables; nothing has to submit from a node.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cluster.record import worker_name
from pipelines.cluster.scripts import Script, ShellWord, interpreter, render, worker_command
from pipelines.cluster.systems import SYSTEMS, BatchJob
from pipelines.cluster.walltime import NOTICE_VARIABLE, TIME_LEFT_VARIABLE
from pipelines.cluster.workplaces import CLUSTER, worker_job
from pipelines.run_folder import RunFolder

if TYPE_CHECKING:
    from pipelines.cluster.profile import Profile

__all__ = ["MODES", "PART_VARIABLE", "SUBMISSION_VARIABLE", "Jobs"]

MODES = ("driver", "array")
"""How a run lies in the batch system."""
SUBMISSION_VARIABLE = "COHORT_SUBMISSION"
"""Variable by which a driver knows that it is the job that was submitted."""
PART_VARIABLE = "COHORT_PART"
"""Variable by which it knows which of the jobs it is."""


_CONTAINERS = {"apptainer": "APPTAINERENV", "singularity": "SINGULARITYENV"}


def _container_prefix(word: str) -> str:
    return _CONTAINERS.get(Path(word).name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The jobs of a run, by their parts, in the order in which they are submitted.

    Parameters
    ----------
    out
        The run folder, from ``/`` on.
    profile
        The cluster.
    mode
        One of `MODES`.
    name
        Name of the jobs.
    words
        Protocol, or batch file, and options of the command.
    n_units
        Units of the run; an array has at most as many tasks.
    here
        Where jobs run: names of files in the protocol are looked up there.
    command
        ``run``, or ``batch`` for the driver of a batch.

    Examples
    --------
    >>> from pipelines.cluster.profile import example_profile, parse_profile
    >>> jobs = Jobs(
    ...     out=Path("/r"), profile=parse_profile(example_profile()), mode="array", name="nc-1",
    ...     words=["sct-md-01"], n_units=4, here=Path("/h"),
    ... )
    >>> jobs.parts
    ('array', 'tables')
    >>> jobs.script("array").text.splitlines()[-1]
    'exec ... -m pipelines.cli run sct-md-01 --out /r --share "${SLURM_ARRAY_TASK_ID}/4"'
    """

    out: Path
    profile: "Profile"
    mode: str
    name: str
    words: Sequence[str]
    n_units: int
    here: Path
    command: str = "run"

    @property
    def parts(self) -> tuple[str, ...]:
        """Parts in the order in which they are submitted; each waits for the one before."""
        return ("driver",) if self.mode == "driver" else ("array", "tables")

    @property
    def profile_copy(self) -> Path:
        """The profile that the driver reads."""
        return self.out / CLUSTER / "profile.yaml"

    def script(self, part: str, *, after: str = "") -> Script:
        """Return the script of a part.

        Parameters
        ----------
        part
            One of `parts`.
        after
            Number of the job that it waits for.

        Examples
        --------
        >>> Jobs.script.__name__  # shown above
        'script'
        """
        run = [*interpreter(self.profile), "-m", "pipelines.cli", self.command, *self.words]
        run += ["--out", str(self.out)]
        if part == "array":
            return self._array_script(run)
        driver = self.profile.driver
        job = BatchJob(
            name=self.name,
            log=self.out / CLUSTER / "logs" / part,
            cores=driver.cores,
            memory_bytes=driver.memory,
            walltime_s=self.profile.driver_walltime,
            notice_s=self.profile.driver_notice,
            may_requeue=True,
            after=after,
        )
        if part == "driver":
            run += ["--cluster", str(self.profile_copy)]
        else:
            run += ["--workers", str(driver.cores)]
        first = [f"export {SUBMISSION_VARIABLE}={self.name}", *self._clock(part), *self._unlock()]
        return render(job, self.profile, run, folder=self.here, first_lines=first)

    def _clock(self, part: str) -> list[str]:
        """Return what tells a driver how long it has: the shell counts from the job's first line.

        A container that starts with a clean environment gets the variables by their other names.
        """
        left = f"$(({self.profile.driver_walltime} - ${{SECONDS:-0}}))"
        values = {
            PART_VARIABLE: part,
            TIME_LEFT_VARIABLE: left,
            NOTICE_VARIABLE: str(self.profile.driver_notice),
        }
        lines = ["export " + " ".join(f"{name}={value}" for name, value in values.items())]
        runtime = next(filter(None, map(_container_prefix, self.profile.launcher)), "")
        if runtime:
            inner = {name: f"${name}" for name in (SUBMISSION_VARIABLE, *values)}
            lines.append("export " + " ".join(f"{runtime}_{k}={v}" for k, v in inner.items()))
        return lines

    def _array_script(self, run: list[str]) -> Script:
        profile = self.profile
        # PBS refuses an array of one
        n_tasks = max(min(profile.most_workers, self.n_units), 2)
        job = BatchJob(
            name=worker_name(self.name),
            log=self.out / CLUSTER / "logs" / "array",
            cores=profile.cores // profile.processes,
            memory_bytes=profile.memory // profile.processes,
            walltime_s=profile.walltime,
            gpus=profile.gpus,
            n_tasks=n_tasks,
            may_requeue=True,
        )
        share = ShellWord(f"${{{SYSTEMS[profile.kind].task_variable}}}/{n_tasks}")
        return render(job, profile, [*run, "--share", share], folder=self.here)

    def _unlock(self) -> list[str]:
        """Return what a driver does first that Slurm starts again after its node was lost.

        The lock names that node. No process elsewhere can tell that its holder is dead; Slurm can.
        """
        if self.profile.kind != "slurm":
            return []
        folder = RunFolder(self.out)
        locks = shlex.join([str(folder.lock), str(folder.exclusive)])
        if self.command == "batch":  # its points were held by the same driver
            points = f"{shlex.quote(str(self.out))}/points/*"
            locks += f" {points}/{folder.lock.name} {points}/{folder.exclusive.name}"
        return [f'if [ "${{SLURM_RESTART_COUNT:-0}}" -gt 0 ]; then rm -f -- {locks}; fi']

    def worker_script(self) -> Script:
        """Return the script of a worker job, with a placeholder for the scheduler's address.

        Examples
        --------
        >>> Jobs.worker_script.__name__  # run by tests/pipelines/cluster/test_submission.py
        'worker_script'
        """
        private = self.out / CLUSTER
        scheme = "tcp" if self.profile.tls == "off" else "tls"
        files = None
        if self.profile.tls == "auto":
            names = {"ca": "certificate.pem", "cert": "certificate.pem", "key": "key.pem"}
            files = {name: private / file for name, file in names.items()}
        elif self.profile.tls != "off":
            given = self.profile.tls.model_dump()
            files = {name: Path(path) for name, path in given.items()}
        command = worker_command(self.profile, f"{scheme}://ADDRESS-OF-THE-DRIVER", files)
        return render(
            worker_job(self.profile, worker_name(self.name), private / "logs"),
            self.profile,
            command,
            folder=self.here,
        )
