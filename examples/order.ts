/*
 * An order goes to payment, stock and mail. Where one of them fails, the others are undone.
 *
 *   order ──▶ payment ──▶ stock ──▶ mail ──▶ outcome: shipped
 *                │          │         ╳
 *             refund ◀── put back ◀───┘      outcome: NotShipped, and everything as it was
 *
 * What to look at:
 *  - Every step is a queue with a contract: its errors are typed, and come back as values.
 *  - A step's id follows from the order's. When the handler of `order` runs again, after an error or a
 *    crash, steps that are done answer with the outcome they had: nothing is paid twice.
 *  - Undoing is sent `detached`: it goes on even when the order was canceled or ran out of time.
 *  - Only the place changes: one process, several at once on one directory, a broker, a RabbitMQ cluster.
 *    They share the work; each one's orders come back to it.
 *
 * Run it:  npx node examples/order.ts [where]     where: a data directory, default ./data/order, or amqp://…
 *          Over RabbitMQ, HOMING_LEDGER says where outcomes are kept. All ways to run it: README.md
 * In a project of your own, write 'homing' in place of '../src/index.ts'.
 */

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { type Home, homing, queue } from '../src/index.ts'

const where = process.argv[2] ?? process.env.HOMING_URL ?? './data/order'
const ledger = process.env.HOMING_LEDGER

// The contracts: what goes in, what comes out, what may go wrong.

const order = queue('order', {
  input: z.object({ customer: z.string(), article: z.string(), cents: z.int().positive() }),
  output: z.object({ parcel: z.string() }),
  errors: { NotShipped: z.object({ failed: z.string(), because: z.string(), undone: z.int() }) },
  within: '1m',
  retry: { attempts: 3, backoff: '50ms' },
})
const payment = queue('payment', {
  input: z.object({ customer: z.string(), cents: z.int() }),
  output: z.object({ paymentId: z.string() }),
  errors: { CardDeclined: z.object({ customer: z.string() }) },
})
const refund = queue('refund', { input: z.object({ paymentId: z.string() }) })
const stock = queue('stock', {
  input: z.object({ article: z.string() }),
  output: z.object({ parcel: z.string() }),
  errors: { OutOfStock: z.object({ article: z.string() }) },
})
const putBack = queue('put-back', { input: z.object({ parcel: z.string() }) })
const mail = queue('mail', {
  input: z.object({ to: z.string(), text: z.string() }),
  errors: { NoSuchAddress: z.object({ to: z.string() }) },
  retry: { attempts: 5, backoff: '20ms' },
})

// Three services and their books, in a database as services have one: whichever process does the work,
// the books are the same. A handler runs at least once, so what it did is written down under its id.

mkdirSync('./data', { recursive: true })
const books = new DatabaseSync('./data/order-books.sqlite', { timeout: 10_000 })
books.exec('CREATE TABLE IF NOT EXISTS done (id TEXT PRIMARY KEY, what TEXT, details TEXT)')
const insert = books.prepare('INSERT OR IGNORE INTO done VALUES (?, ?, ?)')
const remove = books.prepare('DELETE FROM done WHERE id = ?')
const list = books.prepare('SELECT what FROM done WHERE id LIKE ? ORDER BY what')

function startServices(home: Home): void {
  home.consume(payment, ({ id, input, fail }) => {
    if (input.customer === 'mallory') throw fail('CardDeclined', { customer: input.customer })
    insert.run(id, 'payment', `${input.cents} cents`)
    return { paymentId: id }
  })
  home.consume(refund, ({ input }) => void remove.run(input.paymentId))

  home.consume(stock, ({ id, input, fail }) => {
    if (input.article === 'chair') throw fail('OutOfStock', { article: input.article })
    insert.run(id, 'parcel', input.article)
    return { parcel: id }
  })
  home.consume(putBack, ({ input }) => void remove.run(input.parcel))

  home.consume(mail, ({ id, input, attempt, fail }) => {
    if (input.to === 'eve') throw fail('NoSuchAddress', { to: input.to })
    // An ordinary error is no answer: the message is tried again.
    if (attempt === 1) throw new Error('the mail server is busy')
    insert.run(id, 'letter', input.text)
  })
}

/** The saga: one step after the other; what is done is undone when a later one fails. */
function startOrders(home: Home): void {
  home.consume(
    order,
    async ({ id, input, fail }) => {
      const undo: (() => Promise<unknown>)[] = []
      const notShipped = async (failed: string, because: string): Promise<Error> => {
        for (const step of undo.toReversed()) await step()
        return fail('NotShipped', { failed, because, undone: undo.length })
      }

      const paying = await home.send(payment, input, { id: `${id}/payment` })
      const paid = await paying.outcome()
      if (!paid.ok) throw await notShipped('payment', paid.error.code)
      const { paymentId } = paid.value
      undo.push(() => home.call(refund, { paymentId }, { id: `${id}/refund`, detached: true }))

      const picking = await home.send(stock, input, { id: `${id}/stock` })
      const picked = await picking.outcome()
      if (!picked.ok) throw await notShipped('stock', picked.error.code)
      const { parcel } = picked.value
      undo.push(() => home.call(putBack, { parcel }, { id: `${id}/put-back`, detached: true }))

      const letter = { to: input.customer, text: `your ${input.article} is on its way` }
      const writing = await home.send(mail, letter, { id: `${id}/mail` })
      const written = await writing.outcome()
      if (!written.ok) throw await notShipped('mail', written.error.code)

      return { parcel }
    },
    { concurrency: 10 },
  )
}

await using home = await homing(where, ledger === undefined ? {} : { ledger })
startServices(home)
startOrders(home)

const orders = [
  { customer: 'ann', article: 'lamp', cents: 4900 },
  { customer: 'bob', article: 'chair', cents: 12900 },
  { customer: 'eve', article: 'lamp', cents: 4900 },
  { customer: 'mallory', article: 'lamp', cents: 4900 },
]
const run = randomUUID()
const ids = orders.map(({ customer }) => `order/${run}/${customer}`)
const receipts = await home.sendMany(order, orders, { ids })
console.log(`${receipts.length} orders are stored`)

const codes: string[] = []
for (const [n, receipt] of receipts.entries()) {
  const outcome = await receipt.outcome()
  codes.push(outcome.ok ? 'ok' : outcome.error.code)
  const what = outcome.ok
    ? 'shipped'
    : `${outcome.error.code} ${JSON.stringify(outcome.error.data)}`
  console.log(`${orders[n]?.customer}: ${what}`)
}

// An order that is sent again is the same order: nothing is worked on, and both get the one outcome.
const [first] = await home.sendMany(order, orders.slice(0, 1), { ids: ids.slice(0, 1) })
console.log(
  `ann sends again: duplicate is ${first?.duplicate}, ok is ${(await first?.outcome())?.ok}`,
)

assert.deepEqual(codes, ['ok', 'NotShipped', 'NotShipped', 'NotShipped'])
const left = list.all(`order/${run}/%`).map(({ what }) => what)
assert.deepEqual(left, ['letter', 'parcel', 'payment'])
console.log('books: 1 payment, 1 parcel, 1 letter; everything else is as it was')
