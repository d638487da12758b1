/*
 * The port on the wire: frames, in the bodies of AMQP messages.
 *
 *   body = frame *      frame = u8 type │ u32 length │ payload      all little-endian
 *
 * Calls go from the client to the server, events from the server to the client. A channel carries one
 * stream of each; the first frame of both is `hello`. A frame longer than a piece goes in pieces, one
 * behind the other: the payloads of `piece` frames, and of the `lastPiece` that ends them, make the
 * frame. So no AMQP message is much longer than {@link bodyBytesUsual}, whatever is in it.
 *
 * What every frame holds is said in docs/port-on-the-wire.md.
 */

import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'

/** Of the format. Another one is refused by name. */
export const portVersion = 1

/** Calls are published to it, by the default exchange; events come from its consumer. */
export const portQueue = 'homing.port'

/** What a server that can do this says among its capabilities. */
export const portCapability = 'homing_port'

const kib = 1024
const mib = 1024 * kib

/** At this length a body is done and the next one begins. */
export const bodyBytesUsual = 512 * kib
/** A longer frame goes in pieces of so many bytes. */
export const pieceBytesMax = 256 * kib
/** A frame put together: a batch of messages, or one message of the greatest length. */
export const frameBytesMax = 64 * mib
export const frameHeadBytes = 5

/** The same number in both directions means the same. */
export const frameTypes = {
  hello: 1,
  piece: 2,
  lastPiece: 3,
} as const

export const callTypes = {
  declareQueue: 16,
  publish: 17,
  subscribe: 18,
  stop: 19,
  unsubscribe: 20,
  begun: 21,
  settle: 22,
  answer: 23,
  watchOutcome: 24,
  cancel: 25,
  reportProgress: 26,
  watchProgress: 27,
  unwatch: 28,
  gather: 29,
  queues: 30,
  outcomes: 31,
  deadLetters: 32,
  replayDeadLetters: 33,
  dropDeadLetters: 34,
  purgeQueue: 35,
  goingOn: 36,
  pauseQueue: 37,
  resumeQueue: 38,
  backup: 39,
} as const

export const eventTypes = {
  done: 128,
  failed: 129,
  published: 130,
  publishedMany: 131,
  settled: 132,
  answered: 133,
  counted: 134,
  ids: 135,
  queueStats: 136,
  outcome: 137,
  deadLetter: 138,
  deliver: 139,
  revoke: 140,
  final: 141,
  progress: 142,
  held: 143,
  goOn: 144,
  backedUp: 145,
} as const

/** Calls that not every server of this version knows: its hello names those that it takes. */
export const laterCalls = ['pauseQueue', 'resumeQueue', 'backup'] as const

export type LaterCall = (typeof laterCalls)[number]

/** Bytes that are not what this format says. Nothing after them can be read. */
export const wireFault = (what: string, cause?: unknown): HomingError =>
  new HomingError(
    'protocol-fault',
    `the port on the wire: ${what}; both ends must be Homing, of versions that fit each other`,
    { cause },
  )

/** Fails with `message-too-large`. */
export function checkFrameBytes(bytes: number): void {
  if (bytes <= frameBytesMax) return
  throw new HomingError(
    'message-too-large',
    `a call has ${bytes} bytes, ${frameBytesMax} are allowed over a connection (one body: ${limits.bodyBytesMax}); send smaller batches`,
  )
}
