/** The .deb and the .rpm: built from the binary, installed, used and removed on a machine without Node. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { SUBCOMMANDS } from '../../src/cli/args/command-table.js'
import { VERSION } from '../../src/version.js'
import { testFolder } from '../support/environment.js'
import { sharedServers } from '../support/servers.js'
import { inPrivateRoot, quoted } from './private-root.js'
import { inPrivateSystem } from './private-system.js'

let deb = ''
let rpm = ''

test.before('the packages are built', () => {
  if (!existsSync('dist/sera')) throw new Error('dist/sera is missing: run scripts/build-binary')
  const folder = mkdtempSync(join(testFolder, 'packages-'))
  const place = join(folder, `linux-${process.arch}`)
  mkdirSync(place)
  symlinkSync(resolve('dist/sera'), join(place, 'sera'))
  const out = join(folder, 'out')
  execFileSync('scripts/release-packages', ['--fast', VERSION, out, folder], { stdio: 'pipe' })
  deb = join(out, `sera_${VERSION}_${{ x64: 'amd64' }[process.arch as 'x64'] ?? 'arm64'}.deb`)
  rpm = join(out, `sera-${VERSION}-1.${{ x64: 'x86_64' }[process.arch as 'x64'] ?? 'aarch64'}.rpm`)
})

const [server] = sharedServers()
const DSN = server?.dsn() ?? ''

/** Node is not there, and no config of this machine. The index of man pages is not rebuilt, which takes long. */
const BARE = `
  rm -f /usr/bin/node /usr/local/bin/node /etc/sera.json
  ! test -e /usr/bin/mandb || ln -sf /bin/true /usr/bin/mandb`

/** What a user does, with one lock name for each kind of package. */
function uses(name: string): string {
  const config = quoted(JSON.stringify({ server: DSN }))
  return `
    echo ${config} >/etc/sera.json
    ! command -v node >/dev/null
    sera --name ${name} 5 echo hello from ${name}
    sera rwlock read ${name} 5 sh -c 'echo "token $SERA_TOKEN"'
    sera doctor --quiet || true
    stat -c 'config %a %U:%G' /etc/sera.json
    useradd member -G sera
    useradd stranger
    setpriv --reuid member --regid member --init-groups sera --name ${name} 5 echo member
    setpriv --reuid stranger --regid stranger --init-groups sera --name ${name} 5 echo stranger || echo "stranger $?"
    for page in sera ${SUBCOMMANDS.map(subcommand => `sera-${subcommand.name}`).join(' ')}; do
      zcat /usr/share/man/man1/$page.1.gz | grep -q '^.TH' || echo "no page $page"
    done
    zcat /usr/share/man/man5/sera.json.5.gz | grep -q '^.TH SERA.JSON 5'
    bash -c '
      . /usr/share/bash-completion/completions/sera
      sera semaphore gpu-${name} 2 30 sleep 30 & holder=$!
      until sera status semaphore gpu-${name} | grep -q held; do sleep 0.2; done
      COMP_WORDS=(sera status semaphore gpu-${name.slice(0, -1)}) COMP_CWORD=3
      until _sera && [ "\${COMPREPLY[0]}" = gpu-${name} ]; do sleep 0.2; done
      echo "completed \${COMPREPLY[0]}"
      kill $holder; wait $holder'  || true
    echo "fish $(fish -c 'complete -C "sera sema"')"
    zsh -fc 'fpath+=(/usr/share/zsh/site-functions); autoload -Uz compinit; compinit -D; echo "zsh $_comps[sera]"'`
}

function check(t: ExecutionContext, stdout: string, name: string): void {
  t.true(stdout.includes(`hello from ${name}\n`), stdout)
  t.regex(stdout, /^token \d+$/m)
  t.regex(stdout, /^config 640 root:sera$/m)
  t.regex(stdout, /^member$/m)
  t.regex(stdout, /^stranger 200$/m)
  t.false(stdout.includes('no page'))
  t.true(stdout.includes(`completed gpu-${name}`), stdout)
  t.regex(stdout, /^fish semaphore$/m)
  t.regex(stdout, /^zsh _sera$/m)
}

test('the .deb is installed, used, removed and purged without Node', async t => {
  const script = `
    ${BARE}
    dpkg -i /tmp/given/*.deb
    ${uses('debian')}
    dpkg -r sera >/dev/null
    ! test -e /usr/bin/sera
    test -e /etc/sera.json && echo 'config kept'
    dpkg -P sera >/dev/null
    for path in /etc/sera.json /etc/sera /usr/share/doc/sera; do ! test -e $path || echo "left $path"; done`
  const { code, stdout, stderr } = await inPrivateRoot(script, [deb])
  t.is(code, 0, stderr)
  check(t, stdout, 'debian')
  t.true(stdout.includes('config kept'))
  t.false(stdout.includes('left /'), stdout)
})

