"""How well the kidneys of a patient clear: serum creatinine, and the clearance computed from it.

``kidney.yaml`` beside this file holds mean and spread of creatinine with their source.
`cohort.population.covariates` enters here. Imports NumPy, pydantic and kernels.arithmetic.
"""

import functools
import math
from importlib import resources
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cohort.errors import FileContentError, RangeError, ShapeError
from cohort.facts import Declaration, Fact, PureNumber, quantity_in
from cohort.population.draws import normals
from cohort.population.people import SEXES
from cohort.yaml_files import read_yaml_model
from kernels.arithmetic import exp

__all__ = ["cockcroft_gault", "sample_creatinine"]

_FILE = "kidney.yaml"
_DECISION = "creatinine"
# Cockcroft and Gault 1976, doi:10.1159/000180580
_AGE_WITHOUT_CLEARANCE_Y = 140.0
_MEN_FACTOR = 72.0
_WOMEN_SHARE = 0.85

Values = NDArray[np.float64]
_Sex = Literal["F", "M"]
_Level = Annotated[Fact, quantity_in("mg/dL", minimum=0.0)]


class _Creatinine(Declaration):
    mean: dict[_Sex, _Level]
    cv: dict[_Sex, PureNumber]


@functools.cache
def _facts() -> _Creatinine:
    with resources.as_file(resources.files("cohort.population") / _FILE) as path:
        return read_yaml_model(path, _Creatinine, error=FileContentError)


def sample_creatinine(
    patient_ids: ArrayLike, seed: int, sex: ArrayLike, draw: ArrayLike = 0
) -> Values:
    """Return serum creatinine of patients, lognormal with mean and spread of their sex.

    Parameters
    ----------
    patient_ids, seed, draw
        As in `cohort.population.draws.uniforms`.
    sex
        ``F`` or ``M``, shape ``(n_lane,)``.

    Returns
    -------
    Serum creatinine [mg/dL], shape ``(n_lane,)``.

    Notes
    -----
    Independent of weight and age: the mean is constant from 20 to 70 years and rises slowly
    beyond, which is left out. Kidney disease is left out, too: the source excluded it.

    Examples
    --------
    >>> drawn = sample_creatinine(np.arange(4000), 7, np.full(4000, "M"))
    >>> round(float(drawn.mean()), 2)
    0.9
    """
    facts, sexes = _facts(), np.asarray(sex)
    median, spread = np.zeros(sexes.shape), np.zeros(sexes.shape)
    for name in SEXES:
        cv = facts.cv[name].number("1")  # type: ignore[index]
        mean = facts.mean[name].number("mg/dL")  # type: ignore[index]
        median[sexes == name] = mean / math.sqrt(1.0 + cv * cv)
        spread[sexes == name] = math.sqrt(math.log1p(cv * cv))
    return median * exp(spread * normals(seed, patient_ids, _DECISION, draw))


def cockcroft_gault(
    age_y: ArrayLike, sex: ArrayLike, weight_kg: ArrayLike, creatinine_mg_dl: ArrayLike
) -> Values:
    r"""Return creatinine clearance by the equation of Cockcroft and Gault.

    Parameters
    ----------
    age_y
        Age [y], below 140.
    sex
        ``F`` or ``M``.
    weight_kg
        Actual body weight [kg], above 0.
    creatinine_mg_dl
        Serum creatinine [mg/dL], above 0.

    Returns
    -------
    Clearance [mL/min], not normalised to body surface.

    Raises
    ------
    RangeError
        If a number is out of its range or a sex is neither.
    ShapeError
        If the shapes do not broadcast.

    Notes
    -----
    .. math:: CL = \frac{(140 - age)\, weight}{72\, creatinine} \times (0.85 \text{ in women})

    With actual weight it is too high in obesity. The equation was made with creatinine by the
    Jaffé method, which reads a little higher than the enzymatic one that is sampled here.

    References
    ----------
    Cockcroft and Gault 1976, doi:10.1159/000180580.

    Examples
    --------
    >>> cockcroft_gault(50.0, "M", 80.0, 1.0).tolist()
    100.0
    """
    given = {
        "age_y": np.asarray(age_y, dtype=np.float64),
        "weight_kg": np.asarray(weight_kg, dtype=np.float64),
        "creatinine_mg_dl": np.asarray(creatinine_mg_dl, dtype=np.float64),
    }
    for name, values in given.items():
        limit = _AGE_WITHOUT_CLEARANCE_Y if name == "age_y" else np.inf
        wrong = ~((values > 0) & (values < limit))
        if wrong.any():
            unit = {"age_y": "y", "weight_kg": "kg", "creatinine_mg_dl": "mg/dL"}[name]
            raise RangeError(
                f"cockcroft_gault, {name}: {values[wrong].flat[0]:g} [{unit}]; greater than 0 and "
                f"less than {limit:g} [{unit}] is allowed. Change the value."
            )
    sexes = np.asarray(sex)
    unknown = ~np.isin(sexes, SEXES)
    if unknown.any():
        raise RangeError(
            f"cockcroft_gault, sex: {str(sexes[unknown].flat[0])!r}; 'F' or 'M' is allowed. "
            "Change the value."
        )
    try:
        np.broadcast_shapes(sexes.shape, *(values.shape for values in given.values()))
    except ValueError as error:
        shapes = [values.shape for values in given.values()]
        raise ShapeError(
            f"cockcroft_gault: shapes {shapes} and sex {sexes.shape}; shapes that broadcast are "
            "allowed. Give one value a patient."
        ) from error
    men = (_AGE_WITHOUT_CLEARANCE_Y - given["age_y"]) * given["weight_kg"]
    men = men / (_MEN_FACTOR * given["creatinine_mg_dl"])
    return np.asarray(np.where(sexes == "F", _WOMEN_SHARE * men, men))
