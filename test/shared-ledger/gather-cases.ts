import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ended, SharedLedger } from '../../src/shared-ledger/shared-ledger.ts'
import { accepted, callbackOf, idsOf, type LedgerCase, outcomeOf } from './ledger-under-test.ts'

const gathering = (id: string, ...memberIds: string[]) => ({
  id,
  memberIds,
  told: callbackOf(`gathered:${id}`),
})

const ended = async (ledger: SharedLedger, ...ids: string[]) =>
  (await ledger.end(ids.map((id) => ({ outcome: outcomeOf(id) })))).map(toldBy)

const toldBy = (one: Ended) => (one.state === 'final' ? idsOf(one.unsent) : one.state)

export const gatherCases: readonly LedgerCase[] = [
  {
    title: 'a gather is told by the end of its last member, once',
    options: { claimMs: 100 },
    run: async (ledger, another) => {
      const other = await another()
      await accepted(ledger, 'a', 'b', 'c')
      assert.deepEqual(await ledger.gather(gathering('g', 'a', 'b', 'a')), [])
      assert.deepEqual(await other.gather(gathering('g', 'a', 'b', 'c')), [])
      assert.deepEqual(await ended(ledger, 'c', 'a', 'a'), [[], [], []])
      assert.deepEqual(await ended(other, 'b'), [['gathered:g']])
      assert.deepEqual(await ended(ledger, 'a'), [[]])
      // Until it was sent, the end that completed it still has it.
      assert.deepEqual(await ended(ledger, 'b'), [['gathered:g']])
      await sleep(150)
      assert.deepEqual(idsOf(await ledger.unsent()), ['gathered:g'])
      await ledger.sent([callbackOf('gathered:g')])
      assert.deepEqual(await ended(ledger, 'b'), [[]])
      assert.deepEqual(await ledger.gather(gathering('g', 'a')), [])
    },
  },

  {
    title: 'a gather whose members all are final is told at once, one without members too',
    run: async (ledger) => {
      await ledger.end([{ outcome: outcomeOf('a') }])
      assert.deepEqual(idsOf(await ledger.gather(gathering('g', 'a'))), ['gathered:g'])
      assert.deepEqual(await ledger.gather(gathering('g', 'a')), [])
      assert.deepEqual(idsOf(await ledger.gather(gathering('none'))), ['gathered:none'])
    },
  },

  {
    title: 'a gather with a member that was never accepted is refused by name, and not begun',
    run: async (ledger) => {
      await accepted(ledger, 'a')
      await assert.rejects(ledger.gather(gathering('g', 'a', 'nobody')), {
        code: 'unknown',
        id: 'nobody',
      })
      assert.deepEqual(await ledger.gather(gathering('g', 'a')), [])
      assert.deepEqual(await ended(ledger, 'a'), [['gathered:g']])
    },
  },

  {
    title: 'a forgotten member has ended',
    options: { retention: { retainMs: 1_000, retainCount: 1e9 } },
    run: async (ledger) => {
      await ledger.end([{ outcome: outcomeOf('a') }])
      await ledger.forget()
      await accepted(ledger, 'b')
      assert.deepEqual(await ledger.gather(gathering('g', 'a', 'b')), [])
      assert.deepEqual(await ended(ledger, 'b'), [['gathered:g']])
    },
  },

  {
    title: 'a gather that is long over is not begun again',
    options: { retention: { retainMs: 100, retainCount: 1e9 } },
    run: async (ledger) => {
      await accepted(ledger, 'a')
      await ledger.gather(gathering('g', 'a'))
      await ended(ledger, 'a')
      await sleep(150)
      await ledger.forget()
      assert.deepEqual(await ledger.gather(gathering('g', 'a')), [])
    },
  },

  {
    title: 'members that end at the same moment in two processes tell a gather once',
    run: async (ledger, another) => {
      const other = await another()
      for (let round = 0; round < 60; round++) {
        const [a, b, c] = [`a${round}`, `b${round}`, `c${round}`]
        await accepted(ledger, a, b, c)
        await ledger.gather(gathering(`one${round}`, a, b))
        // The second is begun while its members end.
        const parts = await Promise.all([
          ended(ledger, a, c),
          other.gather(gathering(`two${round}`, c, b, a)),
          ended(other, b),
        ])
        const told = parts.flatMap((part) =>
          part.flatMap((one) => (typeof one === 'object' && 'id' in one ? [one.id] : one)),
        )
        assert.deepEqual(
          told.toSorted(),
          [`gathered:one${round}`, `gathered:two${round}`],
          `round ${round}`,
        )
      }
    },
  },
]
