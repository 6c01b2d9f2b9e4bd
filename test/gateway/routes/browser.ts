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

/** Chromium has no sandbox as root in a container. It must not contact other hosts. */
const ARGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** Long, because other tests keep the machine busy. */
const WITHIN_MS = 90_000

let browser: Promise<Browser> | undefined
ava.after.always(async () => (await browser)?.close())

/** A gateway on a database of the test's own, and its page. */
export interface PageScene {
  bench: Bench
  gateway: TestGateway
  /** Starts another gateway on the same database. */
  serve(args?: readonly string[]): Promise<TestGateway>
  open(options?: OpenOptions): Promise<Page>
}

export interface OpenOptions extends BrowserContextOptions {
  /** The path at the gateway. */
  path?: string
  url?: string
}

/** Runs on the first server, and on Node; with `inEach` on each runtime. */
export function onPage(
  title: string,
  body: (t: ExecutionContext, scene: PageScene) => Promise<void>,
  inEach = false,
): void {
  const [server] = sharedServers() as [SharedServer]
  for (const runtime of inEach ? RUNTIMES : RUNTIMES.slice(0, 1)) {
    test(`${title} (${runtime.name})`, async t => body(t, await pageOf(t, runtime, server)))
  }
}

async function pageOf(t: ExecutionContext, runtime: SeraRuntime, server: SharedServer): Promise<PageScene> {
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

/** The test fails if the page contacts another host, violates its policy, or throws in a script. */
async function open(t: ExecutionContext, url: URL, options: BrowserContextOptions): Promise<Page> {
  if (!existsSync(PROGRAM)) throw new Error(`no ${PROGRAM}: apt-get install chromium`)
  browser ??= chromium.launch({ executablePath: PROGRAM, args: ARGS })
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 800 }, ...options })
  context.setDefaultTimeout(WITHIN_MS)
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

/** Waits until the page gives this answer. */
export async function becomes<T>(t: ExecutionContext, ask: () => Promise<T>, wanted: T): Promise<void> {
  let answer: T | undefined
  const asWanted = async () => {
    answer = await ask()
    return isDeepStrictEqual(answer, wanted)
  }
  await until('the page answers as wanted', asWanted, { withinMs: WITHIN_MS }).catch(() => {})
  t.deepEqual(answer, wanted)
}
