/*
 * Random histories of a linked engine, each from one seed: senders, consumers and waiters, over links
 * that are cut at random moments, on a simulated machine. Judged by what every engine promises.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type History, runHistory } from './linked-history.ts'

const seeds = 100

for (const half of [0, 1]) {
  test(`what is sent, worked on and waited for over links that are cut comes out right (${half + 1} of 2)`, async () => {
    let cuts = 0
    for (let seed = half * 1_000 + 1; seed <= half * 1_000 + seeds / 2; seed++) {
      const history = await runHistory(seed)
      judge(history)
      cuts += history.cuts
    }
    assert.ok(cuts > seeds * 2, `${cuts} cuts`)
  })
}

function judge(history: History): void {
  const { seed, sent, deliveries, outcomes } = history
  const says = (id: string): string => `seed ${seed}, message ${id}`
  for (const { id, accepted, error, told } of sent) {
    assert.equal(error, undefined, says(id))
    assert.equal(accepted, 1, `${says(id)}: one answer to its publish`)
    const outcome = outcomes.get(id)
    assert.ok(outcome !== undefined, `${says(id)}: it has its outcome`)
    assert.deepEqual(told, [outcome], `${says(id)}: its waiter is told once, and that one`)
  }
  const tags = new Set(deliveries.map(({ tag }) => tag))
  assert.equal(tags.size, deliveries.length, `seed ${seed}: no tag comes twice`)
  const attempts = new Map<string, number>()
  for (const { id, tag, attempt, afterOutcome, revoked, settles, text } of deliveries) {
    assert.ok(!afterOutcome, `${says(id)}: nothing is delivered after its outcome`)
    assert.ok(attempt > (attempts.get(id) ?? 0), `${says(id)}: attempts rise`)
    attempts.set(id, attempt)
    assert.ok(revoked <= 1, `${says(id)}: revoked once at most`)
    const accepted = settles.filter((settled) => settled.accepted)
    assert.ok(accepted.length <= 1, `${says(id)}: delivery ${tag} is settled once at most`)
    const [settled] = settles
    if (text === undefined || settled === undefined) continue
    const stands = outcomes.get(id) === text
    if (settled.accepted) assert.ok(stands, `${says(id)}: what was accepted stands`)
    else if (settled.by === 'settled') assert.ok(!stands, `${says(id)}: what was late does not`)
  }
  for (const [queue, numbers] of history.firstDeliveries) {
    const sorted = numbers.toSorted((a, b) => a - b)
    assert.deepEqual(numbers, sorted, `seed ${seed}: queue ${queue} keeps the order of its sender`)
  }
}
