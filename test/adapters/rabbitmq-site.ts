/* Engines in one virtual host with one ledger, a plain client beside them, and small steps of tests. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Channel, type ChannelModel, connect } from 'amqplib'
import { HomingError } from '../../src/errors.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'
import type { StoredOutcome } from '../../src/message/outcome.ts'
import type { Carrier, CarrierOptions, OpenedEngine } from './rabbitmq-under-test.ts'

export const encoder = new TextEncoder()
export const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

export class Site {
  readonly carrier: Carrier
  readonly virtualHost: string
  readonly raw: ChannelModel
  readonly channel: Channel
  readonly #directory = mkdtempSync(join(tmpdir(), 'homing-rabbitmq-faults-'))
  readonly #opened: OpenedEngine[] = []

  private constructor(carrier: Carrier, virtualHost: string, raw: ChannelModel, channel: Channel) {
    this.carrier = carrier
    this.virtualHost = virtualHost
    this.raw = raw
    this.channel = channel
  }

  static async open(carrier: Carrier): Promise<Site> {
    const virtualHost = await carrier.virtualHost()
    const raw = await connect(carrier.url(virtualHost))
    raw.on('error', () => undefined)
    const channel = await raw.createChannel()
    return new Site(carrier, virtualHost, raw, channel)
  }

  /** What all of its engines share. */
  get ledgerFile(): string {
    return join(this.#directory, 'ledger.sqlite')
  }

  async engine(options: Partial<CarrierOptions> = {}): Promise<OpenedEngine> {
    const opened = await this.carrier.openEngine(this.virtualHost, this.ledgerFile, {
      queues: 'quorum',
      ...options,
    })
    this.#opened.push(opened)
    return opened
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((one) => one.close()))
    // The server may have been killed since.
    await this.raw.close().catch(() => undefined)
    await this.carrier.manage('DELETE', `vhosts/${this.virtualHost}`)
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

export const messageOf = (
  { engine }: OpenedEngine,
  queue: string,
  changes: Partial<Message> = {},
): Message => ({
  id: engine.mintId(),
  idChosen: false,
  exchange: '',
  routingKey: queue,
  contentType: 'text/plain',
  body: encoder.encode('x'),
  priority: 0,
  deadlineAtMs: Number.POSITIVE_INFINITY,
  availableAtMs: 0,
  timeoutMs: 0,
  attemptsMax: 5,
  meta: undefined,
  ...changes,
})

/** Answers everything with `done`. */
export function answering(
  { engine }: OpenedEngine,
  queue: string,
  seen: Delivery[] = [],
): Delivery[] {
  engine.subscribe(
    queue,
    { prefetch: 10 },
    {
      deliver(delivery) {
        seen.push(delivery)
        const body = encoder.encode('done')
        const settlement = { kind: 'final', code: 'ok', contentType: 'text/plain', body } as const
        engine.settle(delivery, settlement).catch(() => undefined)
      },
      revoke: () => undefined,
    },
  )
  return seen
}

export const outcomeOf = ({ engine }: OpenedEngine, id: string): Promise<StoredOutcome> =>
  new Promise((resolve) => {
    engine.whenFinal(id, resolve)
  })

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  msMax = 30_000,
): Promise<void> {
  for (let ms = 0; ms < msMax; ms += 20) {
    if (await condition()) return
    await sleep(20)
  }
  assert.fail(`waited in vain for ${what}`)
}

export const coded =
  (code: string, ...words: RegExp[]) =>
  (error: unknown) => {
    assert.ok(error instanceof HomingError, String(error))
    assert.equal(error.code, code, error.message)
    for (const word of words) assert.match(error.message, word)
    return true
  }
