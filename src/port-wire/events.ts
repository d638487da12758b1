/*
 * Events: what the engine at the other end answers and tells.
 *
 * Answers name their call. A list (outcomes, dead letters, queues) comes as one frame for each, and
 * `done` behind the last. What is told without having been asked for names a subscription, a delivery's
 * tag, or a watch.
 */

import { type ByteReader, type ByteWriter, readContentType, writeContentType } from '../bytes.ts'
import type { Accepted, BackupReport, DeadLetter, QueueStats } from '../engine.ts'
import type { HomingError } from '../errors.ts'
import type { Delivery, Revocation } from '../message/delivery.ts'
import type { Message } from '../message/message.ts'
import type { Answer, StoredOutcome } from '../message/outcome.ts'
import type { Settled } from '../message/settlement.ts'
import { readBody, readMessage, readOutcome, writeMessage, writeOutcome } from './fields.ts'
import { eventTypes, frameTypes, wireFault } from './frame.ts'
import type { FrameBatch } from './frame-batch.ts'
import { readJson, readLongJson, writeJson } from './json.ts'

/** One error, as it goes over the wire. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly id: string | undefined
  readonly data: unknown
}

/** A delivery without what its subscription knows. */
export interface WireDelivery {
  readonly tag: number
  readonly attempt: number
  readonly redelivered: boolean
  readonly acceptedAtMs: number
  readonly message: Message
}

/** What became of a settle; `not-held`: the delivery was over, the client has been told why. */
export type WireSettled = Settled | 'not-held'

/** Who is told. `queueOf`: of a subscription. */
export interface EventTaker {
  hello(version: number, facts: unknown): void
  done(call: number): void
  failed(call: number, error: WireError): void
  published(call: number, duplicate: boolean, confirmedAtMs: number): void
  publishedMany(call: number, confirmedAtMs: number, duplicates: readonly boolean[]): void
  settled(call: number, settled: WireSettled): void
  answered(call: number, answer: Answer): void
  counted(call: number, count: number): void
  ids(call: number, ids: readonly string[]): void
  queueStats(call: number, stats: unknown): void
  outcome(call: number, outcome: StoredOutcome): void
  deadLetter(call: number, letter: DeadLetter): void
  queueOf(subscription: number): string
  deliver(subscription: number, delivery: WireDelivery): void
  revoke(tag: number, reason: Revocation): void
  idOf(watch: number): string
  final(watch: number, outcome: StoredOutcome): void
  progress(watch: number, contentType: string, body: Uint8Array): void
  /** The publish was not taken: publishers are to wait. */
  held(call: number, reason: string): void
  /** They need wait no longer. */
  goOn(): void
  backedUp(call: number, report: BackupReport): void
}

const revocations = ['timeout', 'expired', 'canceled', 'closed'] as const
const settledBy = ['accepted', ...revocations, 'settled', 'not-held'] as const
const reportNumbers = ['files', 'bytes', 'lsn', 'startedAtMs', 'finishedAtMs'] as const
const answerStates = ['pending', 'final', 'unknown', 'forgotten'] as const

export class EventWriter {
  readonly #batch: FrameBatch

  constructor(batch: FrameBatch) {
    this.#batch = batch
  }

  hello(version: number, facts: unknown): void {
    const writer = this.#batch.begin(frameTypes.hello)
    writer.u16(version)
    writeJson(writer, facts)
    this.#batch.end()
  }

  done(call: number): void {
    this.#of(eventTypes.done, call)
    this.#batch.end()
  }

  failed(call: number, { code, message, id, data }: HomingError): void {
    const writer = this.#of(eventTypes.failed, call)
    writer.text(code)
    writer.text(message)
    writer.u8(id === undefined ? 0 : 1)
    if (id !== undefined) writer.text(id)
    writeJson(writer, data ?? null)
    this.#batch.end()
  }

  published(call: number, { duplicate, confirmedAtMs }: Accepted): void {
    const writer = this.#of(eventTypes.published, call)
    writer.u8(duplicate ? 1 : 0)
    writer.f64(confirmedAtMs)
    this.#batch.end()
  }

