/*
 * A broker for the tests of the link, and ways to it.
 */

import { type AmqpConnection, openAmqpConnection } from '../../src/adapters/amqp/connection.ts'
import { openHomingLink } from '../../src/adapters/amqp/homing-link.ts'
import type { Link } from '../../src/adapters/link.ts'
import type { startBroker } from '../../src/amqp.ts'
import type { Delivery, Revocation } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'
import type { Settlement } from '../../src/message/settlement.ts'

export type TestBroker = Awaited<ReturnType<typeof startBroker>>

/** The URL of a broker with another virtual host. */
export function inVirtualHost(url: string, virtualHost: string): string {
  const parts = new URL(url)
  parts.pathname = `/${encodeURIComponent(virtualHost)}`
  return parts.href
}

/** A user of that name, which is its password as well, with these rights in `/`. */
export async function withUser(
  broker: TestBroker,
  name: string,
  rights: { readonly configure?: string; readonly write?: string; readonly read?: string },
): Promise<string> {
  await broker.accounts.addUser({ name, password: Buffer.from(name) })
  const none = { configure: '^$', write: '^$', read: '^$' }
  broker.accounts.setPermission({ user: name, vhost: '/', ...none, ...rights })
  const url = new URL(broker.url)
  url.username = name
  url.password = name
  return url.href
}

/** A link, the connection under it, and what it could tell nobody. */
export interface TestLink extends AsyncDisposable {
  readonly link: Link
  readonly connection: AmqpConnection
  readonly problems: string[]
}

export async function linkTo(url: string): Promise<TestLink> {
  const problems: string[] = []
  const connection = await openAmqpConnection(url)
  const link = await openHomingLink(connection, { onProblem: (text) => problems.push(text) })
  return { link, connection, problems, [Symbol.asyncDispose]: () => link.close() }
}

/** What amqplib has and does not name in its types. */
interface Socket {
  read(): Buffer | null
  emit(event: 'readable'): void
  destroy(why: Error): void
}

export const socketOf = ({ connection }: TestLink): Socket =>
  (connection.model.connection as unknown as { readonly stream: Socket }).stream

/** The client reads nothing any more. Returns how it begins again. */
export function stopReading(one: TestLink): () => void {
  const socket = socketOf(one)
  const { read } = socket
  socket.read = () => null
  return () => {
    socket.read = read
    socket.emit('readable')
  }
}

let ids = 0

export function messageTo(queue: string, text: string, changes: Partial<Message> = {}): Message {
  return {
    ...{ id: `id-${ids++}`, idChosen: true, exchange: '', routingKey: queue },
    ...{ contentType: 'text/plain; charset=utf-8', body: Buffer.from(text), priority: 0 },
    ...{ deadlineAtMs: Number.POSITIVE_INFINITY, availableAtMs: 0, timeoutMs: 0 },
    ...{ attemptsMax: 5, meta: undefined },
    ...changes,
  }
}

export const ok = (text = 'done'): Settlement => ({
  ...{ kind: 'final', code: 'ok', contentType: 'text/plain; charset=utf-8' },
  body: Buffer.from(text),
})

/** What a consumer has seen. */
export interface Seen {
  readonly deliveries: Delivery[]
  readonly revoked: { readonly delivery: Delivery; readonly reason: Revocation }[]
}

export function consume(link: Link, queue: string, prefetch = 100): Seen & { stop(): void } {
  const deliveries: Delivery[] = []
  const revoked: { delivery: Delivery; reason: Revocation }[] = []
  const subscription = link.subscribe(
    queue,
    { prefetch },
    {
      deliver: (delivery) => {
        deliveries.push(delivery)
      },
      revoke: (delivery, reason) => {
        revoked.push({ delivery, reason })
      },
    },
  )
  return { deliveries, revoked, stop: () => subscription.stop() }
}

export const textsOf = ({ deliveries }: Seen): string[] =>
  deliveries.map(({ message }) => Buffer.from(message.body).toString())

const patienceMs = 10_000

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let ms = 0; !condition(); ms += 5) {
    if (ms > patienceMs) throw new Error(`waited ${patienceMs} ms in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
