/*
 * What a sender may say about one message, over what the contract says about all of them.
 */

import { Buffer } from 'node:buffer'
import type { AnyContract } from '../contract/contract.ts'
import { type Duration, durationMs } from '../duration.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { limits } from '../limits.ts'
import type { CallbackTarget, MessageMeta } from '../message/message.ts'
import { checkId, checkName } from '../name.ts'
import { wholeNumber } from '../whole-number.ts'
import type { BoundCallback } from './callback-target.ts'

/** Options of `sendMany` and `callAll`, for all messages of the call. */
export interface SendManyOptions<C extends AnyContract> {
  /** Where each outcome is brought, durably. */
  readonly callback?: BoundCallback<C> | readonly BoundCallback<C>[]
  /** From the first moment it can be delivered to its outcome. In place of the contract's. */
  readonly within?: Duration
  /** The same as a moment. */
  readonly deadline?: Date
  /** Not delivered before this time has passed. */
  readonly delay?: Duration
  /** The same as a moment. */
  readonly at?: Date
  /** 0 to 255, higher first. */
  readonly priority?: number
  /** Messages of one key share the queue's `perKey` limits. */
  readonly key?: string
  /** Longest wait in the queue before it is `expired`. */
  readonly ttl?: Duration
  /** One attempt. */
  readonly timeout?: Duration
  readonly attempts?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent inside a handler, but not as its child: own deadline, not canceled with it. */
  readonly detached?: boolean
}

export interface SendOptions<C extends AnyContract> extends SendManyOptions<C> {
  /** Unique for ever: sending it twice is sending it once. A UUIDv7 unless you choose one. */
  readonly id?: string
}

export interface CallOptions<C extends AnyContract> extends SendOptions<C> {
  /** Ends the wait with `aborted`; the message goes on. */
  readonly signal?: AbortSignal
}

/** Options as numbers; undefined where the contract's value stands. */
export interface ReadSendOptions {
  readonly withinMs: number | undefined
  readonly deadlineAtMs: number | undefined
  readonly delayMs: number
  readonly availableAtMs: number
  readonly priority: number | undefined
  readonly timeoutMs: number | undefined
  readonly attempts: number | undefined
  readonly detached: boolean
  readonly meta: MessageMeta | undefined
}

const optionNames: Record<keyof SendManyOptions<AnyContract>, true> = {
  callback: true,
  within: true,
  deadline: true,
  delay: true,
  at: true,
  priority: true,
  key: true,
  ttl: true,
  timeout: true,
  attempts: true,
  headers: true,
  detached: true,
}
const common = Object.keys(optionNames)
export const sendManyOnlyNames: readonly string[] = common
export const sendOptionNames: ReadonlySet<string> = new Set([...common, 'id'])
export const callOptionNames: ReadonlySet<string> = new Set([...common, 'id', 'signal'])
export const sendManyOptionNames: ReadonlySet<string> = new Set([...common, 'ids'])
export const callAllOptionNames: ReadonlySet<string> = new Set([...common, 'ids', 'signal'])

/** Checks all options but `id`, `ids` and `signal`. */
export function readSendOptions<C extends AnyContract>(
  options: SendManyOptions<C>,
  known: ReadonlySet<string>,
  of: string,
): ReadSendOptions {
  checkOptions(options, known, of)
  const { within, deadline, delay, at, priority, timeout, attempts } = options
  onlyOne('within', within, 'deadline', deadline, of)
  onlyOne('delay', delay, 'at', at, of)
  return {
    withinMs: within === undefined ? undefined : positiveMs(within, `within of ${of}`),
    deadlineAtMs: deadline === undefined ? undefined : dateMs(deadline, `deadline of ${of}`),
    delayMs: delay === undefined ? 0 : durationMs(delay, `delay of ${of}`),
    availableAtMs: at === undefined ? 0 : dateMs(at, `at of ${of}`),
    priority:
      priority === undefined
        ? undefined
        : wholeNumber(priority, `priority of ${of}`, 0, limits.priorityMax),
    timeoutMs: timeout === undefined ? undefined : positiveMs(timeout, `timeout of ${of}`),
    attempts:
      attempts === undefined
        ? undefined
        : wholeNumber(attempts, `attempts of ${of}`, 1, limits.attemptsMax),
    detached: options.detached === true,
    meta: readMeta(options, of),
  }
}

export function readId(id: string | undefined): string | undefined {
  if (id !== undefined) checkId(id)
  return id
}

function readMeta<C extends AnyContract>(
  options: SendManyOptions<C>,
  of: string,
): MessageMeta | undefined {
  const { callback, key, ttl, headers } = options
  if (callback === undefined && key === undefined && ttl === undefined && headers === undefined) {
    return undefined
  }
  if (key !== undefined) checkName(key, `the key of ${of}`)
  const meta: MessageMeta = {
    ...(headers !== undefined && { headers: readHeaders(headers, of) }),
    ...(key !== undefined && { key }),
    ...(callback !== undefined && { callbacks: readCallbacks(callback, of) }),
    ...(ttl !== undefined && { ttlMs: positiveMs(ttl, `ttl of ${of}`) }),
  }
  const bytes = Buffer.byteLength(JSON.stringify(meta))
  if (bytes > limits.metaBytesMax) {
    throw new HomingError(
      'message-too-large',
      `headers and callback contexts of ${of} take ${bytes} bytes, ${limits.metaBytesMax} are allowed; put data into the body`,
    )
  }
  return meta
}

function readHeaders(
  headers: Readonly<Record<string, string>>,
  of: string,
): Readonly<Record<string, string>> {
  if (typeof headers !== 'object' || headers === null) {
    throw new HomingError('bad-argument', `headers of ${of} are no object; give names and texts`)
  }
  for (const [name, value] of Object.entries(headers)) {
    checkName(name, `a header name of ${of}`)
    if (typeof value === 'string' && value.isWellFormed()) continue
    throw new HomingError(
      'bad-argument',
      `header "${name}" of ${of} is ${typeof value}; give a text, well-formed Unicode`,
    )
  }
  return { ...headers }
}

function readCallbacks<C extends AnyContract>(
  callback: BoundCallback<C> | readonly BoundCallback<C>[],
  of: string,
): readonly CallbackTarget[] {
  const all: readonly BoundCallback<C>[] = Array.isArray(callback) ? callback : [callback]
  return all.map((one) => {
    if (typeof one?.target?.name === 'string') return one.target
    throw new HomingError(
      'bad-argument',
      `callback of ${of} is not a callback; give what home.callback() returns, or its .with(context)`,
    )
  })
}

function onlyOne(aName: string, a: unknown, bName: string, b: unknown, of: string): void {
  if (a === undefined || b === undefined) return
  throw new HomingError('bad-argument', `${of} has both ${aName} and ${bName}; give one of them`)
}

function positiveMs(duration: Duration, what: string): number {
  const ms = durationMs(duration, what)
  if (ms > 0) return ms
  throw new HomingError('bad-duration', `${what} is 0; give a duration above it`)
}

function dateMs(date: Date, what: string): number {
  const ms = date instanceof Date ? date.getTime() : Number.NaN
  if (Number.isFinite(ms) && ms > 0) return ms
  throw new HomingError('bad-argument', `${what} is ${String(date)}; give a valid Date after 1970`)
}
