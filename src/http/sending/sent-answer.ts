/*
 * The answer to who sent: the receipt, or the result when it was waited for and came.
 */

import type { Accepted, Engine } from '../../engine.ts'
import type { Call } from '../call.ts'
import type { Entrance } from '../entrances.ts'
import { throwIfEnded } from '../open-requests.ts'
import { outcomePlace } from '../places.ts'
import { type Preference, preferenceHeader } from '../prefer.ts'
import { forgotten } from '../results/asked-outcome.ts'
import { outcomeAnswer } from '../results/outcome-answer.ts'
import { outcomeWithin } from '../results/outcome-wait.ts'
import type { Answer } from '../route.ts'
import type { RouteParts } from '../route-parts.ts'
import type { ReceiptJson } from '../shapes/message-shapes.ts'

export interface Sent {
  readonly accepted: Accepted
  readonly entrance: Entrance
  readonly preference: Preference
}

export function receiptOf(
  { id, duplicate, confirmedAtMs }: Accepted,
  entrance: Entrance,
): ReceiptJson {
  const own = entrance.names.out(id)
  return { id: own, duplicate, confirmedAtMs, outcome: outcomePlace(entrance.virtualHost, own) }
}

/** Nothing comes any more for an id whose outcome is gone. */
async function checkNotForgotten(engine: Engine, id: string, shown: string): Promise<void> {
  const { state } = await engine.answer(id)
  if (state === 'forgotten') throw forgotten(shown)
}

/** Fails with `forgotten`, `closed` when the server stops meanwhile, `access-refused` when the user lost something. */
export async function sentAnswer(
  { openRequests }: RouteParts,
  { site, caller, signal }: Call,
  { accepted, entrance, preference }: Sent,
): Promise<Answer> {
  const receipt = receiptOf(accepted, entrance)
  const headers = {
    location: receipt.outcome,
    'homing-duplicate': String(receipt.duplicate),
    ...preferenceHeader(preference),
  }
  if (preference.waitMs > 0) {
    if (receipt.duplicate) await checkNotForgotten(site.engine, accepted.id, receipt.id)
    using open = openRequests.begin(caller, signal)
    const waited = { id: accepted.id, waitMs: preference.waitMs, signal: open.signal }
    const outcome = await outcomeWithin(site.engine, site.clock, waited)
    throwIfEnded(open.signal)
    if (outcome !== undefined) {
      return outcomeAnswer(entrance.names.outcomeOut(outcome), entrance.virtualHost, headers)
    }
  }
  return { status: 202, headers, json: receipt }
}
