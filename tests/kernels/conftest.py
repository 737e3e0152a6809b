"""Run a module on every backend that needs no device: the text of the GPU, and its referee."""

import sys

import pytest

from kernels.backends.native_backend import NativeBackend
from kernels.backends.numpy_backend import NumpyBackend

BACKENDS = {
    "numpy": NumpyBackend,
    "native": NativeBackend,
    "native, one lane a register": lambda: NativeBackend(n_double=1),  # the lane loop of CUDA
}


@pytest.fixture(params=BACKENDS)
def every_backend(request, monkeypatch):
    """Let ``auto`` find one backend first."""
    backend = BACKENDS[request.param]()
    module = sys.modules["kernels.devices"]  # the package has a function of that name
    monkeypatch.setattr(module, "_backends", lambda: (backend, NumpyBackend()))
    return backend
