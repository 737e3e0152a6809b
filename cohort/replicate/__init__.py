"""Replicate trials: many trials drawn from one pool of simulated patients.

Chemistry is dear and the outcome layer is cheap: `simulate_pool` integrates the same patients
through every arm once, `follow_pool` walks any of them through the outcomes of `cohort run`, with
their own luck or with new luck, and `replicate_trials` draws thousands of trials from the pool.
May import every room of `cohort`; enters at `cohort.simulate`.
"""

from cohort.replicate.drug_residual import drug_residuals, residual_of
from cohort.replicate.follow import ArmOutcomes, follow_pool
from cohort.replicate.pool import Pool, doses_follow_outcomes, merge_pools, simulate_pool
from cohort.replicate.trials import (
    ReplicateArm,
    ReplicateChunk,
    TrialSpread,
    iterate_replicates,
    join_arms,
    replicate_trials,
    summarize_arm,
)

__all__ = [
    "ArmOutcomes",
    "Pool",
    "ReplicateArm",
    "ReplicateChunk",
    "TrialSpread",
    "doses_follow_outcomes",
    "drug_residuals",
    "follow_pool",
    "iterate_replicates",
    "join_arms",
    "merge_pools",
    "replicate_trials",
    "residual_of",
    "simulate_pool",
    "summarize_arm",
]
