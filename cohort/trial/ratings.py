"""How a protocol says that scores are taken: items, raters, and the score that lets people in.

`cohort.outcomes.ratings` does it. May import `cohort.outcomes.ratings` and the field types of this
room; `cohort.trial.protocol` enters here.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, StrictBool, model_validator

from cohort.outcomes.ratings import RatingRules
from cohort.trial.arms import ProtocolRecord
from cohort.trial.quantities import Number, RaterCount
from cohort.yaml_files import Contradiction, is_read, refuse_contradictions

__all__ = ["Ratings"]

_MAX_RATER_SD = 5.0  # noise SDs; beyond it a score says who rated, not who is ill
_MAX_INFLATION = 20.0  # points


class Ratings(ProtocolRecord):
    """How scores are taken; what is left out keeps plain noise and raters who are all alike.

    Parameters
    ----------
    noise
        ``items`` draws the items of a scale and adds them up, so that noise vanishes at the ends
        of the range; ``normal`` adds rounded noise of one size.
    raters
        Raters among whom patients are shared out, self-reports aside.
    rater_sd
        Standard deviation between raters over the noise of one rating [1].
    entry_inflation
        Points below the entry criterion from which a score is still written down as meeting it.
    entry_is_baseline
        Whether the score that let a patient in is the baseline score on that scale; else the
        baseline visit rates again.

    Examples
    --------
    >>> Ratings(noise="items", raters=12, rater_sd=0.5).rules.n_rater
    12
    """

    noise: Literal["normal", "items"] = "normal"
    raters: RaterCount = Field(default=0, examples=[12])
    rater_sd: Number = Field(default=0.0, examples=[0.5])
    entry_inflation: Number = Field(default=0.0, examples=[3])
    entry_is_baseline: StrictBool = False

    def contradictions(self) -> Iterator[Contradiction]:
        """List what cannot stand together.

        Examples
        --------
        >>> list(Ratings().contradictions())
        []
        """
        for key, most, thing in (
            ("rater_sd", _MAX_RATER_SD, "noise standard deviations"),
            ("entry_inflation", _MAX_INFLATION, "points"),
        ):
            value = getattr(self, key)
            if is_read(value) and not 0.0 <= value <= most:
                yield Contradiction(
                    path=(key,),
                    message=f"{value:g} was given; from 0 to {most:g} {thing} are allowed. Change "
                    "the value.",
                )
        if is_read(self.rater_sd) and self.rater_sd > 0.0 and self.raters == 0:
            yield Contradiction(
                path=("rater_sd",),
                message=f"raters differ by {self.rater_sd:g} and there are none; at least one is "
                "needed. Add 'raters: 12'.",
            )

    _refuse = model_validator(mode="after")(refuse_contradictions)

    @property
    def rules(self) -> RatingRules:
        """The same for `cohort.outcomes`.

        Examples
        --------
        >>> Ratings(noise="items").rules.by_items
        True
        """
        return RatingRules(
            by_items=self.noise == "items",
            n_rater=self.raters,
            rater_sd=self.rater_sd,
            entry_inflation=self.entry_inflation,
            entry_is_baseline=self.entry_is_baseline,
        )
