"""Published observations of drugs in people, and the same numbers read off the model.

Content, not framework: a YAML file a drug or theme, each entry with its interval, source, mark and
role (input, fitted, independent). `run_observations` gives the reference patient, or the person
that an entry describes, the doses of the publication. Nothing here feeds a trial.
"""

from cohort.observations.exposure import (
    DoseResponse,
    ExposureCourse,
    dose_response,
    follow_people,
    occupancies,
    settling_days,
)
from cohort.observations.load_observations import load_observations, observation_files
from cohort.observations.observation import DoseCourse, Observation, ObservationFile, Person
from cohort.observations.run_observation import Verdict, drug_model, run_observations

__all__ = [
    "DoseCourse",
    "DoseResponse",
    "ExposureCourse",
    "Observation",
    "ObservationFile",
    "Person",
    "Verdict",
    "dose_response",
    "drug_model",
    "follow_people",
    "load_observations",
    "observation_files",
    "occupancies",
    "run_observations",
    "settling_days",
]
