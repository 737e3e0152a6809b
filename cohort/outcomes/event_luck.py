"""Draws that decide adverse events, by event, patient and episode, drawn in blocks."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cohort.population.draws import exponentials, uniforms

__all__ = ["EventLuck"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_FIRST_BLOCK: Final = 4  # episodes drawn at once of an event that recurs
_KINDS: Final[Mapping[str, Callable[..., Floats]]] = {
    "exponential": exponentials,
    "uniform": uniforms,
}


class EventLuck:
    """Draw what decides events, keyed by seed, patient, decision, event and episode.

    A number never depends on when or with whom it is drawn; blocks only spare calls.

    Parameters
    ----------
    seed
        Seed of the trial.
    patient_ids
        Shape ``(n_lane,)``.
    is_recurrent
        By name of the event, whether it may have several episodes.
    withdrawal
        Multiple of the share of episodes for which the drug is withdrawn [1], by trial or patient.

    Examples
    --------
    >>> luck = EventLuck(7, np.array([1, 2]), {"nausea": False})
    >>> first = luck.take("uniform", "grade", "nausea", np.array([1]), np.array([0]))
    >>> bool(first[0] == uniforms(7, [2], "adverse event grade: nausea")[0])
    True
    """

    def __init__(
        self,
        seed: int,
        patient_ids: Integers,
        is_recurrent: Mapping[str, bool],
        withdrawal: float | Floats = 1.0,
    ) -> None:
        self.seed = seed
        self.withdrawal = np.broadcast_to(np.asarray(withdrawal, np.float64), patient_ids.shape)
        self.patient_ids = patient_ids
        self._is_recurrent = dict(is_recurrent)
        self._blocks: dict[tuple[str, str, str], Floats] = {}

    def take(
        self, kind: str, purpose: str, event: str, lanes: Integers, episodes: Integers
    ) -> Floats:
        """Return one number for each of some patients and episodes.

        Parameters
        ----------
        kind
            ``exponential`` or ``uniform``.
        purpose
            What it decides, such as ``onset``.
        event
            Name of the event.
        lanes, episodes
            Positions of patients, and the number of the episode of each, from 0.

        Examples
        --------
        >>> luck = EventLuck(7, np.array([1, 2]), {"headache": True})
        >>> luck.take("exponential", "onset", "headache", np.array([0, 0]), np.array([0, 9])).shape
        (2,)
        """
        if not len(lanes):
            return np.zeros(0)
        key = kind, purpose, event
        block = self._blocks.get(key)
        needed = int(episodes.max()) + 1
        if block is None or len(block) < needed:
            known = 0 if block is None else len(block)
            least = _FIRST_BLOCK if self._is_recurrent.get(event, False) else 1
            draws = np.arange(max(needed, 2 * known, least))[:, None]
            decision = f"adverse event {purpose}: {event}"
            block = _KINDS[kind](self.seed, self.patient_ids, decision, draws)
            self._blocks[key] = block
        return block[episodes, lanes]
