"""Links for judging, fitted without the trial, or without the trial and its drug."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.calibration import load_fitted
from cohort.conditions import Condition
from cohort.facts import Fact
from cohort.population.draws import normals
from pipelines.calibrate import LENDER, Fit, fit
from pipelines.calibration_contrasts import Contrast, plan_contrasts
from pipelines.calibration_plan import CalibrationPlan, load_plan

__all__ = ["FitSource", "JudgingLink", "plan_trial"]

Floats = NDArray[np.float64]

_OTHER_NAMES: Final = {
    "sct-md-01": "burke_2002",
    "hmat-a": "goldstein_2004",
    "donepezil-302": "rogers_1998",
}


def plan_trial(protocol: str) -> str:
    """Return the name that calibration plans have for a packaged trial.

    Parameters
    ----------
    protocol
        Name of the protocol.

    Returns
    -------
    Name of the trial in a plan.

    Examples
    --------
    >>> plan_trial("wade-2002"), plan_trial("sct-md-01")
    ('wade_2002', 'burke_2002')
    """
    return _OTHER_NAMES.get(protocol, protocol.replace("-", "_"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgingLink:
    """Hold the weights with which something is judged, and on what they were fitted.

    Parameters
    ----------
    weights
        By reading, shape ``(n_replicate,)``: draws of what is not known well.
    trial_sd, drug_sd
        SD between trials, and between drugs, of the benefit over that of the link [1].
    rows
        Contrasts that were fitted; none where nothing was fitted.
    note
        What was left out, in words.

    Examples
    --------
    >>> JudgingLink(weights={}, trial_sd=0.0, drug_sd=0.0, rows=(), note="").rows
    ()
    """

    weights: Mapping[str, Floats]
    trial_sd: float
    drug_sd: float
    rows: tuple[Contrast, ...]
    note: str


class FitSource:
    """Give the link of one condition without any trial and drugs.

    Parameters
    ----------
    condition
        The patient group.
    n, seed
        Draws of the weights.
    workers, device, cache_folder
        As in `pipelines.calibrate.fit`: the first fit simulates the arms of the plan.

    Examples
    --------
    >>> from cohort.conditions import load_condition
    >>> source = FitSource(load_condition("schizophrenia"), n=5, seed=1)
    >>> source.link(("marder-1994",), ()).note
    'without marder_1994'
    """

    def __init__(
        self,
        condition: Condition,
        *,
        n: int,
        seed: int,
        workers: int = 1,
        device: str = "auto",
        cache_folder: Path | None = None,
    ) -> None:
        self._condition, self._n, self._seed = condition, n, seed
        self._options = {"workers": workers, "device": device, "cache_folder": cache_folder}
        self._known: dict[tuple[tuple[str, ...], tuple[str, ...]], JudgingLink] = {}

    @cached_property
    def plan(self) -> CalibrationPlan | None:
        """Plan of the fit that the condition names; None if it names none.

        Examples
        --------
        >>> from cohort.conditions import load_condition
        >>> FitSource(load_condition("major_depression"), n=5, seed=1).plan.condition
        'major_depression'
        """
        name = self._condition.link.fitted
        return None if name is None else load_plan(name)

    @cached_property
    def _whole(self) -> Fit:
        assert self.plan is not None
        return fit(self.plan, **self._options)  # type: ignore[arg-type]

    def link(self, protocols: Sequence[str], drugs: Sequence[str]) -> JudgingLink:
        """Return the link without some trials and drugs.

        Parameters
        ----------
        protocols
            Packaged trials that are left out.
        drugs
            Drugs that are left out.

        Returns
        -------
        Draws of the weights, and spreads that were estimated without what is left out. Without
        enough contrasts that remain, weights of the priors of the plan and spreads of `LENDER`.

        Examples
        --------
        >>> from cohort.conditions import load_condition
        >>> source = FitSource(load_condition("healthy"), n=5, seed=1)
        >>> source.link((), ()).weights
        {}
        """
        out: tuple[str, ...] = ()
        without: tuple[str, ...] = ()
        if self.plan is not None:
            rows = plan_contrasts(self.plan)
            names = {plan_trial(name) for name in protocols}
            out = tuple(sorted(names & {row.trial for row in rows}))
            without = tuple(sorted(set(drugs) & {row.drug for row in rows}))
        if (out, without) not in self._known:
            self._known[out, without] = self._new(out, without)
        return self._known[out, without]

    def _new(self, out: tuple[str, ...], without: tuple[str, ...]) -> JudgingLink:
        link, plan = self._condition.link, self.plan
        if plan is None:
            spreads = _numbers(link.trial_sd, link.drug_sd)
            return JudgingLink(
                weights=link.draws(self._n, self._seed),
                trial_sd=spreads[0],
                drug_sd=spreads[1],
                rows=(),
                note="declared weights: no fit",
            )
        rows = plan_contrasts(plan)
        note = "without " + ", ".join((*out, *without)) if out or without else "whole plan"
        inside = tuple(row for row in rows if row.trial not in out and row.drug not in without)
        if plan.n_parameter > plan.most_parameters(len(inside)):
            lent = load_fitted(LENDER)
            return JudgingLink(
                weights=self._prior_draws(plan),
                trial_sd=lent.trial_sd,
                drug_sd=lent.drug_sd,
                rows=inside,
                note=f"{note}: priors of the plan, too few contrasts remain",
            )
        found = fit(
            plan,
            leave_out_trials=out,
            leave_out_drugs=without,
            expansion=self._whole.expansion,
            **self._options,  # type: ignore[arg-type]
        )
        return JudgingLink(
            weights=found.draws(self._n, self._seed),
            trial_sd=found.link.trial_sd,
            drug_sd=found.link.drug_sd,
            rows=inside,
            note=note,
        )

    def _prior_draws(self, plan: CalibrationPlan) -> dict[str, Floats]:
        replicates = np.arange(self._n, dtype=np.int64)
        means, spreads = plan.prior
        drawn = np.array(
            [
                mean + spread * normals(self._seed, replicates, f"prior of the link: {place}")
                for place, (mean, spread) in enumerate(zip(means, spreads, strict=True))
            ]
        )
        signs = plan.signs[:, None]
        weights = plan.basis @ (signs * np.maximum(signs * drawn, 0.0))
        return dict(zip(plan.weights, weights, strict=True))


def _numbers(*facts: Fact | None) -> list[float]:
    return [0.0 if fact is None else fact.number("1") for fact in facts]
