"""Packaged trial protocols, one commented YAML file each, to run or to copy.

Content only: the schema and the reader are in `cohort.trial`.
"""

from importlib import resources

from ruamel.yaml import YAML

from cohort.errors import UnknownNameError

__all__ = ["protocol_names", "protocol_text", "protocol_title"]


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


def protocol_title(name: str) -> str:
    """Return the title of a packaged protocol, without reading the rest of it.

    Parameters
    ----------
    name
        One of `protocol_names`.

    Returns
    -------
    Title.

    Raises
    ------
    UnknownNameError
        If no packaged protocol has that name.

    Examples
    --------
    >>> protocol_title("elldopa")
    "Levodopa 150, 300 and 600 mg a day against placebo in early Parkinson's disease, 42 weeks"
    """
    # a list of titles must not wait for every drug and condition to be read
    (line,) = (one for one in protocol_text(name).splitlines() if one.startswith("title:"))
    return str(YAML(typ="safe", pure=True).load(line)["title"])
