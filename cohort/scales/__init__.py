"""Rating scales: how one latent severity appears as a score, and what counts as a response.

A condition says in whose points its latent severity is; a scale says whose points it reads. May
import `cohort.facts`, `cohort.yaml_files` and `kernels.arithmetic`; `cohort.conditions` and
`cohort.outcomes` enter here.
"""

from cohort.scales.items import ItemModel, item_model
from cohort.scales.scale import (
    ItemGroup,
    Items,
    Reading,
    Scale,
    load_scale,
    scale_names,
    scales_of,
    score,
    score_items,
)

__all__ = [
    "ItemGroup",
    "ItemModel",
    "Items",
    "Reading",
    "Scale",
    "item_model",
    "load_scale",
    "scale_names",
    "scales_of",
    "score",
    "score_items",
]
