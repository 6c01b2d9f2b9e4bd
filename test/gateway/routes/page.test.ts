/** The status page, in a real browser. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hold } from '../../e2e/held.js'
import { becomes, live, onPage, row } from './browser.js'

onPage(
  'a hand-over is shown live, and afterwards as a line between lanes',
  async (t, { bench, open }) => {
    const page = await open()
    await page.getByText('No holders, no waiters').waitFor()
    const first = await hold(bench, ['rwlock', 'write', 'wiki', '30']).started()
    const wiki = row(page, 'wiki')
    await wiki.getByText('1 writer for').waitFor()
    const second = hold(bench, ['rwlock', 'write', 'wiki', '30'])
    await wiki.getByText('1 waiting').waitFor()
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
    t.is(await page.evaluate('document.activeElement.tagName'), 'SUMMARY', 'the row keeps the focus')
    await second.end()
    await page.locator('[aria-labelledby=heading-earlier]').getByText('wiki').waitFor()
  },
  true,
)

onPage('participants of a rendezvous are shown waiting, then joined', async (t, { bench, open }) => {
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

onPage('a search shows its matches alone and is kept in the address', async (t, { bench, open }) => {
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

onPage('the page works by keyboard and keeps the focus during changes', async (t, { bench, open }) => {
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

onPage('markup in names and commands is shown as text', async (t, { bench, open }) => {
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

onPage('a phone needs no horizontal scrolling', async (t, { bench, open }) => {
  const name = 'a-name-without-a-single-place-to-break-it-'.repeat(5)
  const held = await hold(bench, ['semaphore', name, '3', '30']).started()
  await bench.sub(['gate', 'close', '--for', '2h', 'maintenance']).exited
  const page = await open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await row(page, name).locator('summary').tap()
  await row(page, name).getByText('Timeline', { exact: true }).waitFor()
  await becomes(t, () => page.evaluate('document.documentElement.scrollWidth'), 390)
  const tapped = await page.locator('.choice').first().boundingBox()
  t.true((tapped?.height ?? 0) >= 44, 'large enough for a finger')
  await held.end()
})

onPage('the theme is that of the system or the chosen one', async (t, { open }) => {
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

onPage('with a token the page and its stream need the password', async (t, { bench, serve, open }) => {
  const token = 'a-token-that-is-hard-to-guess'
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

onPage('the page reports a lost gateway and reconnects by itself', async (t, { bench, gateway, serve, open }) => {
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
})

onPage('a hidden page disconnects, and reconnects when it is visible', async (t, { bench, open }) => {
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

/** Simulates a tab that is hidden or shown. */
function hidden(is: boolean): string {
  return `Object.defineProperty(document, 'hidden', { value: ${is}, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))`
}
