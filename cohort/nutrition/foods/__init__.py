"""Protein sources, one YAML file each: grams of the large neutral amino acids per 100 g."""
