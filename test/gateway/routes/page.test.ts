/** The status page, as people use it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hold } from '../../e2e/held.js'
import { becomes, live, row, seen } from './browser.js'

seen(
  'a hand-over is seen as it happens, and afterwards as a line from lane to lane',
  async (t, { bench, open }) => {
    const page = await open()
    await page.getByText('Nothing is held, and nobody waits.').waitFor()
    const first = await hold(bench, ['rwlock', 'write', 'wiki', '30']).started()
    const wiki = row(page, 'wiki')
    await wiki.getByText('being written for').waitFor()
    const second = hold(bench, ['rwlock', 'write', 'wiki', '30'])
    await wiki.getByText('1 waits').waitFor()
    await becomes(t, () => page.locator('#waiting').textContent(), '1')
    await becomes(t, () => page.title(), '1 held, 1 waiting · sera')
    await wiki.locator('summary').click()
    await becomes(t, () => wiki.locator('.claims li').count(), 2)
    await first.end()
    await second.started()
    await wiki.getByText(`pid ${second.sera.pid} `).first().waitFor()
    await wiki.locator('path.join').waitFor({ state: 'attached' })
    await wiki.locator('.runs').getByText('exit 0').waitFor()
    await becomes(t, () => wiki.locator('.lanes .held').count(), 2)
    await page.locator('[aria-labelledby=heading-held]').getByText('wiki').waitFor()
    t.is(await page.evaluate('document.activeElement.tagName'), 'SUMMARY', 'has kept the focus')
    await second.end()
    await page.locator('[aria-labelledby=heading-earlier]').getByText('wiki').waitFor()
  },
  true,
)

seen('who meets is seen waiting, and then joined', async (t, { bench, open }) => {
  const page = await open()
  const web = bench.sub(['rendezvous', '--actor', 'web-1', 'deploy'])
  await row(page, 'deploy').getByText('web-1').waitFor()
  const db = bench.sub(['rendezvous', '--actor', 'db-1', 'deploy'])
  await Promise.all([web.exited, db.exited])
  await row(page, 'deploy').locator('summary').click()
  await row(page, 'deploy').locator('path.end.met').nth(1).waitFor({ state: 'attached' })
  await row(page, 'deploy').locator('path.join').waitFor({ state: 'attached' })
  await becomes(t, () => row(page, 'deploy').locator('.lanes li').count(), 2)
})

seen('what is searched for is shown, nothing else, and stands in the address', async (t, { bench, open }) => {
  await bench.sub(['sem', 'apples', '3']).exited
  await bench.sub(['gate', 'close', 'orchard']).exited
  const page = await open()
  const names = () => page.locator('.row b').allTextContents()
  await becomes(t, async () => (await names()).length, 2)
  await page.getByRole('searchbox').fill('ORCH gate')
  await becomes(t, names, ['orchard'])
  await page.reload()
  await row(page, 'orchard').waitFor()
  await becomes(t, names, ['orchard'])
  await page.getByRole('searchbox').fill('pears')
  await page.getByText('Nothing matches “pears”.').waitFor()
  await page.keyboard.press('Escape')
  await page.getByLabel('Kind').selectOption('counter')
  await becomes(t, names, ['apples'])
  await page.getByText('24 h').click()
  await page.getByText('18 h', { exact: true }).waitFor()
  await becomes(t, async () => new URL(page.url()).hash, '#kind=counter&range=24h')
})

seen('it can be used by keyboard alone, and keeps the focus while things change', async (t, { bench, open }) => {
  await bench.sub(['sem', 'apples', '3']).exited
  await bench.sub(['sem', 'pears', '3']).exited
  const page = await open()
  await row(page, 'pears').waitFor()
  const focused = () => page.evaluate("document.activeElement?.querySelector('b')?.textContent")
  await page.keyboard.press('/')
  await page.keyboard.type('e')
  await page.keyboard.press('ArrowDown')
  await becomes(t, focused, 'apples')
  await page.keyboard.press('ArrowDown')
  await becomes(t, focused, 'pears')
  await bench.sub(['sem', 'apples', '1']).exited
  await row(page, 'apples').getByText('value 4').waitFor()
  await becomes(t, focused, 'pears')
  await page.keyboard.press('Enter')
  await row(page, 'pears').getByText('Last runs').waitFor()
  await page.keyboard.press('Escape')
  await becomes(t, () => page.getByRole('searchbox').inputValue(), '')
  await page.locator('#theme').focus()
  for (const stop of ['text', 'kind']) {
    await page.keyboard.press('Tab')
    await becomes(t, () => page.evaluate('document.activeElement.id'), stop)
  }
})

seen('names and commands are text, whatever they hold', async (t, { bench, open }) => {
  const name = `<img src=x onerror="document.title=1"> </b>&amp; ${'long'.repeat(40)}`
  const held = await hold(bench, ['rwlock', 'write', name, '30']).started()
  const other = 'x"><script>document.title=1</script>'
  const waits = bench.sub(['barrier', '--tag', '<svg/onload=alert(1)>', other, '2'])
  const page = await open({ viewport: { width: 390, height: 844 } })
  await row(page, name).locator('summary').click()
  await row(page, other).getByText('<svg/onload=alert(1)>').first().waitFor()
  t.is(await page.locator('img, script:not([src])').count(), 0)
  t.regex(await page.title(), /sera$/)
  waits.kill('SIGTERM')
  await held.end()
})

seen('nothing has to be scrolled sideways on a phone', async (t, { bench, open }) => {
  const name = 'a-name-without-a-single-place-to-break-it-'.repeat(5)
  const held = await hold(bench, ['semaphore', name, '3', '30']).started()
  await bench.sub(['gate', 'close', '--for', '2h', 'maintenance']).exited
  const page = await open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await row(page, name).locator('summary').tap()
  await row(page, name).getByText('Who had it when').waitFor()
  await becomes(t, () => page.evaluate('document.documentElement.scrollWidth'), 390)
  const tapped = await page.locator('.choice').first().boundingBox()
  t.true((tapped?.height ?? 0) >= 44, 'a finger hits it')
  await held.end()
})

seen('it is as dark as the system, or as somebody says', async (t, { open }) => {
  const page = await open({ colorScheme: 'dark', reducedMotion: 'reduce' })
  const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  const [dark, light] = ['rgb(19, 18, 24)', 'rgb(250, 249, 247)']
  await becomes(t, ground, dark)
  await page.getByRole('button', { name: 'Theme: auto' }).click()
  await becomes(t, ground, light)
  await page.reload()
  await live(page)
  await becomes(t, ground, light)
  await page.getByRole('button', { name: 'Theme: light' }).click()
  await becomes(t, ground, dark)
})

seen('with a token, the browser asks for it, and the stream goes with it', async (t, { bench, serve, open }) => {
  const token = 'a-token-that-nobody-guesses'
  writeFileSync(join(bench.folder, 'token'), token)
  const { url } = await serve(['--token-file', join(bench.folder, 'token')])
  const stranger = await open({ url, httpCredentials: { username: 'me', password: 'a-guess' } })
  t.is(await stranger.locator('h1').count(), 0)
  await stranger.context().close()
  const page = await open({ url, httpCredentials: { username: 'me', password: token } })
  await live(page)
  await page.reload()
  await live(page)
})

seen(
  'a gateway that has gone is told of, and the page comes back by itself',
  async (t, { bench, gateway, serve, open }) => {
    const page = await open()
    await live(page)
    gateway.sera.kill('SIGKILL')
    await page.getByText('connection lost').waitFor()
    await gateway.sera.exited
    await serve(['--listen', new URL(gateway.url).host])
    await live(page)
    await bench.sub(['sem', 'apples', '3']).exited
    await row(page, 'apples').waitFor()
    await becomes(t, () => page.locator('#held').textContent(), '0')
  },
)

seen('a page that nobody sees hangs up, and is back when it is looked at', async (t, { bench, open }) => {
  const page = await open()
  await live(page)
  const hungUp = page.waitForEvent('requestfailed', request => request.url().endsWith('/v1/watch'))
  await page.evaluate(hidden(true))
  await hungUp
  await bench.sub(['sem', 'apples', '3']).exited
  await page.evaluate(hidden(false))
  await row(page, 'apples').waitFor()
  await becomes(t, () => page.locator('#connection').textContent(), 'live')
})

/** As a browser tells a page whose tab goes behind another, or comes back. */
function hidden(is: boolean): string {
  return `Object.defineProperty(document, 'hidden', { value: ${is}, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))`
}
