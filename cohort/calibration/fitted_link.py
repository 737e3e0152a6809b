"""What a fit found: weights, their covariance, and on which rows."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from cohort.errors import ConditionError
from cohort.facts import Declaration
from cohort.population.draws import normals
from cohort.yaml_files import (
    Contradiction,
    is_read,
    load_named,
    packaged_names,
    refuse_contradictions,
)

__all__ = ["FittedLink", "fitted_names", "load_fitted"]

Floats = NDArray[np.float64]
_ROUND_OFF = 1e-5  # of the largest variance: files hold six digits


class FittedLink(Declaration):
    """Hold what ``cohort calibrate`` found.

    Parameters
    ----------
    name, condition
        Plan that was fitted, and the condition whose link it is.
    weights
        By name of the reading [1].
    covariance
        Of the weights, in their order: Laplace approximation of the posterior.
    chi2, n_row
        Sum of the squared whitened residuals with sampling errors alone, over how many contrasts.
    heterogeneity
        SD of each contrast by itself about the link, beyond sampling error and drug [measure].
    trial_sd
        The same over the mean fitted contrast [1]: SD between trials of the benefit of drugs.
    drug_sd
        SD between drugs of the benefit over that of the link [1].
    drug_sd_se, drug_sd_interval
        Its standard error and 95 % interval by profile likelihood; none of a borrowed one. An SD of
        0 has no standard error.
    drug_sd_from
        Fit of another condition that it was borrowed from, where too few drugs are compared here;
        empty if it is the fit's own.
    n_drug
        How many drugs the contrasts are of.
    seed, patients
        Of the simulated people.
    held_out
        Trials that were left out, for judging.
    rows
        Contrasts that were fitted, in words.
    versions
        Of the libraries.

    Examples
    --------
    >>> load_fitted("major_depression").condition
    'major_depression'
    """

    name: str
    condition: str
    weights: dict[str, float]
    covariance: tuple[tuple[float, ...], ...]
    chi2: Annotated[float, Field(ge=0.0)]
    n_row: Annotated[int, Field(ge=0)]
    heterogeneity: Annotated[float, Field(ge=0.0)]
    trial_sd: Annotated[float, Field(ge=0.0)]
    drug_sd: Annotated[float, Field(ge=0.0)]
    drug_sd_se: Annotated[float, Field(gt=0.0)] | None = None
    drug_sd_interval: tuple[float, float] | None = None
    drug_sd_from: str = ""
    n_drug: Annotated[int, Field(ge=0)]
    seed: int
    patients: int
    held_out: tuple[str, ...] = ()
    left_out_drugs: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(load_fitted("major_depression").contradictions())
        []
        """
        if not (is_read(self.weights) and is_read(self.covariance)):
            return
        n, found = len(self.weights), self.covariance
        if len(found) != n or any(len(row) != n for row in found):
            yield Contradiction(
                path=("covariance",),
                message=f"{len(found)} rows for {n} weights; a square of that size is allowed. Fit "
                "again.",
            )
        elif not _is_covariance(np.array(found)):
            yield Contradiction(
                path=("covariance",),
                message="it is no covariance: not symmetric, or a variance below 0. Fit again.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors by name of the reading.

        Examples
        --------
        >>> all(error > 0 for error in load_fitted("major_depression").standard_errors.values())
        True
        """
        return {name: float(self.covariance[i][i]) ** 0.5 for i, name in enumerate(self.weights)}

    def draws(self, n: int, seed: int) -> dict[str, Floats]:
        """Return draws of the weights, as uncertain as the fit left them.

        Parameters
        ----------
        n
            How many.
        seed
            The same seed gives the same draws.

        Returns
        -------
        By name of the reading, shape ``(n,)``: normal, held at 0 where a draw would change the sign
        of the weight.

        Examples
        --------
        >>> drawn = load_fitted("major_depression").draws(1000, 7)
        >>> drawn["serotonin_extracellular"].shape
        (1000,)
        """
        numbers = np.arange(n, dtype=np.int64)
        standard = np.array([normals(seed, numbers, f"weight: {name}") for name in self.weights])
        values, vectors = np.linalg.eigh(np.array(self.covariance))
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        drawn = {}
        for row, (name, weight) in zip(root @ standard, self.weights.items(), strict=True):
            own = weight + row
            drawn[name] = np.maximum(own, 0.0) if weight >= 0.0 else np.minimum(own, 0.0)
        return drawn


def _is_covariance(square: Floats) -> bool:
    values = np.linalg.eigvalsh(square)
    is_positive = bool((values >= -_ROUND_OFF * np.abs(square).max()).all())
    return is_positive and np.allclose(square, square.T)


def fitted_names() -> tuple[str, ...]:
    """Return the packaged fits, sorted.

    Examples
    --------
    >>> "major_depression" in fitted_names()
    True
    """
    return packaged_names("cohort.calibration.fitted")


def load_fitted(name_or_path: str) -> FittedLink:
    """Return a packaged fit by name, or one from a file that ``cohort calibrate`` wrote.

    Parameters
    ----------
    name_or_path
        Packaged name, or path of a YAML file.

    Returns
    -------
    The fit.

    Raises
    ------
    UnknownNameError
        If no packaged fit has that name and no such file exists.
    ConditionError
        If the file has mistakes; all of them are listed.

    Examples
    --------
    >>> load_fitted("major_depression").n_row > 20
    True
    """
    return load_named(
        name_or_path,
        "cohort.calibration.fitted",
        FittedLink,
        kind="fitted link",
        error=ConditionError,
    )
