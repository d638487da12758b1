/*
 * The sending verbs: send, sendMany, call, callAll.
 *
 *   input ── check ── write ──▶ Message ── engine.publish ──▶ confirm ──▶ Receipt
 *
 * No async function on the usual way: what the engine promises is passed on with one `then`.
 * The slow way (first use of a contract, schema with a promise) joins the same steps later.
 */

import type { AnyContract, Input, Output } from '../contract/contract.ts'
import { invalidError } from '../contract/validation.ts'
import type { Accepted } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Message, MessageMeta } from '../message/message.ts'
import { type Written, writeValue } from './body.ts'
import type { BoundContract } from './bound-contract.ts'
import type { Outcome } from './outcome.ts'
import { outgoing } from './outgoing.ts'
import { checkKnown, type Receipt } from './receipt.ts'
import {
  type CallOptions,
  callAllOptionNames,
  callOptionNames,
  type ReadSendOptions,
  readId,
  readSendOptions,
  type SendManyOptions,
  type SendOptions,
  sendManyOptionNames,
  sendOptionNames,
} from './send-options.ts'

export interface ManyOptions<C extends AnyContract> extends SendManyOptions<C> {
  /** One id for each input, in order. */
  readonly ids?: readonly string[]
}

export interface CallAllOptions<C extends AnyContract> extends ManyOptions<C> {
  /** Ends the wait with `aborted`; the messages go on. */
  readonly signal?: AbortSignal
}

export function send<C extends AnyContract>(
  bound: BoundContract<C>,
  input: Input<C>,
  options: SendOptions<C> | undefined,
): Promise<Receipt<C>> {
  const id = readId(options?.id)
  const read =
    options === undefined
      ? undefined
      : readSendOptions(options, sendOptionNames, `a send to "${bound.contract.name}"`)
  return accepted(bound, input, read, id).then(bound.toReceipt)
}

/** The same for an occurrence of a schedule, which its message tells of. */
export function sendOccurrence<C extends AnyContract>(
  bound: BoundContract<C>,
  input: Input<C>,
  options: SendOptions<C>,
  schedule: NonNullable<MessageMeta['schedule']>,
): Promise<Receipt<C>> {
  const what = `a send to "${bound.contract.name}"`
  const read = readSendOptions(options, sendOptionNames, what)
  const told = { ...read, meta: { ...read.meta, schedule } }
  return accepted(bound, input, told, readId(options.id)).then(bound.toReceipt)
}

export function call<C extends AnyContract>(
  bound: BoundContract<C>,
  input: Input<C>,
  options: CallOptions<C> | undefined,
): Promise<Output<C>> {
  const { tracing, contract } = bound
  if (tracing === undefined) return calling(bound, input, options)
  return tracing.call(contract.name, () => calling(bound, input, options))
}

function calling<C extends AnyContract>(
  bound: BoundContract<C>,
  input: Input<C>,
  options: CallOptions<C> | undefined,
): Promise<Output<C>> {
  const chosenId = readId(options?.id)
  const read =
    options === undefined
      ? undefined
      : readSendOptions(options, callOptionNames, `a call of "${bound.contract.name}"`)
  const signal = options?.signal
  if (signal?.aborted) {
    throw new HomingError('aborted', 'the call was aborted before anything was sent', {
      cause: signal.reason,
    })
  }
  // A chosen id may be a duplicate whose outcome was forgotten: only its receipt finds that out.
  if (chosenId !== undefined) {
    return accepted(bound, input, read, chosenId)
      .then(bound.toReceipt)
      .then((receipt) => receipt.result({ signal }))
  }
  const id = bound.engine.mintId()
  const sent = accepted(bound, input, read, undefined, id)
  return bound.waits.value(bound.contract, id, sent, signal)
}

