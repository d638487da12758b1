/*
 * One virtual host: what its channels ask, given to those who know.
 *
 *   declare, delete   QueueDeclaring, HostExchanges      bind     HostBindings
 *   publish           Publishing ─▶ Routes, DirectReplies
 *   consume, get      Consuming, DirectReplies           settle   the engine's queue door
 *
 * Rule: what a client is told has been declared or deleted is on disk, when it is kept on disk at all.
 */

import { directReplyQueue } from '../direct-reply-names.ts'
import type { HeldDelivery } from '../embedded/live-queue.ts'
import type { HomingError } from '../errors.ts'
import type { Later } from '../later.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import type { PortAccess } from '../port-session/access.ts'
import { portQueue } from '../port-wire/frame.ts'
import { baseName, defaultVirtualHost } from '../scoped-name.ts'
import { Consuming } from './consuming.ts'
import { DirectReplies } from './direct-replies.ts'
import { HostBindings } from './host-bindings.ts'
import { HostExchanges } from './host-exchanges.ts'
import type { HostParts } from './host-parts.ts'
import type { HostQueue } from './host-queue.ts'
import { HostQueues } from './host-queues.ts'
import { HostView } from './host-view.ts'
import { KeptReplies } from './kept-replies.ts'
import type {
  BindingRequest,
  ChannelSession,
  ConsumeRequest,
  Consumer,
  ConsumerSink,
  ExchangeDeclaration,
  Got,
  HeldMessage,
  PublishFate,
  QueueDeclaration,
  QueueDeclared,
  Session,
  VirtualHost,
} from './port.ts'
import { PortChannels } from './port-channels.ts'
import { Publishing } from './publishing.ts'
import { QueueDeclaring } from './queue-declaring.ts'
import { noQueueDeclared } from './refusals.ts'
import type { ResourceKind } from './resource.ts'
import { Results } from './results.ts'
import { checkRight } from './rights.ts'
import { Routes } from './routes.ts'
import type { VirtualHostView } from './view.ts'

export class Host implements VirtualHost {
  readonly name: string
  readonly queues: HostQueues
  readonly exchanges: HostExchanges
  readonly view: VirtualHostView
  readonly #parts: HostParts
  readonly #bindings: HostBindings
  readonly #declaring: QueueDeclaring
  readonly #publishing: Publishing
  readonly #results: Results
  readonly #consuming: Consuming
  readonly #kept: KeptReplies
  readonly #replies: DirectReplies
  readonly #ports: PortChannels

