"""From text to libSBML's model: read, checked, packages flattened or refused by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cohort.sbml.calls import check_calls
from cohort.sbml.errors import SbmlError, UnsupportedSbmlError, mistake, shown
from cohort.sbml.guard import check_text, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Document", "open_document"]

_LEVELS: Final = (2, 3)
_MOST_MISTAKES: Final = 10
_KNOWN_MATH: Final = frozenset({"l3v2extendedmath"})
_DROPPED: Final = frozenset({"layout", "render", "groups"})
_DEEPEST_EXTERNAL: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Hold libSBML's model and what was done to it on the way.

    Parameters
    ----------
    file
        Name of the file.
    library
        The module libSBML.
    owner
        libSBML's document; the model lives only as long as it.
    model
        libSBML's model.
    level, version
        Of SBML, as written.
    notes
        What was flattened or left out, a sentence each.
    unit_findings
        What libSBML says of the units, a line each.

    Examples
    --------
    >>> Document.__slots__[0]
    'file'
    """

    file: str
    library: Any
    owner: Any
    model: Any
    level: int
    version: int
    notes: tuple[str, ...]
    unit_findings: tuple[str, ...]


def open_document(text: str, path: Path, library: Any) -> Document:  # noqa: ANN401  # no types
    """Return the model of a text, flattened and free of what no engine reads.

    Parameters
    ----------
    text
        An SBML document.
    path
        Where it lies, or would.
    library
        The module libSBML.

    Raises
    ------
    SbmlError
        If the file is no valid SBML.
    UnsupportedSbmlError
        If it is Level 1, or needs a package that is not read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from cohort.sbml.example import DECAY
    >>> from cohort.sbml.library import libsbml
    >>> open_document(DECAY, Path("decay.xml"), libsbml()).level
    3
    """
    check_text(text, path.name)
    owner = library.readSBMLFromString(text)
    _check(owner, library, path.name)
    level, version = owner.getLevel(), owner.getVersion()
    if level not in _LEVELS:
        raise UnsupportedSbmlError(
            [
                mistake(
                    path.name,
                    "sbml",
                    f"Level {level}; Level 2 and Level 3 are allowed",
                    "Convert it with libSBML's setLevelAndVersion",
                )
            ],
            [f"Level {level}"],
        )
    _check_calls(owner, library, path.name)
    notes = _packages(owner, library, path)
    units = _validate(owner, library, path.name)
    model = owner.getModel()
    if model is None:
        raise SbmlError([mistake(path.name, "sbml", "it holds no model; one is needed", "Add it")])
    return Document(
        file=path.name,
        library=library,
        owner=owner,
        model=model,
        level=level,
        version=version,
        notes=tuple(notes),
        unit_findings=units,
    )


def _check_calls(owner: Any, library: Any, file: str) -> None:  # noqa: ANN401
    plugin = owner.getPlugin("comp")
    models = [owner.getModel()]
    if plugin is not None:
        models += [plugin.getModelDefinition(i) for i in range(plugin.getNumModelDefinitions())]
    for model in models:
        if model is not None:
            check_calls(model, library, file)


def _findings(owner: Any, library: Any) -> Iterator[Any]:  # noqa: ANN401
    log = owner.getErrorLog()
    for i in range(log.getNumErrors()):
        found = log.getError(i)
        # a unit that nobody declared changes no number: it is reported, not refused
        is_unit = found.getErrorId() == library.DanglingUnitReference
        if found.getSeverity() >= library.LIBSBML_SEV_ERROR and not is_unit:
            yield found


def _check(owner: Any, library: Any, file: str) -> None:  # noqa: ANN401
    mistakes = [
        mistake(
            file,
            f"line {found.getLine()}",
            f"{shown(' '.join(found.getShortMessage().split()))} (libSBML {found.getErrorId()})"
            f": {_last_line(found.getMessage())}",
            "Mend the file",
        )
        for found in _findings(owner, library)
    ]
    if mistakes:
        more = len(mistakes) - _MOST_MISTAKES
        mistakes = mistakes[:_MOST_MISTAKES]
        if more > 0:
            mistakes.append(mistake(file, "", f"{more} more mistakes", "Mend the first ones"))
        raise SbmlError(mistakes)


_LONGEST_LINE: Final = 300
_LONGEST_FINDING: Final = 3000  # it quotes a formula


def _last_line(text: str, most: int = _LONGEST_LINE) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith("Reference:")]
    return shown((kept or [text])[-1], most).rstrip(". ")


