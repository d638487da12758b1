import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { queue, text } from '../../src/index.ts'
import { visit } from './chromium.ts'
import { dashboardBrowser } from './dashboard-browser.ts'
import { openedDashboard } from './opened-dashboard.ts'

const browser = dashboardBrowser()
const { skip } = browser

const opened = (http?: Parameters<typeof openedDashboard>[1]) => openedDashboard(browser, http)

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

test('who has never seen it makes a queue, sends a message, sees it fail, reads why, replays it and sees its result', {
  skip,
}, async () => {
  await using at = await opened()
  const { page, site } = at
  await page.context().clearCookies()
  await page.goto('/')
  await page.getByLabel('User').fill('admin')
  await page.getByLabel('Password').fill('wrong')
  await button(page, 'Log in').click()
  await page.getByRole('alert').getByText('user name or password is wrong').waitFor()
  await page.getByLabel('Password').fill(site.adminPassword)
  await button(page, 'Log in').click()
  await page.getByText('There is no queue yet').waitFor()
  await page.getByRole('main').getByRole('link', { name: 'Queues' }).first().click()
  await button(page, 'Create a queue').first().click()
  await page.getByLabel('Name', { exact: true }).fill('greet')
  await button(page, 'Create').click()
  await page.getByRole('heading', { name: 'greet' }).waitFor()
  await button(page, 'Send a message').first().click()
  await page.getByLabel('Body').fill('"Ada"')
  await page.getByLabel('Content type').selectOption('text/plain')
  await page.getByLabel('Id', { exact: true }).fill('greeting-1')
  await button(page, 'Send').click()
  await page.getByRole('heading', { name: /greeting-1/ }).waitFor()
  await page.getByText('It waits for a consumer.').waitFor()

  const greet = queue('greet', { codec: text, retry: { attempts: 2, backoff: '10ms' } })
  let isAwake = false
  at.home.consume(greet, ({ input }) => {
    if (!isAwake) throw new Error('not awake yet')
    return `Hello, ${input}!`
  })
  await page.getByText(/Attempt \d+: failed, and it was the last/).waitFor()
  await page.getByText('Error: not awake yet').first().waitFor()
  await page.getByText('Stack').first().click()
  await page
    .getByText(/at .*acts\.test\.ts:\d+/)
    .first()
    .waitFor()

  isAwake = true
  await button(page, 'Replay').click()
  await page.getByText('Replay of').waitFor()
  await page.getByText('Came home', { exact: false }).first().waitFor()
  await page.getByText('Hello, "Ada"!').waitFor()
  const complaints = at.admin.complaints.filter((one) => !one.includes('status of 401'))
  assert.deepEqual(complaints, [])
})

