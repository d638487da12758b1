import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  acceptanceOf,
  accepted,
  callbackOf,
  codeOf,
  idsOf,
  type LedgerCase,
  messageOf,
  outcomeOf,
  plain,
  t0,
} from './ledger-under-test.ts'

/** A claim that a loaded machine does not outlast between two calls. */
const longEnoughMs = 1_500

export const endingCases: readonly LedgerCase[] = [
  {
    title: 'an outcome is found by its id with every field and every byte',
    run: async (ledger, another) => {
      const outcome = outcomeOf('photo:42/Ω"\'\\', {
        queue: 'größe\u001fhost',
        code: 'NotAnImage',
        contentType: 'application/x-odd',
        body: Buffer.from([0, 255, 1, 10, 92]),
        attempts: 65_535,
        acceptedAtMs: t0 + 0.25,
        finishedAtMs: t0 + 1.5,
      })
      const empty = outcomeOf('empty', { body: new Uint8Array(0), attempts: 0 })
      const large = outcomeOf('large', { body: Buffer.alloc(3_000_000, 7) })
      await ledger.end([{ outcome }, { outcome: empty }, { outcome: large }])
      const found = await (await another()).lookUp([outcome.id, 'empty', 'large', 'photo:42'])
      assert.deepEqual(plain(found), [
        { state: 'final', outcome: plain(outcome), unsent: [] },
        { state: 'final', outcome: plain(empty), unsent: [] },
        { state: 'final', outcome: plain(large), unsent: [] },
        { state: 'unknown' },
      ])
    },
  },

  {
    title: 'the first outcome of an id stands, and whoever comes later is told which',
    run: async (ledger, another) => {
      const other = await another()
      await accepted(ledger, 'a')
      const first = await ledger.end([{ outcome: outcomeOf('a', { code: 'ok' }) }])
      assert.equal(first[0]?.state === 'final' && first[0].won, true)
      const [late] = await other.end([
        {
          outcome: outcomeOf('a', { code: 'lost' }),
          deadLetter: messageOf('a'),
          callbacks: [callbackOf('a')],
        },
      ])
      assert.deepEqual(plain(late), {
        ...{ state: 'final', won: false, unsent: [] },
        outcome: plain(outcomeOf('a')),
      })
      assert.deepEqual(await ledger.deadLetters({}), [])
      assert.deepEqual((await ledger.counts()).get('work'), undefined)
    },
  },

  {
    title: 'one id twice in one call: the first stands',
    run: async (ledger) => {
      const ended = await ledger.end([
        { outcome: outcomeOf('a', { code: 'ok' }) },
        { outcome: outcomeOf('b') },
        { outcome: outcomeOf('a', { code: 'lost' }), deadLetter: messageOf('a') },
      ])
      const told = ended.map((one) => one.state === 'final' && [one.won, one.outcome.code])
      assert.deepEqual(told, [
        [true, 'ok'],
        [true, 'ok'],
        [false, 'ok'],
      ])
      assert.deepEqual(await ledger.deadLetters({}), [])
    },
  },

  {
    title: 'two that end one id at the same moment, 1,000 times: one outcome each, told to both',
    run: async (ledger, another) => {
      const other = await another()
      for (let round = 0; round < 20; round++) {
        const ids = Array.from({ length: 50 }, (_, n) => `r${round}-${n}`)
        const endings = (code: string) => ids.map((id) => ({ outcome: outcomeOf(id, { code }) }))
        // Half of the rounds in opposite orders, where locks could wait for each other.
        const second = round % 2 ? endings('b').reverse() : endings('b')
        const [one, two] = await Promise.all([
          round % 4 < 2 ? ledger.end(endings('a')) : single(ledger, endings('a')),
          other.end(second),
        ])
        const theirs = round % 2 ? two.toReversed() : two
        for (const [at, mine] of one.entries()) {
          const their = theirs[at]
          assert.ok(mine.state === 'final' && their?.state === 'final')
          assert.notEqual(mine.won, their.won, `${ids[at]}`)
          assert.equal(mine.outcome.code, mine.won ? 'a' : 'b')
          assert.equal(their.outcome.code, mine.outcome.code)
          assert.equal(await codeOf(ledger, ids[at] as string), mine.outcome.code)
        }
      }
    },
  },

  {
    title: 'callback messages wait until they are sent, also when their sender died',
    options: { claimMs: longEnoughMs },
    run: async (ledger, another) => {
      const dying = await another()
      const callbacks = [callbackOf('a'), callbackOf('a', 'callback:two')]
      const [ended] = await dying.end([{ outcome: outcomeOf('a'), callbacks }])
      assert.deepEqual(plain(ended?.state === 'final' && ended.unsent), callbacks.map(plain))
      await dying.close()
      assert.deepEqual(await ledger.unsent(), [])
      const [late] = await ledger.end([{ outcome: outcomeOf('a', { code: 'lost' }) }])
      assert.deepEqual(plain(late?.state === 'final' && late.unsent), callbacks.map(plain))
      const [entry] = await ledger.lookUp(['a'])
      assert.deepEqual(plain(entry?.state === 'final' && entry.unsent), callbacks.map(plain))
      await sleep(longEnoughMs + 50)
      const all = await ledger.unsent()
      assert.deepEqual(
        all.map(({ queue }) => queue).toSorted(),
        callbacks.map(({ queue }) => queue),
      )
      assert.deepEqual(await ledger.unsent(), [])
      await ledger.sent(callbacks.slice(0, 1))
      await sleep(longEnoughMs + 50)
      assert.deepEqual((await ledger.unsent(5)).map(plain), [plain(callbacks[1])])
      await ledger.sent(callbacks)
      await sleep(longEnoughMs + 50)
      assert.deepEqual(await ledger.unsent(), [])
    },
  },

  {
    title: 'two who look for unsent messages at once get each of them once',
    options: { claimMs: longEnoughMs },
    run: async (ledger, another) => {
      const other = await another()
      const ids = Array.from({ length: 60 }, (_, n) => `m${n}`)
      await ledger.end(ids.map((id) => ({ outcome: outcomeOf(id), callbacks: [callbackOf(id)] })))
      await sleep(longEnoughMs + 50)
      const parts = await Promise.all([ledger.unsent(40), other.unsent(40)])
      assert.deepEqual(idsOf(parts.flat()).toSorted(), ids.toSorted())
    },
  },

  {
    title: 'outcomes are listed newest first, by queue, code and time, page by page',
    run: async (ledger) => {
      const outcome = (id: string, queue: string, code: string, afterMs: number) => ({
        outcome: outcomeOf(id, { queue, code, finishedAtMs: t0 + afterMs }),
      })
      await accepted(ledger, 'pending')
      await ledger.end([
        outcome('a', 'work', 'ok', 1),
        outcome('b', 'work', 'lost', 2),
        outcome('c', 'other', 'ok', 3),
        outcome('d', 'other', 'Odd', 3),
        outcome('e', 'work', 'ok', 3),
      ])
      const list = async (filter: Parameters<typeof ledger.outcomes>[0]) =>
        idsOf(await ledger.outcomes(filter))
      const all = await list({})
      assert.deepEqual(all.slice(0, 3).toSorted(), ['c', 'd', 'e'])
      assert.deepEqual(all.slice(3), ['b', 'a'])
      const paged: string[] = []
      for (let page = await list({ limit: 2 }); page.length > 0; ) {
        paged.push(...page)
        page = await list({ limit: 2, after: paged.at(-1) as string })
      }
      assert.deepEqual(paged, all)
      assert.deepEqual(await list({ queue: 'work' }), ['e', 'b', 'a'])
      assert.deepEqual(await list({ queue: 'work', code: 'ok' }), ['e', 'a'])
      assert.deepEqual((await list({ code: 'failed' })).toSorted(), ['b', 'd'])
      assert.deepEqual(await list({ code: 'Odd' }), ['d'])
      assert.deepEqual(await list({ code: 'ok', queue: 'other' }), ['c'])
      assert.deepEqual(await list({ finishedSinceMs: t0 + 2, finishedBeforeMs: t0 + 3 }), ['b'])
      assert.deepEqual(await list({ limit: 0 }), [])
      assert.equal((await list({ limit: Number.POSITIVE_INFINITY })).length, 5)
      assert.deepEqual((await ledger.counts()).get('work'), { pending: 1, dead: 0 })
    },
  },

  {
    title: 'an outcome that is too old or one too many is forgotten, and its id stays known',
    options: { retention: { retainMs: 3_600_000, retainCount: 3 } },
    run: async (ledger) => {
      const now = Date.now()
      const at = (id: string, agoMs: number, dead = false) => ({
        outcome: outcomeOf(id, { finishedAtMs: now - agoMs, code: dead ? 'lost' : 'ok' }),
        ...(dead && { deadLetter: messageOf(id) }),
      })
      await ledger.end([at('old', 4_000_000, true), at('a', 3_000), at('b', 2_000), at('c', 1_000)])
      await accepted(ledger, 'pending')
      assert.equal(await ledger.forget(), 1)
      assert.deepEqual(await ledger.lookUp(['old']), [{ state: 'forgotten' }])
      assert.deepEqual(await ledger.deadLetters({}), [])
      assert.deepEqual(await ledger.accept([acceptanceOf('old')]), [{ state: 'known' }])
      assert.deepEqual(await ledger.end([at('old', 0), at('d', 0), at('e', 0)].slice(0, 1)), [
        { state: 'forgotten' },
      ])
      await ledger.end([at('d', 0)])
      assert.equal(await ledger.forget(), 1)
      assert.deepEqual(idsOf(await ledger.outcomes({})), ['d', 'c', 'b'])
      assert.deepEqual(await ledger.outcomes({ after: 'a' }), [])
      const states = (await ledger.lookUp(['a', 'b', 'pending', 'nobody'])).map((e) => e.state)
      assert.deepEqual(states, ['forgotten', 'final', 'pending', 'unknown'])
    },
  },

  {
    title: 'thousands are forgotten in one call',
    options: { retention: { retainMs: 1_000, retainCount: 1e9 } },
    run: async (ledger) => {
      const ids = Array.from({ length: 2_500 }, (_, n) => `n${n}`)
      await ledger.end(ids.map((id) => ({ outcome: outcomeOf(id) })))
      assert.equal(await ledger.forget(), 2_500)
      assert.equal(await ledger.forget(), 0)
      assert.deepEqual(await ledger.outcomes({}), [])
    },
  },
]

/** Each in a call of its own, all at once. */
const single = async (
  ledger: Parameters<LedgerCase['run']>[0],
  endings: Parameters<typeof ledger.end>[0],
) => (await Promise.all(endings.map((one) => ledger.end([one])))).flat()
