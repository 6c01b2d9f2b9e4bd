/** The status page as a browser shows it: Debian's Chromium, without a window. */
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import ava, { type ExecutionContext } from 'ava'
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import { database } from '../../store/database.js'
import { serve, type TestGateway } from '../../support/gateway.js'
import { RUNTIMES, type SeraRuntime } from '../../support/runtimes.js'
import { type Bench, bench } from '../../support/sera.js'
import { type SharedServer, sharedServers } from '../../support/servers.js'
import { test } from '../../support/turns.js'
import { until } from '../../support/until.js'

const PROGRAM = process.env.SERA_TEST_CHROMIUM ?? '/usr/bin/chromium'

/** As root in a container it has no sandbox; and it is to ask nobody for anything. */
const ARGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** Long, because other tests keep the machine busy. */
const PATIENCE_MS = 90_000

let browser: Promise<Browser> | undefined
ava.after.always(async () => (await browser)?.close())

/** What a test has: a gateway on a database of its own, and pages of it. */
export interface PageSight {
  bench: Bench
  gateway: TestGateway
  /** Another gateway there. */
  serve(args?: readonly string[]): Promise<TestGateway>
  open(options?: OpenOptions): Promise<Page>
}

export interface OpenOptions extends BrowserContextOptions {
  /** Behind the gateway's address. */
  path?: string
  url?: string
}

/** On the first server, and on Node; `inEach`: on each runtime. */
export function seen(
  title: string,
  body: (t: ExecutionContext, sight: PageSight) => Promise<void>,
  inEach = false,
): void {
  const [server] = sharedServers() as [SharedServer]
  for (const runtime of inEach ? RUNTIMES : RUNTIMES.slice(0, 1)) {
    test(`${title} (${runtime.name})`, async t => body(t, await sightOf(t, runtime, server)))
  }
}

async function sightOf(t: ExecutionContext, runtime: SeraRuntime, server: SharedServer): Promise<PageSight> {
  const made = await database(t, server)
  const own = bench(t, runtime, await made.account('ALL'))
  const gateway = await serve(own)
  return {
    bench: own,
    gateway,
    serve: args => serve(own, args),
    open: ({ path = '/', url = gateway.url, ...options } = {}) => open(t, new URL(path, url), options),
  }
}

/** A page that asks another host, runs what it must not, or fails in a script, fails its test. */
async function open(t: ExecutionContext, url: URL, options: BrowserContextOptions): Promise<Page> {
  if (!existsSync(PROGRAM)) throw new Error(`no ${PROGRAM}: apt-get install chromium`)
  browser ??= chromium.launch({ executablePath: PROGRAM, args: ARGS })
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 800 }, ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('request', request => {
    if (new URL(request.url()).origin !== url.origin) faults.push(`asked ${request.url()}`)
  })
  page.on('pageerror', error => faults.push(error.message))
  page.on('console', message => {
    if (/Content Security Policy|Trusted/.test(message.text())) faults.push(message.text())
  })
  t.teardown(async () => {
    await context.close()
    if (faults.length > 0) throw new Error(faults.join('\n'))
  })
  await page.goto(url.href)
  return page
}

/** The row of a resource. */
export function row(page: Page, name: string): Locator {
  return page.locator('.row', { has: page.getByText(name, { exact: true }) })
}

export async function live(page: Page): Promise<void> {
  await page.locator('#connection[data-state=live]').waitFor()
}

/** Waits until the page answers so. A browser answers a question at once, and the page may change after that. */
export async function becomes<T>(t: ExecutionContext, ask: () => Promise<T>, wanted: T): Promise<void> {
  let answer: T | undefined
  const asWanted = async () => {
    answer = await ask()
    return isDeepStrictEqual(answer, wanted)
  }
  await until('the page answers as wanted', asWanted, { withinMs: PATIENCE_MS }).catch(() => {})
  t.deepEqual(answer, wanted)
}
