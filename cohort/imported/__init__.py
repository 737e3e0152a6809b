"""Models of others in a trial: a file in SBML takes the place of our patient.

`trial_model` reads the file as a protocol wants it: with ways for its doses, starting levels that
patients can differ in, and its unit of time. `patients` draws the parameters of patients,
`simulate` walks a block through the trial. `cohort.trial` asks the first whether a protocol can be
run, `cohort.simulate` hands blocks to the last. May import `cohort.sbml`, `cohort.population` and
`kernels`; `simulate` imports `cohort.trial`, so nothing here imports `simulate`.
"""

from cohort.imported.patients import draw_patients
from cohort.imported.routes import Route, route_streams
from cohort.imported.trial_model import TrialModel, model_contradictions, trial_model

__all__ = [
    "Route",
    "TrialModel",
    "draw_patients",
    "model_contradictions",
    "route_streams",
    "trial_model",
]
