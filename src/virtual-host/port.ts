/*
 * What a channel asks of its virtual host: the meaning of every AMQP method, without frames.
 *
 *   channel ─▶ VirtualHost (this port) ─▶ exchanges, queues, journal
 *   channel ◀─ ConsumerSink.deliver
 *
 * Rules: every call is synchronous unless it says `Later`: then the connection handles no further
 * frame until the promise resolves, so the order of one channel holds. A call that is refused throws
 * an AmqpError, has changed nothing, and says whether it closes the channel or the connection.
 * Nothing here writes to a socket; `deliver` may be called while any of these calls runs.
 */

import type { HeaderTable } from '../embedded/routing/header-value.ts'
import type { HomingError } from '../errors.ts'
import type { Later } from '../later.ts'
import type { Message } from '../message/message.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import type { PortAccess } from '../port-session/access.ts'
import type { VirtualHostView } from './view.ts'

export type Right = 'configure' | 'write' | 'read'

/** A logged-in connection, as virtual hosts see it. Exclusive queues belong to it by identity. */
export interface Session {
  readonly user: string
  readonly tags: ReadonlySet<string>
  /** Shown in logs and lists. */
  readonly connectionName: string
  /** Whether the user may do that to the resource of that name in this virtual host. */
  may(right: Right, resource: string): boolean
  /** The same for the routing key of a topic exchange. */
  mayTopic(right: 'write' | 'read', exchange: string, routingKey: string): boolean
  /**
   * Another number whenever what the two above say may have changed: what they said stays true until
   * then. Without it they are asked for every message.
   */
  readonly rightsVersion?: number
  /** Something that RabbitMQ 4.3 refuses or changes was used: logged once, shown in inspection. */
  warnPortability(feature: string, text: string): void
  /** `rabbitmq-4.3` refuses what that version refuses; undefined accepts what 3.x accepts. */
  readonly compat: 'rabbitmq-4.3' | undefined
}

/** A channel, as virtual hosts see it. By identity: the consumers of a channel share its limit. */
export interface ChannelSession {
  readonly session: Session
  /** The queue last declared on this channel; '' when there was none. The virtual host sets it. */
  lastQueue: string
  /** The one consumer of direct replies, when there is. The virtual host sets it. */
  replyConsumer: unknown
}

export interface ExchangeDeclaration {
  readonly name: string
  readonly type: string
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly internal: boolean
  readonly args: HeaderTable
}

export interface QueueDeclaration {
  /** '' lets the broker make a name. */
  readonly name: string
  readonly durable: boolean
  readonly exclusive: boolean
  readonly autoDelete: boolean
  readonly args: HeaderTable
}

export interface QueueDeclared {
  readonly name: string
  /** Ready ones. */
  readonly messages: number
  readonly consumers: number
}

export interface BindingRequest {
  /** For a queue, '' means the queue last declared on the channel. */
  readonly destination: string
  readonly source: string
  readonly routingKey: string
  readonly args: HeaderTable
}

/**
 * What became of a publish.
 *   unroutable  no queue took it: return it when mandatory; confirm it
 *   done        in memory or with a consumer: confirm it at once
 *   durable     to be confirmed when `whenDurable` tells
 *   refused     a queue refused it: negative acknowledgement
 */
export type PublishFate = 'unroutable' | 'done' | 'durable' | 'refused'

/** One handing of a message to a channel that must be settled. Opaque to the channel. */
export interface HeldMessage {
  readonly message: Message
  readonly redelivered: boolean
}

/** Where a consumer's messages go. */
export interface ConsumerSink {
  /**
   * Writes the message to the client, now. `held` is undefined for a consumer without acknowledgement.
   * `properties` are the content header's property flags and list.
   */
  deliver(
    message: Message,
    properties: Uint8Array,
    redelivered: boolean,
    held: HeldMessage | undefined,
  ): void
  /** False while the channel's global prefetch is used up or its socket does not drain. */
  mayDeliver(): boolean
  /**
   * One more delivery is on its way to it (1), or has arrived or been taken back (-1): it takes up
   * its place in a global prefetch before `deliver` is called.
   */
  onItsWay?(change: 1 | -1): void
  /** Taken back: out of time, or its queue is gone. The delivery tag is to be forgotten quietly. */
  revoked(held: HeldMessage): void
  /** The queue was deleted: the consumer is no more; the client is to be told if it can be. */
  cancelled(): void
  /** Calls `endOfTurn` once at the end of this turn, to deliver what was gathered in it. */
  atEndOfTurn?(writer: { endOfTurn(): void }): void
  /** Why publishers are to wait; undefined when they are not. Then the consumer is resumed some time. */
  blockedFor?(): string | undefined
  /** Its consumer timeout has passed: the channel is to be closed with 406. */
  timedOut(text: string): void
}

