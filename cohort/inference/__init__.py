"""The statistics of a trial's data, as pure functions on arrays.

Scores are arrays ``(..., n_patient, n_visit)``, NaN where nobody measured; leading axes are
replicates of the trial. First `estimands` says which values answer the question, then `missing`
or `reference_based` fills the gaps, `ancova` or `mmrm` estimates, `multiplicity` and
`group_sequential` decide. Imports NumPy and `cohort.population`; `pipelines.analyses` and the power
of a design read it.
"""
