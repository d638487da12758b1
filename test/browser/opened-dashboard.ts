/*
 * A server of its own for one test, with the dashboard open as its administrator.
 */

import type { Page } from 'playwright-core'
import { Home } from '../../src/client/home.ts'
import { type HttpTestServer, httpTestServer } from '../http/http-server.ts'
import { type Visit, visit } from './chromium.ts'
import type { DashboardBrowser } from './dashboard-browser.ts'

export interface OpenedDashboard extends AsyncDisposable {
  readonly site: HttpTestServer
  readonly home: Home
  readonly page: Page
  readonly admin: Visit
}

export async function openedDashboard(
  browser: DashboardBrowser,
  http: Parameters<typeof httpTestServer>[1] = {},
): Promise<OpenedDashboard> {
  const site = await httpTestServer({}, http)
  const home = new Home(site.server.engine, undefined)
  const admin = await visit(browser.get(), site.url, {
    user: 'admin',
    password: site.adminPassword,
  })
  return {
    ...{ site, home, admin, page: admin.page },
    async [Symbol.asyncDispose]() {
      await admin[Symbol.asyncDispose]()
      await home.close()
      await site[Symbol.asyncDispose]()
    },
  }
}
