/*
 * A channel: methods and contents in, answers out (AMQP 0-9-1 §1.5).
 *
 *            channel.open                    error: channel.close ▶
 *   (none) ─────────────▶ open ──────────────────────────────▶ closing ── close-ok ──▶ (none)
 *                          │                                      │ discards all else
 *                          └── channel.close ── ◀ close-ok ──▶ (none)
 *
 * Rule: whatever ends a channel, its consumers are cancelled and what it holds goes back to its old
 * places before the close or close-ok is sent. A close of the client that crosses ours is answered,
 * and ours is still to be answered by the client.
 */

import type { Buffer } from 'node:buffer'
import { after, type Later } from '../later.ts'
import type { Session, VirtualHost } from '../virtual-host/port.ts'
import type { ChannelConsumer } from './channel-consumer.ts'
import type { ChannelFacts } from './channel-facts.ts'
import type { ChannelLine } from './channel-line.ts'
import type { ClientCapabilities } from './client-capabilities.ts'
import { Consuming } from './consuming.ts'
import type { Output } from './output.ts'
import {
  type AmqpError,
  channelError,
  commandInvalid,
  notImplemented,
} from './protocol/amqp-error.ts'
import { classMethodAt, hotMethod } from './protocol/hot-methods.ts'
import { decodeMethod, type Method, type MethodNamed, methodId } from './protocol/methods.ts'
import { Publishing } from './publishing.ts'
import { onExchange, onQueue } from './topology.ts'
import { TransactionMode } from './transaction-mode.ts'

/** The connection, as its channels see it. */
export interface ChannelOwner {
  readonly session: Session
  readonly host: VirtualHost
  readonly output: Output
  readonly frameMax: number
  readonly bodyBytesMax: number
  readonly capabilities: ClientCapabilities
  /** Why publishers are to wait; undefined when they are not. */
  readonly blockedFor: string | undefined
  /** A message, or a piece of one, has come: publishers may have to wait for better times. */
  publishing(): void
  /** A message was published: publishers may have to wait for room. */
  published(): void
  /** The channel failed for a reason that no frame gave: it is to be closed at the end of this turn. */
  channelFailed(channel: Channel, error: AmqpError): void
  /** The number is free again. */
  gone(channel: Channel): void
}

const closeId = methodId('channel.close')
const closeOkId = methodId('channel.close-ok')
const openId = methodId('channel.open')

export class Channel implements ChannelLine {
  readonly number: number
  readonly session: Session
  readonly host: VirtualHost
  readonly output: Output
  readonly frameMax: number
  readonly bodyBytesMax: number
  readonly capabilities: ClientCapabilities
  lastQueue = ''
  replyConsumer: unknown = undefined
  /** The method being worked on, class in the upper bits; 0 for none. */
  methodId = openId

  readonly #owner: ChannelOwner
  readonly #publishing: Publishing
  readonly #consuming: Consuming
  readonly #transaction: TransactionMode<ChannelConsumer>
  #state: 'open' | 'closing' | 'closed' = 'open'

  constructor(number: number, owner: ChannelOwner) {
    this.number = number
    this.session = owner.session
    this.host = owner.host
    this.output = owner.output
    this.frameMax = owner.frameMax
    this.bodyBytesMax = owner.bodyBytesMax
    this.capabilities = owner.capabilities
    this.#owner = owner
    this.#publishing = new Publishing(this)
    this.#consuming = new Consuming(this)
    this.#transaction = new TransactionMode(this, this.#publishing, this.#consuming.settling)
  }

