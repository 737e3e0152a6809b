"""Which devices there are, and the backend behind a device's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernels.backends.cuda_backend import CudaBackend, cuda_devices
from kernels.backends.interface import AbstractBackend, DeviceReport
from kernels.backends.native_backend import NativeBackend
from kernels.backends.numpy_backend import NumpyBackend
from kernels.errors import DeviceError, KernelError

if TYPE_CHECKING:
    from kernels.program import Program
    from kernels.solver import Solver

__all__ = ["DeviceReport", "choose_backend", "devices"]


def _backends() -> tuple[AbstractBackend, ...]:
    """Return every backend, the preferred first."""
    n_cuda = max(cuda_devices(), 1)  # without any, one that says why
    return (*map(CudaBackend, range(n_cuda)), NativeBackend(), NumpyBackend())


def devices() -> tuple[DeviceReport, ...]:
    """Return every device this version knows, the preferred first.

    Examples
    --------
    >>> devices()[-1].name
    'numpy'
    """
    return tuple(backend.report() for backend in _backends())


def choose_backend(
    device: str, program: Program, solver: Solver
) -> tuple[AbstractBackend, dict[str, str]]:
    """Return the backend of a device, ready for a program, and why others were passed over.

    Parameters
    ----------
    device
        A device's name, or ``auto`` for the first that can run the program.
    program, solver
        What it will run.

    Returns
    -------
    The backend, and reasons by device name (empty unless ``auto``).

    Raises
    ------
    DeviceError
        If a device is asked for by name that is not there, or none can run the program.
    BuildError
        If a device asked for by name cannot build the program.

    Examples
    --------
    >>> from kernels import OdeSystem, Solver, lower
    >>> rest = lower(OdeSystem(name="rest", states=("x",), parameters=(), rhs={"x": 0}))
    >>> backend, reasons = choose_backend("numpy", rest, Solver())
    >>> backend.name, reasons
    ('numpy', {})
    """
    backends = _backends()
    if device == "auto":
        return _first_that_runs(backends, program, solver)
    for backend in backends:
        report = backend.report()
        if report.name != device:
            continue
        if not report.is_available:
            raise _not_there(device, report.reason, backends)
        backend.prepare(program, solver)
        return backend, {}
    raise _not_there(device, "unknown device", backends)


def _first_that_runs(
    backends: tuple[AbstractBackend, ...], program: Program, solver: Solver
) -> tuple[AbstractBackend, dict[str, str]]:
    reasons: dict[str, str] = {}
    for backend in backends:
        report = backend.report()
        if not report.is_available:
            reasons[report.name] = report.reason
            continue
        try:
            backend.prepare(program, solver)
        except KernelError as error:
            reasons[report.name] = error.given
            continue
        return backend, reasons
    raise DeviceError(
        "device",
        "'auto' found none: " + "; ".join(f"{name}: {reason}" for name, reason in reasons.items()),
        "one that can run the program with this solver is needed",
        "Use Solver(precision='float64'), which every device has",
    )


def _not_there(device: str, reason: str, backends: tuple[AbstractBackend, ...]) -> DeviceError:
    reports = [backend.report() for backend in backends]
    return DeviceError(
        "device",
        f"'{device}' was asked for and is not there ({reason})",
        "available: " + ", ".join(repr(r.name) for r in reports if r.is_available),
        "Use one of them, or 'auto' to take the fastest",
    )
