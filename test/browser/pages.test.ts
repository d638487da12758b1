import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { root } from '../tidy/source-file.ts'
import { accessibilityProblems } from './accessibility.ts'
import { type BusySite, busySite, hostile } from './busy-site.ts'
import { type Visit, visit } from './chromium.ts'
import { dashboardBrowser } from './dashboard-browser.ts'

/** Kept by whoever wants to look at them. */
const screenshots = join(root, '.tmp/browser')
const browser = dashboardBrowser()
const { skip } = browser
let site: BusySite

before(async () => {
  if (skip !== false) return
  mkdirSync(screenshots, { recursive: true })
  site = await busySite()
  await site.addUser('watcher', ['monitoring'])
  await site.addUser('stranger')
  site.server.accounts.clearPermission('stranger', '/')
})

after(() => site?.[Symbol.asyncDispose]())

const asAdmin = (options: Parameters<typeof visit>[3] = {}): Promise<Visit> =>
  visit(browser.get(), site.url, { user: 'admin', password: site.adminPassword }, options)

/** Each page, and something that stands on it when it works. */
const pages = (): readonly (readonly [address: string, text: string])[] => [
  ['/', 'Messages per second'],
  ['/queues', 'orders'],
  ['/queue?vhost=/&name=orders', 'Came home'],
  ['/queue?vhost=/&name=reports', 'Looked at without taking'],
  [`/queue?vhost=/&name=${encodeURIComponent(hostile.queue)}`, hostile.queue],
  [`/message?id=${site.ids.dead}`, 'TypeError: cannot pack broken'],
  [`/message?id=${site.ids.ok}`, 'Came home'],
  [`/message?id=${site.ids.away}`, 'the accounting system is away'],
  ['/message?id=nobody-ever-sent-this', 'No message of this id'],
  ['/outcomes?code=ok', site.ids.ok],
  ['/failures', 'connect ECONNREFUSED'],
  ['/dead-letters', site.ids.dead],
  ['/not-home', 'order.invoiced'],
  ['/schedules', 'nightly.cleanup'],
  ['/exchanges', 'invoice.#'],
  ['/connections', 'warehouse-7'],
  ['/policies', 'No policies'],
  ['/users', 'watcher'],
  ['/virtual-hosts', '/'],
  ['/audit', 'admin'],
  ['/about', 'OpenAPI'],
  ['/nothing-of-that-name', 'Nothing here'],
]

const widths = {
  wide: { viewport: { width: 1360, height: 860 } },
  dark: { viewport: { width: 1360, height: 860 }, colorScheme: 'dark' },
  narrow: { viewport: { width: 390, height: 844 } },
} as const

for (const [name, options] of Object.entries(widths)) {
  test(`an administrator sees every page, ${name}, and nothing on it is wrong`, {
    skip,
  }, async () => {
    await using admin = await asAdmin(options)
    const { page } = admin
    for (const [address, text] of pages()) {
      await admin.open(address)
      const found = page.locator('main').getByText(text).filter({ visible: true }).first()
      if (name === 'narrow') await page.locator('main h1').waitFor()
      else await found.waitFor()
      assert.deepEqual(await accessibilityProblems(page), [], `${name} ${address}`)
      const file = `${name}${address.replaceAll(/\W+/g, '-').slice(0, 40)}.png`
      await page.screenshot({ path: join(screenshots, file) })
    }
    assert.deepEqual(
      admin.complaints.filter((text) => !text.includes('id=nobody-ever')),
      [],
    )
  })
}

test('a page asks for HTML, a script, styles, perhaps its icon, and then only for the API', {
  skip,
}, async () => {
  await using admin = await asAdmin()
  const asked = new Set<string>()
  admin.page.on('request', (request) => asked.add(new URL(request.url()).pathname))
  await admin.open('/queues')
  const files = [...asked]
    .filter((path) => !path.startsWith('/api/') && !path.includes('icon'))
    .map((path) => path.replace(/-[\w-]{8}\./, '.'))
  assert.deepEqual(files.toSorted(), ['/assets/index.css', '/assets/index.js', '/queues'])
})

test('monitoring sees everything and gets no button that changes something it may not', {
  skip,
}, async () => {
  site.server.accounts.setPermission({
    user: 'watcher',
    vhost: '/',
    ...{ configure: '', write: '', read: '' },
  })
  await using watcher = await visit(browser.get(), site.url, { user: 'watcher', password: 'pw' })
  const { page } = watcher
  for (const address of [
    '/',
    '/queues',
    '/queue?vhost=/&name=orders',
    '/exchanges',
    '/connections',
  ]) {
    await watcher.open(address)
    const main = page.locator('main')
    const acts = main.getByRole('button', {
      name: /^(Create|Send|Purge|Delete|Pause|Replay|Drop|Bind|Unbind|Close)\b/,
    })
    assert.deepEqual((await acts.allTextContents()).filter(Boolean), [], address)
  }
  const menu = page.getByRole('navigation', { name: 'Main menu' })
  assert.equal(await menu.getByRole('link', { name: 'Users' }).count(), 0)
  assert.equal(await menu.getByRole('link', { name: 'Overview' }).count(), 1)
  await watcher.open('/users')
  await page.getByText('Nothing here').waitFor()
  assert.deepEqual(watcher.complaints, [])
})

test('a user without rights gets in, sees what there is for them, and is told whom to ask', {
  skip,
}, async () => {
  await using stranger = await visit(browser.get(), site.url, { user: 'stranger', password: 'pw' })
  const { page } = stranger
  await stranger.open('/')
  await page.getByText('There is no queue yet').waitFor()
  await page.getByText('An administrator can give you permissions').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Create a queue' }).count(), 0)
  for (const address of ['/outcomes', '/failures', '/dead-letters', '/not-home', '/schedules']) {
    await stranger.open(address)
    const text = (await page.locator('main').textContent()) ?? ''
    assert.doesNotMatch(text, /order-2|mail-1|nightly/, address)
  }
})
