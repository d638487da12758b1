/*
 * The broker is killed and consumers are cut off under load: at the end each message that was confirmed
 * has one outcome, the same for everybody who asks, and its callback was told of that one.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery } from '../../src/message/delivery.ts'
import { decodeHomecoming } from '../../src/message/homecoming.ts'
import { callbackQueue } from '../../src/message/message.ts'
import type { StoredOutcome } from '../../src/message/outcome.ts'
import { lackingRabbitmq } from '../amqp/rabbitmq.ts'
import { encoder, messageOf, Site, text, until } from './rabbitmq-site.ts'
import { cutOff, type OpenedEngine, startCarrier } from './rabbitmq-under-test.ts'

const messages = 400

/** Answers with something that no other attempt answers, after a moment, and fails now and then. */
function working({ engine }: OpenedEngine, name: string, works: Map<string, number>): void {
  let count = 0
  const work = async (delivery: Delivery): Promise<void> => {
    const { id } = delivery.message
    works.set(id, (works.get(id) ?? 0) + 1)
    await sleep(count % 7)
    const body = encoder.encode(`${name}:${count++}`)
    const settlement =
      count % 11 === 0
        ? ({ kind: 'retry', delayMs: count % 300, code: 'thrown', body } as const)
        : ({ kind: 'final', code: 'ok', contentType: 'text/plain', body } as const)
    await engine.settle(delivery, settlement)
  }
  const handler = {
    deliver: (delivery: Delivery) => void work(delivery).catch(() => undefined),
    revoke: () => undefined,
  }
  engine.subscribe('work', { prefetch: 20 }, handler)
}

/** What the callback was told of each message, as texts. */
function toldBy({ engine }: OpenedEngine): Map<string, Set<string>> {
  const told = new Map<string, Set<string>>()
  const deliver = (delivery: Delivery): void => {
    const { outcome } = decodeHomecoming(delivery.message.body)
    told.set(outcome.id, (told.get(outcome.id) ?? new Set()).add(text(outcome.body)))
    engine.settle(delivery, { kind: 'acknowledge' }).catch(() => undefined)
  }
  const handler = { deliver, revoke: () => undefined }
  engine.subscribe(callbackQueue('done'), { prefetch: 50 }, handler)
  return told
}

describe('RabbitMQ killed under load', { skip: lackingRabbitmq() }, () => {
  for (const queues of ['quorum', 'classic'] as const) {
    test(`each confirmed message has one outcome (${queues})`, async () => {
      const carrier = await startCarrier()
      const site = await Site.open(carrier)
      try {
        const producer = await site.engine({ queues, lostAfterMs: 2_000 })
        const workers = [await site.engine({ queues }), await site.engine({ queues })]
        const works = new Map<string, number>()
        for (const [n, worker] of workers.entries()) working(worker, `w${n}`, works)
        const told = toldBy(producer)
        const outcomes = new Map<string, StoredOutcome[]>()
        const meta = { callbacks: [{ name: 'done' }] }
        const sends = Array.from({ length: messages }, async (_, n) => {
          await sleep(n * 10)
          const settings = { meta, timeoutMs: 3_000, attemptsMax: 100 }
          const chosen = n % 3 === 0 ? { id: `chosen:${n}`, idChosen: true } : {}
          const message = messageOf(producer, 'work', { ...settings, ...chosen })
          const { id } = await producer.engine.publish(message)
          const heard: StoredOutcome[] = []
          outcomes.set(id, heard)
          producer.engine.whenFinal(id, (outcome) => heard.push(outcome))
        })
        const sent = Promise.all(sends)
        await sleep(1_000)
        cutOff((workers[0] as OpenedEngine).connection())
        await sleep(300)
        await carrier.rabbitmq.stopServer('SIGKILL')
        await carrier.rabbitmq.startServer()
        await sleep(500)
        cutOff(producer.connection())
        await sent
        const isHome = (): boolean => [...outcomes.values()].every((heard) => heard.length > 0)
        await until(isHome, 'every outcome', 60_000)
        await until(() => told.size === messages, 'every callback', 60_000)
        assert.equal(outcomes.size, messages)
        for (const [id, heard] of outcomes) {
          assert.equal(heard.length, 1)
          const asked = await producer.engine.answer(id)
          assert.ok(asked.state === 'final')
          const stands = text(asked.outcome.body)
          assert.equal(text(heard[0]?.body), stands)
          assert.deepEqual([...(told.get(id) ?? [])], [stands])
        }
      } finally {
        await site.close()
        await carrier.rabbitmq.stop()
      }
    })
  }
})
