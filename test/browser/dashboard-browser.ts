/*
 * The browser of one file of tests: started before the first of them, on a dashboard of the sources of now,
 * and closed behind the last.
 */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Browser } from 'playwright-core'
import { builtDashboard } from './built-dashboard.ts'
import { noBrowser, startBrowser } from './chromium.ts'

export interface DashboardBrowser {
  /** Given to every test that needs it. */
  readonly skip: string | false
  /** From within a test. */
  get(): Browser
}

export function dashboardBrowser(): DashboardBrowser {
  let browser: Browser | undefined
  before(async () => {
    if (noBrowser !== false) return
    await builtDashboard()
    browser = await startBrowser()
  })
  after(() => browser?.close())
  return {
    skip: noBrowser,
    get() {
      assert.ok(browser, 'the browser is there from the first test on')
      return browser
    },
  }
}
