"""The command line with the stand-in as a process: run_cohort.py FUNCTION ARGUMENT..."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    from pipelines.cli import main

    main(sys.argv[2:], simulator=f"standin:{sys.argv[1]}")
