"""Function definitions are measured before libSBML checks them: it writes them out, however large.

Forty definitions that each call the one before twice stand for a trillion operations; so many keep
the C library busy for years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cohort.sbml.errors import SbmlError, mistake

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_calls"]

LARGEST: Final = 20_000
"""Operations of one function definition, the ones it calls written out."""


def check_calls(model: Any, library: Any, file: str) -> None:  # noqa: ANN401  # no types
    """Refuse function definitions that call themselves or stand for too much.

    Parameters
    ----------
    model
        libSBML's model.
    library
        The module libSBML.
    file
        What messages call the file.

    Raises
    ------
    SbmlError
        If one does.

    Examples
    --------
    >>> from cohort.sbml.library import libsbml
    >>> check_calls(libsbml().SBMLDocument(3, 1).createModel(), libsbml(), "m.xml")
    """
    calls: dict[str, list[str]] = {}
    own: dict[str, int] = {}
    for i in range(model.getNumFunctionDefinitions()):
        definition = model.getFunctionDefinition(i)
        name, body = definition.getId(), definition.getBody()
        nodes = list(_nodes(body)) if body is not None else []
        own[name] = len(nodes)
        calls[name] = [n.getName() for n in nodes if n.getType() == library.AST_FUNCTION]
    sizes: dict[str, int] = {}
    for name in calls:
        _measure(name, calls, own, sizes, file)


def _measure(
    start: str, calls: dict[str, list[str]], own: dict[str, int], sizes: dict[str, int], file: str
) -> None:
    path: dict[str, None] = {start: None}
    while path:
        name = next(reversed(path))
        waiting = [c for c in calls[name] if c in calls and c not in sizes]
        if waiting:
            if waiting[0] in path:
                chain = " -> ".join((*path, waiting[0]))
                raise SbmlError(
                    [
                        mistake(
                            file,
                            waiting[0],
                            f"the function calls itself ({chain}); SBML allows no recursion",
                            "Write it without",
                        )
                    ]
                )
            path[waiting[0]] = None
            continue
        sizes[name] = own[name] + sum(sizes.get(c, 0) for c in calls[name])
        if sizes[name] > LARGEST:
            raise SbmlError(
                [
                    mistake(
                        file,
                        name,
                        f"the function stands for {sizes[name]:,} operations once those that it "
                        f"calls are written out; {LARGEST:,} are allowed",
                        "Name parts of it by assignment rules",
                    )
                ]
            )
        path.popitem()


def _nodes(node: Any) -> Iterator[Any]:  # noqa: ANN401
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack += [current.getChild(i) for i in range(current.getNumChildren())]
