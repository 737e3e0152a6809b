"""The 80-byte records of SAS transport files, versions 5 and 8, and their numbers.

A transport file is a library header, a member header, one 140-byte description a variable, then
rows of fixed length, the whole padded with blanks to records of 80 bytes. Numbers are IBM
hexadecimal floating point, big-endian; a missing one is a dot followed by zeros.

References
----------
SAS Institute, "Record Layout of a SAS Version 5 or 6 Data Set in SAS Transport (XPORT) Format"
(TS-140) and its twin for versions 8 and 9. Layout of version 8 as ReadStat 1.1 writes it [read].
"""

import struct
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LARGEST",
    "LONG_NAMES",
    "MISSING",
    "SMALLEST",
    "TransportVariable",
    "headers",
    "ibm_floats",
    "padding",
]

N_RECORD: Final = 80
"""Bytes in a record."""

LARGEST: Final = 16.0**63 * (1.0 - 2.0**-53)
"""Largest number that float64 and a transport file both hold."""
SMALLEST: Final = 16.0**-65
"""Smallest positive number of a transport file."""

MISSING: Final = 0x2E << 56
"""The bits of a missing number: a dot, then zeros."""

_EXPONENT_BIAS = 64
_FRACTION_BITS = 56
_SIGN_BIT = np.uint64(1 << 63)
_NUMERIC, _TEXT = 1, 2

LONG_NAMES: Final = 8
"""The version that holds long names."""

_RECORD_NAMES = {
    5: ("LIBRARY", "MEMBER", "DSCRPTR", "NAMESTR", "OBS"),
    LONG_NAMES: ("LIBV8", "MEMBV8", "DSCPTV8", "NAMSTV8", "OBSV8"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportVariable:
    """A variable as a transport file describes it.

    Parameters
    ----------
    name
        At most 8 characters in version 5, 32 in version 8.
    label
        At most 40 characters.
    is_text
        Whether the values are texts.
    n_bytes
        Length of a value [byte].
    display
        Name of the SAS format and its width, empty and 0 without one.

    Examples
    --------
    >>> TransportVariable(name="AGE", label="Age", is_text=False, n_bytes=8).n_bytes
    8
    """

    name: str
    label: str
    is_text: bool
    n_bytes: int
    display: tuple[str, int] = ("", 0)


def ibm_floats(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    r"""Return numbers in IBM hexadecimal floating point, NaN as missing.

    Parameters
    ----------
    values
        Numbers between ``-LARGEST`` and ``LARGEST``; those nearer to 0 than ``SMALLEST`` become 0.

    Returns
    -------
    The bits, in the byte order of this machine.

    Notes
    -----
    With :math:`x = m 2^e`, :math:`1/2 \le m < 1`, the hexadecimal exponent is
    :math:`E = \lceil e / 4 \rceil` and the fraction :math:`m 2^{e - 4 E}`. Its 56 bits hold the
    53 of a float64, shifted by at most three, so nothing is rounded.

    Examples
    --------
    >>> [hex(bits) for bits in ibm_floats(np.array([1.0, -0.5, np.nan]))]
    ['0x4110000000000000', '0xc080000000000000', '0x2e00000000000000']
    """
    missing = np.isnan(values)
    size = np.abs(np.where(missing, 0.0, values))
    size = np.where(size < SMALLEST, 0.0, size)
    mantissa, exponent = np.frexp(size)
    hexadecimal = -(-exponent // 4)
    fraction = np.ldexp(mantissa, _FRACTION_BITS + exponent - 4 * hexadecimal).astype(np.uint64)
    bits = (
        (hexadecimal + _EXPONENT_BIAS).astype(np.uint64) << np.uint64(_FRACTION_BITS)
    ) | fraction
    bits = np.where(size == 0.0, np.uint64(0), bits)
    bits = np.where((values < 0.0) & (size > 0.0), bits | _SIGN_BIT, bits)
    return np.where(missing, np.uint64(MISSING), bits)


def padding(n_bytes: int) -> bytes:
    """Return the blanks that fill the last record.

    Examples
    --------
    >>> padding(78)
    b'  '
    """
    return b" " * (-n_bytes % N_RECORD)


def headers(
    name: str,
    label: str,
    variables: tuple[TransportVariable, ...],
    *,
    n_rows: int,
    made: str,
    version: Literal[5, 8],
) -> bytes:
    """Return all that comes before the first row.

    Parameters
    ----------
    name
        Name of the dataset.
    label
        Its label, at most 40 characters.
    variables
        In the order of the rows.
    n_rows
        Number of rows; version 5 has no place for it.
    made
        When it was made, as SAS writes it: ``02JAN26:03:04:05``.
    version
        5 or 8.

    Examples
    --------
    >>> age = TransportVariable(name="AGE", label="Age", is_text=False, n_bytes=8)
    >>> made = "02JAN26:03:04:05"
    >>> len(headers("ADSL", "Subjects", (age,), n_rows=3, made=made, version=5)) % 80
    0
    """
    is_long = version == LONG_NAMES
    described = b"".join(
        _namestr(variable, number, position, is_long=is_long)
        for number, (variable, position) in enumerate(
            zip(variables, _positions(variables), strict=True), start=1
        )
    )
    library, member, descriptor, namestr, rows = _RECORD_NAMES[version]
    blanks = "" if is_long else f"{'':24}"
    return b"".join(
        (
            _header(library),
            _record(f"{'SAS':8}{'SAS':8}{'SASLIB':8}{'9.4':8}{'':8}{'':24}{made}"),
            _record(made),
            _header(member, fourth=160, sixth=140),
            _header(descriptor),
            _record(
                f"{'SAS':8}{name:{32 if is_long else 8}}{'SASDATA':8}{'9.4':8}{'':8}{blanks}{made}"
            ),
            _record(f"{made}{'':16}{label:40}{'':8}"),
            _header(namestr, second=len(variables)),
            described,
            padding(len(described)),
            _record(f"{_header_text(rows)}{n_rows:15}") if is_long else _header(rows),
        )
    )


def _positions(variables: tuple[TransportVariable, ...]) -> list[int]:
    ends = np.cumsum([variable.n_bytes for variable in variables]).tolist()
    return [0, *ends[:-1]]


def _header_text(name: str) -> str:
    return f"HEADER RECORD*******{name:8}HEADER RECORD!!!!!!!"


def _header(name: str, *, second: int = 0, fourth: int = 0, sixth: int = 0) -> bytes:
    numbers = f"{0:05d}{second:05d}{0:05d}{fourth:05d}{0:05d}{sixth:05d}"
    return _record(_header_text(name) + numbers)


def _record(text: str) -> bytes:
    return f"{text:80}".encode("ascii")


def _namestr(variable: TransportVariable, number: int, position: int, *, is_long: bool) -> bytes:
    display, width = variable.display
    tail = (
        struct.pack(">32sH18x", f"{variable.name:32}".encode("ascii"), len(variable.label))
        if is_long
        else bytes(52)
    )
    return (
        struct.pack(
            ">4H8s40s8s3H2x8s2HI",
            _TEXT if variable.is_text else _NUMERIC,
            0,
            variable.n_bytes,
            number,
            f"{variable.name[:8]:8}".encode("ascii"),
            f"{variable.label:40}".encode("ascii"),
            f"{display:8}".encode("ascii"),
            width,
            0,
            0 if variable.is_text else 1,  # numbers stand right
            b" " * 8,
            0,
            0,
            position,
        )
        + tail
    )
