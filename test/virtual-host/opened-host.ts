/*
 * Virtual hosts over an engine in memory, and what a test needs to be their connections, channels and
 * consumers.
 */

import { randomBytes } from 'node:crypto'
import { AmqpError } from '../../src/amqp/protocol/amqp-error.ts'
import { type BasicProperties, encodeProperties } from '../../src/amqp/protocol/properties.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { type Broker, openBroker } from '../../src/embedded/broker.ts'
import { engineOptions } from '../../src/embedded/engine-options.ts'
import type { Disk } from '../../src/embedded/journal/disk.ts'
import { memoryDisk } from '../../src/embedded/journal/memory-disk.ts'
import { openMemoryLedger } from '../../src/embedded/ledger/memory-ledger.ts'
import type { HeaderTable, HeaderValue } from '../../src/embedded/routing/header-value.ts'
import type { Message } from '../../src/message/message.ts'
import { PlainMessage } from '../../src/message/plain-message.ts'
import { type Definitions, noDefinitions } from '../../src/virtual-host/definitions.ts'
import type { Host } from '../../src/virtual-host/host.ts'
import type {
  ChannelSession,
  ConsumerSink,
  ExchangeDeclaration,
  HeldMessage,
  PublishFate,
  QueueDeclaration,
  Session,
} from '../../src/virtual-host/port.ts'
import { VirtualHosts } from '../../src/virtual-host/virtual-hosts.ts'

export interface Opened extends AsyncDisposable {
  readonly broker: Broker
  readonly hosts: VirtualHosts
  readonly host: Host
  /** Problems that nobody could be told. */
  readonly problems: string[]
}

export interface OpenOptions {
  readonly disk?: Disk
  readonly clock?: Clock
  readonly definitions?: Definitions
}

export const replySecret = randomBytes(32)

export async function openHosts(options: OpenOptions = {}): Promise<Opened> {
  const { disk = memoryDisk(), clock = systemClock, definitions = noDefinitions } = options
  const problems: string[] = []
  const onProblem = (text: string): void => {
    problems.push(text)
  }
  const settings = engineOptions({ onProblem })
  const ledger = openMemoryLedger({ retention: settings.retention })
  const broker = await openBroker({ disk, clock, ledger }, settings)
  const { door } = broker
  const parts = { door, definitions, clock, randomBytes, replySecret, onProblem }
  const hosts = new VirtualHosts(parts)
  const close = async (): Promise<void> => {
    hosts.close()
    await broker.close()
  }
  return { broker, hosts, host: hosts.host('/'), problems, [Symbol.asyncDispose]: close }
}

export interface SessionFacts {
  readonly user?: string
  readonly tags?: readonly string[]
  readonly may?: Session['may']
  readonly mayTopic?: Session['mayTopic']
  readonly compat?: 'rabbitmq-4.3'
  readonly rightsVersion?: number
}

/** A session and what it was warned of. */
export interface TestSession extends Session {
  readonly warned: string[]
}

export function sessionOf(facts: SessionFacts = {}): TestSession {
  const warned: string[] = []
  return {
    user: facts.user ?? 'ann',
    tags: new Set(facts.tags ?? []),
    connectionName: 'test',
    compat: facts.compat,
    rightsVersion: facts.rightsVersion ?? 1,
    warned,
    may: facts.may ?? (() => true),
    mayTopic: facts.mayTopic ?? (() => true),
    warnPortability: (feature) => void warned.push(feature),
  }
}

export const channelOf = (session: Session = sessionOf()): ChannelSession => ({
  session,
  lastQueue: '',
  replyConsumer: undefined,
})

export const table = (entries: Readonly<Record<string, HeaderValue>> = {}): HeaderTable =>
  new Map(Object.entries(entries))

export const queueNamed = (
  name: string,
  {
    args,
    ...more
  }: Partial<Omit<QueueDeclaration, 'args'>> & {
    readonly args?: Readonly<Record<string, HeaderValue>>
  } = {},
): QueueDeclaration => ({
  ...{ name, durable: true, exclusive: false, autoDelete: false, ...more },
  args: table(args),
})

export const exchangeNamed = (
  name: string,
  type: string,
  {
    args,
    ...more
  }: Partial<Omit<ExchangeDeclaration, 'args'>> & {
    readonly args?: Readonly<Record<string, HeaderValue>>
  } = {},
): ExchangeDeclaration => ({
  ...{ name, type, durable: true, autoDelete: false, internal: false, ...more },
  args: table(args),
})

export const binding = (
  destination: string,
  source: string,
  routingKey = '',
  args: Readonly<Record<string, HeaderValue>> = {},
) => ({ destination, source, routingKey, args: table(args) })

export const messageTo = (
  exchange: string,
  routingKey: string,
  properties: BasicProperties = {},
): PlainMessage =>
  new PlainMessage(exchange, routingKey, encodeProperties(properties), Buffer.from(routingKey))

export async function publish(
  host: Host,
  message: PlainMessage,
  channel: ChannelSession = channelOf(),
): Promise<PublishFate> {
  return await host.publish(channel, message)
}

/** What a consumer was given and told. */
export class Recorder implements ConsumerSink {
  readonly messages: Message[] = []
  readonly properties: Uint8Array[] = []
  readonly redelivered: boolean[] = []
  readonly held: HeldMessage[] = []
  readonly revokedOnes: HeldMessage[] = []
  readonly timeouts: string[] = []
  cancels = 0
  room = Number.POSITIVE_INFINITY
  onItsWay?: (change: 1 | -1) => void

  deliver(
    message: Message,
    properties: Uint8Array,
    redelivered: boolean,
    held: HeldMessage | undefined,
  ): void {
    this.room--
    this.messages.push(message)
    this.properties.push(properties)
    this.redelivered.push(redelivered)
    if (held !== undefined) this.held.push(held)
  }

  mayDeliver(): boolean {
    return this.room > 0
  }

  revoked(held: HeldMessage): void {
    this.revokedOnes.push(held)
  }

  cancelled(): void {
    this.cancels++
  }

  timedOut(text: string): void {
    this.timeouts.push(text)
  }

  get keys(): readonly string[] {
    return this.messages.map(({ routingKey }) => routingKey)
  }
}

export const consumeRequest = (
  queue: string,
  more: Partial<{ noAck: boolean; exclusive: boolean; prefetch: number }> = {},
  args: Readonly<Record<string, HeaderValue>> = {},
) => ({
  ...{ queue, consumerTag: 'ct', noAck: false, exclusive: false, prefetch: 0, ...more },
  args: table(args),
})

/** The reply text that closes the channel, or the whole error when it closes more. */
export async function refusal(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof AmqpError)) throw error
    const closes = error.scope === 'channel' ? '' : ` (closes the ${error.scope})`
    return `${error.replyCode} ${error.replyText.replace(/^[A-Z_]+ - /, '')}${closes}`
  }
  return 'accepted'
}
