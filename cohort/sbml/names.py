"""Ids of SBML become names of the engine, reversibly.

Most stay as they are. An id that the engine keeps for itself (``t``, absolute time) or that Python
cannot use as a name is renamed, and so is whatever the reader adds where its name is taken.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Final

from kernels import TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Names"]

_RESERVED: Final = frozenset({TIME.name, *keyword.kwlist})
_RESERVED_START: Final = "combine__"  # the engine's common subexpressions


class Names:
    """Hold the name of every id, and hand out new ones.

    Parameters
    ----------
    ids
        All ids of a model.

    Examples
    --------
    >>> names = Names(["S1", "t", "lambda"])
    >>> names["S1"], names["t"], names.fresh("S1_amount")
    ('S1', 't_', 'S1_amount')
    >>> names.renamed
    {'t': 't_', 'lambda': 'lambda_'}
    """

    def __init__(self, ids: Iterable[str]) -> None:
        wanted = list(dict.fromkeys(ids))
        self._taken = set(wanted) | _RESERVED
        self._by_id: dict[str, str] = {}
        for name in wanted:
            is_kept = name in _RESERVED or name.startswith(_RESERVED_START)
            self._by_id[name] = (
                self.fresh(f"{name}_" if name in _RESERVED else f"_{name}") if (is_kept) else name
            )

    def __getitem__(self, sbml_id: str) -> str:
        return self._by_id[sbml_id]

    def __contains__(self, sbml_id: object) -> bool:
        return sbml_id in self._by_id

    @property
    def renamed(self) -> Mapping[str, str]:
        """Names that differ from their id, by id.

        Examples
        --------
        >>> Names(["a"]).renamed
        {}
        """
        return {key: name for key, name in self._by_id.items() if key != name}

    def fresh(self, wanted: str) -> str:
        """Return a name that nothing has, ``wanted`` if it is free.

        Examples
        --------
        >>> names = Names(["a_amount"])
        >>> names.fresh("a_amount"), names.fresh("a_amount")
        ('a_amount_', 'a_amount__')
        """
        while wanted in self._taken:
            wanted += "_"
        self._taken.add(wanted)
        return wanted
