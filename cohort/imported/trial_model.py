"""A file in SBML as a trial uses it: doses have a way in, patients can differ, time has a unit.

`trial_model` gives the model or refuses; `model_contradictions` lists every mistake for the check
of a protocol. Both are one reading: it goes on after a mistake, so that all are found.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import sympy

from cohort.errors import CohortError, FileContentError, UnitError, UnknownNameError
from cohort.imported.routes import Route, amount_per_mg
from cohort.population import column_kinds
from cohort.sbml import read_sbml
from cohort.sbml.short_units import short_unit
from cohort.scales import scale_names
from cohort.units import conversion_factor, parse_quantity, parse_unit
from cohort.yaml_files import Contradiction, listed_mistakes, nearest_hint
from kernels import symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cohort.sbml import SbmlModel
    from cohort.trial.model_choice import CovariateRelation, ImportedModel, ModelDrug
    from cohort.yaml_files.contradictions import KeyPath
    from kernels import OdeSystem

__all__ = ["TrialModel", "model_contradictions", "trial_model"]

_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_TIME: Final = re.compile(r"(?:([0-9.]+(?:e[-+]?[0-9]+)?) )?second")
_INITIAL: Final = "initial_"
_PARAMETER: Final = "P_"  # how codes of parameters begin among what is reported
_HOUR_S: Final = 3600
_MOST_SHIFTED: Final = (
    0.2  # CV up to which a normal parameter keeps its sign: once in 3 million not
)
_WITH_ZEROS: Final = ("cyp2d6_activity",)  # covariates that are 0 in some, which have no power
_N_LISTED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialModel:
    """Hold an imported model with what a trial added to it.

    Parameters
    ----------
    sbml
        The model: depots and infusions added, typical values as the protocol wants them.
    routes
        Ways of the drugs by name.
    reported
        Name of the observable by id, in the order in which tables report them.
    scales
        Factor and unit of the ids that tables report in another unit than the file's.
    varied
        Parameters that differ between patients: name in the system by name in the protocol.
    seconds_per_time_unit
        Length of the model's unit of time [s].
    told
        Whether the file or the protocol says what that unit is.

    Examples
    --------
    >>> TrialModel.__slots__[0]  # shown by the example of trial_model
    'sbml'
    """

    sbml: SbmlModel
    routes: Mapping[str, Route]
    reported: Mapping[str, str]
    scales: Mapping[str, tuple[float, str]]
    varied: Mapping[str, str]
    seconds_per_time_unit: int
    told: str

    @property
    def system(self) -> OdeSystem:
        """The equations.

        Examples
        --------
        >>> TrialModel.system.fget.__name__
        'system'
        """
        return self.sbml.system

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of everything that tables report: ids, and ``P_`` with each varied parameter.

        Examples
        --------
        >>> TrialModel.codes.fget.__name__
        'codes'
        """
        return (*self.reported, *self.parameter_codes)

    @property
    def parameter_codes(self) -> dict[str, str]:
        """Name in the system of each varied parameter, by the code under which tables report it.

        Examples
        --------
        >>> TrialModel.parameter_codes.fget.__name__
        'parameter_codes'
        """
        return {f"{_PARAMETER}{name}": own for name, own in self.varied.items()}

    @property
    def titles(self) -> dict[str, str]:
        """What each code is called, without its unit.

        Examples
        --------
        >>> TrialModel.titles.fget.__name__
        'titles'
        """
        given = self.sbml.titles

        def called(name: str) -> str:
            return f"{name}: {given[name]}" if given.get(name, name) != name else name

        named = {code: called(code) for code in self.reported}
        return named | {f"{_PARAMETER}{name}": f"Parameter {called(name)}" for name in self.varied}

    def parameter_text(self) -> str:
        """Return the typical value of every parameter with its unit, a line each.

        Examples
        --------
        >>> TrialModel.parameter_text.__name__
        'parameter_text'
        """
        lines = []
        for name, value in self.sbml.parameters.items():
            varies = "  differs between patients" if name in self.varied.values() else ""
            unit = short_unit(self.sbml.unit(name)) or "1"
            lines.append(f"{name} = {value!r} [{unit}]{varies}")
        return "\n".join(lines)

    def unit(self, code: str) -> str:
        """Return the unit of a code as text, ``1`` where the file gives none.

        Examples
        --------
        >>> TrialModel.unit.__name__
        'unit'
        """
        if code in self.scales:
            return self.scales[code][1]
        named = {**self.parameter_codes, **self.reported}
        return short_unit(self.sbml.unit(named[code])) or "1"


