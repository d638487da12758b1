/*
 * Payload of a `final` record: a message left its queue with its outcome, and what follows from it.
 * One record, so "settled without a result" and "result without its callback" cannot exist on disk.
 *
 *   u8 flags (1 message included, 2 onward, 4 dead letter, 8 story)
 *   u32 queue number · f64 position · u16 attempts · f64 accepted · f64 finished
 *   text16 id · text8 queue · u8 code (255: text8 follows) · content type · bytes32 body
 *   [bytes32 payload of the message's accept record]
 *   [u16 onward × (text8 callback · u32 queue number · f64 position · u8 delivered · u8 has context [text32])]
 *   [u8 parts (1 attempt, 2 parent, 4 replay)
 *     [u8 end · f64 delivered at · text16 consumer] · [text16 parent] · [text16 dead letter replayed]]
 *
 * The story is for people (attempt-record.ts says what its parts mean): it stands last, and decides nothing.
 * The ledger is fed these payloads as they are, so they hold all that it stores.
 */

import { ByteReader, type ByteWriter, readContentType, writeContentType } from '../../bytes.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { type AcceptRecord, readAccept } from './accept-record.ts'
import { attemptEndOf, attemptEnds, type StoredAttemptEnd } from './attempt-record.ts'

/** A message that comes into being with the outcome: its bringing home to one durable callback. */
export interface Onward {
  readonly callback: string
  readonly context: string | undefined
  readonly queueNumber: number
  readonly position: number
  readonly delivered: boolean
}

/** What is told of a message beside its outcome. */
export interface FinalStory {
  /** The attempt that ended it, or was under way when it ended. */
  readonly attempt: FinalAttempt | undefined
  readonly parentId: string | undefined
  readonly replayOf: string | undefined
}

export interface FinalAttempt {
  readonly end: StoredAttemptEnd
  readonly deliveredAtMs: number
  /** Name, connection and user in UTF-8, with U+001F between them. */
  readonly consumer: Uint8Array
}

export interface FinalRecord {
  readonly queueNumber: number
  readonly position: number
  readonly outcome: StoredOutcome
  /** The message as accepted: present for dead letters and when anything goes onward. */
  readonly accepted: AcceptRecord | undefined
  readonly deadLetter: boolean
  readonly onward: readonly Onward[]
  readonly story: FinalStory | undefined
}

const messageFlag = 1
const onwardFlag = 2
const deadLetterFlag = 4
const storyFlag = 8
const attemptPart = 1
const parentPart = 2
const replayPart = 4

const codes = ['ok', 'thrown', 'lost', 'expired', 'canceled', 'rejected', 'invalid', 'unroutable']
const spelledOut = 255
/** The most that two bytes hold. */
const attemptsKept = 65_535

export interface FinalExtras {
  /** Payload of the message's accept record; always there for dead letters and what goes onward. */
  readonly acceptPayload: Uint8Array | undefined
  readonly deadLetter: boolean
  readonly onward: readonly Onward[]
  readonly story: FinalStory | undefined
}

export function writeFinal(
  writer: ByteWriter,
  queueNumber: number,
  position: number,
  outcome: StoredOutcome,
  extras: FinalExtras | undefined,
): void {
  const onward = extras !== undefined && extras.onward.length > 0
  writer.u8(
    (extras?.acceptPayload === undefined ? 0 : messageFlag) |
      (onward ? onwardFlag : 0) |
      (extras?.deadLetter ? deadLetterFlag : 0) |
      (extras?.story === undefined ? 0 : storyFlag),
  )
  writer.u32(queueNumber)
  writer.f64(position)
  writer.u16(Math.min(outcome.attempts, attemptsKept))
  writer.f64(outcome.acceptedAtMs)
  writer.f64(outcome.finishedAtMs)
  writer.text16(outcome.id)
  writer.text8(outcome.queue)
  const code = codes.indexOf(outcome.code)
  writer.u8(code === -1 ? spelledOut : code)
  if (code === -1) writer.text8(outcome.code)
  writeContentType(writer, outcome.contentType)
  writer.bytes32(outcome.body)
  if (extras === undefined) return
  if (extras.acceptPayload !== undefined) writer.bytes32(extras.acceptPayload)
  if (onward) writeOnward(writer, extras.onward)
  if (extras.story !== undefined) writeStory(writer, extras.story)
}

function writeStory(writer: ByteWriter, { attempt, parentId, replayOf }: FinalStory): void {
  writer.u8(
    (attempt === undefined ? 0 : attemptPart) |
      (parentId === undefined ? 0 : parentPart) |
      (replayOf === undefined ? 0 : replayPart),
  )
  if (attempt !== undefined) {
    writer.u8(attemptEnds.indexOf(attempt.end))
    writer.f64(attempt.deliveredAtMs)
    writer.u16(attempt.consumer.length)
    if (attempt.consumer.length > 0) writer.raw(attempt.consumer)
  }
  if (parentId !== undefined) writer.text16(parentId)
  if (replayOf !== undefined) writer.text16(replayOf)
}

function writeOnward(writer: ByteWriter, onward: readonly Onward[]): void {
  writer.u16(onward.length)
  for (const one of onward) {
    writer.text8(one.callback)
    writer.u32(one.queueNumber)
    writer.f64(one.position)
    writer.u8(one.delivered ? 1 : 0)
    writer.u8(one.context === undefined ? 0 : 1)
    if (one.context !== undefined) writer.text32(one.context)
  }
}

/** Bodies are views of the reader's bytes. Throws RangeError or SyntaxError when malformed. */
export function readFinal(reader: ByteReader): FinalRecord {
  const flags = reader.u8()
  const queueNumber = reader.u32()
  const position = reader.f64()
  const attempts = reader.u16()
  const acceptedAtMs = reader.f64()
  const finishedAtMs = reader.f64()
  const id = reader.text16()
  const queue = reader.text8()
  const codeNumber = reader.u8()
  const code = codeNumber === spelledOut ? reader.text8() : codes[codeNumber]
  if (code === undefined) throw new RangeError(`outcome code ${codeNumber} is not known`)
  const contentType = readContentType(reader)
  const body = reader.bytes32()
  const accepted = flags & messageFlag ? readAccept(new ByteReader(reader.bytes32())) : undefined
  return {
    queueNumber,
    position,
    outcome: { id, queue, code, contentType, body, attempts, acceptedAtMs, finishedAtMs },
    accepted,
    deadLetter: (flags & deadLetterFlag) !== 0,
    onward: flags & onwardFlag ? readOnward(reader) : [],
    story: flags & storyFlag ? readStory(reader) : undefined,
  }
}

function readStory(reader: ByteReader): FinalStory {
  const parts = reader.u8()
  const attempt = parts & attemptPart ? readFinalAttempt(reader) : undefined
  const parentId = parts & parentPart ? reader.text16() : undefined
  const replayOf = parts & replayPart ? reader.text16() : undefined
  return { attempt, parentId, replayOf }
}

function readFinalAttempt(reader: ByteReader): FinalAttempt {
  const end = attemptEndOf(reader.u8())
  const deliveredAtMs = reader.f64()
  return { end, deliveredAtMs, consumer: reader.raw(reader.u16()) }
}

function readOnward(reader: ByteReader): Onward[] {
  const onward: Onward[] = []
  for (let n = reader.u16(); n > 0; n--) {
    const callback = reader.text8()
    const queueNumber = reader.u32()
    const position = reader.f64()
    const delivered = reader.u8() === 1
    const context = reader.u8() === 1 ? reader.text32() : undefined
    onward.push({ callback, context, queueNumber, position, delivered })
  }
  return onward
}
