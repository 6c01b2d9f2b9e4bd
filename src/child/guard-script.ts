/**
 * The guard: a separate process that ends the child, so that the child never outlives the lock, even when sera is
 * killed, crashes or is stopped.
 *
 * The guard is a POSIX shell script (dash, busybox, bash), because a shell starts in a millisecond and takes a
 * megabyte. It runs in its own session, so that no terminal and no signal to sera's group reaches it. It holds the
 * lifeline (descriptor 3), so that the server keeps the lock while the guard works. It reads lines on stdin:
 *
 *     child PID       the command is running as PID
 *     deadline T      the child must be ended at T (hundredths of a second on the boot clock); sent before the child starts
 *     end             end the child now
 *     leave           exit: another guard has taken over, or there is nothing left to guard
 *
 * Safety argument:
 * 1. The guard starts before the child, so the child is never unguarded. A guard in reserve sleeps until its first deadline.
 * 2. End of file on stdin means that sera is dead: the kernel closes sera's end for every kind of death. The guard then
 *    ends the child if it lives. A child that has ended may leave processes behind. If sera died before it sent the
 *    PID, the guard finds the child by its entry in SERA_HELD.
 * 3. The guard wakes up every tick and compares /proc/uptime, which counts suspend, with the deadline. bash wakes up by
 *    itself (\`read -t\`). Other shells need a second process, the clock, which sends ALRM. The guard notices when the
 *    clock ends (by CHLD, and by a check at every wake-up), and starts another one.
 * 4. Nothing depends on a fork. dash and busybox exit when they cannot fork, but first run the EXIT trap, which ends
 *    the child with builtins alone. The clock uses its own EXIT trap to send ALRM for one more second, so that one
 *    failed fork ends no child. bash retries a failed fork for 15 s, so it runs on builtins from the beginning.
 * 5. To end the child, the guard sends TERM (and CONT to stopped processes) and waits for the grace, counted from the
 *    deadline. Then it sends STOP to all, so that none can fork away, and KILL, until nothing is left.
 * 6. The guard ends the child's descendants, the group that the child leads, and every process that carries the child's
 *    entry in SERA_HELD and accepts signals from this user. PID and start time identify a process, so a reused PID is
 *    never signalled.
 * 7. A process is dead when it no longer exists, or when it is a zombie without other threads.
 * 8. The guard exits last, and the lifeline closes with it.
 *
 * Exit status: 0 nothing to end, 10 sera died, 11 the deadline passed, 12 sera asked, 13 the guard could not go on.
 */
import { GUARD_FAMILY } from './guard-family.js'

export const GUARD_SCRIPT = `
own=$1 grace=$2 tick=$3
deadline= child= born=0 targets= pids= group= clock=0 timed= quiet= why= over= builtins= limit= died=
cd /
trap '' HUP INT QUIT TERM PIPE
trap : USR2
trap poked=1 ALRM
trap 'poked=1 died=1' CHLD
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

# nap: waits for 50 ms. When sera is dead, stdin is at its end, so bash cannot wait in read: it spins, or forks sleep while
# more than 20 s are left.
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

${GUARD_FAMILY}
# search: finds the child of a sera that died before it sent the PID; the child may still be between fork and exec. Before
# the first deadline a child is unlikely, so one attempt is enough: the lifeline must close soon, because sera waits no more.
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

# ask: sends TERM, and sets when the grace ends, counted from the deadline and not from when the guard noticed it. A sweep
# delays no KILL: it runs in a process of its own or, in bash, up to a limit. After a failed fork there is no sweep here,
# and strays get only KILL.
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
  case $builtins in
    '') strays 3<&- & ;;
    bash) limit=$over && strays; limit= ;;
  esac
} 2>/dev/null

# finish STATUS: ends the child and all it started, then the guard. After a failed fork the EXIT trap calls it again.
# Ignoring VTALRM shows sera that the guard is acting.
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
  died=
  now || now || finish 13
  [ "$now" -lt "$deadline" ] || finish 11
  [ -z "$BASH_VERSION" ] || return 0
  look "$clock" && [ "$ppid" = $$ ] && return
  clock &
  clock=$!
}

look $PPID && born=$start
# A read that a signal interrupts sets poked, or its status is above 128; at the end of file the next read fails too.
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
  # tend again if the clock died after tend had checked it: that CHLD interrupts no read
  [ -z "$deadline" ] || { tend && [ -z "$died" ] || tend; }
done
`
