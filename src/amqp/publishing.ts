/*
 * Publishes of one channel: content put together, handed to the virtual host, returned and confirmed.
 *
 *   fate         mandatory         confirm mode
 *   unroutable   basic.return      ack, right behind the return
 *   done                           ack at the end of the turn
 *   durable                        ack when it is on disk; one question a turn
 *   refused                        nack
 *
 * In a transaction a publish is checked at once and made at the commit.
 */

import type { Buffer } from 'node:buffer'
import type { HomingError } from '../errors.ts'
import type { Later } from '../later.ts'
import { PlainMessage } from '../message/plain-message.ts'
import { portQueue } from '../port-wire/frame.ts'
import type { PublishFate } from '../virtual-host/port.ts'
import type { ChannelLine } from './channel-line.ts'
import { type ConfirmFate, Confirms, type ConfirmWriter } from './confirms.ts'
import { ContentAssembler } from './content.ts'
import type { EndOfTurn } from './output.ts'
import { notImplemented, preconditionFailed } from './protocol/amqp-error.ts'
import { withoutBcc } from './protocol/carbon-copies.ts'
import { PublishReader } from './protocol/hot-methods.ts'
import { RepeatedName } from './repeated-name.ts'

/** Where publishes go in transaction mode. */
export interface PublishBuffer {
  publish(message: PlainMessage, mandatory: boolean): void
}

const confirmFates: Readonly<Record<PublishFate, ConfirmFate>> = {
  unroutable: 'ack',
  done: 'ack',
  durable: 'waiting',
  refused: 'nack',
}

export class Publishing implements EndOfTurn, ConfirmWriter {
  readonly #line: ChannelLine
  readonly #content = new ContentAssembler()
  readonly #reader = new PublishReader()
  readonly #exchange = new RepeatedName()
  readonly #routingKey = new RepeatedName()
  #message = { exchange: '', routingKey: '', mandatory: false }
  #confirms: Confirms | undefined
  #isAwaitingTurn = false
  #count = 0
  buffer: PublishBuffer | undefined = undefined

  constructor(line: ChannelLine) {
    this.#line = line
  }

  /** True while no message is being put together. */
  get isIdle(): boolean {
    return this.#content.isIdle
  }

  /** The message that came last, or is coming, is calls over the port. */
  get isForPort(): boolean {
    return this.#message.routingKey === portQueue && this.#message.exchange === ''
  }

  /** Messages published since the channel was opened. */
  get count(): number {
    return this.#count
  }

  get confirms(): Confirms | undefined {
    return this.#confirms
  }

  /** Numbers count from 1 at the first call; another call changes nothing. */
  selectConfirms(): void {
    this.#confirms ??= new Confirms()
  }

  begin(bytes: Buffer, from: number, end: number): void {
    const reader = this.#reader
    reader.read(bytes, from, end)
    if (reader.immediate) throw notImplemented('immediate=true')
    const message = this.#message
    message.exchange = this.#exchange.read(bytes, reader.exchangeFrom, reader.exchangeEnd)
    message.routingKey = this.#routingKey.read(bytes, reader.routingKeyFrom, reader.routingKeyEnd)
    message.mandatory = reader.mandatory
    this.#content.begin()
  }

  header(bytes: Buffer, from: number, end: number): Later<void> {
    if (this.#content.header(bytes, from, end)) return this.#publish()
    const { bodyBytes } = this.#content
    const most = this.#line.bodyBytesMax
    if (bodyBytes > most)
      throw preconditionFailed(
        `message size ${bodyBytes} is larger than configured max size ${most}`,
      )
  }

  part(bytes: Buffer, from: number, end: number): Later<void> {
    if (this.#content.part(bytes, from, end)) return this.#publish()
  }

  /** A method came although a header or body was due. */
  interrupted(): Error {
    return this.#content.interrupted()
  }

  /** Publishes what a transaction held back. False when a queue refused it. */
  commit(message: PlainMessage, mandatory: boolean): Later<PublishFate> {
    const later = this.#line.host.publish(this.#line, message)
    if (later instanceof Promise)
      return later.then((fate) => {
        this.#returnUnroutable(fate, message, mandatory)
        return fate
      })
    this.#returnUnroutable(later, message, mandatory)
    return later
  }

  /** The last of a turn: asks when new messages are durable, and confirms what can be. */
  endOfTurn(): void {
    this.#isAwaitingTurn = false
    const { isOpen, host } = this.#line
    const confirms = this.#confirms
    if (confirms === undefined || !isOpen) return
    const upTo = confirms.ask()
    if (upTo !== undefined) host.whenDurable((error) => this.#durable(upTo, error))
    confirms.tell(this)
  }

  /** Confirms what can be confirmed now, before the channel closes; forgets the rest. */
  release(): void {
    this.#content.reset()
    this.#confirms?.tell(this)
  }

  ack(number: number, multiple: boolean): void {
    this.#line.output.writer.ack(this.#line.number, number, multiple)
    this.#line.output.wake()
  }

  nack(number: number, multiple: boolean): void {
    // RabbitMQ sets requeue, which means nothing here.
    this.#line.output.writer.nack(this.#line.number, number, multiple, true)
    this.#line.output.wake()
  }

  #publish(): Later<void> {
    const line = this.#line
    const { exchange, routingKey, mandatory } = this.#message
    const content = this.#content
    const message = new PlainMessage(exchange, routingKey, content.properties, content.takeBody())
    this.#count++
    if (this.buffer !== undefined) {
      line.host.checkPublish(line, message)
      this.buffer.publish(message, mandatory)
      return
    }
    const later = line.host.publish(line, message)
    if (later instanceof Promise) return later.then((fate) => this.#met(fate, message, mandatory))
    this.#met(later, message, mandatory)
  }

  #met(fate: PublishFate, message: PlainMessage, mandatory: boolean): void {
    const returned = this.#returnUnroutable(fate, message, mandatory)
    const confirms = this.#confirms
    if (confirms === undefined) return
    confirms.add(confirmFates[fate])
    if (returned) confirms.tell(this)
    else this.#awaitTurn()
  }

  #returnUnroutable(fate: PublishFate, message: PlainMessage, mandatory: boolean): boolean {
    if (fate !== 'unroutable' || !mandatory) return false
    const { output, number, frameMax } = this.#line
    const { exchange, routingKey, properties, body } = message
    const replyText = 'NO_ROUTE'
    output.method(number, { name: 'basic.return', replyCode: 312, replyText, exchange, routingKey })
    output.writer.content(number, withoutBcc(properties), body, frameMax)
    return true
  }

  #durable(upTo: number, error: HomingError | undefined): void {
    this.#confirms?.answered(upTo, error === undefined)
    this.#awaitTurn()
  }

  #awaitTurn(): void {
    if (this.#isAwaitingTurn) return
    this.#isAwaitingTurn = true
    this.#line.output.before(this)
  }
}
