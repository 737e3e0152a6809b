"""Names of datasets where names have at most 8 characters: SAS transport files and Define-XML."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["transport_name"]

_SHORT_NAMES: Mapping[str, str] = MappingProxyType(
    {"trajectories": "ADTRAJ", "intercurrent_events": "ADICE"}
)


def transport_name(table: str) -> str:
    """Return the name of a table as a dataset.

    Parameters
    ----------
    table
        Name of the table.

    Examples
    --------
    >>> transport_name("adsl"), transport_name("trajectories")
    ('ADSL', 'ADTRAJ')
    """
    return _SHORT_NAMES.get(table, table.upper())
