"""The target-neutral program: what every backend computes, operation by operation.

A `Program` is the seam between lowering and the backends. It knows no NumPy and no SymPy: sections
of operations in static single assignment, in a fixed written order, so that every backend does the
same floating-point operations in the same order. Its text is canonical: it is the disk cache, the
golden test and the thing a reader looks at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernels.errors import BuildError
from kernels.event_program import EVENT_SECTION_NAMES, EventProgram, ProgramEvent
from kernels.instructions import Instruction, Op, Operand, Section

__all__ = ["Instruction", "Op", "Operand", "Program", "Section"]

FORMAT = "neurocohort-program 1"
"""First line of every program text; the number grows when the format changes."""

SECTION_NAMES = ("hoist", "rhs", "step", "lu", "solve", "observe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Hold everything a backend needs to integrate one system.

    Parameters
    ----------
    system_name, system_hash
        Which `OdeSystem` was lowered.
    states, quadratures, parameters, inputs, observables
        Names in the order of the rows of the arrays.
    jacobian
        Pattern of the nonzeros, (row, column) in the order of ``j``; rows include quadratures.
    ordering
        Row eliminated at each step of the LU, a permutation of ``range(n_row)``.
    lu_pattern
        (row, column) of each ``m``, rows and columns in the numbering of the states; a diagonal
        entry is the *reciprocal* of the pivot of W, the others are the factors of -W (they keep the
        sign of J, which saves negations): unit L left of it and U right of it, where left and right
        follow ``ordering``.
    hoist
        Reads ``p``; gives the values ``h`` that are the same for a whole integration.
    rhs
        Reads ``t s y p u h``; gives ``n_row`` derivatives.
    step
        Reads ``t s y p u h``; gives ``n_row`` derivatives, then the Jacobian nonzeros, then
        ``n_row`` time derivatives of the right-hand side.
    lu
        Reads ``j g``; gives ``m``, the factors of W = g I - J.
    solve
        Reads ``m b``; gives x with W x = b, ``n_row`` rows.
    observe
        Reads ``t y p u h``; gives the observables.
    moments
        Reads ``y p h``; gives times at which a comparison of time in the equations changes, where
        every lane ends a step. None without any.
    events
        What events add; None without any.

    Examples
    --------
    >>> from kernels import OdeSystem, lower, symbol
    >>> k, x = symbol("k"), symbol("x")
    >>> decay = OdeSystem(name="decay", states=("x",), parameters=("k",), rhs={"x": -k * x})
    >>> program = lower(decay)
    >>> program.n_row, program.jacobian
    (1, ((0, 0),))
    """

    system_name: str
    system_hash: str
    states: tuple[str, ...]
    quadratures: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    observables: tuple[str, ...]
    jacobian: tuple[tuple[int, int], ...]
    ordering: tuple[int, ...]
    lu_pattern: tuple[tuple[int, int], ...]
    hoist: Section
    rhs: Section
    step: Section
    lu: Section
    solve: Section
    observe: Section
    moments: Section | None = None
    events: EventProgram | None = None

    @property
    def n_state(self) -> int:
        """Number of states.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1})).n_state
        1
        """
        return len(self.states)

    @property
    def n_row(self) -> int:
        """Number of states and quadratures together.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> once = OdeSystem(
        ...     name="a", states=("x",), parameters=(), rhs={"x": 1}, quadratures={"q": 2}
        ... )
        >>> lower(once).n_row
        2
        """
        return len(self.states) + len(self.quadratures)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections but ``moments`` and those of events, in the order of the text.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> program = lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1}))
        >>> [section.name for section in program.sections]
        ['hoist', 'rhs', 'step', 'lu', 'solve', 'observe']
        """
        return (self.hoist, self.rhs, self.step, self.lu, self.solve, self.observe)

    def to_text(self) -> str:
        """Return the canonical text, the same under any hash seed.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> text = lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1})).to_text()
        >>> text.splitlines()[0]
        'neurocohort-program 1'
        """
        lines = [FORMAT, f"system {self.system_name}", f"hash {self.system_hash}"]
        lines += [" ".join((key, *getattr(self, key))) for key in _NAME_KEYS]
        lines += [" ".join((key, *_pairs_text(getattr(self, key)))) for key in _PAIR_KEYS]
        lines.append(" ".join(("ordering", *map(str, self.ordering))))
        for section in self.sections:
            lines += _section_lines(section)
        if self.moments is not None:
            lines += _section_lines(self.moments)
        if self.events is not None:
            lines += [event.to_text() for event in self.events.events]
            for section in self.events.sections:
                lines += _section_lines(section)
        return "\n".join([*lines, "end", ""])

    @staticmethod
    def from_text(text: str) -> Program:
        """Read a program back from its canonical text.

        Raises
        ------
        BuildError
            If the text is not a program of this format, or is cut off.

        Examples
        --------
        >>> from kernels import OdeSystem, lower
        >>> program = lower(OdeSystem(name="a", states=("x",), parameters=(), rhs={"x": 1}))
        >>> Program.from_text(program.to_text()) == program
        True
        """
        reader = _Reader(text.split("\n"))
        try:
            program = _read_program(reader)
        except (ValueError, IndexError) as error:
            raise BuildError(
                f"program text, line {reader.position}",
                f"{reader.last!r}",
                f"the format is '{FORMAT}'",
                "Lower the system again",
            ) from error
        return program


_NAME_KEYS = ("states", "quadratures", "parameters", "inputs", "observables")
_PAIR_KEYS = ("jacobian", "lu_pattern")


def _section_lines(section: Section) -> list[str]:
    body = [f"  v{i} = {line}" for i, line in enumerate(section.instructions)]
    return [
        f"section {section.name}",
        *body,
        " ".join(("  return", *map(str, section.outputs))),
    ]


def _pairs_text(pairs: tuple[tuple[int, int], ...]) -> list[str]:
    return [f"{row},{column}" for row, column in pairs]


class _Reader:
    """Hand out lines and remember where it is, for messages."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.position = 0

    @property
    def last(self) -> str:
        return self.lines[min(self.position, len(self.lines)) - 1]

    def line(self) -> str:
        self.position += 1
        return self.lines[self.position - 1]

    def after(self, key: str) -> str:
        line = self.line()
        if line != key and not line.startswith(key + " "):
            raise ValueError(line)
        return line[len(key) + 1 :]


