"""Pages of the public names: one a package, from the docstrings.

Public is what a package lists in ``__all__``. A package of `cohort` or `kernels` without a list is
a room whose modules are entered one by one: its page has a section a module. Of `pipelines`, which
is the command line, only what has a list is shown.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterable
from types import ModuleType

from page_text import table

__all__ = ["api_pages"]

_COMMAND_LINE = "pipelines"


def api_pages(packages: Iterable[str]) -> dict[str, str]:
    """Return the pages by path, and the list of them.

    Parameters
    ----------
    packages
        Packages whose rooms are shown.

    Examples
    --------
    >>> "automodule:: kernels" in api_pages(["kernels"])["api/kernels.md"]
    True
    """
    pages, rows, names = {}, [], []
    for package in packages:
        for module in _rooms(package):
            page = _page(module)
            if page is None:
                continue
            pages[f"api/{module.__name__}.md"] = page
            names.append(f"/generated/api/{module.__name__}")
            summary = (module.__doc__ or "").strip().split("\n")[0]
            rows.append([f"[`{module.__name__}`](/generated/api/{module.__name__}.md)", summary])
    listed = "\n".join(names)
    pages["api_table.md"] = (
        f"{table(['Package', 'What'], rows)}\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    )
    return pages


def _rooms(package: str) -> list[ModuleType]:
    root = importlib.import_module(package)
    found = pkgutil.walk_packages(root.__path__, f"{package}.")
    return [root, *(importlib.import_module(one.name) for one in found if one.ispkg)]


def _page(module: ModuleType) -> str | None:
    if getattr(module, "__all__", ()):
        elsewhere = _elsewhere(module)
        directive = _automodule(module.__name__, without=elsewhere)
        blocks = [f"# `{module.__name__}`", directive]
        if elsewhere:
            named = ", ".join(f"`{name}` of `{room}`" for name, room in elsewhere.items())
            blocks.append(f"Exported here too: {named}.")
        return "\n\n".join(blocks) + "\n"
    if module.__name__.startswith(_COMMAND_LINE):
        return None
    inside = [one for one in pkgutil.iter_modules(module.__path__) if not one.ispkg]
    sections = []
    for one in inside:
        name = f"{module.__name__}.{one.name}"
        if getattr(importlib.import_module(name), "__all__", ()):
            sections.append(f"## `{name}`\n\n{_automodule(name)}")
    if not sections:
        return None
    opening = _automodule(module.__name__, members=False)
    return "\n\n".join([f"# `{module.__name__}`", opening, *sections]) + "\n"


def _elsewhere(module: ModuleType) -> dict[str, str]:
    """Return the names that another package of this project exports as its own, and which."""
    found = {}
    for name in module.__all__:
        home = _home(getattr(module, name), name)
        if home and home != module.__name__:
            found[name] = home
    return found


def _home(thing: object, name: str) -> str:
    """Return the package nearest to where a thing is defined that exports it; empty if unknown."""
    place = getattr(thing, "__module__", None) or ""
    while isinstance(place, str) and place:
        module = sys.modules.get(place)
        is_package = module is not None and hasattr(module, "__path__")
        if is_package and name in getattr(module, "__all__", ()):
            return place
        place = place.rpartition(".")[0]
    return ""


def _automodule(name: str, *, members: bool = True, without: Iterable[str] = ()) -> str:
    options = [":members:", ":imported-members:"] if members else []
    if without:
        options.append(f":exclude-members: {', '.join(without)}")
    lines = [f".. automodule:: {name}", *(f"   {option}" for option in options)]
    return "\n".join(["```{eval-rst}", *lines, "```"])
