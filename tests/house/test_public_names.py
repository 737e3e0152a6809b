"""Every public name is exported, documented and shown by an example that runs."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

PACKAGES = ("kernels", "cohort", "pipelines")


def all_modules():
    for package in PACKAGES:
        yield package
        module = importlib.import_module(package)
        for found in pkgutil.walk_packages(module.__path__, f"{package}."):
            yield found.name


MODULES = sorted(all_modules())


def own_public_objects(module):
    for name in getattr(module, "__all__", ()):
        thing = getattr(module, name)
        if getattr(thing, "__module__", None) == module.__name__ and (
            inspect.isclass(thing) or inspect.isfunction(thing)
        ):
            yield name, thing


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_and_exports_only_what_exists(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    for exported in getattr(module, "__all__", ()):
        assert hasattr(module, exported), f"{name}.{exported} is in __all__ and does not exist"


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_an_example(name):
    module = importlib.import_module(name)
    missing = [
        f"{name}.{public}"
        for public, thing in own_public_objects(module)
        if ">>>" not in (inspect.getdoc(thing) or "")
    ]
    assert not missing


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS, verbose=False)
    assert result.failed == 0