def trial_model(choice: ImportedModel) -> TrialModel:
    """Return the model that a protocol asks for.

    Parameters
    ----------
    choice
        What the protocol says under ``model``.

    Raises
    ------
    CohortError
        If the file cannot be read or something that is said does not fit it.

    Examples
    --------
    >>> from cohort.sbml.example import DECAY
    >>> from cohort.trial import ImportedModel
    >>> _ = Path("decay.xml").write_text(DECAY)
    >>> model = trial_model(
    ...     ImportedModel(file="decay.xml", drugs=[{"name": "a", "into": "S", "molar_mass": "500 g/mol"}])
    ... )
    >>> model.routes["a"].target, model.routes["a"].per_mg, model.codes
    ('S_amount', 2e-06, ('S',))
    """  # noqa: E501
    found = _read(choice)
    if found.model is None:
        first = found.mistakes[0]
        raise CohortError(f"model, {'.'.join(map(str, first.path))}: {first.message}")
    return found.model


def model_contradictions(choice: ImportedModel) -> tuple[Contradiction, ...]:
    """Return what does not fit the file, each with its key path under ``model``.

    Parameters
    ----------
    choice
        A whole record.

    Examples
    --------
    >>> from cohort.trial import ImportedModel
    >>> print(model_contradictions(ImportedModel(file="none.xml"))[0].message)
    no such file 'none.xml'; an SBML file is wanted. Paths are relative to the folder where the \
command runs.
    """
    return _read(choice).mistakes


@dataclass(frozen=True, slots=True)
class _Reading:
    model: TrialModel | None
    mistakes: tuple[Contradiction, ...]


def _read(choice: ImportedModel) -> _Reading:
    try:
        content = Path(choice.file).read_bytes()
    except OSError:
        content = b""  # the reader says why
    return _read_again(choice.model_dump_json(), hashlib.sha256(content).hexdigest())


@functools.lru_cache(maxsize=8)
def _read_again(text: str, digest: str) -> _Reading:
    """Read a choice; the digest of the file is there for the cache alone."""
    from cohort.trial.model_choice import ImportedModel  # noqa: PLC0415  # they import this room

    return _Assembly(ImportedModel.model_validate_json(text)).reading()


