"""A batch file -> all its points, each a validated protocol; or all mistakes by line.

::

    protocol: sct-md-01                  # or, without a sweep,  protocols: [smile, my-trial.yaml]
    sweep:
      method: saltelli                   # grid, latin hypercube, sobol
      samples: 16
      seed: 1
      keys:
        arms[escitalopram 10 mg].regimens[0].dose: {from: 5 mg, to: 20 mg}
        population.entry.at_least: [22, 26, 30]

Nothing is written here.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError, model_validator

from cohort.errors import FileContentError, ProtocolError
from cohort.trial import Protocol, load_protocol, parse_protocol
from cohort.trial.content import content_contradictions
from cohort.trial.quantities import Seed
from cohort.yaml_files import Contradiction, is_read, read_yaml_model, refuse_contradictions
from pipelines.batch_design import SAMPLED, draw_values
from pipelines.batch_keys import ProtocolKey, find_keys, nearest_keys, protocol_keys, set_key
from pipelines.batch_values import Choices, Scalar, Values, read_values
from pipelines.plan import override

__all__ = ["Batch", "BatchFile", "Point", "Sweep", "read_batch"]

MAX_POINTS = 100_000
"""Most points of a batch: each is a folder of its own."""
_N_SHOWN = 5


class Sweep(BaseModel):
    """How one protocol is varied.

    Parameters
    ----------
    method
        ``grid``: every combination. ``latin hypercube`` and ``sobol``: ``samples`` points that
        fill the ranges evenly. ``saltelli``: points for sensitivity indices, ``samples`` times
        the number of keys and two.
    samples
        Of all but a grid; a power of 2 for ``sobol`` and ``saltelli``.
    seed
        Of the design; the patients have the protocol's own.
    keys
        Lists or ranges by key path.

    Examples
    --------
    >>> Sweep(method="grid", keys={"seed": [1, 2]}).samples is None
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["grid", "latin hypercube", "sobol", "saltelli"] = Field(examples=["grid"])
    samples: int | None = Field(default=None, ge=1, strict=True, examples=[16])
    seed: Seed = Field(default=1, examples=[1])
    keys: dict[StrictStr, Any] = Field(examples=["{seed: [1, 2]}"])

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> next(Sweep.model_construct(method="sobol", samples=9, keys={"seed": [1]})
        ...     .contradictions()).message
        "9 samples of 'sobol'; a power of 2 is allowed. Write 8 or 16."
        """
        if not self.keys and is_read(self.keys):
            yield Contradiction(
                path=("keys",),
                message="no key is varied; one or more is needed. Write for example "
                "'seed: [1, 2]', or name the protocol under 'protocols'.",
            )
        if not (is_read(self.method) and is_read(self.samples)):
            return
        if self.method == "grid" and self.samples is not None:
            yield Contradiction(
                path=("samples",),
                message=f"{self.samples} samples of a grid; a grid has every combination of its "
                "values. Delete the key, or choose another method.",
            )
        if self.method in SAMPLED and self.samples is None:
            yield Contradiction(
                path=("method",),
                message=f"'{self.method}' without 'samples'; their number is needed. Add "
                "'samples: 16'.",
            )
        n = self.samples or 1
        if self.method in {"sobol", "saltelli"} and n & (n - 1):
            low = 1 << (n.bit_length() - 1)
            yield Contradiction(
                path=("samples",),
                message=f"{n} samples of '{self.method}'; a power of 2 is allowed. "
                f"Write {low} or {2 * low}.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


class Batch(BaseModel):
    """A batch file: several protocols, or one with its sweep.

    Examples
    --------
    >>> Batch(protocols=["sct-md-01", "smile"]).sweep is None
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocols: tuple[StrictStr, ...] | None = Field(default=None, examples=["[smile]"])
    protocol: StrictStr | None = Field(default=None, examples=["sct-md-01"])
    sweep: Sweep | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> [one.path for one in Batch.model_construct(protocol="smile").contradictions()]
        [('protocol',)]
        """
        if not all(map(is_read, (self.protocols, self.protocol, self.sweep))):
            return
        if self.protocols is not None and (self.protocol is not None or self.sweep is not None):
            yield Contradiction(
                path=("protocols",),
                message="'protocols' beside 'protocol' or 'sweep'; either many protocols or a "
                "sweep of one is allowed. Delete one, or write two files.",
            )
        elif self.protocols == ():
            yield Contradiction(
                path=("protocols",),
                message="an empty list was given; one protocol or more is needed. Write "
                "'[sct-md-01, my-trial.yaml]'.",
            )
        elif self.protocols is None and self.protocol is None:
            yield Contradiction(
                path=(),
                message="no protocol is named; one is needed. Write 'protocols: [sct-md-01]', or "
                "'protocol: sct-md-01' with a 'sweep'.",
            )
        elif self.protocols is None and self.sweep is None:
            yield Contradiction(
                path=("protocol",),
                message="a protocol without a sweep; both are needed. Add 'sweep', or write "
                f"'protocols: [{self.protocol}]'.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One protocol of a batch.

    Parameters
    ----------
    number
        From 1.
    protocol
        The protocol, changes applied.
    values
        What its keys were set to, in the order of the batch.
    same_as
        Number of the first point with an equal protocol: its own if there is none before it.

    Examples
    --------
    >>> Point.__dataclass_fields__["values"].default
    ()
    """

    number: int
    protocol: Protocol
    values: tuple[Scalar, ...] = ()
    same_as: int = 0

    @property
    def folder(self) -> str:
        """Name of the folder of its run."""
        return f"{self.same_as:04d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFile:
    """A batch that has been read and checked.

    Parameters
    ----------
    text
        The file as it was given.
    method
        Of the sweep; empty for a list of protocols.
    keys
        Key paths that are varied, as the file writes them.
    points
        All points.

    Examples
    --------
    >>> BatchFile(text="", method="grid", keys=("seed",), points=()).has_common_patients
    False
    """

    text: str
    method: str
    keys: tuple[str, ...]
    points: tuple[Point, ...]

    @property
    def has_common_patients(self) -> bool:
        """Whether the random numbers of all points are the same."""
        return bool(self.method) and "seed" not in self.keys

    @property
    def to_run(self) -> tuple[Point, ...]:
        """The points whose protocol no earlier point has."""
        return tuple(point for point in self.points if point.same_as == point.number)


