/*
 * Clients that mean no good, and one that does.
 *
 *   idle            many connections that log in and say nothing more
 *   slow            many that never finish the handshake, a byte at a time
 *   long-frames     announce frames of a gigabyte, before and after the login
 *   bad-logins      try passwords, each time another user
 *   deaf            consumes and never reads, while its queue is fed
 *   endless         publishes as fast as it can, into a queue that keeps a thousand messages
 *
 * Each attack goes on until it is stopped. The healthy client publishes with confirms at a steady pace
 * and consumes what it published.
 */

import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { refusalText, SocketClient, type Target } from './socket-client.ts'

/** Runs until the signal is aborted, then closes what it opened. `begun` is called under full attack. */
export type Attack = (
  target: Target,
  count: number,
  signal: AbortSignal,
  begun: () => void,
) => Promise<void>

export const attacks = {
  idle: (target, count, signal, begun) =>
    holding(count, signal, begun, () => SocketClient.open(target)),
  slow: async (target, count, signal, begun) => {
    const open = async (): Promise<SocketClient> => {
      const client = await SocketClient.connect(target)
      client.socket.write('A')
      return client
    }
    // Each is closed after the time for the handshake, and comes again.
    while (!signal.aborted)
      await holding(count, AbortSignal.any([signal, AbortSignal.timeout(9_000)]), begun, open)
  },
  'long-frames': (target, count, signal, begun) =>
    looping(count, signal, begun, async () => {
      using client = await SocketClient.connect(target)
      client.writer.protocolHeader()
      client.flush()
      client.socket.write(frameHead(2 ** 30))
      await client.closed
    }),
  'bad-logins': (target, count, signal, begun) =>
    looping(count, signal, begun, async (n) => {
      using client = await SocketClient.connect(target)
      await client.login({ user: `user ${n}`, password: 'wrong' })
      await client.closed
    }),
  deaf: async (target, _count, signal, begun) => {
    using consumer = await SocketClient.open(target)
    declareKept(consumer, 'deaf').flush()
    await consumer.expect('channel.open-ok')
    consumer.consume(1, 'deaf').flush()
    await consumer.expect('basic.consume-ok')
    consumer.socket.pause()
    await endless(target, 'deaf', signal, begun)
  },
  endless: (target, _count, signal, begun) => endless(target, 'endless', signal, begun),
} as const satisfies Record<string, Attack>

export type AttackName = keyof typeof attacks

async function holding(
  count: number,
  signal: AbortSignal,
  begun: () => void,
  open: () => Promise<SocketClient>,
): Promise<void> {
  const clients: SocketClient[] = []
  const atOnce = 100
  while (clients.length < count && !signal.aborted) {
    const more = Math.min(atOnce, count - clients.length)
    clients.push(...(await Promise.all(Array.from({ length: more }, open))))
  }
  begun()
  await aborted(signal)
  for (const { socket } of clients) socket.destroy()
}

async function looping(
  count: number,
  signal: AbortSignal,
  begun: () => void,
  act: (n: number) => Promise<void>,
): Promise<void> {
  let n = 0
  const loop = async (): Promise<void> => {
    // Being turned away is part of it.
    while (!signal.aborted) await Promise.race([act(n++).catch(() => pause(10)), aborted(signal)])
  }
  const loops = Array.from({ length: count }, loop)
  begun()
  await Promise.all(loops)
}

/** Publishes without end, held up only by the socket. The queue keeps the newest thousand. */
async function endless(
  target: Target,
  queue: string,
  signal: AbortSignal,
  begun: () => void,
): Promise<void> {
  using client = await SocketClient.open(target)
  client.onMethod = () => undefined
  declareKept(client, queue)
  const body = Buffer.alloc(1_000, 'x')
  begun()
  while (!signal.aborted && !client.isClosed) {
    for (let n = 0; n < 50; n++) client.publish(1, queue, body)
    const isTaken = client.socket.write(client.writer.take())
    if (!isTaken) await Promise.race([once(client.socket, 'drain'), client.closed, aborted(signal)])
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function declareKept(client: SocketClient, queue: string): SocketClient {
  const bits = { passive: false, durable: false, exclusive: false, autoDelete: true, nowait: true }
  const args = new Map([['x-max-length', 1_000]])
  return client
    .send(1, { name: 'channel.open' })
    .send(1, { name: 'queue.declare', queue, ...bits, args })
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function frameHead(bytes: number): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(bytes, 3)
  return head
}

export interface Healthy extends AsyncDisposable {
  /** Messages that made the whole way, and were confirmed. */
  readonly consumed: number
  readonly confirmed: number
  /** Why publishers are blocked, as the server said. */
  readonly blockedFor: string | undefined
  /** How often publishers were blocked. */
  readonly blocks: number
}

const paceMs = 10

/** A client that publishes so many messages a second and consumes them. */
export async function healthyClient(target: Target, perSecond: number): Promise<Healthy> {
  const consumer = await SocketClient.open(target)
  const publisher = await SocketClient.open(target)
  await consumer.queue(1, 'healthy')
  await publisher.queue(1, 'healthy')
  await publisher.confirms(1)
  const seen = { consumed: 0, confirmed: 0, blocks: 0, blockedFor: undefined as string | undefined }
  consumer.onMethod = ({ method }) => {
    if (method.name === 'basic.deliver') seen.consumed++
  }
  publisher.onMethod = ({ method }) => {
    if (method.name === 'basic.ack') seen.confirmed = method.deliveryTag
    else if (method.name === 'connection.blocked') {
      seen.blockedFor = method.reason
      seen.blocks++
    } else if (method.name === 'connection.unblocked') seen.blockedFor = undefined
    else throw new Error(refusalText(method))
  }
  consumer.consume(1, 'healthy').flush()
  const body = Buffer.alloc(100, 'x')
  let due = 0
  let published = 0
  const timer = setInterval(() => {
    // What a stall held up is not made good: the pace is the pace.
    due = Math.min(due + (perSecond * paceMs) / 1_000, published + perSecond / 10)
    for (; published < due; published++) publisher.publish(1, 'healthy', body)
    publisher.flush()
  }, paceMs)
  return {
    get consumed() {
      return seen.consumed
    },
    get confirmed() {
      return seen.confirmed
    },
    get blockedFor() {
      return seen.blockedFor
    },
    get blocks() {
      return seen.blocks
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      publisher.socket.destroy()
      consumer.socket.destroy()
      await Promise.all([publisher.closed, consumer.closed])
    },
  }
}
