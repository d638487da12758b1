/*
 * A server that has something to show: queues with consumers and without, outcomes, failures with their
 * stacks, dead letters, a callback that fails, schedules, a connection.
 */

import { Buffer } from 'node:buffer'
import amqplib from 'amqplib'
import { z } from 'zod'
import { Home } from '../../src/client/home.ts'
import type { HttpSettings } from '../../src/http/http-settings.ts'
import { queue, text } from '../../src/index.ts'
import { type HttpTestServer, httpTestServer } from '../http/http-server.ts'

export interface BusySite extends HttpTestServer {
  readonly home: Home
  /** Ids of messages whose stories are worth looking at. */
  readonly ids: {
    readonly ok: string
    readonly dead: string
    readonly told: string
    readonly away: string
  }
}

const retry = { attempts: 3, backoff: '20ms' } as const
const order = z.object({ sku: z.string(), pieces: z.number() })

export const orders = queue('orders', { input: order, within: '1h', retry })
const mails = queue('mails.outgoing', { codec: text, within: '1h', retry })
const reports = queue('reports', { codec: text, within: '24h' })
const nightly = queue('nightly', { codec: text })

/** Somebody hostile chose these: they are shown as they are, and do nothing. */
export const hostile = {
  queue: '<img src=x onerror=alert(1)>',
  body: '{"html":"<script>alert(1)</script>","deep":{"n":[1,2.5,true,null]}}',
}

export async function busySite(http: Partial<HttpSettings> = {}): Promise<BusySite> {
  const server = await httpTestServer({}, http)
  const home = new Home(server.server.engine, undefined)
  home.consume(orders, ({ input, attempt }) => {
    if (input.sku.startsWith('broken')) throw new TypeError(`cannot pack ${input.sku}`)
    if (input.sku.startsWith('shy') && attempt === 1) throw new Error('the shelf was locked')
    return { parcel: `p-${input.sku}`, pieces: input.pieces }
  })
  home.consume(mails, () => {
    throw new Error('connect ECONNREFUSED 127.0.0.1:25')
  })
  const ids = await filled(home)
  const connection = await connected(server)
  return {
    ...server,
    home,
    ids,
    async [Symbol.asyncDispose]() {
      await connection.close()
      await home.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function filled(home: Home): Promise<BusySite['ids']> {
  const shipped = home.callback('order.shipped', orders, () => undefined)
  const invoiced = home.callback('order.invoiced', orders, () => {
    throw new Error('the accounting system is away')
  })
  const receipts = []
  for (let index = 0; index < 60; index++) {
    const sku =
      index % 9 === 8 ? `broken-${index}` : index % 5 === 4 ? `shy-${index}` : `a-${index}`
    receipts.push(await home.send(orders, { sku, pieces: index }))
  }
  const [told] = receipts
  const options = { callback: shipped }
  const ok = await home.send(orders, { sku: 'shy-1', pieces: 2 }, { id: 'order-1', ...options })
  const dead = await home.send(orders, { sku: 'broken', pieces: 1 }, { id: 'order-2', ...options })
  const away = await home.send(
    orders,
    { sku: 'a', pieces: 1 },
    { id: 'order-3', callback: invoiced },
  )
  const mail = await home.send(mails, 'dear sir or madam', { id: 'mail-1' })
  for (let index = 0; index < 12; index++) await home.send(reports, `report ${index}`)
  await home.send(reports, 'next week', { id: 'report-later', delay: '7d' })
  await home.schedule('nightly.cleanup', '0 3 * * *', nightly, 'all', { timezone: 'Europe/Vienna' })
  for (const receipt of [...receipts, ok, dead, away, mail]) await receipt.outcome()
  return { ok: ok.id, dead: dead.id, told: told?.id ?? '', away: away.id }
}

/** A client of AMQP, with a consumer that holds a message and a queue of a hostile name. */
async function connected({ port, adminPassword }: HttpTestServer) {
  const url = `amqp://admin:${encodeURIComponent(adminPassword)}@127.0.0.1:${port}`
  const connection = await amqplib.connect(url, {
    clientProperties: { connection_name: 'warehouse-7' },
  })
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue(hostile.queue)
  await channel.assertExchange('shop', 'topic')
  await channel.assertQueue('shop.invoices')
  await channel.bindQueue('shop.invoices', 'shop', 'invoice.#')
  await channel.prefetch(1)
  await channel.consume('shop.invoices', () => undefined, { consumerTag: 'printer' })
  for (let index = 0; index < 3; index++) {
    channel.publish('shop', `invoice.${index}`, Buffer.from(hostile.body), {
      contentType: 'application/json',
      headers: { customer: hostile.queue },
    })
  }
  channel.publish('', hostile.queue, Buffer.from([0, 1, 2, 0xff, 0x41]))
  await channel.waitForConfirms()
  return connection
}
