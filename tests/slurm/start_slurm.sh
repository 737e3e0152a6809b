#!/usr/bin/env bash
# A whole Slurm on this machine: one controller, several simulated nodes, on the loopback only.
#
#   start_slurm.sh FOLDER [N_NODES]     starts it, waits until every node is idle
#   export SLURM_CONF=FOLDER/slurm.conf is then all that sbatch, squeue and scancel need
#   stop_slurm.sh FOLDER                stops it
#
# Needs root and the Debian packages slurmctld slurmd slurm-client munge slurm-wlm-basic-plugins.
# For tests: memory limits are not enforced (task/none), and nothing is accounted.
set -euo pipefail
if [ $# -lt 1 ]; then
  echo "start_slurm.sh: no folder was given; an empty one is needed. Call start_slurm.sh FOLDER." >&2
  exit 2
fi
mkdir -p "$1"/{ctld,log,munge,spool}
R=$(cd "$1" && pwd)
N=${2:-3}
case $R in *[[:space:]]*)
  echo "start_slurm.sh: $R has a space, which slurm.conf cannot hold. Use another folder." >&2
  exit 2 ;;
esac
H=$(hostname -s)
CPUS=2
MEMORY=4096 # MB a node as told to Slurm; `config_overrides` lets it differ from what is there
# two free ports and one a node, which no other Slurm on this machine uses
read -r -a PORTS < <(python3 - "$((N + 1))" <<'PY'
import socket, sys

held = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in held:
    one.bind(("127.0.0.1", 0))
print(*[one.getsockname()[1] for one in held])
PY
)

# munge with its own key and socket; the socket's folder must be searchable, the key stays 0400
[ -f "$R/munge/munge.key" ] || head -c 1024 /dev/urandom > "$R/munge/munge.key"
chmod 400 "$R/munge/munge.key"
chmod 755 "$R/munge"
munged --force --key-file="$R/munge/munge.key" --socket="$R/munge/munge.socket" \
  --pid-file="$R/munge/munged.pid" --log-file="$R/munge/munged.log" \
  --seed-file="$R/munge/munged.seed"

cat > "$R/slurm.conf" <<CONF
ClusterName=simulated
SlurmctldHost=$H(127.0.0.1)
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$R/munge/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$R/ctld
SlurmdSpoolDir=$R/spool/%n
SlurmctldPidFile=$R/slurmctld.pid
SlurmdPidFile=$R/slurmd-%n.pid
SlurmctldLogFile=$R/log/slurmctld.log
SlurmdLogFile=$R/log/slurmd-%n.log
SlurmctldPort=${PORTS[0]}
SlurmdParameters=config_overrides
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
ReturnToService=2
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=512
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
MinJobAge=3600
KillWait=5
InactiveLimit=0
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
CONF
for ((i = 1; i <= N; i++)); do
  echo "NodeName=node$i NodeHostname=$H NodeAddr=127.0.0.1 Port=${PORTS[$i]} CPUs=$CPUS" \
    "RealMemory=$MEMORY State=UNKNOWN" >> "$R/slurm.conf"
done
echo "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO" \
  >> "$R/slurm.conf"

export SLURM_CONF=$R/slurm.conf
slurmctld -c -f "$SLURM_CONF"
for ((i = 1; i <= N; i++)); do
  mkdir -p "$R/spool/node$i"
  slurmd -c -N "node$i" -f "$SLURM_CONF"
done
for _ in $(seq 100); do
  idle=$(sinfo --noheader --format=%D --states=idle 2>/dev/null || true)
  if [ "${idle// /}" = "$N" ]; then
    sinfo
    echo "export SLURM_CONF=$SLURM_CONF"
    exit 0
  fi
  sleep 0.1
done
echo "start_slurm.sh: the nodes are not idle after 10 s; look at $R/log." >&2
sinfo >&2 || true
exit 1
