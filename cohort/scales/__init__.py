"""Rating scales: how one latent severity appears as a score, and what counts as a response.

A condition says in whose points its latent severity is; a scale says whose points it reads. May
import `cohort.facts` and `cohort.yaml_files`; `cohort.conditions` and `cohort.outcomes` enter here.
"""

from cohort.scales.scale import Reading, Scale, load_scale, scale_names, scales_of, score

__all__ = ["Reading", "Scale", "load_scale", "scale_names", "scales_of", "score"]
