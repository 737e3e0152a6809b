"""Worker processes of a script that has no ``if __name__ == "__main__"``.

A process that Python starts afresh runs the main script again, to find what is defined there. A
script that calls `run` would so call it again in every worker, which Python refuses with an error
about bootstrapping. Workers of a run need nothing from the script: what they compute is imported by
name. So, while they may be started, Python does not know where the script is.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["unknown_main_module"]


@contextmanager
def unknown_main_module() -> Iterator[None]:
    """Let processes that start within the block not run the main script.

    Notes
    -----
    Python looks for the script in ``__spec__`` and ``__file__`` of the module ``__main__``; both
    are away within the block, and back after it.

    Examples
    --------
    >>> with unknown_main_module():
    ...     print(sys.modules["__main__"].__spec__)
    None
    """
    names = vars(sys.modules["__main__"])
    kept: dict[str, object] = {}
    for name in ("__spec__", "__file__"):
        if name in names:
            kept[name] = names[name]
    names["__spec__"] = None
    names.pop("__file__", None)
    try:
        yield
    finally:
        names.update(kept)