class _Assembly:
    """Build the model step by step, noting what does not fit."""

    def __init__(self, choice: ImportedModel) -> None:
        self.choice = choice
        self.mistakes: list[Contradiction] = []
        self.routes: dict[str, Route] = {}

    def note(self, path: KeyPath, message: str) -> None:
        self.mistakes.append(Contradiction(path=path, message=message))

    def reading(self) -> _Reading:
        if not Path(self.choice.file).is_file():
            self.note(
                ("file",),
                f"no such file '{self.choice.file}'; an SBML file is wanted. Paths are relative to "
                "the folder where the command runs.",
            )
            return _Reading(None, tuple(self.mistakes))
        try:
            self.model: SbmlModel = read_sbml(self.choice.file)
        except FileContentError as error:
            self.note(("file",), listed_mistakes(error))
        except (CohortError, OSError) as error:
            self.note(("file",), str(error))
        if self.mistakes:
            return _Reading(None, tuple(self.mistakes))
        seconds, told = self._time_unit()
        self.model = self.model.counting(seconds)
        self.seconds = seconds
        constants = [
            name for name in self.choice.parameters if self._own_name(name) in self.model.parameters
        ]
        self._typical_values(constants)  # first: levels at the start may follow from them
        self._free_initial_values()
        for position, drug in enumerate(self.choice.drugs):
            self._drug(drug, ("drugs", position))
        self._typical_values([name for name in self.choice.parameters if name not in constants])
        varied = self._varied()
        self._correlations()
        for position, relation in enumerate(self.choice.covariates):
            self._covariate(relation, ("covariates", position))
        reported = self._reported()
        scales = self._scales(reported)
        if self.mistakes:
            return _Reading(None, tuple(self.mistakes))
        model = TrialModel(
            sbml=self.model,
            routes=self.routes,
            reported=reported,
            scales=scales,
            varied=varied,
            seconds_per_time_unit=seconds,
            told=told,
        )
        return _Reading(model, ())

    def _time_unit(self) -> tuple[int, str]:
        """Return the length of the unit of time [s], and who says so."""
        if self.choice.time_unit is not None:
            return _SECONDS[self.choice.time_unit], "protocol"
        match = _TIME.fullmatch(self.model.time_unit)
        if match is None:
            named = f"'{self.model.time_unit}'" if self.model.time_unit else "no unit of time"
            self.note(
                ("time_unit",),
                f"the file gives {named}, which is no number of seconds; doses and visits need "
                f"one of {', '.join(_SECONDS)}. Write what the file means, 'time_unit: hour'.",
            )
            return 1, "file"
        seconds = float(match[1] or 1.0)
        if seconds < 1 or seconds != int(seconds):
            self.note(
                ("time_unit",),
                f"the unit of time of the file is {seconds:g} s; whole seconds are allowed. Give "
                "the file another one.",
            )
            return 1, "file"
        return int(seconds), "file"

    def _own_name(self, wanted: str) -> str:
        """Return the name in the system of an id; what stands for none has its own name."""
        if wanted in self.model.names.values() and wanted not in self.model.names:
            return ""  # another id goes by this name
        return self.model.names.get(wanted, wanted)

    def _free_initial_values(self) -> None:
        """Make a parameter of each starting level that the protocol names, ``initial_<id>``."""
        asked = [
            *self.choice.parameters,
            *(one.parameter for one in self.choice.variability),
            *(one.parameter for one in self.choice.covariates),
        ]
        for name in dict.fromkeys(asked):
            if not name.startswith(_INITIAL) or self._own_name(name) in self.model.parameters:
                continue
            sbml_id = name.removeprefix(_INITIAL)
            held = self._held(sbml_id)
            if held is None:
                continue
            follows = self._follows(sbml_id, held[0])
            if follows:
                self.note(
                    self._place(name),
                    f"the start of '{sbml_id}' decides {follows} in the file, which would not "
                    "follow; a start that nothing else is computed from is allowed. Set what is "
                    "computed from it instead, or change the file.",
                )
            self._free_initial_value(name, *held)

    def _follows(self, sbml_id: str, state: str) -> str:
        """Return what of the file is computed from the start of an id; empty if nothing is."""
        model = self.model
        if self._own_name(sbml_id) in model.read_at_start:
            return "an initial assignment"
        others = (
            one
            for one, amount in model.amounts.items()
            if one != sbml_id
            and symbol(state) in (amount.free_symbols | model.meanings[one].free_symbols)
        )
        other = next(others, None)
        return "" if other is None else f"the amount of '{other}'"

    def _place(self, name: str) -> KeyPath:
        """Return where a parameter is first named."""
        if name in self.choice.parameters:
            return ("parameters", name)
        for key in ("variability", "covariates"):
            for position, one in enumerate(getattr(self.choice, key)):
                if one.parameter == name:
                    return (key, position, "parameter")
        return ()

    def _free_initial_value(self, name: str, state: str, factor: sympy.Expr) -> None:
        model = self.model
        start = model.start(model.table(1))[:, 0]
        at_start = {symbol(s): model.initial[s] for s in model.system.states}
        factor = sympy.sympify(factor).subs(at_start)
        typical = {symbol(p): value for p, value in model.parameters.items()}
        value = float(start[model.system.states.index(state)] * factor.subs(typical))
        self.model = replace(
            model,
            parameters={**model.parameters, name: value},
            initial={**model.initial, state: symbol(name) / factor},
            units={**model.units, name: model.unit(self._own_name(name.removeprefix(_INITIAL)))},
            system=replace(model.system, parameters=(*model.system.parameters, name)),
        )

    def _held(self, sbml_id: str) -> tuple[str, sympy.Expr] | None:
        """Return the state that holds an id itself, and the factor that makes it its value."""
        return self._state_of(sbml_id, self.model.meanings.get(sbml_id))

    def _state_of(self, sbml_id: str, meaning: sympy.Expr | None) -> tuple[str, sympy.Expr] | None:
        """Return the state of an id: its own, or the amount that a species is stored as.

        What a rule or a reaction computes has none, also where it is computed from one state.
        """
        model = self.model
        if meaning is None or sbml_id not in model.names:
            return None
        own = self._own_name(sbml_id)
        stored = model.amounts.get(sbml_id, sympy.S.Zero)
        state = own if own in model.system.states else str(stored)
        is_stored = stored.is_Symbol and state in model.system.states and state != own
        if own not in model.system.states and not (is_stored and meaning.has(stored)):
            return None
        return state, sympy.cancel(meaning / symbol(state))

    def _drug(self, drug: ModelDrug, path: KeyPath) -> None:
        if drug.name in self.routes:
            self.note((*path, "name"), f"'{drug.name}' is named twice; once is allowed. Rename it.")
            return
        into = drug.into
        known = [i for i in self.model.meanings if self._amount_in(i) is not None]
        if into not in self.model.meanings:
            self.note(
                (*path, "into"),
                f"the file has no '{into}'; an id that changes over time is wanted. "
                f"{nearest_hint(into, known)}",
            )
            return
        held = self._amount_in(into)
        if held is None:
            self.note(
                (*path, "into"),
                f"'{into}' is held constant or computed by a rule in the file; a dose is added to "
                "what reactions or rate rules change: "
                f"{', '.join(known[:_N_LISTED]) or 'nothing here'}. Choose one of them.",
            )
            return
        state, factor = held
        per_mg = drug.amount_per_mg
        unit = self.model.unit(state)
        if per_mg is None and factor == 1:
            per_mg = amount_per_mg(unit, drug.molar_mass)
        if per_mg is None:
            what = f"the file counts it in {unit}" if unit else "the file gives no unit for it"
            remedy = "'molar_mass: 324.4 g/mol' or " if "mole" in unit and factor == 1 else ""
            self.note(
                (*path, "amount_per_mg"),
                f"how much of '{into}' 1 mg of {drug.name} is cannot be told: {what}. Write "
                f"{remedy}'amount_per_mg: 1', in the unit of its amount.",
            )
            return
        self._add_route(drug, path, state, factor, per_mg)

    def _amount_in(self, sbml_id: str) -> tuple[str, sympy.Expr] | None:
        model = self.model
        return self._state_of(sbml_id, model.amounts.get(sbml_id, model.meanings.get(sbml_id)))

    def _add_route(
        self, drug: ModelDrug, path: KeyPath, state: str, factor: sympy.Expr, per_mg: float
    ) -> None:
        system, own = self.model.system, symbol(state)
        target, divisor = state, ""
        if drug.ka is not None or drug.infusion is not None:
            target = f"{'depot' if drug.ka is not None else 'infusion'}_{drug.name}"
            taken = (*system.states, *system.parameters, *system.inputs, *system.observables)
            new = (target, *([drug.ka_name] if drug.ka is not None else []))
            for name in new:
                if name in taken:
                    self.note(
                        (*path, "name"),
                        f"'{name}' is needed for {drug.name} and the file has it already; another "
                        "name is wanted. Rename the drug.",
                    )
                    return
            rhs = dict(system.rhs)
            if drug.ka is not None:
                flow = symbol(drug.ka_name) * symbol(target)
                rhs |= {state: rhs[state] + flow / factor, target: -flow}
                system = replace(
                    system,
                    states=(*system.states, target),
                    parameters=(*system.parameters, drug.ka_name),
                    rhs=rhs,
                )
                ka = drug.ka * self.seconds / _HOUR_S
                parameters = {**self.model.parameters, drug.ka_name: ka}
                initial = {**self.model.initial, target: sympy.S.Zero}
                units = {**self.model.units, drug.ka_name: f"({self.seconds} second)^-1"}
                self.model = replace(
                    self.model, system=system, parameters=parameters, initial=initial, units=units
                )
            else:
                rhs[state] += symbol(target) / factor
                system = replace(system, inputs=(*system.inputs, target), rhs=rhs)
                self.model = replace(self.model, system=system)
        elif factor != 1:
            if not (factor.is_Symbol and factor.name in self.model.parameters):
                self.note(
                    (*path, "into"),
                    f"'{drug.into}' is held as a concentration in a volume that changes, {own} x "
                    f"({factor}); a dose at once goes into amounts or constant volumes. Give it "
                    "over time: 'infusion: 1 min' or 'ka'.",
                )
                return
            divisor = factor.name
        self.routes[drug.name] = Route(
            drug=drug.name,
            target=target,
            per_mg=per_mg * drug.bioavailability,
            divisor=divisor,
            duration_s=drug.infusion,
            seconds_per_time_unit=self.seconds,
            lag_s=drug.lag or 0,
        )

    def _known_parameter(self, name: str, path: KeyPath) -> str | None:
        own = self._own_name(name)
        if own in self.model.parameters:
            return own
        inverse = {value: key for key, value in self.model.names.items()}
        known = [inverse.get(one, one) for one in self.model.parameters]
        if name in self.model.meanings:
            start = f" Its level at the start is '{_INITIAL}{name}'." if self._held(name) else ""
            self.note(
                path,
                f"'{name}' changes over time in the file, or is computed there from others; what "
                f"it holds constant can be set.{start} Choose another id.",
            )
        else:
            self.note(
                path,
                f"the file has no constant '{name}'; an id of one is wanted, or 'ka_' and a drug "
                f"that has 'ka'. {nearest_hint(name, known)}",
            )
        return None

    def _typical_values(self, names: Iterable[str]) -> None:
        for name in names:
            own = self._known_parameter(name, ("parameters", name))
            value = self.choice.parameters[name]
            if own is not None:
                self.model = replace(self.model, parameters={**self.model.parameters, own: value})

    def _varied(self) -> dict[str, str]:
        varied: dict[str, str] = {}
        for position, one in enumerate(self.choice.variability):
            path: KeyPath = ("variability", position)
            own = self._known_parameter(one.parameter, (*path, "parameter"))
            if one.parameter in varied:
                self.note(
                    (*path, "parameter"),
                    f"'{one.parameter}' is there twice; once is allowed. Delete one.",
                )
            if own is None:
                continue
            varied[one.parameter] = own
            if self.model.parameters[own] == 0:
                self.note(
                    (*path, "parameter"),
                    f"the typical value of '{one.parameter}' is 0, and a share of it is 0 in "
                    "everybody. Give it another one under 'parameters', or delete the entry.",
                )
            if one.distribution == "normal" and one.cv > _MOST_SHIFTED:
                self.note(
                    (*path, "cv"),
                    f"{100 * one.cv:g} % of a normal distribution gives some patients another "
                    f"sign; at most {100 * _MOST_SHIFTED:.0f} % is allowed. Leave 'distribution' "
                    "out: lognormal.",
                )
        for position, relation in enumerate(self.choice.covariates):
            own = self._known_parameter(relation.parameter, ("covariates", position, "parameter"))
            if own is not None:
                varied[relation.parameter] = own
        return varied

    def _correlations(self) -> None:
        names = [one.parameter for one in self.choice.variability]
        size = len(names)
        matrix = np.eye(size)
        for position, one in enumerate(self.choice.correlations):
            path: KeyPath = ("correlations", position, "between")
            strange = [name for name in one.between if name not in names]
            if strange or one.between[0] == one.between[1]:
                shown = f"'{strange[0]}'" if strange else f"'{one.between[0]}' with itself"
                self.note(
                    path,
                    f"{shown} was given; two different parameters of 'variability' are allowed. "
                    f"{nearest_hint(one.between[0] if not strange else strange[0], names)}",
                )
                continue
            row, column = (names.index(name) for name in one.between)
            if matrix[row, column]:
                self.note(path, "this pair is there twice; once is allowed. Delete one.")
                continue
            matrix[row, column] = matrix[column, row] = one.r
        if size and float(np.linalg.eigvalsh(matrix)[0]) <= 0:
            self.note(
                ("correlations",),
                "they contradict one another: no parameters are correlated like that. Lower them, "
                "or give the missing pairs.",
            )

    def _covariate(self, relation: CovariateRelation, path: KeyPath) -> None:
        kinds = column_kinds()
        if relation.covariate not in kinds:
            self.note(
                (*path, "covariate"),
                f"patients have no '{relation.covariate}'. "
                f"{nearest_hint(relation.covariate, list(kinds))}",
            )
            return
        kind = kinds[relation.covariate]
        if relation.covariate in _WITH_ZEROS:
            self.note(
                (*path, "covariate"),
                f"'{relation.covariate}' is 0 in some patients, where a power of it has no value; "
                "what is greater than 0 in all is allowed. Use 'cyp2d6' with 'levels'.",
            )
            return
        if kind.is_text != (relation.levels is not None):
            needed = (
                f"a text ({', '.join(kind.levels)}); 'levels' with a factor of each is wanted"
                if kind.is_text
                else f"a number [{kind.unit}]; 'exponent' and 'reference' are wanted"
            )
            self.note((*path, "covariate"), f"'{relation.covariate}' is {needed}. Rewrite it.")
            return
        if relation.levels is not None:
            self._levels(relation.levels, kind.levels, (*path, "levels"))
            return
        try:
            reference_value(relation)
        except (UnitError, CohortError) as error:
            self.note((*path, "reference"), str(error))

    def _levels(self, given: Mapping[str, float], known: Iterable[str], path: KeyPath) -> None:
        allowed = list(known)
        for name, factor in given.items():
            if name not in allowed:
                self.note((*path, name), f"unknown level. {nearest_hint(name, allowed)}")
            elif factor < 0:
                self.note((*path, name), f"{factor:g} was given; 0 or more is allowed. Change it.")
        missing = [name for name in allowed if name not in given]
        if missing:
            self.note(
                path,
                f"no factor for {', '.join(missing)}; every level needs one. Add '{missing[0]}: "
                "1'.",
            )

    def _reported(self) -> dict[str, str]:
        """Return the observables by id, and put those that the file has not into the system."""
        inverse = {name: sbml_id for sbml_id, name in self.model.names.items()}
        everything = [inverse.get(name, name) for name in self.model.system.observables]
        wanted = list(self.choice.observe) or everything
        for position, name in enumerate(wanted):
            if name not in everything:
                known = "is constant in the file" if name in self.model.names else "is not there"
                self.note(
                    ("observe", position),
                    f"'{name}' {known}; what changes over time can be observed. "
                    f"{nearest_hint(name, everything)}",
                )
            elif wanted.index(name) != position:
                self.note(("observe", position), f"'{name}' is there twice. Delete one.")
            elif name in scale_names() or name.startswith(_PARAMETER):
                self.note(
                    ("observe", position),
                    f"'{name}' is also the name of a rating scale or begins with '{_PARAMETER}', "
                    "which means a parameter in tables. Rename it in the file, or leave it out of "
                    "'observe'.",
                )
        if not wanted:
            self.note(("file",), "nothing in it changes over time. Give a model that does.")
        named = {name: self._own_name(name) for name in wanted}
        system = self.model.system
        kept = {own: system.observables[own] for own in named.values() if own in system.observables}
        self.model = replace(self.model, system=replace(system, observables=kept))
        return named

    def _scales(self, reported: Mapping[str, str]) -> dict[str, tuple[float, str]]:
        found: dict[str, tuple[float, str]] = {}
        for name, text in self.choice.units.items():
            path: KeyPath = ("units", name)
            if name not in reported:
                self.note(path, f"'{name}' is not reported. {nearest_hint(name, reported)}")
                continue
            given = short_unit(self.model.unit(reported[name])) or "1"
            try:
                factor = conversion_factor(parse_unit(given), parse_unit(text))
            except UnitError as error:
                self.note(path, str(error))
                continue
            if factor is None:
                self.note(
                    path,
                    f"'{text}' measures something else than '{given}', the unit of '{name}' in the "
                    "file; a unit of the same dimension is allowed. Change it.",
                )
                continue
            found[name] = (factor, text)
        return found


def reference_value(relation: CovariateRelation) -> float:
    """Return the reference of a covariate in the unit of its column.

    Parameters
    ----------
    relation
        Of a number.

    Raises
    ------
    UnitError, UnknownNameError, RangeError
        If it has another unit, or the covariate is not known.

    Examples
    --------
    >>> from cohort.trial.model_choice import CovariateRelation
    >>> reference_value(
    ...     CovariateRelation(parameter="V", covariate="weight_kg", exponent=1, reference="70000 g")
    ... )
    70.0
    """
    kinds = column_kinds()
    if relation.covariate not in kinds:
        raise UnknownNameError("covariates", relation.covariate, kinds, "covariate")
    value = parse_quantity(relation.reference or "", kinds[relation.covariate].unit or "1")
    if value <= 0:
        raise UnitError(
            f"{relation.reference} was given; more than 0 is allowed. Change the reference."
        )
    return value
