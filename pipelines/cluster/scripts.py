"""The scripts of jobs: options of the batch system, the profile's prologue, one command.

Paths and words go through `shlex.quote`; names are checked in the profile; whatever could end a
line is refused. A script is the whole truth of its job: it can be read, kept and submitted by hand.
"""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cluster.systems import SYSTEMS, BatchJob
from pipelines.errors import InputError
from pipelines.worker import WORKER_ENVIRONMENT

if TYPE_CHECKING:
    from pipelines.cluster.profile import Profile

__all__ = ["Script", "ShellWord", "interpreter", "render", "worker_command"]

_DEATH_TIMEOUT_S = 60
_LEAST_LIFETIME_S = 600
_LIFETIME_SHARE = 0.9  # of the walltime: then a worker hands its units over and leaves by itself
_MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A job as text.

    Parameters
    ----------
    text
        What the job runs.
    description
        What is submitted in its place where a batch system wants both (HTCondor); else empty.

    Examples
    --------
    >>> Script(text="#!/bin/bash").description
    ''
    """

    text: str
    description: str = ""

    def write(self, path: Path) -> Path:
        """Write the script, for its owner's eyes only; return the file to submit.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Script(text="#!/bin/bash").write(Path(folder, "a.sh")).name
        'a.sh'
        """
        _write_private(path, self.text)
        if not self.description:
            return path
        submitted = path.with_suffix(".sub")
        _write_private(submitted, self.description.replace("EXECUTABLE", str(path)))
        return submitted


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o700)
    path.write_text(text, encoding="utf-8")


def interpreter(profile: "Profile") -> list[str]:
    r"""Return the words that start Python on a node.

    Parameters
    ----------
    profile
        The cluster.

    Examples
    --------
    >>> from pipelines.cluster.profile import parse_profile
    >>> text = "kind: pbs\nmemory: 4 GB\nwalltime: 1 h\npython: python3\nlauncher: [srun, -u]"
    >>> interpreter(parse_profile(text))
    ['srun', '-u', 'python3']
    """
    return [*profile.launcher, profile.python or sys.executable]


def render(
    job: BatchJob,
    profile: "Profile",
    command: Sequence[str],
    *,
    folder: Path,
    first_lines: Sequence[str] = (),
) -> Script:
    r"""Return the script of a job.

    Parameters
    ----------
    job
        What is asked for.
    profile
        The cluster.
    command
        The words to run; a `ShellWord` is left to the shell.
    folder
        Where it runs.
    first_lines
        Shell lines before the command.

    Raises
    ------
    InputError
        If a path cannot stand in a script.

    Examples
    --------
    >>> from pipelines.cluster.profile import parse_profile
    >>> profile = parse_profile("kind: slurm\nmemory: 4 GB\nwalltime: 1 h")
    >>> job = BatchJob(
    ...     name="nc-1", log=Path("/r/w"), cores=1, memory_bytes=2**30, walltime_s=60
    ... )
    >>> print(render(job, profile, ["echo", "it's"], folder=Path("/my run")).text)
    #!/bin/bash
    #SBATCH --job-name=nc-1
    #SBATCH --output="/r/w-%j.log"
    #SBATCH --nodes=1
    #SBATCH --ntasks=1
    #SBATCH --cpus-per-task=1
    #SBATCH --mem=1024M
    #SBATCH --time=00:01:00
    #SBATCH --no-requeue
    set -e
    export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 ...
    cd -- '/my run'
    exec echo 'it'"'"'s'
    <BLANKLINE>
    """
    for text in (str(job.log), str(folder), *command):
        if not text.isprintable():
            raise InputError(
                f"{text!r}: holds a character that ends a line or cannot be seen; printable "
                "characters are allowed in what a job uses. Rename it."
            )
    system = SYSTEMS[profile.kind]
    options = [*system.options(job, profile), *profile.directives]
    lines = ["set -e"]
    if not system.writes_log:
        task = f'-"${{{system.task_variable}}}"' if job.n_tasks else ""
        number = f'"${{{system.id_variable}:-$$}}"'
        lines.append(f"exec > {shlex.quote(str(job.log))}-{number}{task}.log 2>&1")
    lines += [
        "export " + " ".join(_assignments(WORKER_ENVIRONMENT)),
        *profile.prologue,
        f"cd -- {shlex.quote(str(folder))}",
        *first_lines,
        f"exec {' '.join(_word(word) for word in command)}",
    ]
    if profile.kind == "htcondor":
        return Script(
            text="\n".join(["#!/bin/bash", *lines]) + "\n",
            description="\n".join(["executable = EXECUTABLE", *options, "queue"]) + "\n",
        )
    marked = [f"{system.marker} {option}" for option in options]
    return Script(text="\n".join(["#!/bin/bash", *marked, *lines]) + "\n")


def _assignments(variables: Mapping[str, str]) -> list[str]:
    return [f"{name}={shlex.quote(value)}" for name, value in variables.items()]


def _word(word: str) -> str:
    # only this module and its neighbours write such words, never a user's text
    return f'"{word}"' if isinstance(word, ShellWord) else shlex.quote(word)


class ShellWord(str):
    """A word that the shell expands, in double quotes; made from constants only.

    Examples
    --------
    >>> _word(ShellWord("${TMPDIR:-/tmp}")), _word("${HOME}")
    ('"${TMPDIR:-/tmp}"', "'${HOME}'")
    """

    __slots__ = ()


def worker_command(
    profile: "Profile", address: str, tls_files: Mapping[str, Path] | None
) -> list[str]:
    r"""Return the words of a job that is a Dask worker.

    Parameters
    ----------
    profile
        The cluster.
    address
        Of the scheduler.
    tls_files
        The files ``ca``, ``cert`` and ``key``; None without TLS.

    Examples
    --------
    >>> from pipelines.cluster.profile import parse_profile
    >>> profile = parse_profile("kind: slurm\nmemory: 4 GiB\nwalltime: 1 h\ncores: 2")
    >>> words = worker_command(profile, "tcp://10.0.0.1:8786", None)
    >>> words[words.index("--memory-limit") + 1]
    '2048MiB'
    """
    memory_mib = profile.memory // profile.processes // _MEBIBYTE
    words = [
        *interpreter(profile),
        *("-m", "distributed.cli.dask_worker", address),
        *("--nworkers", str(profile.processes)),
        *("--nthreads", "1"),
        *("--memory-limit", f"{memory_mib}MiB"),
        *("--death-timeout", str(_DEATH_TIMEOUT_S)),
        *("--local-directory", profile.scratch or ShellWord("${TMPDIR:-/tmp}")),
        "--no-dashboard",
    ]
    # by its name the keeper finds the job of a worker that has nothing to do; never one name twice
    job = f"${{{SYSTEMS[profile.kind].id_variable}:-none-$$-$RANDOM$RANDOM}}"
    words += ["--name", ShellWord(job)]
    if profile.interface:
        words += ["--interface", profile.interface]
    if profile.walltime >= _LEAST_LIFETIME_S:
        words += ["--lifetime", f"{round(profile.walltime * _LIFETIME_SHARE)}s"]
    if tls_files is not None:
        words += ["--tls-ca-file", str(tls_files["ca"])]
        words += ["--tls-cert", str(tls_files["cert"]), "--tls-key", str(tls_files["key"])]
    return words