  publishedMany(call: number, accepted: readonly Accepted[]): void {
    const writer = this.#of(eventTypes.publishedMany, call)
    writer.f64(accepted[0]?.confirmedAtMs ?? 0)
    writer.u32(accepted.length)
    for (const { duplicate } of accepted) writer.u8(duplicate ? 1 : 0)
    this.#batch.end()
  }

  settled(call: number, settled: WireSettled): void {
    const writer = this.#of(eventTypes.settled, call)
    const how = settled === 'not-held' || !settled.accepted ? lateBy(settled) : 'accepted'
    writer.u8(settledBy.indexOf(how))
    this.#batch.end()
  }

  answered(call: number, answer: Answer): void {
    const writer = this.#of(eventTypes.answered, call)
    writer.u8(answerStates.indexOf(answer.state))
    if (answer.state === 'final') writeOutcome(writer, answer.outcome)
    this.#batch.end()
  }

  counted(call: number, count: number): void {
    this.#of(eventTypes.counted, call).f64(count)
    this.#batch.end()
  }

  ids(call: number, ids: readonly string[]): void {
    writeJson(this.#of(eventTypes.ids, call), ids)
    this.#batch.end()
  }

  queueStats(call: number, stats: QueueStats): void {
    writeJson(this.#of(eventTypes.queueStats, call), stats)
    this.#batch.end()
  }

  outcome(call: number, outcome: StoredOutcome): void {
    writeOutcome(this.#of(eventTypes.outcome, call), outcome)
    this.#batch.end()
  }

  deadLetter(call: number, letter: DeadLetter): void {
    const writer = this.#of(eventTypes.deadLetter, call)
    writer.text(letter.queue)
    writer.text(letter.reason)
    writeContentType(writer, letter.errorContentType)
    writer.bytes32(letter.error)
    writer.f64(letter.attempts)
    writer.f64(letter.acceptedAtMs)
    writer.f64(letter.diedAtMs)
    writeMessage(writer, letter.message)
    this.#batch.end()
  }

  backedUp(call: number, report: BackupReport): void {
    const writer = this.#of(eventTypes.backedUp, call)
    writer.text(report.directory)
    for (const name of reportNumbers) writer.f64(report[name])
    this.#batch.end()
  }

  /** `message`: the delivery's, with the names of the virtual host. */
  deliver(subscription: number, delivery: Delivery, message: Message, queue: string): void {
    const writer = this.#of(eventTypes.deliver, subscription)
    writer.f64(delivery.tag)
    writer.u32(delivery.attempt)
    writer.u8(delivery.redelivered ? 1 : 0)
    writer.f64(delivery.acceptedAtMs)
    writeMessage(writer, message, queue)
    this.#batch.end()
  }

  revoke(tag: number, reason: Revocation): void {
    const writer = this.#batch.begin(eventTypes.revoke)
    writer.f64(tag)
    writer.u8(revocations.indexOf(reason))
    this.#batch.end()
  }

  /** `id`: what the client asked for. */
  final(watch: number, outcome: StoredOutcome, id: string): void {
    writeOutcome(this.#of(eventTypes.final, watch), outcome, id)
    this.#batch.end()
  }

  progress(watch: number, body: Uint8Array, contentType: string): void {
    const writer = this.#of(eventTypes.progress, watch)
    writeContentType(writer, contentType)
    writer.bytes32(body)
    this.#batch.end()
  }

  held(call: number, reason: string): void {
    this.#of(eventTypes.held, call).text(reason)
    this.#batch.end()
  }

  goOn(): void {
    this.#batch.begin(eventTypes.goOn)
    this.#batch.end()
  }

  #of(type: number, number: number): ByteWriter {
    const writer = this.#batch.begin(type)
    writer.u32(number)
    return writer
  }
}

const lateBy = (
  settled: 'not-held' | Exclude<Settled, { accepted: true }>,
): (typeof settledBy)[number] => (settled === 'not-held' ? settled : settled.by)

type ReadEvent = (reader: ByteReader, taker: EventTaker) => void

/** Arguments are read in their order, from left to right. */
const readers: Readonly<Record<number, ReadEvent>> = {
  [frameTypes.hello]: (from, to) => to.hello(from.u16(), readJson(from)),
  [eventTypes.done]: (from, to) => to.done(from.u32()),
  [eventTypes.failed]: (from, to) => to.failed(from.u32(), readError(from)),
  [eventTypes.published]: (from, to) => to.published(from.u32(), from.u8() === 1, from.f64()),
  [eventTypes.publishedMany]: (from, to) =>
    to.publishedMany(from.u32(), from.f64(), readDuplicates(from)),
  [eventTypes.settled]: (from, to) => to.settled(from.u32(), readSettled(from)),
  [eventTypes.answered]: (from, to) => to.answered(from.u32(), readAnswer(from)),
  [eventTypes.counted]: (from, to) => to.counted(from.u32(), from.f64()),
  [eventTypes.ids]: (from, to) => to.ids(from.u32(), readIds(from)),
  [eventTypes.queueStats]: (from, to) => to.queueStats(from.u32(), readJson(from)),
  [eventTypes.outcome]: (from, to) => to.outcome(from.u32(), readOutcome(from, '')),
  [eventTypes.deadLetter]: (from, to) => to.deadLetter(from.u32(), readDeadLetter(from)),
  [eventTypes.deliver]: (from, to) => readDelivery(from, to),
  [eventTypes.revoke]: (from, to) =>
    to.revoke(from.f64(), one(revocations, from.u8(), 'revocation')),
  [eventTypes.final]: (from, to) => readFinal(from, to),
  [eventTypes.progress]: (from, to) =>
    to.progress(from.u32(), readContentType(from), readBody(from)),
  [eventTypes.held]: (from, to) => to.held(from.u32(), from.text()),
  [eventTypes.goOn]: (_from, to) => to.goOn(),
  [eventTypes.backedUp]: (from, to) => to.backedUp(from.u32(), readReport(from)),
}

/** Reads an event and tells it. Fails with `protocol-fault` for what is none. */
export function readEvent(type: number, reader: ByteReader, taker: EventTaker): void {
  const read = readers[type]
  if (read === undefined) throw wireFault(`an event of type ${type} is not known`)
  read(reader, taker)
}

function readAnswer(reader: ByteReader): Answer {
  const state = one(answerStates, reader.u8(), 'answer')
  return state === 'final' ? { state, outcome: readOutcome(reader, '') } : { state }
}

function readFinal(reader: ByteReader, taker: EventTaker): void {
  const watch = reader.u32()
  taker.final(watch, readOutcome(reader, taker.idOf(watch)))
}

function readDelivery(reader: ByteReader, taker: EventTaker): void {
  const subscription = reader.u32()
  const tag = reader.f64()
  const attempt = reader.u32()
  const redelivered = reader.u8() === 1
  const acceptedAtMs = reader.f64()
  const message = readMessage(reader, taker.queueOf(subscription))
  taker.deliver(subscription, { tag, attempt, redelivered, acceptedAtMs, message })
}

function readSettled(reader: ByteReader): WireSettled {
  const by = one(settledBy, reader.u8(), 'settle')
  if (by === 'accepted') return accepted
  return by === 'not-held' ? by : { accepted: false, by }
}

const accepted: Settled = { accepted: true }

function readError(reader: ByteReader): WireError {
  const code = reader.text()
  const message = reader.text()
  const id = reader.u8() === 1 ? reader.text() : undefined
  return { code, message, id, data: readJson(reader) ?? undefined }
}

function readDuplicates(reader: ByteReader): readonly boolean[] {
  return [...reader.raw(reader.u32())].map((flag) => flag === 1)
}

function readIds(reader: ByteReader): readonly string[] {
  const ids = readLongJson(reader)
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids
  throw wireFault('a list of ids is none')
}

function readDeadLetter(reader: ByteReader): DeadLetter {
  return {
    queue: reader.text(),
    reason: reader.text(),
    errorContentType: readContentType(reader),
    error: readBody(reader),
    attempts: reader.f64(),
    acceptedAtMs: reader.f64(),
    diedAtMs: reader.f64(),
    message: readMessage(reader, ''),
  }
}

function readReport(reader: ByteReader): BackupReport {
  const directory = reader.text()
  const [files, bytes, lsn, startedAtMs, finishedAtMs] = reportNumbers.map(() => reader.f64())
  return { directory, files, bytes, lsn, startedAtMs, finishedAtMs } as BackupReport
}

function one<T>(all: readonly T[], number: number, what: string): T {
  const found = all[number]
  if (found === undefined) throw wireFault(`a ${what} of kind ${number} is not known`)
  return found
}
