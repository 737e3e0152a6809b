"""What `cohort model simulate` is asked for: options as text -> one checked record.

Everything that can be wrong is found here, before anything is computed or written. Leaves as a
`SimulationRequest` for `pipelines.model_run`.
"""

import functools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, get_args

from cohort.chemistry import (
    WHOLE,
    Setting,
    chemistry,
    chemistry_model,
    find_system,
    system_names,
    with_needs,
)
from cohort.errors import RangeError, UnknownNameError
from cohort.model import Model, Submodel
from cohort.physiology import COUPLINGS
from cohort.physiology.cortisol import Rhythm
from cohort.physiology.crosstalk import without
from cohort.units import parse_quantity
from pipelines.errors import InputError

__all__ = ["Change", "SimulationRequest", "read_request", "read_setting", "read_systems"]

HOUR_S: Final = 3600
DAY_S: Final = 86_400
MOST_DAYS: Final = 3650
"""Longest run [day]; more is a mistake in the units."""

MOST_SAVES: Final = 50_000
"""Most times that are written, some ten million rows of the whole chemistry."""

_NUMBER: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_SET: Final = "--set sert_occupancy=0.8"
_CHANGE: Final = "--change '24 h: sert_occupancy=0.8'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Parameters that take another value from some time on.

    Parameters
    ----------
    at_s
        Time since the start, a midnight [s].
    values
        New values by name [unit of the parameter].

    Examples
    --------
    >>> Change(at_s=86_400, values={"sert_occupancy": 0.8}).at_s
    86400
    """

    at_s: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationRequest:
    """One patient, what happens to them, and where it is written.

    Parameters
    ----------
    systems
        Systems that were asked for.
    setting
        How they are built.
    left_out
        Couplings that the setting lacks.
    duration_s, save_every_s
        Length of the run and time between two saved values [s].
    values
        Parameters from the start on, by name [unit of the parameter].
    changes
        Later values, in order of time.
    patient, seed
        Which sampled patient; None for the reference patient.
    device
        As in `kernels.integrate`.
    out
        Folder of the files.

    Examples
    --------
    >>> request = read_request(out=Path("a"), systems="serotonin", sets=["sert_occupancy=0.5"])
    >>> request.values
    {'sert_occupancy': 0.5}
    >>> " ".join(request.command())
    'cohort model simulate --systems serotonin --days 3 --set sert_occupancy=0.5 --out a'
    """

    systems: tuple[str, ...]
    setting: Setting
    left_out: tuple[str, ...]
    duration_s: int
    save_every_s: int
    values: Mapping[str, float]
    changes: tuple[Change, ...]
    patient: int | None
    seed: int | None
    device: str
    out: Path

    @property
    def model(self) -> Model:
        """The assembled model.

        Examples
        --------
        >>> read_request(out=Path("a"), systems="cortisol").model.system.states[0]
        'crh'
        """
        return chemistry_model(with_needs(self.systems), self.setting)

    @property
    def parts(self) -> dict[str, Submodel]:
        """Submodels by the name of their system, in the order of the model.

        Examples
        --------
        >>> list(read_request(out=Path("a"), systems="cortisol").parts)
        ['cortisol', 'crosstalk', 'balance']
        """
        return _parts(self.systems, self.setting)

    def assigned(self, values: Mapping[str, float]) -> str:
        """Return values of parameters in words, with their units.

        Examples
        --------
        >>> request = read_request(out=Path("a"), systems="serotonin")
        >>> request.assigned({"sert_occupancy": 0.8, "sert_k_m": 0.2})
        'sert_occupancy = 0.8, sert_k_m = 0.2 uM'
        """
        units = {name: self.model.parameters[name].unit for name in values}
        return ", ".join(
            f"{name} = {value:g}" + ("" if units[name] == "1" else f" {units[name]}")
            for name, value in values.items()
        )

    def command(self) -> list[str]:
        """Return the words that ask for this run again, options at their default left out.

        Examples
        --------
        >>> read_request(out=Path("a"), changes=["1 d: stress=2"]).command()[3:]
        ['--days', '3', '--change', '24 h: stress=2', '--out', 'a']
        """
        words = ["cohort", "model", "simulate"]
        if self.systems != WHOLE:
            words += ["--systems", ",".join(self.systems)]
        words += ["--days", f"{self.duration_s / DAY_S:.10g}"]
        words += [word for item in self.values.items() for word in ("--set", _assignment(item))]
        for change in self.changes:
            given = ", ".join(map(_assignment, change.values.items()))
            words += ["--change", f"{_time_text(change.at_s)}: {given}"]
        words += ["--rhythm", self.setting.rhythm] if self.setting.rhythm != "none" else []
        words += ["--meals"] if self.setting.meals else []
        words += [word for name in self.left_out for word in ("--without", name)]
        if self.patient is not None:
            words += ["--patient", f"{self.patient}", "--seed", f"{self.seed}"]
        if self.save_every_s != _USUAL_SAVE_S:
            words += ["--save-every", f"{self.save_every_s} s"]
        words += ["--device", self.device] if self.device != "auto" else []
        return [*words, "--out", str(self.out)]


_USUAL_SAVE_S: Final = 600


@functools.cache
def _parts(systems: tuple[str, ...], setting: Setting) -> dict[str, Submodel]:
    names = (*with_needs(systems), "crosstalk", "balance")
    return dict(zip(names, chemistry(systems, setting), strict=True))


def read_request(
    *,
    out: Path,
    systems: str | None = None,
    days: float = 3.0,
    sets: Sequence[str] = (),
    changes: Sequence[str] = (),
    rhythm: str = "none",
    meals: bool = False,
    left_out: Sequence[str] = (),
    patient: int | None = None,
    seed: int | None = None,
    save_every: str = "10 min",
    device: str = "auto",
) -> SimulationRequest:
    """Return the checked request of some options.

    Parameters
    ----------
    out
        Folder to write to; it may not exist yet.
    systems
        Names with commas between them, ``whole`` for all but two; whole if left out.
    days
        Length of the run [day].
    sets
        ``NAME=VALUE`` from the start on.
    changes
        ``TIME: NAME=VALUE, ...`` from that time on.
    rhythm, meals
        As in `cohort.chemistry.Setting`.
    left_out
        Couplings to leave out.
    patient, seed
        A sampled patient, seed 1 if only the patient is given; the reference patient if left out.
    save_every
        Time between two saved values, with its unit.
    device
        Device by name, or ``auto``.

    Returns
    -------
    Record in which every name is known and every number is in its range.

    Raises
    ------
    InputError
        If an option cannot be read, contradicts another one, or would have no effect.
    UnknownNameError
        If a system, a parameter or a coupling does not exist.
    UnitError, RangeError
        If a value has the wrong unit or lies out of range.

    Examples
    --------
    >>> read_request(out=Path("a"), days=2.5, changes=["24 h: stress=2"]).duration_s
    216000
    """
    setting = read_setting(rhythm, meals=meals, left_out=left_out)
    names = read_systems(systems, setting)
    if seed is not None and patient is None:
        raise InputError(
            f"--seed: {seed} without a patient; the reference patient is not drawn. Add --patient."
        )
    duration = _duration(days)
    request = SimulationRequest(
        systems=names,
        setting=setting,
        left_out=tuple(dict.fromkeys(left_out)),
        duration_s=duration,
        save_every_s=_save_every(save_every, duration),
        values={},
        changes=(),
        patient=patient,
        seed=1 if patient is not None and seed is None else seed,
        device=device,
        out=_folder(out),
    )
    reader = _Reader(request)
    return replace(
        request, values=reader.values("--set", sets, _SET), changes=reader.changes(changes)
    )


def read_setting(
    rhythm: str = "none", *, meals: bool = False, left_out: Sequence[str] = ()
) -> Setting:
    """Return how systems are built.

    Parameters
    ----------
    rhythm, meals, left_out
        As in `read_request`.

    Raises
    ------
    UnknownNameError
        If there is no such rhythm or coupling.

    Examples
    --------
    >>> read_setting("circadian", meals=True).rhythm
    'circadian'
    """
    known: tuple[Rhythm, ...] = get_args(Rhythm)
    for name in known:
        if name == rhythm:
            return Setting(meals=meals, rhythm=name, couplings=without(COUPLINGS, left_out))
    raise UnknownNameError("--rhythm", rhythm, known, "rhythm")


def read_systems(text: str | None, setting: Setting) -> tuple[str, ...]:
    """Return systems by name, fit to be simulated.

    Parameters
    ----------
    text
        Names with commas between them, ``whole`` for `cohort.chemistry.WHOLE`; None for that.
    setting
        How they are built.

    Returns
    -------
    Names that were asked for, each once.

    Raises
    ------
    UnknownNameError
        If a system does not exist.
    InputError
        If no name is given, nothing changes in time, or the setting has no system to act on.

    Examples
    --------
    >>> read_systems("serotonin, cortisol", Setting())
    ('serotonin', 'cortisol')
    """
    names = _names("whole" if text is None else text)
    included = with_needs(names)
    if not any(part.species for part in chemistry(names, setting)):
        raise InputError(
            f"--systems: {text!r} has no state; at least one state is needed. Add a system that "
            "'cohort model list' shows with states."
        )
    for option, is_asked, needed in (
        ("--meals", setting.meals, "precursors"),
        (f"--rhythm {setting.rhythm}", setting.rhythm != "none", "cortisol"),
    ):
        if is_asked and needed not in included:
            raise InputError(
                f"{option}: nothing among {', '.join(included)} follows it; {needed} does. "
                f"Add {needed} to --systems, or leave {option.split()[0]} out."
            )
    return names


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    if not all(names):
        raise InputError(
            f"--systems: {text!r}; names with commas between them are allowed. Write it like "
            "--systems serotonin,cortisol."
        )
    spelled = (item for name in names for item in (WHOLE if name == "whole" else (name,)))
    return tuple(dict.fromkeys(spelled))


def _duration(days: float) -> int:
    if not math.isfinite(days) or not 0 < days <= MOST_DAYS or days * DAY_S < 1:
        raise InputError(
            f"--days: {days:g} d; more than a second and at most {MOST_DAYS} d are allowed. "
            "Change it."
        )
    return round(days * DAY_S)


def _save_every(text: str, duration: int) -> int:
    seconds = _seconds("--save-every", text, "10 min")
    if seconds < 1:
        raise InputError(f"--save-every: {text!r}; a second or more is allowed. Save less often.")
    if duration // seconds >= MOST_SAVES:
        raise InputError(
            f"--save-every: {text!r} is {duration // seconds + 1:,} times in {duration / DAY_S:g} "
            f"d; at most {MOST_SAVES:,} are allowed. Save less often."
        )
    return seconds


def _seconds(where: str, text: str, example: str) -> int:
    if _NUMBER.fullmatch(text.strip()):
        raise InputError(
            f"{where}: {text!r} has no unit; a time with its unit is allowed. Write {example!r}."
        )
    seconds = parse_quantity(text, "s", where=where)
    whole = round(seconds)
    if abs(seconds - whole) > 1e-6 * max(1.0, abs(seconds)):  # round-off
        raise InputError(
            f"{where}: {text!r} is {seconds:g} s; whole seconds are allowed. Round it."
        )
    return whole


def _folder(out: Path) -> Path:
    if out.exists() and not out.is_dir():
        raise InputError(f"--out: {out} is a file; a folder is allowed. Choose another name.")
    return out


class _Reader:
    """Read assignments to parameters of one model."""

    def __init__(self, request: SimulationRequest) -> None:
        self.request = request
        self.model = request.model

    def values(self, where: str, texts: Iterable[str], example: str) -> dict[str, float]:
        """Return the values that ``NAME=VALUE`` texts give."""
        found: dict[str, float] = {}
        for text in texts:
            name, sign, value = (part.strip() for part in text.partition("="))
            if not (name and sign and value):
                raise InputError(
                    f"{where}: {text!r}; NAME=VALUE is allowed. Write it like {example}."
                )
            if name in found:
                raise InputError(f"{where}: {name!r} is given twice; once is allowed. Drop one.")
            found[name] = self._value(where, name, value)
        return found

    def changes(self, texts: Iterable[str]) -> tuple[Change, ...]:
        """Return changes in order of time, those of one time together."""
        found: dict[int, dict[str, float]] = {}
        for text in texts:
            time, sign, rest = text.partition(":")
            where = f"--change {text!r}"
            if not sign or not rest.strip():
                raise InputError(
                    f"{where}; 'TIME: NAME=VALUE, ...' is allowed. Write it like {_CHANGE}."
                )
            at = _seconds(where, time, "24 h")
            if not 0 <= at < self.request.duration_s:
                raise InputError(
                    f"{where}: {at / HOUR_S:g} h; from 0 h to before the end at "
                    f"{self.request.duration_s / HOUR_S:g} h is allowed. Move it, or lengthen "
                    "--days."
                )
            values = self.values(where, rest.split(","), _CHANGE)
            twice = sorted(set(values) & set(found.get(at, ())))
            if twice:
                raise InputError(
                    f"{where}: {twice[0]!r} changes twice at {at / HOUR_S:g} h; once is allowed. "
                    "Drop one."
                )
            found[at] = found.get(at, {}) | values
        return tuple(Change(at_s=at, values=found[at]) for at in sorted(found))

    def _value(self, where: str, name: str, text: str) -> float:
        place = f"{where}, {name}" if where == "--set" else where
        parameter = self.model.parameters.get(name)
        if parameter is None:
            raise self._no_parameter(where, name)
        if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
            value = math.nan
        elif _NUMBER.fullmatch(text):
            value = float(text)
        else:
            value = parse_quantity(text, parameter.unit, where=place)
        if not parameter.bounds.contains(value):
            raise RangeError(
                f"{place}: {text} [{parameter.unit}]; {parameter.bounds} [{parameter.unit}] is "
                f"allowed. Change the value."
            )
        return value

    def _no_parameter(self, where: str, name: str) -> Exception:
        if name in self.model.constants:
            return InputError(
                f"{where}: {name!r} is written into the equations as a constant; parameters are "
                "allowed. See 'cohort model show'."
            )
        for system, part in self.request.parts.items():
            if name in set(part.units) - _ports(part):
                return InputError(
                    f"{where}: {name!r} follows from the equations of {system!r}; parameters are "
                    f"allowed. Set what it depends on: see 'cohort model show {system}'."
                )
        for system in system_names():
            if system in self.request.parts:
                continue
            if name in find_system(system).build(self.request.setting).units:
                asked = self.request.systems
                more = f"{'whole' if asked == WHOLE else ','.join(asked)},{system}"
                return InputError(
                    f"{where}: {name!r} belongs to {system!r}, which is not simulated; parameters "
                    f"of simulated systems are allowed. Write --systems {more}."
                )
        return UnknownNameError(where, name, self.model.parameters, "parameter")


def _ports(part: Submodel) -> set[str]:
    return {port.name for port in part.ports}


def _assignment(item: tuple[str, float]) -> str:
    return f"{item[0]}={item[1]!r}".removesuffix(".0")


def _time_text(seconds: int) -> str:
    return f"{seconds / HOUR_S:.10g} h" if seconds % 36 == 0 else f"{seconds} s"
