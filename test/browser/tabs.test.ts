import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { httpTestServer } from '../http/http-server.ts'
import { visit } from './chromium.ts'
import { dashboardBrowser } from './dashboard-browser.ts'

const browser = dashboardBrowser()
const { skip } = browser

const isStream = (url: string): boolean => new URL(url).pathname === '/api/events'

/** Streams that are open as the page sees it. */
function openStreams(page: Page): () => number {
  const open = new Set<unknown>()
  page.on('request', (request) => isStream(request.url()) && open.add(request))
  for (const over of ['requestfinished', 'requestfailed'] as const)
    page.on(over as 'requestfinished', (request) => open.delete(request))
  return () => open.size
}

test('ten tabs of one browser all answer and all stay up to date', { skip }, async () => {
  await using site = await httpTestServer()
  const login = { user: 'admin', password: site.adminPassword }
  await using admin = await visit(browser.get(), site.url, login)
  const context = admin.page.context()
  const tabs: { readonly page: Page; readonly streams: () => number }[] = []
  for (let n = 0; n < 10; n++) {
    const page = await context.newPage()
    tabs.push({ page, streams: openStreams(page) })
    await page.goto('/queues')
    await page.getByText('There is no queue yet').waitFor()
  }
  await site.api('PUT', '/api/queues/%2F/news', { durable: true })
  for (const { page } of tabs) await page.getByRole('cell', { name: 'news' }).waitFor()
  const open = tabs.reduce((sum, { streams }) => sum + streams(), 0)
  assert.ok(open <= 6, `${open} streams`)
  // Whoever had a stream gives it up to those that are left.
  for (const { page } of tabs.splice(0, 8)) await page.close()
  await site.api('PUT', '/api/queues/%2F/later', { durable: true })
  for (const { page } of tabs) await page.getByRole('cell', { name: 'later' }).waitFor()
})

test('a tab that is opened in the background shows its page, and listens once it is seen', {
  skip,
}, async () => {
  await using site = await httpTestServer()
  const login = { user: 'admin', password: site.adminPassword }
  await using admin = await visit(browser.get(), site.url, login)
  const page = await admin.page.context().newPage()
  await page.addInitScript(() => {
    let isHidden = true
    Object.defineProperty(document, 'hidden', { get: () => isHidden })
    addEventListener('seen-at-last', () => {
      isHidden = false
      document.dispatchEvent(new Event('visibilitychange'))
    })
  })
  const streams = openStreams(page)
  await page.goto('/queues')
  await page.getByText('There is no queue yet').waitFor()
  assert.equal(streams(), 0)
  const asked = page.waitForRequest((request) => isStream(request.url()))
  await page.evaluate(() => dispatchEvent(new Event('seen-at-last')))
  await asked
  await site.api('PUT', '/api/queues/%2F/news', { durable: true })
  await page.getByRole('cell', { name: 'news' }).waitFor()
})
