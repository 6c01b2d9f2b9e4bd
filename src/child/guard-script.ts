/**
 * The guard: a process beside sera that ends the child, so that the child never outlives the lock, even when sera is
 * killed, crashes or is stopped.
 *
 * The guard is a POSIX shell script (dash, busybox, bash), because a shell starts in a millisecond and takes a megabyte.
 * It runs in its own session, so that no terminal and no signal to sera's group reaches it. It holds the lifeline
 * (descriptor 3), so that the server keeps the lock while the guard works. It reads lines on stdin:
 *
 *     child PID       the command is running as PID
 *     deadline T      the child must be ended at T (hundredths of a second on the boot clock); sent before the child starts
 *     end             end the child now
 *     leave           exit: another guard has taken over, or there is nothing to guard any more
 *
 * Safety argument:
 * 1. The guard starts before the child, so the child is never unguarded. A guard in reserve sleeps until its first
 *    deadline.
 * 2. End of file on stdin means that sera is dead: the kernel closes sera's end whatever killed it. The guard then ends
 *    the child if it lives. A child that has ended may leave processes behind. If sera died before it sent the PID, the
 *    guard finds the child by its entry in SERA_HELD.
 * 3. The guard wakes up every tick and compares /proc/uptime, which counts suspend, with the deadline. bash wakes up by
 *    itself (\`read -t\`). Other shells need a second process, the clock, which sends ALRM. The guard notices when the
 *    clock ends (CHLD, and a look at every wake-up), and starts another one.
 * 4. Nothing depends on a fork. dash and busybox exit when they cannot fork, but first run the EXIT trap, which ends the
 *    child with builtins alone. The clock uses its own EXIT trap to send ALRM for one more second, so that one failed fork
 *    ends no child. bash retries a failed fork for 15 s, so it runs on builtins from the beginning.
 * 5. To end the child, the guard sends TERM (and CONT to stopped processes) and waits for the grace, counted from the
 *    deadline. Then it sends STOP to all, so that none can fork away, and KILL, until nothing is left.
 * 6. What is ended: the child's descendants, the group that the child leads, and every process that carries the child's
 *    entry in SERA_HELD and accepts signals from this user. PID and start time name a process, so a reused PID is never hit.
 * 7. A process counts as dead when it is gone, or when it is a zombie without other threads.
 * 8. The guard exits last, and the lifeline closes with it.
 *
 * Exit status: 0 nothing to end, 10 sera was gone, 11 the deadline, 12 asked to, 13 the guard could not work on.
 */
