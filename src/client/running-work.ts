/*
 * Which message's handler is running here, carried along its awaits by AsyncLocalStorage.
 *
 * A message sent inside a handler is a child: it has the earlier of its own and the parent's deadline,
 * names its parent, and is canceled when the parent is canceled or expires while its handler runs.
 * Outside of handlers this costs one read of an empty store.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Revocation } from '../message/delivery.ts'

export interface RunningWork {
  readonly id: string
  readonly deadlineAtMs: number
  /** Why the handler's delivery is no longer held; undefined while it is. */
  readonly revokedBy: Revocation | undefined
  /** The handler has returned: what it left running in the background sends on its own behalf. */
  readonly finished: boolean
  adopt(engine: Engine, childId: string): void
}

const running = new AsyncLocalStorage<RunningWork | undefined>()

export function runAs<A, R>(
  work: RunningWork | undefined,
  run: (argument: A) => R,
  argument: A,
): R {
  return running.run(work, run, argument)
}

/** Whether the caller is a handler or callback that still holds its delivery. */
export function insideHandler(): boolean {
  const work = running.getStore()
  return work !== undefined && !work.finished
}

/**
 * The message on whose behalf the caller sends.
 * Fails with `fenced` when its delivery was revoked: what a late attempt sends would be sent twice.
 */
export function parentWork(): RunningWork | undefined {
  const work = running.getStore()
  if (work === undefined || work.finished) return undefined
  if (work.revokedBy === undefined) return work
  throw new HomingError(
    'fenced',
    `message "${work.id}" is no longer held by this handler (${work.revokedBy}), so nothing is sent on its behalf; watch its signal, or send with detached: true`,
    { id: work.id },
  )
}