def _validate(owner: Any, library: Any, file: str) -> tuple[str, ...]:  # noqa: ANN401
    """Refuse an inconsistent model; return what is said of its units."""
    owner.getErrorLog().clearLog()
    owner.setConsistencyChecks(library.LIBSBML_CAT_UNITS_CONSISTENCY, False)
    owner.setConsistencyChecks(library.LIBSBML_CAT_MODELING_PRACTICE, False)
    owner.checkConsistency()
    log = owner.getErrorLog()
    found = [log.getError(i) for i in range(log.getNumErrors())]
    unknown_units = [
        f"line {item.getLine()}: {_last_line(item.getMessage())}"
        for item in found
        if item.getErrorId() == library.DanglingUnitReference
    ]
    _check(owner, library, file)
    owner.getErrorLog().clearLog()
    for category in (
        library.LIBSBML_CAT_GENERAL_CONSISTENCY,
        library.LIBSBML_CAT_IDENTIFIER_CONSISTENCY,
        library.LIBSBML_CAT_MATHML_CONSISTENCY,
        library.LIBSBML_CAT_SBO_CONSISTENCY,
        library.LIBSBML_CAT_OVERDETERMINED_MODEL,
    ):
        owner.setConsistencyChecks(category, False)
    owner.setConsistencyChecks(library.LIBSBML_CAT_UNITS_CONSISTENCY, True)
    owner.checkConsistency()
    log = owner.getErrorLog()
    found = [log.getError(i) for i in range(log.getNumErrors())]
    units = [
        f"line {item.getLine()}: {_last_line(item.getMessage(), _LONGEST_FINDING)}"
        for item in found
    ]
    log.clearLog()
    return (*unknown_units, *units)


# packages


def _packages(owner: Any, library: Any, path: Path) -> list[str]:  # noqa: ANN401
    notes: list[str] = []
    names = [owner.getPlugin(i).getPackageName() for i in range(owner.getNumPlugins())]
    unknown = [
        owner.getUnknownPackagePrefix(i)
        for i in range(owner.getNumUnknownPackages())
        if owner.getPackageRequired(owner.getUnknownPackageURI(i))
    ]
    refused = [name for name in names if name not in _KNOWN_MATH | _DROPPED | {"comp"}] + unknown
    if refused:
        raise UnsupportedSbmlError(
            [
                mistake(
                    path.name,
                    "sbml",
                    f"it uses the package '{name}'; core, comp, layout, render and groups are read",
                    "Write the model without it",
                )
                for name in refused
            ],
            [f"package {name}" for name in refused],
        )
    notes += [f"package {name}: left out" for name in names if name in _DROPPED]
    if "comp" in names:
        notes += _flatten(owner, library, path)
    return notes


def _flatten(owner: Any, library: Any, path: Path) -> list[str]:  # noqa: ANN401
    plugin = owner.getPlugin("comp")
    _check_external(plugin, library, path, ())
    model_plugin = owner.getModel().getPlugin("comp") if owner.getModel() else None
    submodels = model_plugin.getNumSubmodels() if model_plugin else 0
    options = library.ConversionProperties()
    options.addOption("flatten comp", True)
    options.addOption("performValidation", False)
    options.addOption("abortIfUnflattenable", "requiredOnly")
    options.addOption("basePath", str(path.resolve().parent))
    owner.setLocationURI(path.resolve().as_uri())
    owner.getErrorLog().clearLog()
    status = owner.convert(options)
    _check(owner, library, path.name)
    if status != library.LIBSBML_OPERATION_SUCCESS:
        raise SbmlError(
            [
                mistake(
                    path.name,
                    "comp",
                    f"libSBML could not flatten it (code {status}); submodels that are all there "
                    "are allowed",
                    "Give every file that it names, beside it",
                )
            ]
        )
    return [f"package comp: {submodels} submodels flattened into one"]


def _check_external(plugin: Any, library: Any, path: Path, chain: tuple[str, ...]) -> None:  # noqa: ANN401
    """Let the C library open no file that was not guarded, and none elsewhere."""
    for i in range(plugin.getNumExternalModelDefinitions()):
        definition = plugin.getExternalModelDefinition(i)
        source = definition.getSource()
        name = source.removeprefix("./")
        if not name or name != Path(name).name or ":" in name or "%" in name:
            raise SbmlError(
                [
                    mistake(
                        path.name,
                        definition.getId(),
                        f"its source is '{shown(source)}'; a file beside this one is allowed",
                        "Put it there and give its plain name",
                    )
                ]
            )
        if name in chain or len(chain) > _DEEPEST_EXTERNAL:
            raise SbmlError(
                [
                    mistake(
                        path.name,
                        definition.getId(),
                        f"files name one another in a ring ({' -> '.join((*chain, name))}); "
                        "none may",
                        "Name each once",
                    )
                ]
            )
        beside = path.parent / name
        text = read_text(beside)
        check_text(text, name)
        inner = library.readSBMLFromString(text)
        _check(inner, library, name)
        _check_calls(inner, library, name)
        if inner.getPlugin("comp") is not None:
            _check_external(inner.getPlugin("comp"), library, beside, (*chain, name))
