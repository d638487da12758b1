import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator } from 'playwright-core'
import { dashboardBrowser } from './dashboard-browser.ts'
import { type OpenedDashboard, openedDashboard } from './opened-dashboard.ts'

const browser = dashboardBrowser()
const { skip } = browser

interface Opened extends OpenedDashboard {
  readonly dialog: Locator
  press(name: string): Promise<void>
  /** Sends the form in the dialog, and waits for what is told of it. */
  save(act: string, told: string): Promise<void>
}

async function opened(): Promise<Opened> {
  const dashboard = await openedDashboard(browser)
  const { page } = dashboard
  const dialog = page.getByRole('dialog')
  return {
    ...{ ...dashboard, dialog },
    press: (name) => page.getByRole('button', { name, exact: true }).first().click(),
    async save(act, told) {
      await dialog.getByRole('button', { name: act, exact: true }).click()
      await page.getByText(told).first().waitFor()
      await dialog.waitFor({ state: 'detached' })
    },
  }
}

test('an administrator adds a virtual host and a user in it, changes the user, and takes both away', {
  skip,
}, async () => {
  await using at = await opened()
  const { site, admin, page, dialog, press, save } = at
  await admin.open('/virtual-hosts')
  await press('Create a virtual host')
  await dialog.getByLabel('Virtual host').fill('shop/eu')
  await save('Create', 'Virtual host “shop/eu” is there.')

  await admin.open('/users')
  await press('Create a user')
  await dialog.getByLabel('User', { exact: true }).fill('ann')
  await dialog.getByLabel('Password').fill('not-a-secret')
  await dialog.getByLabel('Tags').selectOption('monitoring')
  await dialog.getByLabel('Virtual host', { exact: true }).selectOption('shop/eu')
  await save('Create', 'User “ann” is there.')
  const ann = site.as('ann', 'not-a-secret')
  const who = (await ann('GET', '/api/session')).json as { tags: string[]; permissions: unknown[] }
  assert.deepEqual(who.tags, ['monitoring'])
  assert.deepEqual(who.permissions, [
    { vhost: 'shop/eu', configure: '.*', write: '.*', read: '.*' },
  ])
  const row = page.getByRole('table', { name: 'Users' }).getByRole('row', { name: /^ann/ })
  await row.getByRole('button', { name: 'Edit' }).click()
  await dialog.getByLabel('Tags').fill('management')
  await save('Save', 'User “ann” was saved.')
  assert.equal((await ann('GET', '/api/session')).status, 200)

  await press('Delete user “ann”?')
  await save('Delete', 'User “ann” was deleted.')

  await admin.open('/virtual-hosts')
  await press('Delete virtual host “shop/eu”?')
  await dialog.getByText('0 queues go with it.').waitFor()
  await save('Delete', 'Virtual host “shop/eu” was deleted.')
  await admin.open('/audit')
  await page.getByRole('main').getByText('ann').first().waitFor()
  assert.deepEqual(
    admin.complaints.filter((text) => !text.includes('status of 400')),
    [],
  )
})

test('an administrator sets a policy, routes an exchange into a queue, and takes it apart again', {
  skip,
}, async () => {
  await using at = await opened()
  const { site, admin, page, dialog, press, save } = at
  const everything = { configure: '.*', write: '.*', read: '.*' }
  await site.api('PUT', '/api/vhosts/shop%2Feu', {})
  await site.api('PUT', '/api/permissions/shop%2Feu/admin', everything)
  await admin.open('/policies')
  await press('Set a policy')
  await dialog.getByLabel('Policy').fill('small')
  await dialog.getByLabel('Pattern').fill('^orders')
  await dialog.getByLabel('Virtual host').selectOption('shop/eu')
  await dialog.getByLabel('Settings').fill('{"max-length": -1}')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.getByRole('alert').waitFor()
  await dialog.getByLabel('Settings').fill('{"max-length": 9}')
  await save('Save', 'Policy “small” is in force.')

  await admin.open('/queues')
  await press('Create a queue')
  await dialog.getByLabel('Name').fill('orders.new')
  await dialog.getByLabel('Virtual host').selectOption('shop/eu')
  await save('Create', 'Queue “orders.new” is there.')
  await page.getByText('small').first().waitFor()

  await admin.open('/exchanges')
  await press('Create an exchange')
  await dialog.getByLabel('Exchange').fill('events')
  await dialog.getByLabel('Virtual host').selectOption('shop/eu')
  await dialog.getByLabel('Type').selectOption('topic')
  await save('Create', 'Exchange “events” is there.')
  await page.getByRole('row', { name: /^events/ }).click()
  await press('Bind')
  await dialog.getByLabel('To', { exact: true }).fill('orders.new')
  await dialog.getByLabel('Routing key').fill('order.*')
  await save('Create', 'Bound.')
  await page.getByText('order.*').waitFor()
  await press('Unbind orders.new')
  await save('Delete', 'Unbound.')
  await press('Delete exchange “events”?')
  await save('Delete', 'Exchange “events” was deleted.')
  assert.deepEqual(
    admin.complaints.filter((text) => !text.includes('status of 400')),
    [],
  )
})
