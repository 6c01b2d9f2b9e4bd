/**
 * The guard: the only thing in sera that ends a command by force, and the reason why the command never outlives the
 * lock, even when sera is killed with SIGKILL, crashes or is stopped.
 *
 * It is a POSIX shell script (dash, busybox, bash), because a shell starts in a millisecond and takes a megabyte. It runs
 * in a session of its own, so that neither a terminal nor a signal to sera's group reaches it, and holds the lifeline
 * (descriptor 3), so that the server keeps the lock while it works. It reads lines on stdin:
 *
 *     child PID       the command is running as PID
 *     deadline T      the child must be ended at T (hundredths of a second on the boot clock); said before there is one
 *     end             end the command now
 *     leave           go, another guard has taken over or there is nothing to guard any more
 *
 * Argument, in order for the safety argument:
 * 1. The guard exists before the child does, so there is no moment at which the child runs unwatched. One that was
 *    started while the lock was waited for sleeps until it is told a deadline.
 * 2. End of file on stdin without a word means that sera is gone: the kernel closes its end whatever kills it. If the
 *    child lives, it is ended; if it has ended, what it left in the background is its own business. Had sera no time to
 *    say the PID, the child is found by its entry in SERA_HELD.
 * 3. A second process, the clock, pokes the guard with ALRM; it then reads /proc/uptime, which counts suspend, and acts at
 *    the first poke at or after the deadline. No call of sera's can hold that up: sera may be stopped for good.
 * 4. Ending is TERM (and CONT, for the stopped), the grace, then STOP to all, so that nobody can fork away, then KILL,
 *    again and again until nothing is left. What is ended are all processes that descend from the child, and its group
 *    where it leads one. A process is named by PID and start time, so a number that was reused is never hit.
 * 5. The guard goes last, and the lifeline with it.
 *
 * Exit status: 0 nothing to end, 10 sera was gone, 11 the deadline, 12 asked to. Waking up every tick costs one fork.
 */
export const GUARD_SCRIPT = `
own=$1 grace=$2 tick=$3
deadline= child= targets= pids= group=
cd /
trap '' HUP INT QUIT TERM PIPE
trap : USR2
trap 'poked=1; now; [ "$now" -lt "$deadline" ] || finish 11' ALRM

now() {
  read -r up rest </proc/uptime
  now=\${up%.*}\${up#*.}
  while :; do case $now in 0?*) now=\${now#0} ;; *) return ;; esac; done
}

# look PID: sets ppid, pgrp and start of a live process; false when it has ended.
look() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- \${line##*) }
  case $1 in Z | X) return 1 ;; esac
  ppid=$2 pgrp=$3
  shift 19
  start=$1
}

# prune: forgets the targets that have ended; true while there are some.
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

# collect: brings the targets up to date; false when nothing of the child is left. Orphans in its group are signalled
# with the group and looked for only when all others have ended.
collect() {
  prune
  if [ -e "/proc/$$/task/$$/children" ]; then walk; else while census; do :; done; fi
  [ -n "$targets" ] || { [ -n "$group" ] && kill -0 "-$group" && census; }
} 2>/dev/null

# send SIGNAL: to the group at once, and one by one to those that have left it.
send() {
  [ -z "$group" ] || kill -"$1" "-$group"
  for target in $targets; do
    look "\${target%/*}" && [ "$pgrp" != "$group" ] && kill -"$1" "\${target%/*}"
  done
} 2>/dev/null

# adopt PID: makes a live process a target; the group counts only when the process leads it.
adopt() {
  look "$1" || return 0
  add "$1"
  [ "$pgrp" != "$1" ] || group=$1
}

# search: the child of a sera that died before it could say its PID; it may still be between fork and exec. There is
# hardly one before a deadline was told, and then the server should soon hear that nobody waits any more.
search() {
  for try in \${deadline:+1 2 3 4} 5; do
    for file in $(grep -lsF -e "SERA_HELD=$own" -e " $own" /proc/[0-9]*/environ); do
      pid=\${file#/proc/}
      adopt "\${pid%/*}"
    done
    [ -z "$targets" ] && [ $try != 5 ] || return 0
    sleep 0.1
  done
}

quit() {
  trap '' USR2
  kill -USR2 0
  exit "$1"
}

# finish STATUS: ends the child and everything it started, then the guard.
finish() {
  trap '' ALRM
  [ -n "$child" ] || search
  prune || quit 0
  collect
  send TERM
  send CONT
  now
  # from the deadline on, not from when it was noticed: the grace must not eat into the margin
  [ "$1" = 11 ] && over=$((deadline + grace)) || over=$((now + grace))
  while { prune || collect; } && now && [ "$now" -lt "$over" ]; do sleep 0.05; done
  while send STOP; collect; do
    send STOP
    collect
    send KILL
    sleep 0.02
  done
  quit "$1"
}

clock() { exec 3<&- 4<&-; while sleep "$tick"; do kill -ALRM $$ || exit; done; }

while :; do
  poked=
  if read -r word value; then
    case $word in
      child) child=$value; adopt "$value" ;;
      deadline)
        if [ -z "$deadline" ]; then clock & fi
        deadline=$value
        ;;
      end) finish 12 ;;
      leave) quit 0 ;;
    esac
  elif [ -z "$poked" ]; then
    finish 10
  fi
done
`
