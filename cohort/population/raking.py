"""Weights that give real people the margins of a trial: age, sex and ancestry.

`cohort.population.covariates` draws people by these weights. The people of a cell (one age, one
sex, one ancestry) share a weight, so their weights and heights keep the correlations of the table.
Imports NumPy and kernels.arithmetic.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort.errors import RangeError
from cohort.population.people import ANCESTRIES, SEXES, People
from cohort.population.population_spec import PopulationSpec
from kernels.arithmetic import exp

__all__ = ["rake"]

_MARGIN_ERROR = 1e-9  # largest difference of a raked margin from its target, in shares or SDs
_N_SWEEP = 1000
_N_NEWTON = 60
_STEEPEST_STEP = 2.0  # change of a tilt in one Newton step, so that exp stays finite
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
        If no weights meet the margins: nobody of a wanted sex or ancestry is in the range of age,
        the ages there cannot have that mean and spread, the sweeps do not converge, or so few
        people would carry the trial that their effective number is below 30.

    Notes
    -----
    Iterative proportional fitting of the table age x sex x ancestry. Sex and ancestry are scaled
    to their shares. Age is tilted by :math:`\exp(\alpha a + \beta a^2)` to its mean and spread: the
    change of least relative entropy that meets two moments, where bins of years would miss them by
    the width of the bins and often stand empty. The effective number is Kish's
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
    targets = _margins(cells, spec)
    scaled = (cells.ages - spec.age_mean_y) / spec.age_sd_y if spec.age_sd_y else None
    weights = cells.counts / _total(cells.counts)
    for _ in range(_N_SWEEP):
        if scaled is not None:
            weights = weights * _age_tilt(_margin(weights, 0), scaled, spec)[:, None, None]
        for axis, target in targets:
            weights = weights * _scaling(_margin(weights, axis), target, axis)
        if _is_met(weights, targets, scaled):
            return _spread(weights, cells)
    raise RangeError(
        f"population: {_N_SWEEP} sweeps of raking did not meet {_describe(spec)}; margins that the "
        f"{cells.members.size} people of that age can meet together are allowed. Move them closer "
        "to those of the table."
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """People of the range of age, counted by age, sex and ancestry."""

    ages: Values
    counts: Values  # (n_age, n_sex, n_ancestry)
    members: NDArray[np.int64]  # people in range
    place: tuple[NDArray[np.int64], ...]  # cell of each member
    n_people: int


def _count(people: People, spec: PopulationSpec) -> _Cells:
    members = np.flatnonzero((people.age_y >= spec.age_min_y) & (people.age_y <= spec.age_max_y))
    if not members.size:
        raise RangeError(
            f"population: nobody aged {spec.age_min_y:g} to {spec.age_max_y:g} y; completed years "
            "are in the table. Widen the range."
        )
    ages, age_place = np.unique(people.age_y[members], return_inverse=True)
    place = (
        age_place.astype(np.int64),
        _index(people.sex[members], SEXES),
        _index(people.ancestry[members], ANCESTRIES),
    )
    counts = np.zeros((len(ages), len(SEXES), len(ANCESTRIES)))
    np.add.at(counts, place, 1.0)
    return _Cells(ages=ages, counts=counts, members=members, place=place, n_people=len(people))


def _index(column: NDArray[np.str_], names: tuple[str, ...]) -> NDArray[np.int64]:
    index = np.zeros(len(column), dtype=np.int64)
    for number, name in enumerate(names):
        index[column == name] = number
    return index


def _margins(cells: _Cells, spec: PopulationSpec) -> list[tuple[int, Values]]:
    wanted: list[tuple[int, tuple[str, ...], tuple[float, ...]]] = [
        (1, SEXES, (spec.female_fraction, 1.0 - spec.female_fraction))
    ]
    if spec.ancestry_shares is not None:
        shares = tuple(spec.ancestry_shares[name] for name in ANCESTRIES)
        wanted.append((2, ANCESTRIES, shares))
    for axis, names, shares in wanted:
        present = _margin(cells.counts, axis)
        for name, share, count in zip(names, shares, present, strict=True):
            if share > 0 and not count:
                kind = ("age", "sex", "ancestry")[axis]
                raise RangeError(
                    f"population: {share:g} [1] of {kind} {name!r}, but nobody aged "
                    f"{spec.age_min_y:g} to {spec.age_max_y:g} y in the table is; a share of 0 is "
                    "allowed there. Widen the range or drop the share."
                )
    return [(axis, np.array(shares)) for axis, _, shares in wanted]


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


def _scaling(present: Values, target: Values, axis: int) -> Values:
    factor = np.divide(target, present, out=np.zeros_like(target), where=present > 0)
    shape = [1, 1, 1]
    shape[axis] = -1
    return factor.reshape(shape)


def _is_met(weights: Values, targets: list[tuple[int, Values]], scaled: Values | None) -> bool:
    errors = [float(np.abs(_margin(weights, axis) - target).max()) for axis, target in targets]
    if scaled is not None:
        ages = _margin(weights, 0)
        errors.append(abs(math.fsum(ages * scaled)))
        errors.append(abs(math.fsum(ages * (scaled * scaled)) - 1.0))
    return max(errors) < _MARGIN_ERROR


def _spread(weights: Values, cells: _Cells) -> Values:
    per_person = np.divide(
        weights, cells.counts, out=np.zeros_like(weights), where=cells.counts > 0
    )
    effective = 1.0 / _total(per_person * weights)
    if effective < _FEWEST_PEOPLE:
        raise RangeError(
            f"population: the margins lean on {effective:.1f} people effectively; at least "
            f"{_FEWEST_PEOPLE} are allowed. Move them closer to those of the table."
        )
    chances = np.zeros(cells.n_people)
    chances[cells.members] = per_person[cells.place]
    return np.asarray(chances / math.fsum(chances))


def _margin(table: Values, axis: int) -> Values:
    rows = np.moveaxis(table, axis, 0).reshape(table.shape[axis], -1)
    return np.array([math.fsum(row) for row in rows])  # not .sum(): its last bits depend on the CPU


def _total(table: Values) -> float:
    return math.fsum(table.ravel())


def _describe(spec: PopulationSpec) -> str:
    return (
        f"age {spec.age_mean_y:g} (SD {spec.age_sd_y:g}) y within {spec.age_min_y:g} to "
        f"{spec.age_max_y:g} y, {spec.female_fraction:g} women"
    )
