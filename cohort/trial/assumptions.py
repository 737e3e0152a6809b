"""What a protocol takes for true that data do not decide; nothing is assumed if left out."""

from pydantic import Field, StrictBool

from cohort.trial.arms import ProtocolRecord

__all__ = ["Assumptions"]


class Assumptions(ProtocolRecord):
    """Switches, each off unless it is written.

    Parameters
    ----------
    disease_modification
        Whether drugs slow the untreated drift of the condition in proportion to their benefit, as
        its ``severity.disease_modification`` declares; what was held back stays after wash-out.

    Examples
    --------
    >>> Assumptions().disease_modification
    False
    """

    disease_modification: StrictBool = Field(default=False, examples=[True])
