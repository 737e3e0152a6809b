"""What `compare_with_sbml.py` puts together: a published file, our numbers, and a verdict."""
