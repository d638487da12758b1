/*
 * Calls: what a client asks of the engine at the other end.
 *
 * A call that is answered begins with its number (u32), chosen by the client among those that are not
 * open; the answer names it. Subscriptions and watches have numbers of their own, chosen likewise.
 */

import { type ByteReader, type ByteWriter, readContentType } from '../bytes.ts'
import type { QueueSettings, SubscribeOptions } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Message } from '../message/message.ts'
import type { Settlement } from '../message/settlement.ts'
import {
  readBody,
  readMessage,
  readSettlement,
  writeBody,
  writeMessage,
  writeSettlement,
  writeShortContentType,
  writeText,
} from './fields.ts'
import { callTypes, frameTypes, wireFault } from './frame.ts'
import type { FrameBatch } from './frame-batch.ts'
import { hasTooManyParts, jsonOf, jsonPartsMax, readJson } from './json.ts'

/** Who is asked. What comes as JSON is not checked yet. */
export interface CallTaker {
  hello(version: number): void
  declareQueue(call: number, queue: string, settings: unknown): void
  publish(call: number, messages: readonly Message[], again: boolean): void
  subscribe(subscription: number, queue: string, options: unknown): void
  stop(subscription: number): void
  unsubscribe(call: number, subscription: number): void
  begun(tag: number): void
  settle(call: number, tag: number, settlement: Settlement): void
  answer(call: number, id: string): void
  watchOutcome(watch: number, id: string): void
  cancel(call: number, id: string, reason: string | undefined): void
  reportProgress(tag: number, contentType: string, body: Uint8Array): void
  watchProgress(watch: number, id: string): void
  unwatch(watch: number): void
  gather(call: number, request: unknown): void
  queues(call: number): void
  outcomes(call: number, filter: unknown): void
  deadLetters(call: number, filter: unknown): void
  replayDeadLetters(call: number, filter: unknown): void
  dropDeadLetters(call: number, filter: unknown): void
  purgeQueue(call: number, queue: string): void
  pauseQueue(call: number, queue: string): void
  resumeQueue(call: number, queue: string): void
  backup(call: number, directory: string): void
  /** Publishes that were held are sent again behind this. */
  goingOn(): void
}

const publishAgain = 1
const publishMany = 2

/** Writes calls into a batch. Who gives it a wrong value gets `bad-argument`, and nothing is written. */
export class CallWriter {
  readonly #batch: FrameBatch

  constructor(batch: FrameBatch) {
    this.#batch = batch
  }

  hello(version: number): void {
    this.#write(frameTypes.hello, (writer) => writer.u16(version))
  }

  declareQueue(call: number, queue: string, settings: QueueSettings): void {
    this.#write(callTypes.declareQueue, (writer) => {
      writer.u32(call)
      writeText(writer, queue, 'the queue name')
      writeCallJson(writer, settings)
    })
  }

  publish(call: number, messages: readonly Message[], again: boolean): void {
    checkCount(messages.length)
    const batch = this.#batch
    const writer = batch.begin(callTypes.publish)
    try {
      writer.u32(call)
      const isOne = messages.length === 1
      writer.u8((again ? publishAgain : 0) | (isOne ? 0 : publishMany))
      if (!isOne) writer.u32(messages.length)
      for (const message of messages) writeMessage(writer, message)
    } catch (error) {
      batch.undo()
      throw error
    }
    batch.end()
  }

  subscribe(subscription: number, queue: string, options: SubscribeOptions): void {
    this.#write(callTypes.subscribe, (writer) => {
      writer.u32(subscription)
      writeText(writer, queue, 'the queue name')
      writeCallJson(writer, options)
    })
  }

  stop(subscription: number): void {
    this.#write(callTypes.stop, (writer) => writer.u32(subscription))
  }

  unsubscribe(call: number, subscription: number): void {
    this.#write(callTypes.unsubscribe, (writer) => {
      writer.u32(call)
      writer.u32(subscription)
    })
  }

  begun(tag: number): void {
    this.#write(callTypes.begun, (writer) => writer.f64(tag))
  }

  settle(call: number, tag: number, id: string, settlement: Settlement): void {
    const batch = this.#batch
    const writer = batch.begin(callTypes.settle)
    try {
      writer.u32(call)
      writer.f64(tag)
      writeSettlement(writer, settlement, id)
    } catch (error) {
      batch.undo()
      throw error
    }
    batch.end()
  }

  answer(call: number, id: string): void {
    this.#write(callTypes.answer, (writer) => {
      writer.u32(call)
      writeText(writer, id, 'the message id')
    })
  }

  watchOutcome(watch: number, id: string): void {
    this.#watch(callTypes.watchOutcome, watch, id)
  }

  cancel(call: number, id: string, reason: string | undefined): void {
    this.#write(callTypes.cancel, (writer) => {
      writer.u32(call)
      writeText(writer, id, 'the message id')
      writer.u8(reason === undefined ? 0 : 1)
      if (reason !== undefined) writeText(writer, reason, 'the reason')
    })
  }

  reportProgress(tag: number, body: Uint8Array, contentType: string): void {
    this.#write(callTypes.reportProgress, (writer) => {
      writer.f64(tag)
      writeShortContentType(writer, contentType)
      writeBody(writer, body, 'the progress value')
    })
  }

  watchProgress(watch: number, id: string): void {
    this.#watch(callTypes.watchProgress, watch, id)
  }

  unwatch(watch: number): void {
    this.#write(callTypes.unwatch, (writer) => writer.u32(watch))
  }

  queues(call: number): void {
    this.#write(callTypes.queues, (writer) => writer.u32(call))
  }

  /** A call whose one argument is the name of a queue. */
  ofQueue(type: 'purgeQueue' | 'pauseQueue' | 'resumeQueue', call: number, queue: string): void {
    this.#write(callTypes[type], (writer) => {
      writer.u32(call)
      writeText(writer, queue, 'the queue name')
    })
  }

  backup(call: number, directory: string): void {
    this.#write(callTypes.backup, (writer) => {
      writer.u32(call)
      writeText(writer, directory, 'the directory of the backup')
    })
  }

  /** A call whose one argument goes as JSON. */
  asJson(
    type: 'gather' | 'outcomes' | 'deadLetters' | 'replayDeadLetters' | 'dropDeadLetters',
    call: number,
    value: unknown,
  ): void {
    this.#write(callTypes[type], (writer) => {
      writer.u32(call)
      writeCallJson(writer, value)
    })
  }

  goingOn(): void {
    this.#write(callTypes.goingOn, () => undefined)
  }

  #watch(type: number, watch: number, id: string): void {
    const batch = this.#batch
    const writer = batch.begin(type)
    try {
      writer.u32(watch)
      writeText(writer, id, 'the message id')
    } catch (error) {
      batch.undo()
      throw error
    }
    batch.end()
  }

  #write(type: number, fill: (writer: ByteWriter) => void): void {
    const batch = this.#batch
    const writer = batch.begin(type)
    try {
      fill(writer)
    } catch (error) {
      batch.undo()
      throw error
    }
    batch.end()
  }
}

