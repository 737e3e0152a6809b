"""Eating patterns, one YAML file each: the meals of a day, and status inputs of the model."""
