"""Records of `pipelines.model_view` -> what people read: text for a terminal, Markdown for a page.

Imports nothing but the records; `pipelines.model_cli` enters here.
"""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from pipelines.model_formula import latex_name, wrapped
from pipelines.model_view import (
    CountView,
    EquationView,
    FormulaView,
    NumberView,
    ReadView,
    SystemView,
    total_counts,
)

__all__ = ["grid", "render_list", "render_markdown", "render_system", "render_text"]

WIDTH: Final = 110
"""Most characters of a line with a formula."""

_INDENT: Final = "  "
_HANG: Final = "        "
_N_DIGITS: Final = 6


def grid(rows: Sequence[Sequence[str]], right: Iterable[int] = (), indent: str = "") -> str:
    """Return rows whose columns stand under one another.

    Parameters
    ----------
    rows
        Cells, as many in each row.
    right
        Columns that are set flush right, as numbers are.
    indent
        Start of each line.

    Returns
    -------
    One line a row.

    Examples
    --------
    >>> print(grid([["a", "1"], ["bb", "10"]], right=[1]))
    a    1
    bb  10
    """
    if not rows:
        return ""
    flush = set(right)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.rjust(width) if place in flush else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return (indent + "  ".join(cells)).rstrip()

    return "\n".join(map(line, rows))


def render_list(systems: Sequence[dict[str, Any]]) -> str:
    """Return the list of systems.

    Parameters
    ----------
    systems
        Records with ``name``, ``title``, ``n_states``, ``needs`` and ``in_whole``.

    Returns
    -------
    Text, one system a line.

    Examples
    --------
    >>> print(render_list([
    ...     {"name": "a", "title": "A", "n_states": 2, "needs": ["b"], "in_whole": False}
    ... ]).splitlines()[1])
    a *   A           2  b
    """
    rows = [["name", "title", "states", "needs"]]
    rows += [
        [
            system["name"] + ("" if system["in_whole"] else " *"),
            system["title"],
            str(system["n_states"]),
            ", ".join(system["needs"]) or "-",
        ]
        for system in systems
    ]
    return (
        f"{grid(rows, right=[2])}\n\n{_many(len(systems), 'system')}; 'cohort model simulate' "
        "takes the whole, all but those with *, unless --systems says others."
    )


def render_text(views: Sequence[SystemView]) -> str:
    """Return systems as text.

    Parameters
    ----------
    views
        From `pipelines.model_view.view_systems`.

    Returns
    -------
    Sections one under another, then where all the numbers come from.

    Examples
    --------
    >>> from pipelines.model_view import view_systems
    >>> text = render_text(view_systems(["brain_tyrosine"]))
    >>> print(text[text.index("equations") : text.index("derived constants")])
    equations [per hour]
      d tyr_brain/dt = + entry - exit
    <BLANKLINE>
    fluxes
      entry = tyr_brain_flux * lat1_share * tyr_plasma / tyr_plasma_baseline  [uM/h]
      exit = tyr_brain_loss_rate * tyr_brain  [uM/h]
    <BLANKLINE>
    <BLANKLINE>
    """
    return "\n\n\n".join([*map(_system_text, views), _closing(views)])


def _closing(views: Sequence[SystemView]) -> str:
    n_controls = len({read.name for view in views for read in view.reads if not read.provider})
    n_states = sum(len(view.states) for view in views)
    text = (
        f"In all: {_many(len(views), 'system')}, {_many(n_states, 'state')}; "
        f"{_counts_text(total_counts(views))}."
    )
    if n_controls:
        text += (
            f" {_many(n_controls, 'control')} besides, neutral at rest, for drugs, diet, stress "
            "and genes; '--set' and '--change' of 'cohort model simulate' set them."
        )
    return textwrap.fill(text, WIDTH)


def _counts_text(counts: CountView) -> str:
    if not counts.total:
        return "no numbers"
    return (
        f"of {_many(counts.total, 'number')} {counts.known} are read or computed from what was "
        f"read, {counts.design} design (chosen or fitted by hand), {counts.assumed} assumed "
        "(recalled or guessed)"
    )


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _headline(view: SystemView) -> str:
    text = f"{_many(len(view.states), 'state')}; {_counts_text(view.counts)}."
    if view.needs:
        text += f" Needs {', '.join(view.needs)} (shown if named)."
    return textwrap.fill(text, WIDTH)


# -- text ----------------------------------------------------------------------------------------


def _system_text(view: SystemView) -> str:
    title = f"{view.name}: {view.title}"
    sections: tuple[tuple[str, str], ...] = (
        ("reads", _reads_text(view.reads)),
        ("provides", _provides_text(view.provides)),
        ("states", _states_text(view)),
        ("couplings", _couplings_text(view)),
        ("equations [per hour]", "\n".join(map(_equation_text, view.equations))),
        ("fluxes", _formulas_text(view.fluxes)),
        ("rules", _formulas_text(view.rules)),
        ("derived constants, solved for each patient", _formulas_text(view.derived)),
        ("a patient can rest if", _conditions_text(view.conditions)),
        ("numbers", _numbers_text(view.numbers)),
    )
    blocks = [f"{title}\n{'=' * len(title)}\n{_headline(view)}"]
    blocks += [f"{heading}\n{body}" for heading, body in sections if body]
    return "\n\n".join(blocks)


