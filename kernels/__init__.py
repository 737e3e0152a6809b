"""The engine: many independent copies ("lanes") of one ODE system, integrated together.

Knows states, parameters, events and devices; has never heard of a patient or a dose's meaning.
Imports NumPy and SymPy only. The way in is `integrate`; below it run `lower` (equations to a
program) and one backend a kind of device. What comes out is a `Solution`.
"""

from kernels.devices import DeviceReport, devices
from kernels.emit import SignedPower
from kernels.errors import (
    BuildError,
    DeclarationError,
    DeviceError,
    IntegrationError,
    KernelError,
    LoweringError,
    RangeError,
    ShapeError,
    UnknownNameError,
)
from kernels.integrate import integrate, integration_seconds, prepare, replay
from kernels.lanes import Lanes
from kernels.lower import lower
from kernels.program import Program
from kernels.schedule import DoseRecord, Schedule, Stream, streams_from_records
from kernels.solution import ResultCode, Solution
from kernels.solver import Solver
from kernels.system import TIME, OdeSystem, symbol
from kernels.triggers import Event

__all__ = [
    "TIME",
    "BuildError",
    "DeclarationError",
    "DeviceError",
    "DeviceReport",
    "DoseRecord",
    "Event",
    "IntegrationError",
    "KernelError",
    "Lanes",
    "LoweringError",
    "OdeSystem",
    "Program",
    "RangeError",
    "ResultCode",
    "Schedule",
    "ShapeError",
    "SignedPower",
    "Solution",
    "Solver",
    "Stream",
    "UnknownNameError",
    "devices",
    "integrate",
    "integration_seconds",
    "lower",
    "prepare",
    "replay",
    "streams_from_records",
    "symbol",
]