/** Publishes one message; a promise as the engine gives it, when nothing else must be waited for. */
function accepted<C extends AnyContract>(
  bound: BoundContract<C>,
  input: unknown,
  options: ReadSendOptions | undefined,
  chosenId: string | undefined,
  mintedId?: string,
): Promise<Accepted> {
  const { contract } = bound
  if (!bound.ready) {
    return bound.prepared().then(() => accepted(bound, input, options, chosenId, mintedId))
  }
  const written = writeValue(contract.input, contract.inputCodec, input)
  if (written instanceof Promise) {
    return written.then((late) =>
      published(bound, toMessage(bound, late, options, chosenId, mintedId)),
    )
  }
  return published(bound, toMessage(bound, written, options, chosenId, mintedId))
}

function published({ engine, tracing }: BoundContract, message: Message): Promise<Accepted> {
  if (tracing === undefined) return engine.publish(message)
  return tracing.send(message, (traced) => engine.publish(traced))
}

function toMessage(
  bound: BoundContract,
  written: Written,
  options: ReadSendOptions | undefined,
  chosenId: string | undefined,
  mintedId?: string,
  index?: number,
): Message {
  const { contract, engine } = bound
  if (written.fits) return outgoing(engine, contract, written, options, chosenId, mintedId)
  const which = index === undefined ? 'the input' : `input ${index}`
  throw invalidError(`${which} for queue "${contract.name}"`, 'input', written.issues)
}

export async function sendMany<C extends AnyContract>(
  bound: BoundContract<C>,
  inputs: readonly Input<C>[],
  options: ManyOptions<C> = {},
  known: ReadonlySet<string> = sendManyOptionNames,
): Promise<Receipt<C>[]> {
  const { contract, engine } = bound
  const of = `a send to "${contract.name}"`
  const ids = readIds(options.ids, inputs, of)
  const read = readSendOptions(options, known, of)
  if (!bound.ready) await bound.prepared()
  const { input, inputCodec } = contract
  // Everything is checked and written before anything is sent: all of it, or an error and none.
  const messages: Message[] = []
  for (let n = 0; n < inputs.length; n++) {
    const written = writeValue(input, inputCodec, inputs[n])
    const settled = written instanceof Promise ? await written : written
    messages.push(toMessage(bound, settled, read, ids?.[n], undefined, n))
  }
  if (messages.length === 0) return []
  const { tracing } = bound
  const sent =
    tracing === undefined
      ? engine.publishMany(messages)
      : tracing.sendMany(messages, (traced) => engine.publishMany(traced))
  return (await sent).map(bound.toReceipt)
}

export function callAll<C extends AnyContract>(
  bound: BoundContract<C>,
  inputs: readonly Input<C>[],
  options: CallAllOptions<C> = {},
): Promise<Outcome<C>[]> {
  const { tracing, contract } = bound
  if (tracing === undefined) return callingAll(bound, inputs, options)
  return tracing.call(contract.name, () => callingAll(bound, inputs, options))
}

async function callingAll<C extends AnyContract>(
  bound: BoundContract<C>,
  inputs: readonly Input<C>[],
  options: CallAllOptions<C>,
): Promise<Outcome<C>[]> {
  const receipts = await sendMany(bound, inputs, options, callAllOptionNames)
  const { contract, waits } = bound
  // The outcome of a duplicate may be forgotten, and would be waited for in vain.
  for (const { id, duplicate } of receipts) if (duplicate) await checkKnown(bound, id)
  const ids = receipts.map((receipt) => receipt.id)
  return waits.outcomes(contract, ids, options.signal)
}

function readIds(
  ids: readonly string[] | undefined,
  inputs: readonly unknown[],
  of: string,
): readonly string[] | undefined {
  if (!Array.isArray(inputs)) {
    throw new HomingError('bad-argument', `the inputs of ${of} are ${typeof inputs}; give an array`)
  }
  if (ids === undefined) return undefined
  if (!Array.isArray(ids) || ids.length !== inputs.length) {
    throw new HomingError(
      'bad-argument',
      `ids of ${of} has ${ids.length} for ${inputs.length} inputs; give one id for each`,
    )
  }
  return ids.map((id) => readId(id) as string)
}
