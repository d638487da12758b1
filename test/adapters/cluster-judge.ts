/*
 * What must be true of everything that was sent, whatever happened to the nodes of a cluster.
 *
 *   sent       ⇒ confirmed: nobody is told an error while most of the cluster lives
 *   confirmed  ⇒ one outcome, from a handler's answer, the same for everybody who is told or asks
 *   callback   ⇒ told at least once, and of no other
 *   one id     ⇒ taken as a new message once at most, however many send it (not once when the connection
 *                was lost before the confirm: then nobody knows whether it is a duplicate of its own)
 */

export interface Sent {
  /** What each waiter was told. */
  readonly told: string[]
  /** What the callback was told, each time. */
  readonly called: string[]
  /** Sends that were not told to be a duplicate. */
  firsts: number
  /** Calls that failed. */
  readonly problems: string[]
}

/** `stands`: what a program is told that asks when all is over. */
export function judgeSends(
  sent: ReadonlyMap<string, Sent>,
  stands: ReadonlyMap<string, string>,
): string[] {
  return [...sent].flatMap(([id, { told, called, firsts, problems }]) => {
    const outcome = stands.get(id) ?? 'unknown'
    const isAnswer = /"by":/.test(outcome)
    return [
      ...problems.map((problem) => `${id}: ${problem}`),
      ...(isAnswer ? [] : [`${id} is "${outcome}" at the end, and no handler said so`]),
      ...(told.length > 0 ? [] : [`${id}: nobody was told an outcome`]),
      ...others(told, outcome).map((other) => `${id}: told ${other}, and ${outcome} stands`),
      ...(called.length > 0 ? [] : [`${id}: its callback was never told`]),
      ...others(called, outcome).map((other) => `${id}: called back ${other}, not ${outcome}`),
      ...(firsts <= 1 ? [] : [`${id} was taken as a new message ${firsts} times`]),
    ]
  })
}

const others = (texts: readonly string[], outcome: string): string[] =>
  texts.filter((text) => text !== outcome)