test('what destroys asks first, says how many messages it touches, and is left by Escape', {
  skip,
}, async () => {
  await using at = await opened()
  const { page, home, admin } = at
  const letters = queue('letters', { codec: text })
  for (let index = 0; index < 7; index++) await home.send(letters, `letter ${index}`)
  await admin.open('/queue?vhost=/&name=letters')
  await button(page, 'Purge').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('7 ready messages end as canceled.').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  const isBack = (): Promise<boolean> =>
    button(page, 'Purge').evaluate((one) => one === document.activeElement)
  assert.equal(await isBack(), true)
  await button(page, 'Purge').click()
  await dialog.getByRole('button', { name: 'Cancel', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await isBack(), true)
  const { json } = await at.site.api('GET', '/api/queues/%2F/letters')
  assert.equal((json as { messages_ready: number }).messages_ready, 7)
  await button(page, 'Purge').click()
  await dialog.getByRole('button', { name: 'Cancel 7 messages' }).click()
  await page.getByText('7 messages of “letters” were canceled.').waitFor()
  await page.getByText('No message is ready').waitFor()
  await button(page, 'Pause').click()
  await button(page, 'Resume').click()
  await button(page, 'Pause').waitFor()
  await button(page, 'Delete').click()
  await dialog.getByRole('button', { name: 'Delete the queue' }).click()
  await page.getByText('There is no queue yet').waitFor()
})

test('dead letters are replayed: the chosen ones, then all that are left', { skip }, async () => {
  await using at = await opened()
  const { page, home, admin } = at
  const jobs = queue('jobs', { codec: text, retry: { attempts: 1 } })
  let fails = true
  home.consume(jobs, () => {
    if (fails) throw new Error('out of paper')
    return 'printed'
  })
  const receipts = await Promise.all(
    Array.from({ length: 5 }, (_, index) => home.send(jobs, 'x', { id: `job-${index}` })),
  )
  for (const receipt of receipts) await receipt.outcome()
  fails = false
  await admin.open('/dead-letters')
  await page.getByLabel('Choose job-1').check()
  await page.getByLabel('Choose job-3').check()
  await button(page, 'Replay 2').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Replay 2 messages?').waitFor()
  await dialog.getByRole('button', { name: 'Replay' }).click()
  await page.getByText('2 messages were sent again.').waitFor()
  await page.getByLabel('Choose job-1').waitFor({ state: 'detached' })
  await button(page, 'Replay all').click()
  await dialog.getByText('Replay 3 messages?').waitFor()
  await dialog.getByRole('button', { name: 'Replay' }).click()
  await page.getByText('No dead letters').waitFor()
})

test('everything is reached by keys: past the menu, through the rows, into one and back', {
  skip,
}, async () => {
  await using at = await opened()
  const { page, home, admin } = at
  for (const name of ['a', 'b', 'c']) await home.send(queue(name, { codec: text }), 'x')
  await admin.open('/queues')
  await page.getByText('No consumers').first().waitFor()
  await page.keyboard.press('Tab')
  const focused = (): Promise<string> =>
    page.evaluate(() => document.activeElement?.textContent ?? '')
  assert.equal(await focused(), 'Skip to the content')
  await page.keyboard.press('Enter')
  await page.locator('main:focus').waitFor()
  for (let tabs = 0; tabs < 25 && !/^a/.test(await focused()); tabs++) {
    await page.keyboard.press('Tab')
  }
  assert.match(await focused(), /^aNo consumers/)
  await page.keyboard.press('End')
  await page.locator('tr:focus', { hasText: /^c/ }).waitFor()
  await page.keyboard.press('ArrowUp')
  await page.locator('tr:focus', { hasText: /^b/ }).waitFor()
  const outline = await page
    .locator('tr:focus')
    .evaluate((row) => getComputedStyle(row).outlineStyle)
  assert.equal(outline, 'solid')
  await page.keyboard.press('Enter')
  await page.locator('h1:focus', { hasText: 'b' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('no-such-message')
  await page.keyboard.press('Enter')
  await page.getByText('No message of this id').waitFor()
  await page.goBack()
  await page.getByRole('heading', { name: 'b', exact: false }).first().waitFor()
})

test('language and colours are as the browser has them, and as the reader chooses', {
  skip,
}, async () => {
  await using at = await opened()
  const visitor = { user: 'admin', password: at.site.adminPassword }
  await using reader = await visit(browser.get(), at.site.url, visitor, {
    locale: 'zh-CN',
    colorScheme: 'dark',
  })
  const { page } = reader
  await reader.open('/queues')
  await page.getByRole('heading', { name: '队列', exact: true }).waitFor()
  const look = (): Promise<string[]> =>
    page.evaluate(() => [
      document.documentElement.lang,
      getComputedStyle(document.documentElement).backgroundColor,
    ])
  assert.deepEqual(await look(), ['zh-Hans', 'rgb(14, 16, 20)'])
  await button(page, '使用浅色').click()
  await page.getByRole('link', { name: '设置与关于' }).click()
  await page.getByLabel('语言').selectOption('en')
  await page.getByRole('heading', { name: 'Settings and about' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Settings and about' }).waitFor()
  assert.deepEqual(await look(), ['en', 'rgb(246, 247, 249)'])
})

test('in read-only mode nothing has a button that would be refused, and the page says so', {
  skip,
}, async () => {
  await using at = await opened({ readOnly: true })
  const { page, home, admin } = at
  await home.send(queue('still', { codec: text }), 'x')
  for (const address of ['/queues', '/queue?vhost=/&name=still', '/users', '/exchanges']) {
    await admin.open(address)
    await page.getByText('Read-only mode').waitFor()
    const names = await page.getByRole('main').getByRole('button').allTextContents()
    const acts = names.filter((name) => /create|send|purge|delete|edit|bind|pause|set /i.test(name))
    assert.deepEqual(
      acts.filter((name) => name !== 'Bindings'),
      [],
      address,
    )
  }
})

test('five hundred queues are listed, and only those in view are drawn; changes come live', {
  skip,
}, async () => {
  await using at = await opened()
  const { page, home, admin } = at
  const named = (index: number) => queue(`queue-${index}`, { codec: text })
  await Promise.all(Array.from({ length: 500 }, (_, index) => home.send(named(index), 'x')))
  await admin.open('/queues')
  await page.getByText('500 queues', { exact: true }).waitFor()
  assert.ok((await page.locator('tbody tr').count()) < 100)
  await page.locator('tbody tr').first().focus()
  await page.keyboard.press('End')
  await page.locator('tr:focus', { hasText: /^queue-499/ }).waitFor()
  await home.send(named(499), 'y')
  await page
    .locator('tr', { hasText: /^queue-499/ })
    .getByText('2')
    .first()
    .waitFor()
  await page.getByRole('searchbox', { name: 'Name contains' }).pressSequentially('queue-49')
  await page.getByText('11 queues', { exact: true }).waitFor()
})

test('who is logged out elsewhere is asked to log in again', { skip }, async () => {
  await using at = await opened()
  await at.admin.open('/outcomes')
  await at.page.context().clearCookies()
  await at.page.getByRole('heading', { name: 'Homing' }).waitFor()
  await at.page.getByLabel('Password').waitFor()
})
