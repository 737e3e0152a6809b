#!/usr/bin/env bash
# Stop what start_slurm.sh FOLDER started; jobs that still run are cancelled.
set -uo pipefail
R=$(cd "$1" && pwd)
export SLURM_CONF=$R/slurm.conf
scancel --quiet --partition=main 2>/dev/null
for pid in "$R"/slurmd-*.pid "$R"/slurmctld.pid "$R"/munge/munged.pid; do
  [ -f "$pid" ] && kill "$(cat "$pid")" 2>/dev/null
done
exit 0
