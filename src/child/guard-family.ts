/**
 * The part of the guard's script that knows the child's family: finds its processes, signals them, and notices when they
 * are dead. It forks only for grep, and does without where forks fail (`builtins` is set).
 *
 * The targets are PID/start pairs, because a PID alone may be another process by now. They come from four places:
 * 1. the child, by the PID that sera sends;
 * 2. descendants: the kernel lists the children of each process; where it does not, a census of all processes finds them;
 * 3. orphans in the group that the child leads: a census finds them;
 * 4. strays, which have left both the family and the group: a sweep finds them by the child's entry in SERA_HELD.
 *
 * 3 and 4 take longer the more processes the machine has. So they are done only when all known targets are dead, and delay
 * no signal to those.
 */
export const GUARD_FAMILY = `
# look PID: sets ppid, pgrp and start of a live process; false when it is dead. A read that failed is repeated.
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

# prune: forgets the targets that are dead; true while there are some.
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

# children PID...: sets kids, as the kernel lists them.
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

# walk: adds all that descends from the targets, a generation a round.
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

# census: reads every process of the machine, a tenth of a millisecond each; true when it has added one.
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

# orphaned: the process last looked at is a child of an elder, or the elders are not known.
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

# sweep: adopts the strays: what carries the child's entry in SERA_HELD, started no earlier than the child (or sera, while
# the child is not known), and accepts signals; true when it has found some. grep is quick. A shell takes milliseconds to read an
# environment byte by byte, so it reads only those of the elders' children, because the kernel makes an orphan a child of
# one of them. It looks through the lists of children first. Then, unless there is a limit, it looks through all processes,
# because a list that changes while it is read may lack an entry.
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

# strays: sends TERM to what has left both the family and the group.
strays() {
  while sweep; do
    kill -TERM $found
    kill -CONT $found
  done
} 2>/dev/null

# collect: brings the targets up to date; false when nothing of the child is left. Orphans in its group, and what has
# left both the group and the family, are looked for only when all others are dead.
collect() {
  prune
  if [ -e "/proc/$$/task/$$/children" ]; then walk; else while census; do :; done; fi
  [ -n "$targets" ] || { [ -n "$group" ] && kill -0 "-$group" && census; } || sweep
} 2>/dev/null

# send SIGNAL: to the group at once, and one by one to those that have left it.
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