/** What systemd does with the unit, as far as a shell can: credentials, a user without rights, and the message that it is ready. */
const UNIT = '/usr/lib/systemd/system/sera-gateway.service'
const START = `
  export CREDENTIALS_DIRECTORY=/tmp/credentials NOTIFY_SOCKET=/tmp/notify
  mkdir $CREDENTIALS_DIRECTORY
  echo ${quoted(JSON.stringify({ server: DSN }))} >$CREDENTIALS_DIRECTORY/sera.json
  echo 0123456789abcdef >$CREDENTIALS_DIRECTORY/token
  chown -R 64000:64000 $CREDENTIALS_DIRECTORY
  perl -MIO::Socket::UNIX -e '
    my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "/tmp/notify") or die;
    chmod 0777, "/tmp/notify";
    $socket->recv(my $message, 4096);
    print "systemd hears $message"' &
  listener=$!
  until test -S /tmp/notify; do sleep 0.1; done
  start=$(sed -n 's/^ExecStart=//p' ${UNIT} | sed 's/:9989/127.0.0.1:0/')
  unprivileged='setpriv --reuid 64000 --regid 64000 --clear-groups --no-new-privs --bounding-set=-all'
  eval "exec $unprivileged $start --verbose" 2>/tmp/gateway &
  gateway=$!
  wait $listener
  url=$(sed -n 's/.*listening on //p' /tmp/gateway)
  busybox wget -q -O - --header 'Authorization: Bearer 0123456789abcdef' "$url/readyz"
  kill $gateway
  wait $gateway && echo 'gateway ended with 0'`

test('the unit of the .deb is sound and hardened, and its command serves without rights', async t => {
  const script = `
    ${BARE}
    dpkg -i /tmp/given/*.deb >/dev/null
    systemd-analyze verify ${UNIT} 2>&1 | grep sera || echo 'unit verified'
    systemd-analyze security --offline=true ${UNIT} | grep Overall
    ${START}`
  const { code, stdout, stderr } = await inPrivateRoot(script, [deb])
  t.is(code, 0, stderr)
  t.regex(stdout, /^unit verified$/m)
  const [, exposure = '10'] = /exposure level for sera-gateway\.service: ([\d.]+)/.exec(stdout) ?? []
  t.true(Number(exposure) <= 1.3, exposure)
  t.regex(stdout, /systemd hears READY=1/)
  t.regex(stdout, /^ready$/m)
  t.regex(stdout, /gateway ended with 0/)
})

test('an upgrade of the .deb keeps the config, its owner and its mode', async t => {
  const script = `
    ${BARE}
    dpkg -i /tmp/given/*.deb
    echo '{ "server": "own@tcp(db)/" }' >/etc/sera.json
    chown root:games /etc/sera.json
    chmod 660 /etc/sera.json
    dpkg -i /tmp/given/*.deb
    stat -c 'config %a %U:%G' /etc/sera.json
    cat /etc/sera.json`
  const { code, stdout, stderr } = await inPrivateRoot(script, [deb])
  t.is(code, 0, stderr)
  t.regex(stdout, /^config 660 root:games$/m)
  t.regex(stdout, /own@tcp/)
})

test('the .rpm is installed, used and removed without Node', async t => {
  const script = `
    ${BARE}
    rpm --initdb
    rpm -i --nodeps /tmp/given/*.rpm
    ${uses('redhat')}
    rpm -e --nodeps sera
    ! test -e /usr/bin/sera
    for path in /etc/sera /usr/share/doc/sera /usr/share/licenses/sera; do ! test -e $path || echo "left $path"; done
    ls /etc/sera.json*`
  const { code, stdout, stderr } = await inPrivateRoot(script, [rpm])
  t.is(code, 0, stderr)
  check(t, stdout, 'redhat')
  t.false(stdout.includes('left /'), stdout)
  t.regex(stdout, /sera\.json\.rpmsave$/m, 'a config that was changed is kept')
})

if (process.env.SERA_TEST_RELEASE === 'full') {
  test('lintian finds no error and no warning in the .deb but those that are overridden', async t => {
    const found = await promisify(execFile)('lintian', ['--fail-on', 'error,warning', '--allow-root', deb])
    t.deepEqual(found, { stdout: '', stderr: '' })
  })

  test('systemd starts, reloads, restarts and stops the gateway of the .deb', async t => {
    // a container often has a policy that forbids packages to touch services
    const script = `
      rm -f /usr/sbin/policy-rc.d
      dpkg --no-triggers -i /srv/*.deb >/dev/null
      echo ${quoted(JSON.stringify({ server: DSN }))} >/etc/sera.json
      (umask 077; openssl rand -hex 32 >/etc/sera/token)
      sed -i 's/ :9989/ 127.0.0.1:19989/' ${UNIT}
      systemctl daemon-reload
      ready() {
        busybox wget -q -O - --header "Authorization: Bearer $(cat /etc/sera/token)" http://127.0.0.1:19989/readyz
      }
      systemctl start sera-gateway
      ready
      systemctl show -p Type,SubState,DynamicUser,PrivateUsers sera-gateway
      systemctl reload sera-gateway
      dpkg --no-triggers -i /srv/*.deb >/dev/null
      systemctl is-active sera-gateway
      dpkg --no-triggers -r sera >/dev/null
      systemctl is-active sera-gateway || echo 'stopped'
      systemctl show -p Result sera-gateway`
    const { code, stdout, stderr } = await inPrivateSystem(script, [deb])
    t.is(code, 0, `${stdout}${stderr}`)
    const said = stdout.split('\n')
    for (const line of ['ready', 'Type=notify', 'SubState=running', 'DynamicUser=yes', 'PrivateUsers=yes']) {
      t.true(said.includes(line), `${line}: ${stdout}`)
    }
    t.deepEqual(
      [said.includes('active'), said.includes('inactive'), said.includes('Result=success')],
      [true, true, true],
    )
  })
}
