/*
 * A real browser, with what its pages complained about.
 *
 * Rules: a profile of its own each time; no page talks to anybody but the server it was opened on; errors of
 * the console, broken scripts and what the content security policy refused are all complaints.
 */

import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const executablePath = '/usr/bin/chromium'

/** Why tests with a browser are skipped; false when they run. */
export const noBrowser: string | false = existsSync(executablePath)
  ? false
  : 'needs Chromium at /usr/bin/chromium'

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      '--disable-dev-shm-usage',
    ],
  })

export interface Visit extends AsyncDisposable {
  readonly page: Page
  /** What a user would not see, and nobody may leave: must stay empty. */
  readonly complaints: readonly string[]
  /** Opens a page of the dashboard and waits until what it asks for is there. */
  open(address: string): Promise<void>
}

export interface Visitor {
  readonly user: string
  readonly password: string
}

export async function visit(
  browser: Browser,
  url: string,
  visitor: Visitor | undefined,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ baseURL: url, locale: 'en-GB', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.stack}`))
  page.on('request', (request) => {
    const isOwn = request.url().startsWith(`${url}/`) || request.url().startsWith('data:')
    if (!isOwn) complaints.push(`asked ${request.url()}`)
  })
  page.setDefaultTimeout(15_000)
  const open = async (address: string): Promise<void> => {
    await page.goto(address)
    try {
      await page.locator('h1').waitFor()
      await page.locator('main:not(:has([aria-busy=true]))').waitFor()
    } catch (error) {
      const text = await page.locator('body').textContent()
      throw new Error(`${address} shows: ${text}\n${complaints.join('\n')}`, { cause: error })
    }
  }
  if (visitor !== undefined) {
    await context.request.post('/api/session', { data: visitor })
  }
  return { page, complaints, open, [Symbol.asyncDispose]: () => context.close() }
}
