/**
 * Ending the server when nobody uses it. A shell script does it, because it has to outlive the sera that started the
 * server, and a shell takes a megabyte. A client must never lose its lock by it, so:
 *
 * 1. Under start.lock, so that nobody starts or ends the server meanwhile.
 * 2. The socket is renamed: from here on nobody can connect.
 * 3. Whoever has connected before is seen: in /proc/net/unix from the moment of connect(2), accepted or not, and among
 *    the server's descriptors, also from another network namespace. Only the listening socket may be left.
 * 4. Whoever has asked for the server and is about to connect (`listens`, then the caller's own connection) has set the
 *    time of `used` before it found the socket.
 * 5. If anybody was found, or it can't be told, the socket gets its name back.
 * 6. Otherwise the server gets TERM, and start.lock is kept until it has gone: whoever wants it then starts it again.
 *
 * If the script is killed between 2 and 6, the next starter gives the socket its name back (see launch.ts).
 */
const ENDING = `
cd /
folder=$1
socket=$folder/sera.sock closing=$folder/closing.sock

# lock: start.lock, on descriptor 9, until unlock.
lock() { exec 9>>"$folder/start.lock" && flock 9; }
unlock() { exec 9>&-; }
gone() { flock -n "$folder/server.lock" true; }

# in_use: somebody is connected, or it can't be told.
in_use() {
  read -r pid <"$folder/server.pid" || return 0
  [ "$(ls -l "/proc/$pid/fd" | grep -c socket:)" = 1 ] || return 0
  [ "$(grep -cF -- " $socket" /proc/net/unix)" -gt 1 ]
}

# end WANTED: ends the server unless the command WANTED succeeds.
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

/** Arguments: folder, `force` or `unused`. Exit status 3: in use. */
export const STOP_SCRIPT = `${ENDING}
lock
gone && exit 0
case $2 in force) wanted=false ;; *) wanted=in_use ;; esac
end "$wanted" || exit 3
`

/**
 * Arguments: folder, idle seconds, seconds between looks. One watcher is enough: a second one gives it a moment to end,
 * in case it has just seen the former server go.
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
