/*
 * What must be true of the histories of all processes together. It knows nothing of the engine but what
 * processes were told, and what the directory answers when all of them have closed.
 *
 *   confirmed  ⇒ one outcome, at the end and for everybody who was ever told one
 *   waiting    ⇒ told, unless the process died or closed first
 *   callback   ⇒ called, with that outcome
 *   attempt    ⇒ begun once; twice only when its owner died before the message was confirmed, for then it
 *                was never accepted, and was sent again
 */

import type { Note, Worked } from './kill-plan.ts'

export interface Judged {
  readonly violations: readonly string[]
  readonly confirmed: number
  readonly told: number
  readonly called: number
  readonly attempts: number
}

/** Between these two times the process went on until it did no more. */
export interface OwnerDeath {
  readonly fromMs: number
  readonly untilMs: number
}

export type FinalAnswer = { readonly state: string; readonly outcome?: string }

export function judge(
  notes: readonly Note[],
  answers: ReadonlyMap<string, FinalAnswer>,
  ownerDeaths: readonly OwnerDeath[],
): Judged {
  const of = <What extends Note['what']>(what: What) =>
    notes.filter((note): note is Extract<Note, { what: What }> => note.what === what)
  const violations = [
    ...lost(of('confirmed'), answers),
    ...secondOutcomes([...of('told'), ...of('called')], answers),
    ...untold(notes),
    ...uncalled(of('confirmed'), of('called')),
    ...begunTwice(of('begun'), (id) =>
      neverAccepted(id, of('sending'), of('confirmed'), ownerDeaths),
    ),
    ...of('refused').flatMap((note) => refusal(note)),
  ]
  return {
    violations,
    confirmed: of('confirmed').length,
    told: of('told').length,
    called: of('called').length,
    attempts: of('begun').length,
  }
}

function lost(
  confirmed: readonly { readonly id: string; readonly life: string }[],
  answers: ReadonlyMap<string, FinalAnswer>,
): string[] {
  return confirmed.flatMap(({ id, life }) => {
    const answer = answers.get(id)
    if (answer?.state !== 'final') {
      return [`${id} was confirmed to ${life} and is ${answer?.state ?? 'not known'} at the end`]
    }
    const { ok, value } = JSON.parse(answer.outcome ?? 'null') as { ok: boolean; value?: Worked }
    if (ok && value?.id === id) return []
    return [`${id} ended as ${answer.outcome}, which nobody asked for`]
  })
}

/** Of an outcome, what says which one it is. */
const pictureOf = (outcome: string): string => {
  const { ok, value, error, id } = JSON.parse(outcome)
  return JSON.stringify({ id, ok, value, error })
}

function secondOutcomes(
  told: readonly { readonly id: string; readonly outcome: string; readonly life: string }[],
  answers: ReadonlyMap<string, FinalAnswer>,
): string[] {
  return told.flatMap(({ id, outcome, life }) => {
    const stands = answers.get(id)?.outcome
    if (stands !== undefined && pictureOf(stands) === pictureOf(outcome)) return []
    return [`${life} was told ${outcome} of ${id}, and ${stands} stands`]
  })
}

/** Whoever waits in a process that goes on is told. */
function untold(notes: readonly Note[]): string[] {
  const open = new Map<string, string>()
  const violations: string[] = []
  const ended = new Set<string>()
  for (const note of notes) {
    if (note.what === 'waiting') open.set(note.waiter, note.id)
    if (note.what === 'told') open.delete(note.waiter)
    if (note.what === 'closed') ended.add(note.life)
    if (note.what !== 'untold') continue
    open.delete(note.waiter)
    // Closing ends its waits; that is what it says.
    if (note.code !== 'closed')
      violations.push(`${note.waiter} waited for ${note.id}: ${note.code}`)
  }
  const quiet = new Set(notes.filter(({ what }) => what === 'quiet').map(({ life }) => life))
  for (const [waiter, id] of open) {
    const [life = ''] = waiter.split('/')
    if (quiet.has(life) || ended.has(life)) violations.push(`${waiter} was never told of ${id}`)
  }
  return violations
}

function uncalled(
  confirmed: readonly { readonly id: string; readonly callback: boolean }[],
  called: readonly { readonly id: string }[],
): string[] {
  const ids = new Set(called.map(({ id }) => id))
  return confirmed
    .filter(({ id, callback }) => callback && !ids.has(id))
    .map(({ id }) => `the callback of ${id} was never called`)
}

function begunTwice(
  begun: readonly Extract<Note, { what: 'begun' }>[],
  isExcused: (id: string) => boolean,
): string[] {
  const first = new Map<string, string>()
  return begun.flatMap(({ id, attempt, life }) => {
    const name = `attempt ${attempt} of ${id}`
    const before = first.get(name)
    first.set(name, life)
    if (before === undefined || isExcused(id)) return []
    return [`${name} was begun by ${before} and by ${life}`]
  })
}

type Timed = { readonly id: string; readonly at: number }

/** An owner died while the message was sent: what it had handed over it had not yet accepted. */
function neverAccepted(
  id: string,
  sending: readonly Timed[],
  confirmed: readonly Timed[],
  ownerDeaths: readonly OwnerDeath[],
): boolean {
  const timeIn = (notes: readonly Timed[]) => notes.find((note) => note.id === id)?.at
  const from = timeIn(sending) ?? 0
  const until = timeIn(confirmed) ?? Number.POSITIVE_INFINITY
  return ownerDeaths.some(({ fromMs, untilMs }) => untilMs > from && fromMs < until)
}

/** A send may end unanswered when its process closes, and not otherwise. */
function refusal(note: {
  readonly id: string
  readonly code: string
  readonly life: string
}): string[] {
  return note.code === 'closed' ? [] : [`the send of ${note.id} failed with ${note.code}`]
}