def _reads_text(reads: Sequence[ReadView]) -> str:
    rows = [[read.name, f"[{read.unit}]", origin_of(read), read.meaning] for read in reads]
    return grid(rows, indent=_INDENT)


def origin_of(read: ReadView) -> str:
    """Return where a quantity that is read comes from, in words.

    Examples
    --------
    >>> origin_of(ReadView(name="a", unit="1", meaning="m", provider=None, default=0.0))
    'control, 0 at rest'
    """
    if read.provider is None and read.default is None:
        return "from another part of the model"
    if read.provider is None:
        return f"control, {read.default:g} at rest"
    if read.default is None:
        return f"from {read.provider}"
    return f"from {read.provider}, without it {read.default:g}"


def _provides_text(provides: Sequence[FormulaView]) -> str:
    rows = [[item.name, f"[{item.unit}]", item.meaning] for item in provides]
    return grid(rows, indent=_INDENT)


def _states_text(view: SystemView) -> str:
    if not view.states:
        return ""
    rows = [["name", "at rest", "unit", "meaning", "start"]]
    rows += [
        [item.name, _number(item.resting), item.unit, item.meaning, item.start]
        for item in view.states
    ]
    return grid(rows, right=[1], indent=_INDENT)


def _couplings_text(view: SystemView) -> str:
    lines = []
    for item in view.couplings:
        lines.append(f"{_INDENT}{item.name}: {item.source} on {item.target}; {item.meaning}")
        lines.append(wrapped(f"{_HANG}factor = {item.text}", WIDTH, _HANG * 2))
        strength = f"strength {item.strength:g}, {item.law} law; {item.mark}: {item.evidence}"
        lines.append(
            textwrap.fill(strength, WIDTH, initial_indent=_HANG, subsequent_indent=_HANG * 2)
        )
        lines.append(f"{_HANG}off: {switch_off(item.name, item.parameter)}")
    return "\n".join(lines)


def switch_off(name: str, parameter: str | None) -> str:
    """Return how a coupling is left out of a simulation.

    Examples
    --------
    >>> switch_off("a_on_b", "coupling_a_on_b")
    '--without a_on_b, or --set coupling_a_on_b=0'
    """
    by_value = f", or --set {parameter}=0" if parameter else ""
    return f"--without {name}{by_value}"


def _equation_text(item: EquationView) -> str:
    return wrapped(f"{_INDENT}d {item.state}/dt = {item.text}", WIDTH, _HANG)


def _formulas_text(items: Sequence[FormulaView]) -> str:
    lines = []
    for item in items:
        formula = wrapped(f"{_INDENT}{item.name} = {item.text}", WIDTH, _HANG)
        said = f"[{item.unit}]  {item.meaning}".rstrip()
        last = formula.rsplit("\n", 1)[-1]
        fits = len(last) + len(_INDENT) + len(said) <= WIDTH
        lines.append(f"{formula}{_INDENT}{said}" if fits else f"{formula}\n{_HANG}{said}")
    return "\n".join(lines)


def _conditions_text(items: Sequence[FormulaView]) -> str:
    return "\n".join(f"{_INDENT}{item.text} > 0  {item.meaning}" for item in items)


def _numbers_text(numbers: Sequence[NumberView]) -> str:
    if not numbers:
        return ""
    sources = _numbered_sources(numbers)
    rows = [["name", "value", "unit", "spread", "mark", "source", "meaning"]]
    rows += [
        [
            item.name,
            _number(item.value),
            item.unit,
            _spread(item),
            item.mark,
            f"[{sources[item.source]}]",
            item.meaning,
        ]
        for item in numbers
    ]
    listed = "\n".join(f"{_INDENT}[{place}] {source}" for source, place in sources.items())
    note = (
        f"{_INDENT}(spread: SD of ln(value) between patients; 'const': written into the equations)"
    )
    return f"{grid(rows, right=[1], indent=_INDENT)}\n{note}\n{listed}"


def _numbered_sources(numbers: Iterable[NumberView]) -> dict[str, int]:
    sources = dict.fromkeys(item.source for item in numbers)
    return {source: place for place, source in enumerate(sources, start=1)}


def _spread(item: NumberView) -> str:
    if item.kind == "constant":
        return "const"
    return f"{item.sd_log:g}" if item.sd_log else "-"


def _number(value: float) -> str:
    return f"{value:.{_N_DIGITS}g}"


# -- Markdown ------------------------------------------------------------------------------------


