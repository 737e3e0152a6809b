"""Reading YAML files into records: every mistake at once, each with its line and its remedy.

Text becomes a tree that knows the line of every key (`tree`), the tree becomes a frozen pydantic
record (`read_model`), and whatever is wrong becomes a sentence for people (`wording`).
Protocols, drugs, conditions and scales enter here. May import `cohort.errors`, pydantic and
ruamel.yaml.
"""

from cohort.yaml_files.contradictions import (
    UNREAD,
    Contradiction,
    CorrectableError,
    is_read,
    refuse_contradictions,
)
from cohort.yaml_files.packaged import load_named, packaged_names
from cohort.yaml_files.read_model import parse_yaml_model, read_yaml_model
from cohort.yaml_files.wording import listed_mistakes, nearest_hint

__all__ = [
    "UNREAD",
    "Contradiction",
    "CorrectableError",
    "is_read",
    "listed_mistakes",
    "load_named",
    "nearest_hint",
    "packaged_names",
    "parse_yaml_model",
    "read_yaml_model",
    "refuse_contradictions",
]
