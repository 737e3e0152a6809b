"""Packaged trial protocols, one commented YAML file each, to run or to copy.

Content only: the schema and the reader are in `cohort.trial`.
"""

from importlib import resources

from cohort.errors import UnknownNameError

__all__ = ["protocol_names", "protocol_text"]


def protocol_names() -> tuple[str, ...]:
    """Return the packaged protocols, sorted.

    Examples
    --------
    >>> "sct-md-01" in protocol_names()
    True
    """
    names = (entry.name for entry in resources.files("cohort.protocols").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def protocol_text(name: str) -> str:
    """Return the text of a packaged protocol with its comments, a start for one's own.

    Parameters
    ----------
    name
        One of `protocol_names`.

    Returns
    -------
    YAML text.

    Raises
    ------
    UnknownNameError
        If no packaged protocol has that name.

    Examples
    --------
    >>> protocol_text("sct-md-01").splitlines()[0][:11]
    '# SCT-MD-01'
    """
    if name not in protocol_names():
        raise UnknownNameError("protocol", name, protocol_names(), "protocol")
    folder = resources.files("cohort.protocols")
    return (folder / f"{name}.yaml").read_text(encoding="utf-8")
