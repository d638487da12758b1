import type { CallbackMessage, Ending, Replay } from '../shared-ledger.ts'
import { storedMessage, tight } from '../stored-message.ts'
import type { StoredEnding, StoredReplay } from './shared-store.ts'

/** With bytes of its own. */
export const detached = (callback: CallbackMessage): CallbackMessage => ({
  ...callback,
  body: tight(callback.body),
})

export const storedEnding = ({ outcome, deadLetter, callbacks }: Ending): StoredEnding => ({
  outcome: { ...outcome, body: tight(outcome.body) },
  ...(deadLetter && { dead: storedMessage(deadLetter) }),
  ...(callbacks && { callbacks: callbacks.map(detached) }),
})

export const storedReplay = ({ deadId, message }: Replay): StoredReplay => ({
  deadId,
  id: message.id,
  queue: message.routingKey,
  deadlineAtMs: message.deadlineAtMs,
  callbacks: message.meta?.callbacks?.length ? JSON.stringify(message.meta.callbacks) : null,
  stored: storedMessage(message),
})
