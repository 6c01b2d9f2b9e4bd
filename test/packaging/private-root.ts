/**
 * This machine's file system, to be changed at will: an overlay in a mount namespace of its own, gone when the script ends.
 * Processes that the script leaves are killed then. Needs root; without it a test fails rather than pretends.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { testFolder } from '../support/environment.js'

export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** The layers are on a tmpfs: an overlay cannot be the upper layer of another one, as in a container. */
export const OVERLAY = `
  mount -t tmpfs tmpfs "$folder"
  mkdir "$folder/upper" "$folder/work" "$folder/root"
  mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/root"`

/** /tmp is empty: what other tests leave there is out of the way. */
export const DEVICES = `
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmpfs "$root/tmp"
  chmod 1777 "$root/tmp"`

/** Runs a shell script as root there, with no more than what cron gives. @param files to find in /tmp/given */
export async function inPrivateRoot(script: string, files: readonly string[] = []): Promise<Ended> {
  const copy = files.map(file => `cp '${file}' "$root/tmp/given/"`).join('\n')
  return await inNamespace(`
    ${OVERLAY}
    root=$folder/root
    ${DEVICES}
    mkdir "$root/tmp/given"
    ${copy}
    ${inside('$root', script)}`)
}

/** Runs a shell script in the folder `root`, as if it were the machine. It can write to /tmp alone. @param user `UID:GID` */
export async function inReadOnlyRoot(root: string, script: string, user: string | undefined): Promise<Ended> {
  return await inNamespace(`
    root=$folder
    mount --bind '${root}' "$root"
    ${DEVICES}
    mount -o remount,ro,bind "$root"
    ${inside('$root', script, user)}`)
}

function inside(root: string, script: string, user = '0:0'): string {
  const env = 'env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8'
  return `exec ${env} chroot --userspec=${user} --groups= "${root}" /bin/sh -euc ${quoted(script)}`
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

async function inNamespace(script: string): Promise<Ended> {
  const folder = mkdtempSync(join(testFolder, 'root-'))
  const words = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-euc', `folder=$1\n${script}`, 'sh', folder]
  const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = { code: 0, stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', text => {
      ended[name] += text
    })
  }
  const [code] = await once(child, 'close')
  rmSync(folder, { recursive: true, force: true })
  return { ...ended, code: code ?? -1 }
}
