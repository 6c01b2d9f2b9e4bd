/**
 * systemd as the first process of namespaces of its own, on the file system of `private-root.ts`. Needs root, and a cgroup
 * that this process may divide.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { testFolder } from '../support/environment.js'
import { DEVICES, type Ended, OVERLAY } from './private-root.js'

/** systemd's own hierarchy where there are several (cgroup v1), else the only one. */
const V1 = existsSync('/sys/fs/cgroup/systemd')
const CGROUPS = V1 ? '/sys/fs/cgroup/systemd' : '/sys/fs/cgroup'
const MOUNT_CGROUPS = V1
  ? 'mkdir "$root/sys/fs/cgroup/systemd"; mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"'
  : 'mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"'

/** systemd ends with the script, and with its exit code. */
const SERVICE = `[Unit]
DefaultDependencies=no
Requires=basic.target
After=basic.target
[Service]
Type=oneshot
WorkingDirectory=/
ExecStart=/bin/sh -eu /srv/script
StandardOutput=append:/srv/output
StandardError=append:/srv/output
ExecStopPost=/bin/systemctl exit $EXIT_STATUS
`

/** A mount that a service gets is made elsewhere and moved, so mounts are shared, as systemd does it on a machine. */
const BOOT = `
  mount --make-rprivate /
  ${OVERLAY}
  root=$folder/root
  ${DEVICES}
  mount -t tmpfs tmpfs "$root/run"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
  ${MOUNT_CGROUPS}
  mount --bind "$share" "$root/srv"
  rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/*.service
  cp "$share/script.service" "$root/etc/systemd/system/"
  cd "$root"
  mkdir -p old
  pivot_root . old
  cd /
  umount -l /old
  mount --make-rshared /
  exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=script.service --log-target=null`

/** Runs a shell script as root on the booted system. @param files to find in /srv */
export async function inPrivateSystem(script: string, files: readonly string[]): Promise<Ended> {
  const share = mkdtempSync(join(testFolder, 'share-'))
  const folder = mkdtempSync(join(testFolder, 'system-'))
  const cgroup = join(CGROUPS, `sera-test-${process.pid}`)
  mkdirSync(cgroup)
  for (const file of files) copyFileSync(file, join(share, basename(file)))
  writeFileSync(join(share, 'script'), script)
  writeFileSync(join(share, 'script.service'), SERVICE)
  const confined = `echo $$ >"${cgroup}/cgroup.procs"; exec unshare --mount --pid --cgroup --uts --ipc --fork --kill-child`
  const child = spawn(
    'sh',
    ['-euc', `${confined} sh -euc "$0" sh "$@"`, `folder=$1 share=$2\n${BOOT}`, folder, share],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const [code] = await once(child, 'close')
  const output = join(share, 'output')
  const stdout = existsSync(output) ? readFileSync(output, 'utf8') : ''
  for (const path of [share, folder]) rmSync(path, { recursive: true, force: true })
  spawn('find', [cgroup, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], { stdio: 'ignore' })
  return { code: code ?? -1, stdout, stderr }
}
