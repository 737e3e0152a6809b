"""Where the bytes of a run come from: the commit of the sources, the kernel and who built it.

Enters with a protocol and a device, leaves with plain values for the provenance and with the text
that the device compiled. `cohort verify` asks the same questions later and sets the answers side
by side.
"""

import functools
import platform
import subprocess
from pathlib import Path
from typing import Any

import kernels
from cohort.trial_equations import SOLVER
from kernels import DeviceError, Program, Solver
from kernels.backends.cuda_backend import BLOCK_THREADS
from kernels.backends.kernel_text import kernel_text
from kernels.backends.native_build import find_compiler, instruction_set
from pipelines.files import text_sha256

__all__ = ["KERNEL_FILES", "kernel_record", "kernel_source", "source_commit"]

KERNEL_FILES = {"native": "kernel.cpp", "cuda": "kernel.cu"}
"""Name of the kernel text in a run folder by kind of device; NumPy runs the program itself."""

_GIT_S = 10


def _kind(device: str) -> str:
    return device.partition(":")[0]


def kernel_source(program_text: str, device: str) -> dict[str, str]:
    """Return the text that a device compiles, by the name of its file; nothing for NumPy.

    Parameters
    ----------
    program_text
        The lowered equations, as `cohort.trial_equations.model_texts` writes them.
    device
        Where lanes are integrated.

    Raises
    ------
    DeviceError
        If ``NEUROCOHORT_INSTRUCTION_SET`` names one that is not there.

    Examples
    --------
    >>> from cohort.trial_equations import model_texts
    >>> from cohort.trial import load_protocol
    >>> program = model_texts(load_protocol("sct-md-01"))["program.txt"]
    >>> list(kernel_source(program, "native")), kernel_source(program, "numpy")
    (['kernel.cpp'], {})
    """
    kind = _kind(device)
    if kind not in KERNEL_FILES:
        return {}
    width = 1 if kind == "cuda" else instruction_set().n_double
    return {KERNEL_FILES[kind]: _kernel_text(program_text, kind, width)}


@functools.lru_cache(maxsize=4)  # a run asks three times, and the points of a batch are alike
def _kernel_text(program_text: str, kind: str, n_double: int) -> str:
    program = Program.from_text(program_text)
    if kind == "cuda":
        return kernel_text(program, SOLVER, n_double, BLOCK_THREADS)
    return kernel_text(program, SOLVER, n_double)


def kernel_record(program_text: str, device: str, solver: Solver = SOLVER) -> dict[str, Any]:
    """Return what identifies the kernel of a run: hashes, compiler, instruction set, processor.

    Parameters
    ----------
    program_text
        The lowered equations.
    device
        Where lanes are integrated.
    solver
        Of the trial.

    Examples
    --------
    >>> from cohort.trial_equations import model_texts
    >>> from cohort.trial import load_protocol
    >>> program = model_texts(load_protocol("sct-md-01"))["program.txt"]
    >>> sorted(kernel_record(program, "numpy"))[:2]
    ['architecture', 'program_sha256']
    """
    record: dict[str, Any] = {
        "program_sha256": text_sha256(program_text),
        "solver": {"method": solver.method, "rtol": solver.rtol, "atol": solver.atol},
        "architecture": platform.machine(),
    }
    for name, text in kernel_source(program_text, device).items():
        record |= {"text": name, "text_sha256": text_sha256(text)}
    if _kind(device) == "native":
        try:
            record |= {
                "compiler": find_compiler().version,
                "instruction_set": instruction_set().name,
            }
        except DeviceError as error:  # verified on a machine without a compiler
            record |= {"compiler": error.given}
    return record


@functools.cache
def source_commit() -> str:
    """Return the commit that this program runs from, and whether it was changed since.

    Returns
    -------
    The hash, with ``, changed`` behind it where tracked files differ; else why there is none.

    Examples
    --------
    >>> isinstance(source_commit(), str)
    True
    """
    root = Path(kernels.__file__).resolve().parents[1]
    top = _git(root, "rev-parse", "--show-toplevel")
    # installed packages may lie inside the repository of something else
    if top is None or Path(top) != root:
        return "none: installed without its repository"
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return "none: the repository has no commit"
    return f"{commit}, changed" if _git(root, "status", "--porcelain", "-uno") else commit


def _git(root: Path, *words: str) -> str | None:
    """Return what git answers, None where it cannot."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            text=True,
            timeout=_GIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