  get blockedFor(): string | undefined {
    return this.#owner.blockedFor
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get facts(): ChannelFacts {
    const consuming = this.#consuming
    const { confirms, count } = this.#publishing
    return {
      number: this.number,
      state: this.#state,
      consumers: consuming.count,
      unacknowledged: consuming.settling.count,
      prefetch: consuming.prefetch,
      sharedPrefetch: consuming.sharedPrefetch,
      isConfirming: confirms !== undefined,
      isTransactional: this.#transaction.isSelected,
      unconfirmed: confirms?.count ?? 0,
      published: count,
      consumerFacts: consuming.facts,
    }
  }

  /** The client is told, and what the consumer holds stays the channel's. False when there is none. */
  cancelConsumer(consumerTag: string): boolean {
    return this.isOpen && this.#consuming.cancelByServer(consumerTag)
  }

  send(method: Method): void {
    this.output.method(this.number, method)
  }

  fail(error: AmqpError): void {
    this.#owner.channelFailed(this, error)
  }

  /** A method frame's payload. */
  method(bytes: Buffer, from: number, end: number): Later<void> {
    // A frame too short for a method belongs to none.
    if (this.#publishing.isIdle) this.methodId = 0
    const id = classMethodAt(bytes, from, end)
    if (this.#state !== 'open') return this.#whileClosing(id)
    if (!this.#publishing.isIdle) throw this.#publishing.interrupted()
    this.methodId = id
    const { settling } = this.#consuming
    switch (id) {
      case hotMethod.publish:
        settling.flush()
        return this.#publishing.begin(bytes, from, end)
      case hotMethod.ack:
        return settling.ack(bytes, from, end)
      case hotMethod.nack:
        return settling.nack(bytes, from, end)
      case hotMethod.reject:
        return settling.reject(bytes, from, end)
      default:
        settling.flush()
        return this.#handle(decodeMethod(bytes, from, end))
    }
  }

  /** A content header frame's payload. */
  header(bytes: Buffer, from: number, end: number): Later<void> {
    if (this.#state !== 'open') return
    if (this.#publishing.isIdle) this.methodId = 0
    const later = this.#publishing.header(bytes, from, end)
    if (this.#publishing.isIdle) this.#published()
    return later
  }

  /** A content body frame's payload. */
  body(bytes: Buffer, from: number, end: number): Later<void> {
    if (this.#state !== 'open') return
    if (this.#publishing.isIdle) this.methodId = 0
    const later = this.#publishing.part(bytes, from, end)
    if (this.#publishing.isIdle) this.#published()
    else if (!this.#publishing.isForPort) this.#owner.publishing()
    return later
  }

  /** All that was read for now has been worked on. */
  endOfRead(): void {
    if (this.#state === 'open') this.#consuming.settling.flush()
  }

  /** There may be room for deliveries again. */
  resume(): void {
    this.#consuming.resume()
  }

  /** Tells the client why, and waits for its close-ok. */
  close(error: AmqpError): void {
    if (this.#state !== 'open') return
    this.#release()
    const { replyCode, replyText, classId, methodId } = error
    this.send({ name: 'channel.close', replyCode, replyText, classId, methodId })
    this.#state = 'closing'
  }

  /** The connection is over, and so is this. */
  end(): void {
    if (this.#state === 'open') this.#release()
    this.#state = 'closed'
  }

  /** Calls over the port go on: what settles must, and its publishes wait by themselves. */
  #published(): void {
    if (!this.#publishing.isForPort) this.#owner.publishing()
    this.#owner.published()
  }

  #handle(method: Method): Later<void> {
    switch (method.name) {
      case 'exchange.declare':
      case 'exchange.delete':
      case 'exchange.bind':
      case 'exchange.unbind':
        return onExchange(this, method)
      case 'queue.delete':
        return this.#deleteQueue(method)
      case 'queue.declare':
      case 'queue.purge':
      case 'queue.bind':
      case 'queue.unbind':
        return onQueue(this, method)
      case 'basic.consume':
        return this.#consuming.consume(method)
      case 'basic.get':
        return this.#consuming.get(method)
      case 'tx.commit':
        return this.#transaction.commit()
      default:
        return this.#handleAtOnce(method)
    }
  }

  /** Its consumers on this channel are cancelled behind the answer, as in RabbitMQ. */
  #deleteQueue(method: MethodNamed<'queue.delete'>): Later<void> {
    const consuming = this.#consuming
    consuming.holdCancels()
    return after(onQueue(this, method), () => consuming.tellCancels())
  }

  #handleAtOnce(method: Method): void {
    switch (method.name) {
      case 'basic.qos':
        this.#consuming.qos(method)
        break
      case 'basic.cancel':
        this.#consuming.cancel(method)
        break
      case 'basic.recover':
        // First, so that the messages come again behind it.
        if (method.requeue) this.send({ name: 'basic.recover-ok' })
        this.#consuming.settling.recover(method.requeue)
        break
      case 'basic.recover-async':
        this.#consuming.settling.recover(method.requeue)
        break
      case 'confirm.select':
        this.#selectConfirms(method.nowait)
        break
      case 'tx.select':
        this.#transaction.select()
        break
      case 'tx.rollback':
        this.#transaction.rollback()
        break
      case 'channel.flow':
        this.#flow(method.active)
        break
      case 'channel.close':
        this.#closedByClient()
        break
      case 'channel.open':
        throw secondOpen()
      case 'access.request':
        this.send({ name: 'access.request-ok', ticket: 1 })
        break
      default:
        throw commandInvalid(`${method.name} is not for the server, or not on this channel`)
    }
  }

  #selectConfirms(nowait: boolean): void {
    this.#transaction.refuseConfirms()
    this.#publishing.selectConfirms()
    if (!nowait) this.send({ name: 'confirm.select-ok' })
  }

  #flow(active: boolean): void {
    if (!active) throw notImplemented('active=false')
    this.send({ name: 'channel.flow-ok', active })
  }

  #closedByClient(): void {
    this.#release()
    this.#state = 'closed'
    this.send({ name: 'channel.close-ok' })
    this.#owner.gone(this)
  }

  #whileClosing(id: number): void {
    this.methodId = id
    if (id === closeId) this.send({ name: 'channel.close-ok' })
    else if (id === openId) throw secondOpen()
    else if (id === closeOkId) {
      this.#state = 'closed'
      this.#owner.gone(this)
    }
  }

  #release(): void {
    this.#publishing.release()
    this.#consuming.release()
    this.host.channelClosed(this)
  }
}

const secondOpen = (): AmqpError => channelError("second 'channel.open' seen")