/** Fails with `bad-argument` for what cannot be JSON, `message-too-large`. */
function writeCallJson(writer: ByteWriter, value: unknown): void {
  const text = jsonOf(value)
  if (hasTooManyParts(text))
    throw new HomingError(
      'message-too-large',
      `a call holds over ${jsonPartsMax} values; make several calls of it`,
    )
  writer.text(text)
}

/** Of one publish: each costs memory, however short it is. */
const messagesMax = 250_000

function checkCount(count: number): void {
  if (count <= messagesMax) return
  throw new HomingError(
    'message-too-large',
    `a send has ${count} messages, ${messagesMax} are allowed over a connection; send smaller batches`,
  )
}

type ReadCall = (reader: ByteReader, taker: CallTaker) => void

/** Arguments are read in their order, from left to right. */
const readers: Readonly<Record<number, ReadCall>> = {
  [frameTypes.hello]: (from, to) => to.hello(from.u16()),
  [callTypes.declareQueue]: (from, to) => to.declareQueue(from.u32(), from.text(), readJson(from)),
  [callTypes.publish]: (from, to) => readPublish(from, to),
  [callTypes.subscribe]: (from, to) => to.subscribe(from.u32(), from.text(), readJson(from)),
  [callTypes.stop]: (from, to) => to.stop(from.u32()),
  [callTypes.unsubscribe]: (from, to) => to.unsubscribe(from.u32(), from.u32()),
  [callTypes.begun]: (from, to) => to.begun(from.f64()),
  [callTypes.settle]: (from, to) => to.settle(from.u32(), from.f64(), readSettlement(from)),
  [callTypes.answer]: (from, to) => to.answer(from.u32(), from.text()),
  [callTypes.watchOutcome]: (from, to) => to.watchOutcome(from.u32(), from.text()),
  [callTypes.cancel]: (from, to) =>
    to.cancel(from.u32(), from.text(), from.u8() === 0 ? undefined : from.text()),
  [callTypes.reportProgress]: (from, to) =>
    to.reportProgress(from.f64(), readContentType(from), readBody(from)),
  [callTypes.watchProgress]: (from, to) => to.watchProgress(from.u32(), from.text()),
  [callTypes.unwatch]: (from, to) => to.unwatch(from.u32()),
  [callTypes.gather]: (from, to) => to.gather(from.u32(), readJson(from)),
  [callTypes.queues]: (from, to) => to.queues(from.u32()),
  [callTypes.outcomes]: (from, to) => to.outcomes(from.u32(), readJson(from)),
  [callTypes.deadLetters]: (from, to) => to.deadLetters(from.u32(), readJson(from)),
  [callTypes.replayDeadLetters]: (from, to) => to.replayDeadLetters(from.u32(), readJson(from)),
  [callTypes.dropDeadLetters]: (from, to) => to.dropDeadLetters(from.u32(), readJson(from)),
  [callTypes.purgeQueue]: (from, to) => to.purgeQueue(from.u32(), from.text()),
  [callTypes.pauseQueue]: (from, to) => to.pauseQueue(from.u32(), from.text()),
  [callTypes.resumeQueue]: (from, to) => to.resumeQueue(from.u32(), from.text()),
  [callTypes.backup]: (from, to) => to.backup(from.u32(), from.text()),
  [callTypes.goingOn]: (_from, to) => to.goingOn(),
}

/** Reads a call and asks it. Fails with `protocol-fault` for what is none. */
export function readCall(type: number, reader: ByteReader, taker: CallTaker): void {
  const read = readers[type]
  if (read === undefined) throw wireFault(`a call of type ${type} is not known`)
  read(reader, taker)
}

/** At the least, so that a count is not believed before there are bytes for it. */
const messageBytesMin = 10

function readPublish(reader: ByteReader, taker: CallTaker): void {
  const call = reader.u32()
  const flags = reader.u8()
  if (flags > (publishAgain | publishMany)) throw wireFault(`a publish has the flags ${flags}`)
  const count = flags & publishMany ? reader.u32() : 1
  if (count > messagesMax) throw wireFault(`a publish has ${count} messages`)
  if (count * messageBytesMin > reader.end - reader.at)
    throw wireFault(`a publish of ${count} messages has ${reader.end - reader.at} bytes`)
  const messages: Message[] = []
  for (let n = 0; n < count; n++) messages.push(readMessage(reader, ''))
  taker.publish(call, messages, (flags & publishAgain) !== 0)
}