def read_batch(
    path: Path, *, seed: int | None = None, patients_per_arm: int | None = None
) -> BatchFile:
    r"""Return all points of a batch file, every protocol validated.

    Parameters
    ----------
    path
        The file.
    seed, patients_per_arm
        Instead of those of the protocols; keys of the sweep come after.

    Raises
    ------
    FileContentError
        If the file or a protocol that it makes has mistakes; all of the file are listed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "doses.yaml")
    ...     _ = file.write_text(
    ...         "protocol: sct-md-01\n"
    ...         "sweep: {method: grid, keys: {'arms[*].patients': [10, 20], seed: [1, 2, 3]}}"
    ...     )
    ...     batch = read_batch(file)
    >>> len(batch.points), batch.points[4].values
    (6, (20, 2))
    """
    reading = _Reading(seed=seed, patients_per_arm=patients_per_arm)
    read_yaml_model(path, Batch, checks=(reading,))
    return BatchFile(
        text=path.read_text(encoding="utf-8-sig"),
        method=reading.method,
        keys=tuple(reading.keys),
        points=_numbered(reading.protocols, reading.values),
    )


def _numbered(
    protocols: Sequence[Protocol], values: Sequence[tuple[Scalar, ...]]
) -> tuple[Point, ...]:
    first: dict[str, int] = {}
    return tuple(
        Point(
            number=number,
            protocol=protocol,
            values=values[number - 1] if values else (),
            same_as=first.setdefault(protocol.content_hash(), number),
        )
        for number, protocol in enumerate(protocols, start=1)
    )