export const GUARD_SCRIPT = `
own=$1 grace=$2 tick=$3
deadline= child= born=0 targets= pids= group= clock=0 timed= quiet= why= over= builtins=
cd /
trap '' HUP INT QUIT TERM PIPE
trap : USR2
trap poked=1 ALRM CHLD
trap 'builtins=only; finish "\${why:-13}"' EXIT

# now: reads the boot clock; false when that fails.
now() {
  read -r up rest </proc/uptime || return 1
  now=\${up%.*}\${up#*.}
  while :; do case $now in 0?*) now=\${now#0} ;; *) return 0 ;; esac; done
}

# spin HUNDREDTHS: waits without a fork.
spin() {
  now
  till=$((now + $1))
  while now && [ "$now" -lt "$till" ]; do :; done
}

# nap: waits for 50 ms. When sera is dead, bash finds stdin at its end: it then spins, or forks while time is plenty.
nap() {
  case $builtins in
    '') sleep 0.05 ;;
    only) spin 5 ;;
    bash)
      read -r -t 0.05 word value
      [ $? -le 128 ] || return 0
      if [ $((\${over:-0} - now)) -gt 2000 ]; then sleep 1; else spin 5; fi
      ;;
  esac
}

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

# walk: adds all that descends from the targets, a generation a round; cheap, as the kernel lists children.
walk() {
  parents=$pids
  while [ -n "$parents" ]; do
    kids=
    for parent in $parents; do
      for list in /proc/"$parent"/task/*/children; do
        line=
        { read -r line <"$list"; } 2>/dev/null
        kids="$kids $line"
      done
    done
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

# carries FILE: the environment holds the child's entry. read drops the NULs and leaves one long line.
carries() {
  while line=; read -r line || [ -n "$line" ]; do
    case $line in *"SERA_HELD=$own"* | *"SERA_HELD="*" $own"*) return 0 ;; esac
  done <"$1"
  return 1
}

# sweep [TIME]: adds what carries the child's entry in SERA_HELD, started no earlier than the child (or sera, while the
# child is not known), and can be signalled;
# true when it has found some. With a TIME it stops then, and looks only at PIDs above the child's, which most are.
# grep is only quicker.
sweep() {
  found= files='/proc/[0-9]*/environ'
  if [ -z "$builtins" ]; then
    listed=$(grep -lsF -e "SERA_HELD=$own" -e " $own" $files)
    [ $? -gt 2 ] || files=$listed
  fi
  for file in $files; do
    pid=\${file#/proc/}
    pid=\${pid%/*}
    case " $pids " in *" $pid "*) continue ;; esac
    [ -z "$1" ] || [ "$pid" -gt "\${child:-0}" ] || continue
    kill -0 "$pid" && look "$pid" && [ "$start" -ge "$born" ] && carries "$file" && adopt "$pid" && found="$found $pid"
    [ -z "$1" ] || { now && [ "$now" -lt "$1" ]; } || break
  done
  [ -n "$found" ]
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

# search: finds the child of a sera that died before it sent the PID; the child may still be between fork and exec. There
# is hardly one before the first deadline, and then the server should soon hear that sera no longer waits.
search() {
  for attempt in \${deadline:+1 2 3 4} 5; do
    if sweep || [ $attempt = 5 ]; then return; fi
    nap
    nap
  done
}

quit() {
  trap - EXIT
  trap '' USR2
  kill -USR2 0
  exit "$1"
}

# ask: sends TERM, and sets when the grace is over. It counts from the deadline, not from when that was noticed.
ask() {
  [ -n "$child" ] || search
  prune || quit 0
  collect
  send TERM
  send CONT
  now
  over=$now
  [ "\${deadline:-$now}" -ge "$now" ] || over=$deadline
  over=$((over + grace))
  sweep "$over" || return
  kill -TERM $found
  kill -CONT $found
} 2>/dev/null

# finish STATUS: ends the child and all it started, then the guard. After a failed fork the EXIT trap calls it again.
# That VTALRM is ignored tells sera that the guard is acting.
finish() {
  why=$1
  trap '' ALRM VTALRM
  trap - CHLD
  [ -z "$BASH_VERSION" ] || builtins=\${builtins:-bash}
  [ -n "$over" ] || ask
  while { prune || collect; } && now && [ "$now" -lt "$over" ]; do nap; done
  while send STOP; collect; do
    send STOP
    collect
    send KILL
    nap
  done
  quit "$why"
}

clock() {
  exec 3<&-
  trap 'for poke in 1 2 3 4 5 6 7 8 9 10; do spin 10; kill -ALRM $$ || break; done' EXIT
  while sleep "$tick" || [ $? -gt 128 ]; do kill -ALRM $$ || exit; done
}

# tend: acts at the deadline, and restarts a clock that has ended.
tend() {
  now || now || finish 13
  [ "$now" -lt "$deadline" ] || finish 11
  [ -z "$BASH_VERSION" ] || return 0
  look "$clock" && [ "$ppid" = $$ ] && return
  clock &
  clock=$!
}

look $PPID && born=$start
# A read that a signal has ended sets poked, or its status is above 128; at the end of file the next one fails too.
while :; do
  poked=
  if read -r $timed word value; then
    quiet=
    case $word in
      child) child=$value; adopt "$value" && born=$start ;;
      deadline) deadline=$value timed=\${BASH_VERSION:+-t $tick} ;;
      end) finish 12 ;;
      leave) quit 0 ;;
    esac
  elif [ $? -gt 128 ] || [ -n "$poked" ]; then
    quiet=
  elif [ -n "$quiet" ]; then
    finish 10
  else
    quiet=1
  fi
  [ -z "$deadline" ] || tend
done
`
