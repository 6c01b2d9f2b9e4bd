/**
 * The part of the guard's script that finds the processes of the child's family, signals them, and notices when they
 * are dead. It forks only for grep, and does not fork where forks fail (`builtins` is set).
 *
 * The targets are PID/start pairs, because another process may reuse a PID. They come from four places:
 * 1. the child, by the PID that sera sends;
 * 2. descendants: the kernel lists the children of each process; where it does not, a census of all processes finds them;
 * 3. orphans in the group that the child leads: a census finds them;
 * 4. strays, which have left both the family and the group: a sweep finds them by the child's entry in SERA_HELD.
 *
 * 3 and 4 take longer the more processes the machine has. So the guard does them only when all known targets are dead,
 * and they delay no signal to those targets.
 */
export const GUARD_FAMILY = `
# look PID: sets ppid, pgrp and start of a live process; false when it is dead. It repeats a read that failed.
look() {
  line=
  { read -r line <"/proc/$1/stat" || { kill -0 "$1" && read -r line <"/proc/$1/stat"; }; } 2>/dev/null
  set -- \${line##*) }
  [ $# -ge 20 ] || return 1
  case $1 in
    X) return 1 ;;
    Z) [ "\${18}" -gt 1 ] || return 1 ;;
  esac
  ppid=$2 pgrp=$3 start=\${20}
}

# prune: drops dead targets; true while some are alive.
prune() {
  pids= left=
  for target in $targets; do
    look "\${target%/*}" && [ "$start" = "\${target#*/}" ] || continue
    left="$left $target" pids="$pids \${target%/*}"
  done
  targets=$left
  [ -n "$targets" ]
}

add() { targets="$targets $1/$start" pids="$pids $1"; }

# children PID...: sets kids from the kernel's lists of children.
children() {
  kids=
  for parent; do
    for list in /proc/"$parent"/task/*/children; do
      line=
      { read -r line <"$list"; } 2>/dev/null
      kids="$kids $line"
    done
  done
}

# walk: adds all descendants of the targets, one generation a round.
walk() {
  parents=$pids
  while [ -n "$parents" ]; do
    children $parents
    parents=
    for kid in $kids; do
      case " $pids " in *" $kid "*) continue ;; esac
      look "$kid" && add "$kid" && parents="$parents $kid"
    done
  done
}

# census: reads every process of the machine, 0.1 ms each; adds children of targets and members of the group; true when it
# has added one.
census() {
  before=$targets
  for dir in /proc/[0-9]*; do
    pid=\${dir#/proc/}
    case " $pids " in *" $pid "*) continue ;; esac
    look "$pid" || continue
    case " $pids " in *" $ppid "*) ;; *) [ "$pgrp" = "$group" ] || continue ;; esac
    add "$pid"
  done
  [ "$targets" != "$before" ]
}

# carries PID: its environment holds the child's entry. read drops the NULs and leaves one long line.
carries() {
  while line=; read -r line || [ -n "$line" ]; do
    case $line in *"SERA_HELD=$own"* | *"SERA_HELD="*" $own"*) return 0 ;; esac
  done <"/proc/$1/environ"
  return 1
}

# elders: sets the guard's ancestors and 1, which may be none of them in a container; empty when a link is missing.
elders() {
  elders=1 pid=$$
  while look "$pid" && pid=$ppid && [ "$pid" -gt 1 ]; do elders="$elders $pid"; done
  [ "$pid" -le 1 ] || elders=
}

# orphaned: true when the process last looked at is a child of an elder, or when the elders are unknown.
orphaned() { case " \${elders:-$ppid} " in *" $ppid "*) ;; *) return 1 ;; esac; }

# pick PROCESS...: adopts the strays among these, until the limit. A process is a PID, or a file of it in /proc.
pick() {
  for pid; do
    pid=\${pid#/proc/}
    pid=\${pid%/*}
    case " $pids " in *" $pid "*) continue ;; esac
    kill -0 "$pid" && look "$pid" && [ "$start" -ge "$born" ] && orphaned &&
      carries "$pid" && adopt "$pid" && found="$found $pid"
    [ -z "$limit" ] || { now && [ "$now" -lt "$limit" ]; } || break
  done
  [ -n "$found" ]
}

# sweep: adopts the strays; true when it has found some. A stray carries the child's entry in SERA_HELD, started no earlier
# than the child (or than sera, while the child is unknown), and accepts signals. grep is quick. A shell takes milliseconds
# to read an environment byte by byte, so it reads only those of the elders' children: the kernel makes an orphan a child
# of an elder. It reads the lists of children first. Then, unless there is a limit, it checks all processes, because a list
# that changes while it is read may lack an entry.
sweep() {
  found= elders=
  if [ -z "$builtins" ]; then
    listed=$(grep -lsF -e "SERA_HELD=$own" -e " $own" /proc/[0-9]*/environ)
    [ $? -gt 2 ] || { pick $listed; return; }
  fi
  elders
  children $elders
  pick $kids || { [ -z "$limit" ] && pick /proc/[0-9]*; }
} 2>/dev/null

# strays: sends TERM to the strays.
strays() {
  while sweep; do
    kill -TERM $found
    kill -CONT $found
  done
} 2>/dev/null

# collect: updates the targets; false when no process of the child is left. It looks for orphans and strays only when all
# other targets are dead.
collect() {
  prune
  if [ -e "/proc/$$/task/$$/children" ]; then walk; else while census; do :; done; fi
  [ -n "$targets" ] || { [ -n "$group" ] && kill -0 "-$group" && census; } || sweep
} 2>/dev/null

# send SIGNAL: signals the group as a whole, and one by one the targets outside it.
send() {
  [ -z "$group" ] || kill -"$1" "-$group"
  for target in $targets; do
    look "\${target%/*}" && [ "$pgrp" != "$group" ] && kill -"$1" "\${target%/*}"
  done
} 2>/dev/null

# adopt PID: makes a live process a target; the first that leads a group gives the group.
adopt() {
  look "$1" || return 1
  add "$1"
  [ -n "$group" ] || [ "$pgrp" != "$1" ] || group=$1
}
`
