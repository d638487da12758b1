/*
 * Where an outcome is brought: a durable callback by name, with the sender's context.
 * The types hold a callback to the queue it is registered for.
 */

import type { AnyContract } from '../contract/contract.ts'
import { json } from '../contract/json-codec.ts'
import { HomingError } from '../errors.ts'
import type { CallbackTarget } from '../message/message.ts'
import { checkName } from '../name.ts'

/** A callback with its context: what the `callback` option of a send takes. */
export interface BoundCallback<C extends AnyContract> {
  readonly target: CallbackTarget
  readonly '~contract'?: (contract: C) => void
}

/** The same for a gather: it is told all outcomes at once. */
export interface BoundGatherCallback<C extends AnyContract> {
  readonly gatherTarget: CallbackTarget
  readonly '~contract'?: (contract: C) => void
}

/** May be passed without context only where a context may be undefined. */
type WithoutContext<X, Bound> = undefined extends X ? Bound : unknown

export type Callback<C extends AnyContract, X = unknown> = CallbackName<C, X> &
  WithoutContext<X, BoundCallback<C>>

export type GatherCallback<C extends AnyContract, X = unknown> = GatherCallbackName<C, X> &
  WithoutContext<X, BoundGatherCallback<C>>

export interface CallbackName<C extends AnyContract, X> {
  readonly name: string
  /** The context comes back with the outcome, as JSON. Fails with `unserialisable`. */
  with(context: X): BoundCallback<C>
}

export interface GatherCallbackName<C extends AnyContract, X> {
  readonly name: string
  with(context: X): BoundGatherCallback<C>
}

/**
 * A callback by its name, for senders that do not register its function themselves.
 *
 * @example
 * const onResized = toCallback<typeof resize, { photoId: number }>('photo.resized', resize)
 * await home.send(resize, { url }, { callback: onResized.with({ photoId: 42 }) })
 */
export function toCallback<C extends AnyContract, X = unknown>(
  name: string,
  _contract: C,
): Callback<C, X> {
  checkCallbackName(name)
  const made: CallbackName<C, X> & BoundCallback<C> = {
    name,
    target: { name },
    with: (context) => ({ target: { name, context: contextText(name, context) } }),
  }
  return made
}

/** A gather's callback by its name. */
export function toGatherCallback<C extends AnyContract, X = unknown>(
  name: string,
  _contracts: C | readonly C[],
): GatherCallback<C, X> {
  checkCallbackName(name)
  const made: GatherCallbackName<C, X> & BoundGatherCallback<C> = {
    name,
    gatherTarget: { name },
    with: (context) => ({ gatherTarget: { name, context: contextText(name, context) } }),
  }
  return made
}

const prefixBytes = 'callback:'.length

function checkCallbackName(name: string): void {
  checkName(name, 'the callback name')
  // Its queue is named with a prefix, and that is a queue name too.
  if (name.length > 0)
    checkName('x'.repeat(prefixBytes) + name, 'the callback name with its prefix')
}

/** A context has no schema at the sender's, so it must be JSON as it is. */
function contextText(name: string, context: unknown): string {
  if (context === undefined) return 'null'
  const convertedAt = json.check?.(context)
  if (convertedAt === undefined) return JSON.stringify(context)
  throw new HomingError(
    'unserialisable',
    `the context of callback "${name}" has ${convertedAt}, which would not come back the same; give its text or number`,
  )
}
