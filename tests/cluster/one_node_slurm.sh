#!/bin/sh
# A Slurm cluster of one node on this machine, with accounting: for tests, as root, in a container or a machine that may be thrown away.
#
#   tests/cluster/one_node_slurm.sh start     Debian's packages, configuration in /etc/slurm, daemons
#   tests/cluster/one_node_slurm.sh study     a small study on that cluster and on this machine alone: the same results, and what jobs took
#   tests/cluster/one_node_slurm.sh stop      ends the daemons that start began
#
# The study runs in a clone of the last commit, which `make cluster` sets up, in WORK (a temporary folder unless it is set).
set -eu
HERE=$(cd "$(dirname "$0")/../.." && pwd)
STATE=/var/lib/alliance-slurm
NODE=$(hostname -s)

ends() { # pid file
  if [ -f "$1" ]; then kill "$(cat "$1")" 2>/dev/null || true; rm -f "$1"; fi
}

waits() { # seconds, then a command that succeeds when what is waited for is there
  left=$1; shift
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1)); if [ "$left" -le 0 ]; then echo "Not there in time: $*" >&2; exit 1; fi
    sleep 1
  done
}

stop() {
  for daemon in slurmd slurmctld slurmdbd munged mariadb; do ends "$STATE/$daemon.pid"; done
}

start() {
  if ! command -v slurmctld slurmdbd munged mariadbd >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm slurmdbd munge mariadb-server >/dev/null
  fi
  stop
  mkdir -p "$STATE/spool" "$STATE/ctld" /run/munge /run/mysqld /etc/slurm
  chown munge: /run/munge; chown mysql: /run/mysqld; chmod 755 /run/munge; chown slurm: "$STATE/ctld"; chmod 1777 "$STATE"

  [ -s /etc/munge/munge.key ] || { dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 2>/dev/null; chown munge: /etc/munge/munge.key; chmod 400 /etc/munge/munge.key; }
  runuser -u munge -- munged --pid-file="$STATE/munged.pid"

  mariadbd --user=mysql --skip-networking --pid-file="$STATE/mariadb.pid" >"$STATE/mariadb.log" 2>&1 &
  waits 60 mariadb-admin ping
  mariadb -e "create database if not exists slurm_acct_db; create user if not exists 'slurm'@'localhost' identified by 'slurm'; grant all on slurm_acct_db.* to 'slurm'@'localhost';"

  cat >/etc/slurm/slurmdbd.conf <<EOF
AuthType=auth/munge
DbdHost=$NODE
SlurmUser=slurm
PidFile=$STATE/slurmdbd.pid
LogFile=$STATE/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
EOF
  chown slurm: /etc/slurm/slurmdbd.conf; chmod 600 /etc/slurm/slurmdbd.conf
  cat >/etc/slurm/slurm.conf <<EOF
ClusterName=one
SlurmctldHost=$NODE
SlurmUser=slurm
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
SlurmdSpoolDir=$STATE/spool
StateSaveLocation=$STATE/ctld
SlurmctldLogFile=$STATE/slurmctld.log
SlurmdLogFile=$STATE/slurmd.log
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=$NODE
AccountingStoreFlags=job_comment
NodeName=$NODE CPUs=$(nproc) RealMemory=$(($(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo) - 500)) State=UNKNOWN
PartitionName=all Nodes=$NODE Default=YES MaxTime=INFINITE State=UP
EOF
  grep -qw "$NODE" /etc/hosts || echo "127.0.1.1 $NODE" >>/etc/hosts
  touch "$STATE/slurmdbd.pid" "$STATE/slurmdbd.log" "$STATE/slurmctld.pid" "$STATE/slurmctld.log"
  chown slurm: "$STATE"/slurmdbd.* "$STATE"/slurmctld.*
  runuser -u slurm -- slurmdbd
  waits 60 sacctmgr -n list cluster
  sacctmgr -i -Q add cluster one || true
  sacctmgr -i -Q add account lab cluster=one || true
  sacctmgr -i -Q add user "$(id -un)" account=lab cluster=one || true
  runuser -u slurm -- slurmctld -c
  slurmd -N "$NODE"
  waits 60 sh -c 'sinfo -h -o %t | grep -q idle'
  sinfo
}

study() {
  WORK=${WORK:-$(mktemp -d)}
  "$HERE/tests/last_commit.sh" "$WORK/alliance"
  cd "$WORK/alliance"
  make --silent cluster
  cp "$HERE/tests/small_study.yaml" config/local_small.yaml
  rm -rf results/small .snakemake "$WORK/alone"
  echo "On this machine alone ..."
  .venv/bin/snakemake --cores 2 --quiet all --configfile config/local_small.yaml
  mv results/small "$WORK/alone"; rm -rf .snakemake
  echo "Through Slurm ..."
  began=$(date +%Y-%m-%dT%H:%M:%S)
  .venv/bin/snakemake --profile workflow/profiles/slurm --quiet all --configfile config/local_small.yaml
  waits 60 sh -c '! squeue -h | grep -q .'
  sleep 5 # until the accounting has the last step
  accounts "$began"
  .venv/bin/python tests/same_results.py "$WORK/alone" results/small
}

accounts() { # since when: every job with what it asked for and what it took
  printf '%-52s %5s %9s %9s %6s %9s %s\n' job cpus asked/MB peak/MB used elapsed state
  sacct --starttime "$1" --parsable2 --noheader --units=K --format=JobID,Comment,ReqCPUS,ReqMem,MaxRSS,Elapsed,State | awk -F '|' '
    $1 !~ /\./ { n++; what[n] = $2; cpus[n] = $3; asked[n] = $4 / 1024; took[n] = 0; time[n] = $6; state[n] = $7; next }
    $5 / 1024 > took[n] { took[n] = $5 / 1024 }
    END { for (i = 1; i <= n; i++) { sub(/^rule_/, "", what[i]); sub(/_wildcards_/, " ", what[i])
      printf "%-52.52s %5d %9.0f %9.0f %5.0f%% %9s %s\n", what[i], cpus[i], asked[i], took[i], 100 * took[i] / asked[i], time[i], state[i] } }'
}

case "${1:-}" in start | stop | study) "$1" ;; *) sed -n 's/^# \{0,1\}//p' "$0" | sed '/^!/d' >&2; exit 2 ;; esac