export interface ConsumeRequest {
  /** '' means the queue last declared on the channel. */
  readonly queue: string
  /** Never '': the channel makes one up. */
  readonly consumerTag: string
  readonly noAck: boolean
  readonly exclusive: boolean
  /** Unsettled deliveries of this consumer; 0 for no limit. */
  readonly prefetch: number
  readonly args: HeaderTable
}

export interface Consumer {
  readonly queue: string
  readonly consumerTag: string
  /** Deliveries it holds. */
  readonly heldCount?: number
  /** What it gives back counts for the delivery limit of its queue. */
  readonly countsReturns?: boolean
  /**
   * Takes no more; what it holds stays held. `left` is called once: nothing is delivered to it behind
   * that, and nothing before that to the consumer that takes its place.
   */
  cancel(left?: () => void): void
  /** Nothing is delivered before its first call. Then: `mayDeliver` is true again, or there is room. */
  resume(): void
}

export interface Got {
  readonly message: Message
  readonly properties: Uint8Array
  readonly redelivered: boolean
  /** Ready messages that remain. */
  readonly remaining: number
  /** Undefined when it was taken without acknowledgement. */
  readonly held: HeldMessage | undefined
}

export interface VirtualHost {
  readonly name: string
  /** What is declared in it, for those who show it. */
  readonly view: VirtualHostView

  declareExchange(channel: ChannelSession, request: ExchangeDeclaration): Later<void>
  /** Fails with 404 when there is none. */
  checkExchange(channel: ChannelSession, name: string): void
  deleteExchange(channel: ChannelSession, name: string, ifUnused: boolean): Later<void>
  bindExchange(channel: ChannelSession, request: BindingRequest): Later<void>
  unbindExchange(channel: ChannelSession, request: BindingRequest): Later<void>

  declareQueue(channel: ChannelSession, request: QueueDeclaration): Later<QueueDeclared>
  /** Passive declare. Other than elsewhere '' is no queue. */
  checkQueue(channel: ChannelSession, name: string): QueueDeclared
  /** Ready messages that went with it. */
  deleteQueue(
    channel: ChannelSession,
    name: string,
    ifUnused: boolean,
    ifEmpty: boolean,
  ): Later<number>
  purgeQueue(channel: ChannelSession, name: string): Later<number>
  bindQueue(channel: ChannelSession, request: BindingRequest): Later<void>
  unbindQueue(channel: ChannelSession, request: BindingRequest): Later<void>

  /**
   * Takes the message; the bytes of `properties` and `body` must not change afterwards. Checks rights,
   * exchange, properties. The hot path: no promise unless an id must be looked up on disk.
   */
  publish(channel: ChannelSession, message: PlainMessage): Later<PublishFate>
  /** Throws what `publish` would refuse now, and does nothing: for publishes within a transaction. */
  checkPublish(channel: ChannelSession, message: PlainMessage): void
  /** Told when everything published so far is durable, or why it never will be. */
  whenDurable(told: (error: HomingError | undefined) => void): void
  /** True when publishers are to wait: the connection reads no more until `whenRoom` resolves. */
  readonly mustWait: boolean
  whenRoom(): Promise<void>

  consume(channel: ChannelSession, request: ConsumeRequest, sink: ConsumerSink): Later<Consumer>
  get(channel: ChannelSession, queue: string, noAck: boolean): Later<Got | undefined>

  /** In order of delivery. Nobody waits for these. */
  acknowledge(held: readonly HeldMessage[]): void
  /**
   * Back to their old places, marked as redelivered. `counted`: the attempt counts for a delivery limit.
   * `isLost`: because the channel is over.
   */
  requeue(held: readonly HeldMessage[], counted: boolean, isLost?: boolean): void
  /** Dead-lettered, or dropped. */
  reject(held: readonly HeldMessage[]): void

  /** What the session may do with queues and ids by calls that are no methods of AMQP: the port, HTTP. */
  access(session: Session): PortAccess

  /** The channel is over; its consumers are cancelled and what it holds given back before. */
  channelClosed(channel: ChannelSession): void
  /** The connection is over: its exclusive queues go. Resolves before close-ok may be sent. */
  sessionClosed(session: Session): Later<void>
}