class _Reading:
    """Checks a batch with the world, and keeps what it read on the way."""

    def __init__(self, *, seed: int | None, patients_per_arm: int | None) -> None:
        self._seed = seed
        self._patients_per_arm = patients_per_arm
        self.protocols: list[Protocol] = []
        self.values: tuple[tuple[Scalar, ...], ...] = ()
        self.method = ""
        self.keys: dict[str, Values] = {}
        self._named: dict[str, tuple[ProtocolKey, ...]] = {}

    def __call__(self, batch: Batch) -> Iterator[Contradiction]:
        """List what is wrong; without anything wrong the points are there."""
        for index, name in enumerate(batch.protocols or ()):
            yield from self._load(name, ("protocols", index))
        if not is_read(batch.protocol) or batch.protocol is None:
            return
        mistakes = tuple(self._load(batch.protocol, ("protocol",)))
        yield from mistakes
        sweep = batch.sweep
        if mistakes or sweep is None or not is_read(sweep) or not is_read(sweep.keys):
            return
        base = self.protocols.pop()
        mistakes = tuple(self._read_keys(base, sweep))
        yield from mistakes
        is_whole = is_read(sweep.method) and is_read(sweep.samples) and is_read(sweep.seed)
        if not mistakes and is_whole and not tuple(sweep.contradictions()):
            yield from self._make_points(base, sweep)

    def _load(self, name: str, path: tuple[str | int, ...]) -> Iterator[Contradiction]:
        try:
            protocol = override(
                load_protocol(name), seed=self._seed, patients_per_arm=self._patients_per_arm
            )
        except ProtocolError as error:
            yield Contradiction(path=path, message=_joined(error))
        else:
            self.protocols.append(protocol)

    def _read_keys(self, base: Protocol, sweep: Sweep) -> Iterator[Contradiction]:
        known = protocol_keys(base)
        data = base.model_dump(mode="json")
        owners: dict[tuple[str | int, ...], str] = {}
        for text, given in sweep.keys.items():
            path = ("sweep", "keys", text)
            named = find_keys(text, known)
            if not named:
                yield Contradiction(
                    path=path,
                    message=f"'{text}' is no key of {base.name}; a path of its keys is allowed. "
                    f"{nearest_keys(text, known)}",
                )
                continue
            for one in named:
                other = owners.setdefault(one.path, text)
                if other != text:
                    yield Contradiction(
                        path=path,
                        message=f"'{text}' and '{other}' both set {one.text}; one may. Delete one.",
                    )
                    break
            try:
                values = read_values(given, is_count=_is_count(data, named[0]))
            except ValueError as error:
                yield Contradiction(path=path, message=str(error))
                continue
            if sweep.method == "grid" and not isinstance(values, Choices):
                yield Contradiction(
                    path=path,
                    message="a range without a step in a grid; values or a step are needed. Add "
                    "'step', list the values, or choose 'method: sobol'.",
                )
                continue
            self.keys[text] = values
            self._named[text] = named
        if "seed" in sweep.keys and self._seed is not None:
            yield Contradiction(
                path=("sweep", "keys", "seed"),
                message=f"the seed is varied and --seed {self._seed} was given; one of the two is "
                "allowed. Leave out --seed, or delete the key.",
            )

    def _make_points(self, base: Protocol, sweep: Sweep) -> Iterator[Contradiction]:
        n_points = _count(sweep, list(self.keys.values()))
        if n_points > MAX_POINTS:
            yield Contradiction(
                path=("sweep",),
                message=f"{n_points:,} points; at most {MAX_POINTS:,} are allowed. Take fewer "
                "values or samples.",
            )
            return
        self.method = sweep.method
        self.values = draw_values(
            sweep.method, tuple(self.keys.values()), sweep.samples or 0, sweep.seed
        )
        data = base.model_dump(mode="json", exclude_none=True)
        refused: dict[str, list[str]] = {}
        for number, values in enumerate(self.values, start=1):
            made = self._protocol(data, dict(zip(self.keys, values, strict=True)))
            if isinstance(made, Protocol):
                self.protocols.append(made)
                continue
            blamed = self._blame(data, dict(zip(self.keys, values, strict=True)))
            shown = ", ".join(
                f"{key} {value}" for key, value in zip(self.keys, values, strict=True)
            )
            refused.setdefault(blamed, []).append(f"point {number} ({shown}): {made}")
            if sum(map(len, refused.values())) == _N_SHOWN:
                break  # they are slow to explain, and alike
        for blamed, said in refused.items():
            more = " And other points like it." if len(said) > 1 else ""
            yield Contradiction(
                path=("sweep", "keys", blamed) if blamed else ("sweep",),
                message=f"{said[0]}{more}",
            )

    def _protocol(self, data: dict[str, Any], values: dict[str, Scalar]) -> Protocol | str:
        """Return the protocol with these values, or what is wrong with it."""
        changed = data
        for text, value in values.items():
            for key in self._named[text]:
                changed = set_key(changed, key, value)
        try:
            protocol = Protocol.model_validate(changed)
        except ValidationError:
            pass
        else:
            if not tuple(content_contradictions(protocol)):
                return protocol
        try:  # the reader's words, which name every key; JSON is YAML
            return parse_protocol(json.dumps(changed, ensure_ascii=False), where="protocol")
        except ProtocolError as error:
            return _joined(error, with_line=False)

    def _blame(self, data: dict[str, Any], values: dict[str, Scalar]) -> str:
        """Return the key whose value is refused by itself; empty if only all together are."""
        for text, value in values.items():
            if isinstance(self._protocol(data, {text: value}), str):
                return text
        return ""


def _count(sweep: Sweep, values: Sequence[Values]) -> int:
    if sweep.method != "grid":
        return (sweep.samples or 0) * (len(values) + 2 if sweep.method == "saltelli" else 1)
    n_points = 1
    for one in values:
        n_points *= len(one.levels) if isinstance(one, Choices) else 1
    return n_points


def _is_count(data: dict[str, Any], key: ProtocolKey) -> bool:
    at: Any = data
    for step in key.path:
        if at is None or (isinstance(at, dict) and step not in at):
            return False
        at = at[step]
    return isinstance(at, int) and not isinstance(at, bool)


def _joined(error: FileContentError, *, with_line: bool = True) -> str:
    """Return the mistakes of a protocol in one sentence after another."""
    shown = error.mistakes[:_N_SHOWN]
    if with_line:
        return " ".join(map(str, shown))
    return " ".join(f"{one.key_path}: {one.message}" for one in shown)