  constructor(name: string, parts: HostParts) {
    const { door } = parts
    this.name = name
    this.#parts = parts
    this.queues = new HostQueues(name, parts)
    this.exchanges = new HostExchanges(name, parts)
    const { queues, exchanges } = this
    this.view = new HostView({ ...parts, queues, exchanges })
    this.#kept = new KeptReplies(door, queues)
    this.#replies = new DirectReplies(name, { ...parts, kept: this.#kept })
    const replies = this.#replies
    this.#bindings = new HostBindings({ door, queues, exchanges })
    this.#declaring = new QueueDeclaring({ ...parts, queues, replies })
    this.#results = new Results({ virtualHost: name, door, replies })
    this.#publishing = new Publishing({
      door,
      replies,
      results: this.#results,
      routes: new Routes(door, exchanges),
    })
    this.#consuming = new Consuming({ ...parts, queues })
    this.#ports = new PortChannels({ ...parts, queues, exchanges })
    this.policiesChanged()
  }

  get mustWait(): boolean {
    return this.#parts.door.mustWait
  }

  whenRoom(): Promise<void> {
    return this.#parts.door.whenRoom()
  }

  whenDurable(told: (error: HomingError | undefined) => void): void {
    this.#parts.door.whenDurable(told)
  }

  declareExchange({ session }: ChannelSession, request: ExchangeDeclaration): Later<void> {
    if (this.exchanges.declare(session, request) && request.durable) return this.#durable(undefined)
  }

  checkExchange({ session }: ChannelSession, name: string): void {
    this.exchanges.check(session, name)
  }

  deleteExchange({ session }: ChannelSession, name: string, ifUnused: boolean): Later<void> {
    if (this.exchanges.delete(session, name, ifUnused)) return this.#durable(undefined)
  }

  bindExchange(channel: ChannelSession, request: BindingRequest): Later<void> {
    return this.#bind('bind', 'exchange', { channel, request })
  }

  unbindExchange(channel: ChannelSession, request: BindingRequest): Later<void> {
    return this.#bind('unbind', 'exchange', { channel, request })
  }

  bindQueue(channel: ChannelSession, request: BindingRequest): Later<void> {
    return this.#bind('bind', 'queue', { channel, request: withLastQueue(channel, request) })
  }

  unbindQueue(channel: ChannelSession, request: BindingRequest): Later<void> {
    return this.#bind('unbind', 'queue', { channel, request: withLastQueue(channel, request) })
  }

  declareQueue(channel: ChannelSession, request: QueueDeclaration): Later<QueueDeclared> {
    this.#kept.ask(channel.session, request.name)
    const answer = this.#declaring.declare(channel.session, request)
    channel.lastQueue = answer.name
    const kept = answer.made && request.durable && !request.exclusive
    return kept ? this.#durable<QueueDeclared>(answer) : answer
  }

  checkQueue(channel: ChannelSession, name: string): QueueDeclared {
    this.#kept.ask(channel.session, name)
    const answer = this.#declaring.check(channel.session, name)
    channel.lastQueue = answer.name
    return answer
  }

  deleteQueue(
    channel: ChannelSession,
    name: string,
    ifUnused: boolean,
    ifEmpty: boolean,
  ): Later<number> {
    const asked = nameOrLast(channel, name)
    this.#kept.ask(channel.session, asked)
    const deleted = this.#declaring.delete(channel.session, asked, { ifUnused, ifEmpty })
    return this.#durableLater(deleted)
  }

  purgeQueue(channel: ChannelSession, name: string): Later<number> {
    const queue = this.#readable(channel, nameOrLast(channel, name))
    return this.#durableLater(this.#parts.door.purge(queue.live))
  }

  publish(channel: ChannelSession, message: PlainMessage): Later<PublishFate> {
    if (message.routingKey === portQueue && message.exchange === '')
      return this.#ports.take(channel, message.body)
    return this.#publishing.publish(channel, message)
  }

  checkPublish(channel: ChannelSession, message: PlainMessage): void {
    if (message.routingKey === portQueue && message.exchange === '') {
      this.#ports.check(channel)
      return
    }
    this.#publishing.check(channel, message)
  }

  consume(channel: ChannelSession, request: ConsumeRequest, sink: ConsumerSink): Later<Consumer> {
    if (request.queue === directReplyQueue) return this.#replies.consume(channel, request, sink)
    if (request.queue === portQueue) return this.#ports.consume(channel, request, sink)
    const queue = this.#readable(channel, nameOrLast(channel, request.queue))
    return this.#consuming.consume(channel.session, queue, { request, sink })
  }

  get(channel: ChannelSession, queue: string, noAck: boolean): Later<Got | undefined> {
    const readable = this.#readable(channel, nameOrLast(channel, queue))
    return this.#consuming.get(readable, noAck)
  }

  acknowledge(held: readonly HeldMessage[]): void {
    this.#parts.door.acknowledge(held as readonly HeldDelivery[])
  }

  requeue(held: readonly HeldMessage[], counted: boolean, isLost = false): void {
    this.#parts.door.requeue(held as readonly HeldDelivery[], counted, isLost)
  }

  reject(held: readonly HeldMessage[]): void {
    this.#parts.door.reject(held as readonly HeldDelivery[])
  }

  channelClosed(channel: ChannelSession): void {
    this.#replies.channelClosed(channel)
  }

  access(session: Session): PortAccess {
    return this.#ports.access(session)
  }

  sessionClosed(session: Session): Later<void> {
    return this.queues.deleteOwned(session)
  }

  /** A notification for a queue that is not durable, or for a requester's own address. */
  tell(queue: string, told: PlainMessage): void {
    this.#results.tell(queue, told)
  }

  /** Policies, or what they match, may be others now. */
  policiesChanged(): void {
    this.exchanges.policiesChanged()
    this.queues.policiesChanged()
  }

  close(): void {
    this.queues.close()
  }

  /** Removes all that is declared in it. Its connections are over. */
  async removeAll(): Promise<void> {
    const { door } = this.#parts
    for (const queue of this.queues.all()) await this.queues.delete(queue)
    for (const { name } of door.routing.exchangesOf(this.name)) {
      if (baseName(name) === '') continue
      for (const { kind, destination, routingKey, args } of door.routing.bindingsFrom(name))
        door.unbind(name, { kind, name: destination }, { routingKey, args })
      if (!baseName(name).startsWith('amq.')) door.deleteExchange(name)
    }
    if (this.name !== defaultVirtualHost) door.routing.forgetVirtualHost(this.name)
    await this.#durable(undefined)
    this.close()
  }

  #bind(
    what: 'bind' | 'unbind',
    kind: ResourceKind,
    asked: { readonly channel: ChannelSession; readonly request: BindingRequest },
  ): Later<void> {
    const { version } = this.#parts.door.routing
    this.#bindings[what](asked.channel.session, kind, asked.request)
    if (this.#parts.door.routing.version !== version) return this.#durable(undefined)
  }

  #readable({ session }: ChannelSession, name: string): HostQueue {
    if (!this.#kept.ask(session, name)) checkRight(session, 'read', this.queues.resource(name))
    return this.queues.open(name, session)
  }

  #durableLater<T>(later: Later<T>): Later<T> {
    return later instanceof Promise
      ? later.then((value) => this.#durable(value))
      : this.#durable(later)
  }

  #durable<T>(value: T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#parts.door.whenDurable((error) => (error ? reject(error) : resolve(value)))
    })
  }
}

function nameOrLast(channel: ChannelSession, name: string): string {
  if (name !== '') return name
  if (channel.lastQueue === '') throw noQueueDeclared()
  return channel.lastQueue
}

/** No name is the queue last declared on the channel; then no routing key is its name as well. */
function withLastQueue(channel: ChannelSession, request: BindingRequest): BindingRequest {
  if (request.destination !== '') return request
  const destination = nameOrLast(channel, '')
  return { ...request, destination, routingKey: request.routingKey || destination }
}
