/*
 * How a process comes to the engine of a data directory that others use as well.
 *
 *   ┌─▶ lock free? ── yes ─▶ it is the owner now: a local link
 *   │     │ no
 *   │   DIR/homing.sock ── answers ─▶ a link to the owner
 *   │     │ not yet: the owner is opening, closing, or dead
 *   └── wait a little ── for too long ─▶ `locked`, with the owner's process id
 *
 * Rule: the lock is all that says who the owner is. There is no election; who is late finds a socket.
 */

import { AmqpClient } from '../adapters/amqp/connection.ts'
import type { Link, OpenLink } from '../adapters/link.ts'
import { directoryOwner, isJoinable, lockedError } from '../embedded/directory-lock.ts'
import type { EngineOptions } from '../embedded/engine-options.ts'
import { HomingError } from '../errors.ts'
import { connectToOwner, type Joiner } from './connection-to-owner.ts'
import { LocalLink } from './local-link.ts'
import { isLocked, openAsOwner } from './owner.ts'

/** An owner that recovers a large journal listens when it has done so. */
const joinableMsMax = 30_000
/** One that says nothing may be of a version that others could not join. */
const silentMsMax = 3_000
/** One that works alone may be done soon: a command that looks at something. */
const aloneMsMax = 1_000

const firstWaitMs = 4
const waitMsMax = 100

/** Opens links to a directory: to this process, when the directory is free, or to its owner. */
export const joiningLinks = (directory: string, options: EngineOptions): OpenLink => {
  const joiner = { directory, client: new AmqpClient(), onProblem: options.onProblem }
  return async (signal) => {
    const beganAtMs = performance.now()
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, waitMsMax)) {
      const found = await lookOnce(joiner, options, signal)
      if (!(found instanceof HomingError)) return found
      if (performance.now() - beganAtMs > patienceMs(directory)) {
        throw stillLocked(directory, found)
      }
      // Those who lost one owner at one moment do not come back at one moment.
      await pause(waitMs * (0.5 + Math.random()), signal)
      if (signal.aborted) throw new HomingError('closed', 'the engine was closed meanwhile')
    }
  }
}

/** A link, or why there is none yet. Fails when waiting would not help. */
async function lookOnce(
  joiner: Joiner,
  options: EngineOptions,
  signal: AbortSignal,
): Promise<Link | HomingError> {
  try {
    return new LocalLink(await openAsOwner(joiner.directory, options))
  } catch (error) {
    if (!isLocked(error)) throw error
  }
  try {
    return await connectToOwner(joiner, signal)
  } catch (error) {
    if (error instanceof HomingError && error.retryable) return error
    throw error
  }
}

function patienceMs(directory: string): number {
  const owner = directoryOwner(directory)
  if (isJoinable(owner)) return joinableMsMax
  return owner.joining === undefined ? silentMsMax : aloneMsMax
}

function stillLocked(directory: string, cause: HomingError): HomingError {
  const owner = directoryOwner(directory)
  const why = isJoinable(owner) ? `it does not answer: ${cause.message}` : owner.joining
  return lockedError(directory, cause, why && ` (${why})`)
}

/** Ends early when nobody waits any more. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
