"""Supplements, one YAML file each: daily dose, and what input of the model they change."""
