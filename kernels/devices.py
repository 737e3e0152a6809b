"""Which devices there are, and the backend behind a device's name."""

from dataclasses import dataclass

from kernels.backends.interface import AbstractBackend
from kernels.backends.numpy_backend import NumpyBackend
from kernels.errors import DeviceError

__all__ = ["DeviceReport", "choose_backend", "devices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReport:
    """Say whether a device can be used, and if not, why and what helps.

    Parameters
    ----------
    name
        What ``device`` is set to.
    is_available
        Whether it can be used now.
    reason
        What was found.
    remedy
        What to do to get it; empty where it is there.

    Examples
    --------
    >>> [report.name for report in devices() if report.is_available]
    ['numpy']
    """

    name: str
    is_available: bool
    reason: str
    remedy: str


def devices() -> tuple[DeviceReport, ...]:
    """Return every device this version knows, the preferred first.

    Examples
    --------
    >>> devices()[-1].name
    'numpy'
    """
    return (
        DeviceReport(
            name="cuda:0",
            is_available=False,
            reason="this version has no CUDA backend",
            remedy="use 'numpy' or 'auto'",
        ),
        DeviceReport(
            name="native",
            is_available=False,
            reason="this version has no native backend",
            remedy="use 'numpy' or 'auto'",
        ),
        DeviceReport(name="numpy", is_available=True, reason="NumPy is installed", remedy=""),
    )


def choose_backend(device: str) -> tuple[AbstractBackend, dict[str, str]]:
    """Return the backend of a device, and why others were passed over.

    Parameters
    ----------
    device
        A device's name, or ``auto`` for the first that is available.

    Returns
    -------
    The backend, and reasons by device name (empty unless ``auto``).

    Raises
    ------
    DeviceError
        If a device is asked for by name that is not there.

    Examples
    --------
    >>> backend, reasons = choose_backend("auto")
    >>> backend.name, reasons["native"]
    ('numpy', 'this version has no native backend')
    """
    reports = devices()
    if device == "auto":
        return NumpyBackend(), {r.name: r.reason for r in reports if not r.is_available}
    if device == NumpyBackend.name:
        return NumpyBackend(), {}
    reasons = {report.name: report.reason for report in reports}
    raise DeviceError(
        "device",
        f"'{device}' was asked for and is not there ({reasons.get(device, 'unknown device')})",
        "available: " + ", ".join(repr(r.name) for r in reports if r.is_available),
        "Use 'numpy', or 'auto' to take what there is",
    )
