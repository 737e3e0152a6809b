"""How a trial's data are analysed: the protocol key ``analysis``.

The rules themselves are `cohort.inference`; this is how people write which of them hold.
"""

import itertools
from collections.abc import Iterator
from typing import Literal

from pydantic import Field, StrictInt, model_validator

from cohort.inference.decisions import WITH_LOOKS, Plan
from cohort.trial.arms import ProtocolRecord
from cohort.trial.quantities import Fraction, Number
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions

__all__ = ["Analysis"]

_MOST_LOOKS = 10
_FEWEST_IMPUTATIONS, _MOST_IMPUTATIONS = 2, 1000
_MOST_STEPS = 50
_ROUND_OFF = 1e-9
_OF_REFERENCE = ("J2R", "CR", "CIR")


class Analysis(ProtocolRecord):
    """How a trial's data are analysed.

    Parameters
    ----------
    estimand
        What is done with values after a discontinuation or rescue.
    missing_data
        What stands for a missing value: the last one (``LOCF``), the baseline (``BOCF``), nothing
        (``observed``), nothing in a model of all visits (``MMRM``), or many draws at random
        (``MAR``) or after the control arm (``J2R``, ``CR``, ``CIR``).
    multiplicity
        How several arms share the level; ``fixed_sequence`` takes them as the protocol lists them,
        ``dunnett`` counts in that they share a control, ``graphical`` hands the level of a claim
        on.
    weights
        Of ``graphical``: share of the level that each arm but the control starts with [1], in the
        order of the protocol.
    transitions
        Of ``graphical``: a row an arm, the shares of its level that it hands to each of them once
        its claim is made [1].
    looks
        Interim looks, each the share of the patients who have finished [1].
    spending
        How the level is spent over the looks.
    futility
        Conditional power below which an arm is dropped at a look [1]; 0 never.
    alpha
        Two-sided level of all claims together [1].
    imputations
        Data sets of multiple imputation.
    tipping_point
        By how much imputed values of an arm are made worse, in steps, to see when its finding is
        lost [points of the primary endpoint]; the table ``tipping_point`` has a row a step.

    Examples
    --------
    >>> Analysis(missing_data="J2R", looks=["50 %"]).plan.fractions
    (0.5, 1.0)
    """

    estimand: Literal["treatment_policy", "hypothetical", "while_on_treatment", "composite"] = (
        "treatment_policy"
    )
    missing_data: Literal["LOCF", "BOCF", "observed", "MMRM", "MAR", "J2R", "CR", "CIR"] = "LOCF"
    multiplicity: Literal[
        "none", "bonferroni", "holm", "hochberg", "fixed_sequence", "dunnett", "graphical"
    ] = "none"
    # left out of what is hashed where it is not written: the same trial, the same hash
    weights: tuple[Fraction, ...] = Field(
        default=(), examples=[["50 %", "50 %"]], exclude_if=lambda weights: not weights
    )
    transitions: tuple[tuple[Fraction, ...], ...] = Field(
        default=(),
        examples=[[["0 %", "100 %"], ["100 %", "0 %"]]],
        exclude_if=lambda transitions: not transitions,
    )
    looks: tuple[Fraction, ...] = Field(default=(), examples=[["50 %"]])
    spending: Literal["obrien_fleming", "pocock"] = "obrien_fleming"
    futility: Fraction = Field(default=0.0, examples=["10 %"])
    alpha: Fraction = Field(default=0.05, examples=[0.05])
    imputations: StrictInt = Field(default=50, examples=[50])
    tipping_point: tuple[Number, ...] = Field(
        default=(), examples=[[0, 2, 4, 8]], exclude_if=lambda steps: not steps
    )

    @property
    def plan(self) -> Plan:
        """How claims are decided.

        Examples
        --------
        >>> Analysis(multiplicity="holm").plan.multiplicity
        'holm'
        """
        return Plan(
            multiplicity=self.multiplicity,
            looks=self.looks,
            spending=self.spending,
            futility=self.futility,
            alpha=self.alpha,
            weights=self.weights,
            transitions=self.transitions,
        )

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> [one.path for one in Analysis().contradictions()]
        []
        """
        yield from self._wrong_looks()
        yield from self._wrong_graph()
        yield from self._wrong_steps()
        if is_read(self.alpha) and not 0 < self.alpha < 1:
            yield Contradiction(
                path=("alpha",),
                message=f"a level of {self.alpha:g}; more than 0 and less than 1 is allowed. Write "
                "'alpha: 0.05'.",
            )
        if is_read(self.futility) and not self.futility < 1:
            yield Contradiction(
                path=("futility",),
                message=f"conditional power below {self.futility:g} drops every arm; less than 1 "
                "is allowed. Write for example 'futility: 10 %'.",
            )
        if is_read(self.imputations) and not (
            _FEWEST_IMPUTATIONS <= self.imputations <= _MOST_IMPUTATIONS
        ):
            yield Contradiction(
                path=("imputations",),
                message=f"{self.imputations} data sets; {_FEWEST_IMPUTATIONS} to "
                f"{_MOST_IMPUTATIONS} are allowed. Write 'imputations: 50'.",
            )
        if (
            is_read(self.estimand)
            and self.estimand == "hypothetical"
            and is_read(self.missing_data)
            and self.missing_data in _OF_REFERENCE
        ):
            yield Contradiction(
                path=("missing_data",),
                message=f"'{self.missing_data}' lets leavers go on as in the control arm, and the "
                "hypothetical estimand asks how they had gone on in their own. Write "
                "'missing_data: MAR' or 'estimand: treatment_policy'.",
            )

    def _wrong_looks(self) -> Iterator[Contradiction]:
        looks = self.looks
        if not is_read(looks) or not all(map(is_read, looks)) or not looks:
            return
        is_rising = all(low < high for low, high in zip((0.0, *looks), (*looks, 1.0), strict=True))
        if not is_rising or len(looks) > _MOST_LOOKS:
            shown = ", ".join(f"{100 * share:g} %" for share in looks)
            yield Contradiction(
                path=("looks",),
                message=f"looks at {shown} of the patients; at most {_MOST_LOOKS} rising shares "
                "between 0 % and 100 % are allowed, the end is a look by itself. Write for example "
                "'looks: [50 %]'.",
            )
        if is_read(self.multiplicity) and self.multiplicity not in WITH_LOOKS:
            yield Contradiction(
                path=("multiplicity",),
                message=f"'{self.multiplicity}' does not hold its level over several looks; "
                f"{', '.join(WITH_LOOKS)} do. Write 'multiplicity: holm', or delete 'looks'.",
            )

    def _wrong_steps(self) -> Iterator[Contradiction]:
        steps = self.tipping_point
        if not is_read(steps) or not steps or not all(map(is_read, steps)):
            return
        is_rising = all(low < high for low, high in itertools.pairwise(steps))
        if not is_rising or steps[0] < 0 or len(steps) > _MOST_STEPS:
            shown = ", ".join(f"{step:g}" for step in steps[:_MOST_STEPS])
            yield Contradiction(
                path=("tipping_point",),
                message=f"steps of {shown} points; at most {_MOST_STEPS} rising numbers from 0 on "
                "are allowed. Write for example 'tipping_point: [0, 2, 4, 8]'.",
            )
        if is_read(self.missing_data) and self.missing_data not in ("MAR", *_OF_REFERENCE):
            yield Contradiction(
                path=("tipping_point",),
                message=f"steps were given with 'missing_data: {self.missing_data}', which imputes "
                "nothing at random; MAR, J2R, CR and CIR do. Write 'missing_data: MAR'.",
            )

    def _wrong_graph(self) -> Iterator[Contradiction]:
        weights, rows = self.weights, self.transitions
        if not (is_read(self.multiplicity) and is_read(weights) and is_read(rows)):
            return
        if not all(map(is_read, [*weights, *rows])) or not all(is_read(g) for r in rows for g in r):
            return
        if self.multiplicity != "graphical":
            for name in ("weights", "transitions"):
                if getattr(self, name):
                    yield Contradiction(
                        path=(name,),
                        message=f"{name} were given with 'multiplicity: {self.multiplicity}'; only "
                        f"'graphical' has them. Write 'multiplicity: graphical', or delete "
                        f"'{name}'.",
                    )
        elif not weights:
            yield Contradiction(
                path=("multiplicity",),
                message="'graphical' without weights; each arm but the control has one. Write for "
                "example 'weights: [50 %, 50 %]' and 'transitions: [[0 %, 100 %], [100 %, 0 %]]'.",
            )
        elif sum(weights) > 1 + _ROUND_OFF:
            yield Contradiction(
                path=("weights",),
                message=f"weights add up to {100 * sum(weights):g} % of the level; at most 100 % "
                "is allowed. Lower one.",
            )
        else:
            yield from self._wrong_transitions()

    def _wrong_transitions(self) -> Iterator[Contradiction]:
        n, rows = len(self.weights), self.transitions
        if [len(row) for row in rows] != [n] * n:
            yield Contradiction(
                path=("transitions",),
                message=f"rows of {', '.join(str(len(row)) for row in rows) or 'no'} shares for "
                f"{n} weights; {n} rows of {n} are allowed. Write a row an arm, 0 % for itself.",
            )
            return
        for place, row in enumerate(rows):
            if row[place] > 0:
                yield Contradiction(
                    path=("transitions", place),
                    message=f"the arm hands {100 * row[place]:g} % of its level to itself; 0 % is "
                    f"allowed there. Write 0 % as number {place + 1} of the row.",
                )
            elif sum(row) > 1 + _ROUND_OFF:
                yield Contradiction(
                    path=("transitions", place),
                    message=f"shares add up to {100 * sum(row):g} %; at most 100 % of a level can "
                    "be handed on. Lower one.",
                )

    _refuse = model_validator(mode="after")(refuse_contradictions)
