"""Weights that give real people the margins of a trial: age, sex, ancestry, smoking, body.

`cohort.population.covariates` draws people by these weights. The people of a cell (one age, one
sex, one ancestry, and one of whatever else has a margin) share a weight, so what has no margin
keeps the correlations of the table. Imports NumPy and kernels.arithmetic.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort.errors import RangeError
from cohort.population.people import ANCESTRIES, BMI_CLASSES, SEXES, SMOKER_LEVELS, People
from cohort.population.population_spec import PopulationSpec
from kernels.arithmetic import exp

__all__ = ["rake"]

_MARGIN_ERROR = 1e-9  # largest difference of a raked margin from its target, in shares or SDs
_N_SWEEP = 1000
_N_SWEEP_TO_HALVE = 50  # slower than this the sweeps would not arrive in 1000 either
_N_NEWTON = 60
_STEEPEST_STEP = 2.0  # change of a tilt in one Newton step, so that exp stays finite
_WEIGHT_SCALE_KG = 20.0  # about one standard deviation, so that a tilt of 1 is a large one
_FEWEST_PEOPLE = 30  # an effective number below this repeats the same bodies all over the trial
Values = NDArray[np.float64]


def rake(people: People, spec: PopulationSpec) -> Values:
    r"""Return the chance of each person to be drawn.

    Parameters
    ----------
    people
        Real people, unweighted.
    spec
        Margins to meet.

    Returns
    -------
    Chances [1] that add up to 1, shape ``(n_people,)``; 0 outside the range of age.

    Raises
    ------
    RangeError
        If no weights meet the margins: nobody of a wanted sex, ancestry, habit or class is in the
        range of age, the ages or weights there cannot have that mean and spread, the sweeps do not
        converge, or so few people would carry the trial that their effective number is below 30.

    Notes
    -----
    Iterative proportional fitting of the table age x sex x ancestry, with further axes for what has
    a margin. Sex, ancestry, smoking and classes of body mass index are scaled to their shares. Age
    is tilted by :math:`\exp(\alpha a + \beta a^2)` to its mean and spread: the change of least
    relative entropy that meets two moments, where bins of years would miss them by the width of the
    bins and often stand empty. Weight is tilted likewise to its mean. What the people do not tell
    (`People.untold`) has no margin here. The effective number is Kish's
    :math:`(\sum w)^2 / \sum w^2`.

    References
    ----------
    Deming and Stephan 1940, doi:10.1214/aoms/1177731829; Csiszar 1975,
    doi:10.1214/aop/1176996454 (convergence for linear constraints).

    Examples
    --------
    >>> from cohort.population import PopulationSpec, load_people
    >>> people = load_people()
    >>> spec = PopulationSpec(
    ...     age_min_y=18, age_max_y=65, age_mean_y=41, age_sd_y=12, female_fraction=0.62
    ... )
    >>> chances = rake(people, spec)
    >>> round(float((chances * people.age_y).sum()), 6)
    41.0
    """
    cells = _count(people, spec)
    targets = _margins(cells, people, spec)
    tilts = _tilts(cells, spec)
    weights = cells.counts / math.fsum(cells.counts)
    before = math.inf
    for sweep in range(1, _N_SWEEP + 1):
        for tilt in tilts:
            weights = weights * tilt.factor(weights, spec)
        for axis, target in targets:
            present = axis.margin(weights)
            factor = np.divide(target, present, out=np.zeros_like(target), where=present > 0)
            weights = weights * factor[axis.index]
        error = _error(weights, targets, tilts)
        if error < _MARGIN_ERROR:
            return _spread(weights, cells)
        if sweep % _N_SWEEP_TO_HALVE == 0:
            if error > before / 2:
                break
            before = error
    raise RangeError(
        f"population: {sweep} sweeps of raking did not meet {_describe(spec)}; margins that the "
        f"{cells.members.size} people of that age can meet together are allowed. Move them closer "
        "to those of the table."
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Axis:
    """One thing by which cells differ."""

    kind: str
    names: tuple[str, ...]
    index: NDArray[np.int64]  # position in names (or of the number) of each cell
    groups: tuple[NDArray[np.int64], ...]  # cells of each position

    def margin(self, weights: Values) -> Values:
        # not .sum(): its last bits depend on the CPU
        return np.array([math.fsum(weights[group]) for group in self.groups])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """People of the range of age, counted by all that has a margin."""

    ages: Values
    axes: Mapping[str, _Axis]
    counts: Values  # (n_cell,)
    kilograms: Values  # weight of each cell, where weight has a margin
    members: NDArray[np.int64]  # people in range
    place: NDArray[np.int64]  # cell of each member
    n_people: int


def _count(people: People, spec: PopulationSpec) -> _Cells:
    members = np.flatnonzero((people.age_y >= spec.age_min_y) & (people.age_y <= spec.age_max_y))
    if not members.size:
        raise RangeError(
            f"population: nobody aged {spec.age_min_y:g} to {spec.age_max_y:g} y; completed years "
            "are in the table. Widen the range."
        )
    ages, age_place = np.unique(people.age_y[members], return_inverse=True)
    kilograms, weight_place = np.unique(people.weight_kg[members], return_inverse=True)
    found: dict[str, tuple[tuple[str, ...], NDArray[np.int64]]] = {
        "age": (tuple(f"{age:g} y" for age in ages), age_place.astype(np.int64)),
        "sex": (SEXES, _index(people.sex[members], SEXES)),
        "ancestry": (ANCESTRIES, _index(people.ancestry[members], ANCESTRIES)),
    }
    if spec.smoker_fraction is not None:
        found["smoker"] = (SMOKER_LEVELS, _index(people.smoker[members], SMOKER_LEVELS))
    if spec.bmi_shares is not None:
        edges = [lowest for lowest in BMI_CLASSES.values() if lowest]
        body = np.searchsorted(edges, people.bmi[members], side="right").astype(np.int64)
        found["class of body mass index"] = (tuple(BMI_CLASSES), body)
    if spec.weight_mean_kg is not None:
        found["weight"] = (tuple(f"{one:g} kg" for one in kilograms), weight_place.astype(np.int64))
    shape = tuple(len(names) for names, _ in found.values())
    code = np.ravel_multi_index(tuple(index for _, index in found.values()), shape)
    codes, place, counts = np.unique(code, return_inverse=True, return_counts=True)
    axes = {
        kind: _axis(kind, names, np.asarray(index, dtype=np.int64))
        for (kind, (names, _)), index in zip(
            found.items(), np.unravel_index(codes, shape), strict=True
        )
    }
    return _Cells(
        ages=ages,
        axes=axes,
        counts=counts.astype(np.float64),
        kilograms=kilograms[axes["weight"].index] if "weight" in axes else np.zeros(0),
        members=members,
        place=place.astype(np.int64),
        n_people=len(people),
    )


def _axis(kind: str, names: tuple[str, ...], index: NDArray[np.int64]) -> _Axis:
    groups = tuple(np.flatnonzero(index == position) for position in range(len(names)))
    return _Axis(kind=kind, names=names, index=index, groups=groups)


def _index(column: NDArray[np.str_], names: tuple[str, ...]) -> NDArray[np.int64]:
    index = np.zeros(len(column), dtype=np.int64)
    for number, name in enumerate(names):
        index[column == name] = number
    return index


def _margins(cells: _Cells, people: People, spec: PopulationSpec) -> list[tuple[_Axis, Values]]:
    wanted: dict[str, tuple[float, ...]] = {}
    if spec.female_fraction is not None:
        wanted["sex"] = (spec.female_fraction, 1.0 - spec.female_fraction)
    if spec.ancestry_shares is not None and "ancestry" not in people.untold:
        wanted["ancestry"] = tuple(spec.ancestry_shares[name] for name in ANCESTRIES)
    if spec.smoker_fraction is not None and "smoker" not in people.untold:
        wanted["smoker"] = (spec.smoker_fraction, 1.0 - spec.smoker_fraction)
    if spec.bmi_shares is not None:
        wanted["class of body mass index"] = tuple(spec.bmi_shares[name] for name in BMI_CLASSES)
    for kind, shares in wanted.items():
        axis = cells.axes[kind]
        for name, share, count in zip(axis.names, shares, axis.margin(cells.counts), strict=True):
            if share > 0 and not count:
                raise RangeError(
                    f"population: {share:g} [1] of {kind} {name!r}, but nobody aged "
                    f"{spec.age_min_y:g} to {spec.age_max_y:g} y in the table is; a share of 0 is "
                    "allowed there. Widen the range or drop the share."
                )
    return [(cells.axes[kind], np.array(shares)) for kind, shares in wanted.items()]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _AgeTilt:
    """Give ages their mean and spread; ``scaled`` ages then have mean 0 and mean square 1."""

    axis: _Axis
    scaled: Values

    def factor(self, weights: Values, spec: PopulationSpec) -> Values:
        return _age_tilt(self.axis.margin(weights), self.scaled, spec)[self.axis.index]

    def error(self, weights: Values) -> float:
        ages = self.axis.margin(weights)
        mean = math.fsum(ages * self.scaled)
        return max(abs(mean), abs(math.fsum(ages * (self.scaled * self.scaled)) - 1.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _WeightTilt:
    """Give weights their mean; ``scaled`` weights of cells then have mean 0."""

    scaled: Values

    def factor(self, weights: Values, spec: PopulationSpec) -> Values:
        tilt = 0.0
        for _ in range(_N_NEWTON):
            factor = exp(tilt * self.scaled)
            share = weights * factor
            share = share / math.fsum(share)
            mean = math.fsum(share * self.scaled)
            if abs(mean) < _MARGIN_ERROR / 10:
                return np.asarray(factor / math.fsum(weights * factor))
            variance = math.fsum(share * (self.scaled * self.scaled)) - mean * mean
            if not variance > 0:
                break
            step = mean / variance
            tilt -= math.copysign(min(abs(step), _STEEPEST_STEP), step)
        raise RangeError(
            f"population: {_describe(spec)}; weights in the table cannot have that mean beside the "
            "other margins. Change the mean weight, or drop another margin."
        )

    def error(self, weights: Values) -> float:
        return abs(math.fsum(weights * self.scaled))


def _tilts(cells: _Cells, spec: PopulationSpec) -> list[_AgeTilt | _WeightTilt]:
    tilts: list[_AgeTilt | _WeightTilt] = []
    if spec.age_mean_y is not None and spec.age_sd_y:
        scaled = (cells.ages - spec.age_mean_y) / spec.age_sd_y
        tilts.append(_AgeTilt(axis=cells.axes["age"], scaled=scaled))
    if spec.weight_mean_kg is not None:
        lightest, heaviest = float(cells.kilograms.min()), float(cells.kilograms.max())
        if not lightest < spec.weight_mean_kg < heaviest:
            raise RangeError(
                f"population, weight_mean_kg: {spec.weight_mean_kg:g} [kg]; people of that age "
                f"weigh from {lightest:g} to {heaviest:g} [kg]. Choose a mean between."
            )
        scaled = (cells.kilograms - spec.weight_mean_kg) / _WEIGHT_SCALE_KG
        tilts.append(_WeightTilt(scaled=scaled))
    return tilts


def _age_tilt(margin: Values, scaled: Values, spec: PopulationSpec) -> Values:
    """Return the factor per age that gives ``scaled`` ages mean 0 and mean square 1."""
    tilt, curve = 0.0, 0.0
    for _ in range(_N_NEWTON):
        factor = exp(tilt * scaled + curve * (scaled * scaled))
        share = margin * factor
        share = share / math.fsum(share)
        moments = [math.fsum(share * _power(scaled, order)) for order in range(5)]
        mean_error, square_error = moments[1], moments[2] - 1.0
        if max(abs(mean_error), abs(square_error)) < _MARGIN_ERROR / 10:
            return np.asarray(factor / math.fsum(margin * factor))
        # Newton on two equations; their derivatives are covariances of age and its square
        variance = moments[2] - moments[1] * moments[1]
        covariance = moments[3] - moments[1] * moments[2]
        square_variance = moments[4] - moments[2] * moments[2]
        determinant = variance * square_variance - covariance * covariance
        if not determinant > 0:
            break
        step_tilt = (square_variance * mean_error - covariance * square_error) / determinant
        step_curve = (variance * square_error - covariance * mean_error) / determinant
        damping = min(1.0, _STEEPEST_STEP / max(abs(step_tilt), abs(step_curve)))
        tilt, curve = tilt - damping * step_tilt, curve - damping * step_curve
    raise RangeError(
        f"population: {_describe(spec)}; ages in the table cannot have that mean and spread. "
        "Change the mean, the spread or the range."
    )


def _power(values: Values, order: int) -> Values:
    power = np.ones_like(values)
    for _ in range(order):
        power = power * values
    return power


def _error(
    weights: Values, targets: list[tuple[_Axis, Values]], tilts: list[_AgeTilt | _WeightTilt]
) -> float:
    """Return the largest difference of a margin from its target, in shares or scales."""
    errors = [float(np.abs(axis.margin(weights) - target).max()) for axis, target in targets]
    errors += [tilt.error(weights) for tilt in tilts]
    return max(errors, default=0.0)


def _spread(weights: Values, cells: _Cells) -> Values:
    per_person = weights / cells.counts
    effective = 1.0 / math.fsum(per_person * weights)
    if effective < _FEWEST_PEOPLE:
        raise RangeError(
            f"population: the margins lean on {effective:.1f} people effectively; at least "
            f"{_FEWEST_PEOPLE} are allowed. Move them closer to those of the table."
        )
    chances = np.zeros(cells.n_people)
    chances[cells.members] = per_person[cells.place]
    return np.asarray(chances / math.fsum(chances))


def _describe(spec: PopulationSpec) -> str:
    parts = [f"ages within {spec.age_min_y:g} to {spec.age_max_y:g} y"]
    if spec.age_mean_y is not None:
        parts = [
            f"age {spec.age_mean_y:g} (SD {spec.age_sd_y:g}) y within {spec.age_min_y:g} to "
            f"{spec.age_max_y:g} y"
        ]
    if spec.female_fraction is not None:
        parts.append(f"{spec.female_fraction:g} women")
    if spec.ancestry_shares is not None:
        parts.append(_listed(spec.ancestry_shares))
    if spec.smoker_fraction is not None:
        parts.append(f"{spec.smoker_fraction:g} smokers")
    if spec.weight_mean_kg is not None:
        parts.append(f"mean weight {spec.weight_mean_kg:g} kg")
    if spec.bmi_shares is not None:
        parts.append(_listed(spec.bmi_shares))
    return ", ".join(parts)


def _listed(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{share:g} {name}" for name, share in shares.items() if share)