def _read_program(reader: _Reader) -> Program:
    if reader.line() != FORMAT:
        raise ValueError(FORMAT)
    name, digest = reader.after("system"), reader.after("hash")
    fields: dict[str, Any] = {key: tuple(reader.after(key).split()) for key in _NAME_KEYS}
    for key in _PAIR_KEYS:
        fields[key] = tuple(map(_read_pair, reader.after(key).split()))
    ordering = tuple(map(int, reader.after("ordering").split()))
    fields |= {section: _read_section(reader, section) for section in SECTION_NAMES}
    line, events = reader.line(), []
    if line == "section moments":
        reader.position -= 1
        fields["moments"] = _read_section(reader, "moments")
        line = reader.line()
    while line.startswith("event "):
        events.append(ProgramEvent.from_text(line))
        line = reader.line()
    if events:
        reader.position -= 1
        sections = {section: _read_section(reader, section) for section in EVENT_SECTION_NAMES}
        fields["events"] = EventProgram(events=tuple(events), **sections)
        line = reader.line()
    if line != "end":
        raise ValueError(reader.last)
    return Program(system_name=name, system_hash=digest, ordering=ordering, **fields)


def _read_pair(text: str) -> tuple[int, int]:
    row, column = text.split(",")
    return int(row), int(column)


def _read_section(reader: _Reader, name: str) -> Section:
    if reader.after("section") != name:
        raise ValueError(name)
    instructions: list[Instruction] = []
    while (line := reader.line()).startswith("  v"):
        target, _, body = line.partition(" = ")
        if target != f"  v{len(instructions)}":
            raise ValueError(line)
        instructions.append(Instruction.from_text(body))
    if line.split()[:1] != ["return"]:
        raise ValueError(line)
    outputs = tuple(map(Operand.from_text, line.split()[1:]))
    return Section(name, tuple(instructions), outputs)
