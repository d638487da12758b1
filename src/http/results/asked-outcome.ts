/*
 * What became of an id, for who asks by it.
 *
 *   may ask by id               pending · final · unknown 404 · forgotten 410
 *   may read its queue only     pending · final            all else is refused alike: it says nothing of what is there
 */

import type { Inspection } from '../../embedded/inspection-port.ts'
import type { Engine } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { checkId } from '../../name.ts'
import type { Entrance } from '../entrances.ts'

export type AskedOutcome =
  | { readonly state: 'pending' | 'delayed' | 'ready' | 'unsettled' }
  /** Names are those of the virtual host. */
  | { readonly state: 'final'; readonly outcome: StoredOutcome }

export interface Asking {
  readonly engine: Engine
  readonly inspection: Inspection
  readonly entrance: Entrance
}

/** Fails with `unknown`, `forgotten`, `access-refused`, `bad-argument`. */
export async function askedOutcome(
  { engine, inspection, entrance }: Asking,
  id: string,
): Promise<AskedOutcome> {
  const { access, names } = entrance
  checkId(id)
  const scoped = names.idIn(id)
  const answer = await engine.answer(scoped)
  if (answer.state === 'final') {
    const outcome = names.outcomeOut(answer.outcome)
    if (!access.mayAskById && !access.mayRead(outcome.queue)) refuse(entrance, id)
    return { state: 'final', outcome }
  }
  if (answer.state !== 'pending') {
    if (!access.mayAskById) refuse(entrance, id)
    throw answer.state === 'unknown' ? unknown(id) : forgotten(id)
  }
  const story = await inspection.story(scoped)
  if (story === undefined) return askAgain(entrance, id)
  const mayRead = access.mayAskById || access.mayRead(names.out(story.queue))
  if (!mayRead) refuse(entrance, id)
  return { state: story.state === 'final' ? 'pending' : story.state }
}

/** It ended between two questions, without an outcome. */
function askAgain({ access }: Entrance, id: string): AskedOutcome {
  if (!access.mayAskById) access.refuse(`to ask what became of message '${id}'`)
  return { state: 'pending' }
}

function refuse({ access }: Entrance, id: string): never {
  return access.refuse(`to ask what became of message '${id}'`)
}

export const unknown = (id: string): HomingError =>
  new HomingError('unknown', `no message with the id "${id}" was ever accepted here`, { id })

export const forgotten = (id: string): HomingError =>
  new HomingError(
    'forgotten',
    `message "${id}" had its outcome, which is kept no more; the id is not worked on again`,
    { id },
  )
