/**
 * Stops the server when it is unused. A shell script does this: it must outlive the sera that started the server, and a
 * shell needs only a megabyte. No client may lose its lock, so:
 *
 * 1. The script holds start.lock, so no other process starts or stops the server.
 * 2. It renames the socket. From now on no client can connect.
 * 3. It looks for clients that connected before. /proc/net/unix lists them from connect(2) on, accepted or not. The
 *    descriptors of the server show also those from another network namespace. Only the listening socket may be left.
 * 4. A client may have probed the socket and be about to connect. It has set the time of `used` before its probe, so the
 *    watcher checks that time as well.
 * 5. If there is a client, or the script cannot be sure, it renames the socket back.
 * 6. Otherwise it sends TERM to the server, and keeps start.lock until the server has ended. The next client starts it again.
 *
 * If the script is killed between 2 and 6, the next start renames the socket back (see launch.ts).
 */
const ENDING = `
cd /
folder=$1
socket=$folder/sera.sock closing=$folder/closing.sock

# lock: start.lock, on descriptor 9, until unlock.
lock() { exec 9>>"$folder/start.lock" && flock 9; }
unlock() { exec 9>&-; }
gone() { flock -n "$folder/server.lock" true; }

# in_use: a client is connected, or the script cannot be sure.
in_use() {
  read -r pid <"$folder/server.pid" || return 0
  [ "$(ls -l "/proc/$pid/fd" | grep -c socket:)" = 1 ] || return 0
  [ "$(grep -cF -- " $socket" /proc/net/unix)" -gt 1 ]
}

# end WANTED: stops the server unless the command WANTED succeeds.
end() {
  [ ! -S "$socket" ] || mv "$socket" "$closing"
  if "$1"; then
    [ ! -S "$closing" ] || mv "$closing" "$socket"
    return 1
  fi
  read -r pid <"$folder/server.pid" && kill -TERM "$pid" && kill -CONT "$pid"
  flock "$folder/server.lock" true 9>&-
  rm -f "$closing"
}
`

/** The arguments are the folder and `force` or `unused`. Exit status 3 means in use. */
export const STOP_SCRIPT = `${ENDING}
lock
gone && exit 0
case $2 in force) wanted=false ;; *) wanted=in_use ;; esac
end "$wanted" || exit 3
`

/**
 * The arguments are the folder, the idle time and the interval of checks, in seconds. Only one watcher runs. A second one
 * retries for a few seconds, because the first may just be ending with the former server.
 */
export const WATCH_SCRIPT = `${ENDING}
idle=$2 pause=$3
exec 8>>"$folder/watch.lock"
for try in 1 2 3 4 5; do
  flock -n 8 && break
  sleep 1
done
flock -n 8 || exit 0

recent() { used=$(stat -c %Y "$folder/used") && [ $(($(date +%s) - used)) -le "$idle" ]; }
wanted() { in_use || recent; }

while sleep "$pause" 8>&-; do
  lock
  gone && exit 0
  if in_use; then touch "$folder/used"; else recent || { end wanted && exit 0; }; fi
  unlock
done 2>/dev/null
`