def render_markdown(views: Sequence[SystemView]) -> str:
    r"""Return systems as Markdown with LaTeX formulas.

    Parameters
    ----------
    views
        From `pipelines.model_view.view_systems`.

    Returns
    -------
    One second-level section a system. Names in formulas have spaces for underscores.

    Examples
    --------
    >>> from pipelines.model_view import view_systems
    >>> text = render_markdown(view_systems(["brain_tyrosine"]))
    >>> print(text[text.index("### Equations") : text.index("### Fluxes")].rstrip())
    ### Equations
    <BLANKLINE>
    $$
    \frac{d\ \mathrm{tyr\ brain}}{dt} = + \mathrm{entry} - \mathrm{exit}
    $$
    """
    head = (
        "# The chemistry of one virtual patient\n\nUnits of concentrations are uM, time is in "
        "hours. In formulas a name has spaces for its underscores. A research tool, not medical "
        "advice."
    )
    return "\n\n".join([head, *map(render_system, views), _closing(views)])


def render_system(view: SystemView, level: int = 2) -> str:
    """Return one system as Markdown with LaTeX formulas, a part of a page.

    Parameters
    ----------
    view
        From `pipelines.model_view.view_systems` or `pipelines.model_view.view_submodel`.
    level
        Level of its heading, 1 for the title of a page.

    Returns
    -------
    Heading, counts of numbers by mark, and a section each of states, equations and so on.

    Examples
    --------
    >>> from pipelines.model_view import view_systems
    >>> print(render_system(view_systems(["brain_tyrosine"])[0], level=1).splitlines()[0])
    # Tyrosine in brain (`brain_tyrosine`)
    """
    sections: tuple[tuple[str, str], ...] = (
        ("Reads", _reads_table(view.reads)),
        ("Provides", _table(["name", "unit", "meaning"], _rows(view.provides, _provided_row))),
        ("States", _states_table(view)),
        ("Couplings", _couplings_markdown(view)),
        ("Equations", "\n\n".join(map(_equation_markdown, view.equations))),
        ("Fluxes", _formulas_markdown(view.fluxes)),
        ("Rules", _formulas_markdown(view.rules)),
        ("Derived constants", _formulas_markdown(view.derived)),
        ("Conditions of rest", _conditions_markdown(view.conditions)),
        ("Numbers", _numbers_table(view.numbers)),
    )
    marks = "#" * level
    blocks = [f"{marks} {view.title} (`{view.name}`)", _headline(view)]
    blocks += [f"{marks}# {heading}\n\n{body}" for heading, body in sections if body]
    return "\n\n".join(blocks)


def _rows(items: Iterable[Any], row: Callable[[Any], list[str]]) -> list[list[str]]:
    return [row(item) for item in items]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _provided_row(item: FormulaView) -> list[str]:
    return [f"`{item.name}`", item.unit, item.meaning]


def _reads_table(reads: Sequence[ReadView]) -> str:
    return _table(
        ["name", "unit", "from", "meaning"],
        [[f"`{read.name}`", read.unit, origin_of(read), read.meaning] for read in reads],
    )


def _states_table(view: SystemView) -> str:
    return _table(
        ["name", "at rest", "unit", "meaning", "start"],
        [
            [f"`{item.name}`", _number(item.resting), item.unit, item.meaning, f"`{item.start}`"]
            for item in view.states
        ],
    )


def _couplings_markdown(view: SystemView) -> str:
    parts = []
    for item in view.couplings:
        off = switch_off(item.name, item.parameter)
        parts.append(
            f"**{item.name}**: {item.meaning}; `{item.source}` multiplies `{item.target}` by\n\n"
            f"{_display(item.latex)}\n\nStrength {item.strength:g} ({item.law} law, {item.mark}: "
            f"{item.evidence}). Off: `{off}`"
        )
    return "\n\n".join(parts)


def _display(formula: str) -> str:
    return f"$$\n{formula}\n$$"


def _equation_markdown(item: EquationView) -> str:
    return _display(rf"\frac{{d\ {latex_name(item.state)}}}{{dt}} = {item.latex}")


def _formulas_markdown(items: Sequence[FormulaView]) -> str:
    parts = []
    for item in items:
        meaning = f", {item.meaning}" if item.meaning else ""
        parts.append(
            f"`{item.name}` [{item.unit}]{meaning}\n\n"
            f"{_display(f'{latex_name(item.name)} = {item.latex}')}"
        )
    return "\n\n".join(parts)


def _conditions_markdown(items: Sequence[FormulaView]) -> str:
    return "\n\n".join(f"{item.meaning}\n\n{_display(f'{item.latex} > 0')}" for item in items)


def _numbers_table(numbers: Sequence[NumberView]) -> str:
    return _table(
        ["name", "value", "unit", "spread", "mark", "meaning", "source"],
        [
            [
                f"`{item.name}`",
                _number(item.value),
                item.unit,
                _spread(item),
                item.mark,
                item.meaning,
                item.source,
            ]
            for item in numbers
        ],
    )
