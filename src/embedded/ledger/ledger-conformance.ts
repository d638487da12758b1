/*
 * What every ledger must do, as tests that are run against each implementation.
 * `fed` waits until everything fed so far is stored.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { HomingError } from '../../errors.ts'
import type { Ledger, Retention } from './ledger.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'

export interface LedgerMaker {
  readonly name: string
  open(retention: Retention): Promise<Ledger>
}

const keepAll: Retention = { retainMs: 1e12, retainCount: 1e9 }
const t0 = 1_760_000_000_000

export function testLedger(maker: LedgerMaker): void {
  const it = (title: string, body: (ledger: Ledger) => Promise<void>, retention = keepAll) =>
    test(`${maker.name}: ${title}`, async () => {
      const ledger = await maker.open(retention)
      try {
        await body(ledger)
      } finally {
        await ledger.close()
      }
    })
  testFinding(it)
  testListing(it)
  testDeadLetters(it)
  testRetention(it)
}

type It = (
  title: string,
  body: (ledger: Ledger) => Promise<void>,
  retention?: Retention,
) => Promise<void>

/** Feeds, and waits until it is stored. */
async function fed(ledger: Ledger, feed: LedgerFeed): Promise<void> {
  const batch = feed.take()
  const stored = new Promise<void>((resolve) => {
    ledger.onApplied((lsn) => {
      if (lsn >= batch.lastLsn) resolve()
    })
  })
  ledger.feed(batch)
  await stored
}

const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map((row) => row.id)

function testFinding(it: It): void {
  it('an empty ledger knows nothing and has stored nothing', async (ledger) => {
    assert.equal(ledger.openedAtLsn, 0)
    assert.equal(ledger.find('a'), undefined)
    assert.deepEqual(ledger.outcomes({}), [])
    assert.deepEqual(ledger.deadLetters({}), [])
    assert.equal(ledger.deadCounts().size, 0)
    assert.equal(ledger.outcomeCount(), 0)
    assert.equal(ledger.lagBytes(), 0)
    assert.equal(await ledger.flushed(), 0)
    assert.equal(await ledger.forget(t0), 0)
  })

  it('an outcome is found by its id with every field and every byte', async (ledger) => {
    const outcome = outcomeOf('photo:42/Ω\u0000"', {
      queue: 'größe',
      code: 'NotAnImage',
      contentType: 'application/x-odd',
      body: Buffer.from([0, 255, 1, 10]),
      attempts: 65_535,
      acceptedAtMs: t0 + 0.25,
      finishedAtMs: t0 + 1.5,
    })
    const empty = outcomeOf('empty', { body: new Uint8Array(0), attempts: 0 })
    await fed(ledger, new LedgerFeed().outcome(outcome).outcome(empty))
    assert.deepEqual(plain(ledger.find(outcome.id)), { state: 'final', outcome: plain(outcome) })
    assert.deepEqual(plain(ledger.find('empty')), { state: 'final', outcome: plain(empty) })
    assert.equal(ledger.find('photo:42'), undefined)
    assert.equal(ledger.outcomeCount(), 2)
  })

  it('the first outcome of an id stands, later ones change nothing', async (ledger) => {
    const feed = new LedgerFeed()
    await fed(ledger, feed.outcome(outcomeOf('a', { code: 'ok' })))
    await fed(ledger, feed.outcome(outcomeOf('a', { code: 'lost' })).outcome(outcomeOf('b')))
    const again = new LedgerFeed(10).outcome(outcomeOf('c')).outcome(outcomeOf('c', { code: 'x' }))
    await fed(ledger, again)
    assert.equal(codeOf(ledger, 'a'), 'ok')
    assert.equal(codeOf(ledger, 'c'), 'ok')
    assert.equal(ledger.outcomeCount(), 3)
  })

  it('what was fed before is skipped when it is fed again', async (ledger) => {
    const feed = new LedgerFeed().dead('a').dead('b').drop(['a']).outcome(outcomeOf('c'))
    const all = feed.take()
    ledger.feed(all)
    ledger.feed(all)
    await fed(ledger, feed.outcome(outcomeOf('d')))
    ledger.feed(all)
    await fed(ledger, feed.outcome(outcomeOf('e')))
    assert.equal(ledger.outcomeCount(), 5)
    assert.deepEqual([...ledger.deadCounts()], [['work', 1]])
    assert.deepEqual(
      ledger.deadLetters({}).map((dead) => dead.message.id),
      ['b'],
    )
  })

  it('the bytes fed may be overwritten as soon as feed returns', async (ledger) => {
    const feed = new LedgerFeed().outcome(outcomeOf('a', { body: Buffer.from('value') })).dead('b')
    const batch = feed.take()
    ledger.feed(batch)
    batch.events.fill(0)
    await fed(ledger, feed.outcome(outcomeOf('c')))
    const found = ledger.find('a')
    assert.equal(found?.state === 'final' && Buffer.from(found.outcome.body).toString(), 'value')
    assert.equal(Buffer.from(ledger.deadLetters({})[0]?.message.body ?? '').toString(), 'body of b')
  })

  it('a batch without events moves the stored position on', async (ledger) => {
    const feed = new LedgerFeed(500)
    await fed(ledger, feed)
    assert.equal(await ledger.flushed(), 499)
  })

  it('listeners hear of every stored position, never from inside feed', async (ledger) => {
    const heard: number[] = []
    let feeding = false
    ledger.onApplied((lsn) => {
      assert.equal(feeding, false)
      heard.push(lsn)
    })
    const feed = new LedgerFeed()
    for (const id of ['a', 'b', 'c']) {
      feeding = true
      ledger.feed(feed.outcome(outcomeOf(id)).take())
      feeding = false
    }
    await fed(ledger, feed.outcome(outcomeOf('d')))
    assert.equal(heard.at(-1), 4)
    assert.deepEqual(
      heard,
      heard.toSorted((a, b) => a - b),
    )
    assert.equal(ledger.lagBytes(), 0)
    assert.equal(await ledger.flushed(), 4)
  })
}

function testListing(it: It): void {
  const five = () =>
    new LedgerFeed()
      .outcome(outcomeOf('a', { queue: 'x', finishedAtMs: t0 + 1 }))
      .outcome(outcomeOf('b', { queue: 'y', finishedAtMs: t0 + 2, code: 'lost' }))
      .outcome(outcomeOf('c', { queue: 'x', finishedAtMs: t0 + 2, code: 'thrown' }))
      .outcome(outcomeOf('d', { queue: 'x', finishedAtMs: t0 + 4, code: 'NotAnImage' }))
      .outcome(outcomeOf('late', { queue: 'y', finishedAtMs: t0 }))

  it('outcomes are listed newest first, equal times by arrival', async (ledger) => {
    await fed(ledger, five())
    assert.deepEqual(ids(ledger.outcomes({})), ['d', 'c', 'b', 'a', 'late'])
  })

  it('outcomes are listed by queue, code and time, alone and together', async (ledger) => {
    await fed(ledger, five())
    const list = (filter: Parameters<Ledger['outcomes']>[0]) => ids(ledger.outcomes(filter)).join()
    assert.equal(list({ queue: 'x' }), 'd,c,a')
    assert.equal(list({ queue: 'none' }), '')
    assert.equal(list({ code: 'ok' }), 'a,late')
    assert.equal(list({ code: 'failed' }), 'd,c,b')
    assert.equal(list({ code: 'lost' }), 'b')
    assert.equal(list({ queue: 'x', code: 'failed' }), 'd,c')
    assert.equal(list({ queue: 'x', code: 'NotAnImage' }), 'd')
    assert.equal(list({ queue: 'y', code: 'ok' }), 'late')
    assert.equal(list({ finishedSinceMs: t0 + 2 }), 'd,c,b')
    assert.equal(list({ finishedBeforeMs: t0 + 2 }), 'a,late')
    assert.equal(list({ finishedSinceMs: t0 + 1, finishedBeforeMs: t0 + 4 }), 'c,b,a')
    assert.equal(list({ queue: 'x', code: 'failed', finishedBeforeMs: t0 + 4 }), 'c')
    assert.equal(list({ finishedSinceMs: -Infinity, finishedBeforeMs: Infinity, limit: 2 }), 'd,c')
    assert.equal(list({ limit: 0 }), '')
  })

  it('pages that follow each other hold every outcome once', async (ledger) => {
    await fed(ledger, five())
    for (const filter of [{}, { queue: 'x' }, { code: 'failed' }, { queue: 'x', code: 'failed' }]) {
      const whole = ids(ledger.outcomes(filter))
      const paged: string[] = []
      for (;;) {
        const after = paged.at(-1)
        const page = ledger.outcomes({ ...filter, limit: 1, ...(after && { after }) })
        if (page.length === 0) break
        paged.push(...ids(page))
      }
      assert.deepEqual(paged, whole)
    }
  })

  it('a page is a hundred rows unless told otherwise', async (ledger) => {
    const feed = new LedgerFeed()
    for (let n = 0; n < 120; n++) feed.dead(`id${n}`)
    await fed(ledger, feed)
    assert.equal(ledger.outcomes({}).length, 100)
    assert.equal(ledger.outcomes({ limit: Infinity }).length, 120)
    assert.equal(ledger.deadLetters({}).length, 100)
    assert.equal(ledger.deadLetters({ limit: 110 }).length, 110)
  })

  it('a page after an id never seen, or with an odd limit or time, is refused', async (ledger) => {
    await fed(ledger, five())
    const bad = (e: unknown) => e instanceof HomingError && e.code === 'bad-argument'
    assert.throws(() => ledger.outcomes({ after: 'nobody' }), bad)
    assert.throws(() => ledger.deadLetters({ after: 'nobody' }), bad)
    assert.throws(() => ledger.outcomes({ limit: -1 }), bad)
    assert.throws(() => ledger.outcomes({ limit: 1.5 }), bad)
    assert.throws(() => ledger.deadLetters({ limit: Number.NaN }), bad)
    assert.throws(() => ledger.outcomes({ finishedSinceMs: Number.NaN }), bad)
  })
}

function testDeadLetters(it: It): void {
  it('a dead letter keeps the whole message', async (ledger) => {
    const message = {
      id: 'x',
      idChosen: true,
      exchange: 'topics',
      routingKey: 'a.b',
      contentType: 'text/odd',
      body: Buffer.from([1, 2, 0]),
      priority: 255,
      deadlineAtMs: Number.POSITIVE_INFINITY,
      availableAtMs: t0 + 5,
      timeoutMs: 1_500,
      attemptsMax: 10_000,
      meta: {
        headers: { __proto__x: 'ü', a: '' },
        key: 'k',
        callbacks: [{ name: 'home', context: '{"n":1}' }, { name: 'b' }],
        parentId: 'p',
        replayOf: 'r',
        ttlMs: 9,
        backoff: { baseMs: 1, factor: 2, maxMs: 3, jitter: true },
      },
    }
    const outcome = outcomeOf('x', { code: 'thrown', body: Buffer.from('{"name":"E"}') })
    await fed(ledger, new LedgerFeed().dead('x', { outcome, message }))
    assert.deepEqual(plain(ledger.deadLetters({})), [
      plain({
        message,
        queue: outcome.queue,
        reason: 'thrown',
        errorContentType: outcome.contentType,
        error: outcome.body,
        attempts: outcome.attempts,
        acceptedAtMs: outcome.acceptedAtMs,
        diedAtMs: outcome.finishedAtMs,
      }),
    ])
  })

  it('dead letters are counted, listed by queue and ids, and paged', async (ledger) => {
    const feed = new LedgerFeed()
    for (const id of ['a', 'b', 'c']) feed.dead(id)
    await fed(ledger, feed.dead('o', { outcome: outcomeOf('o', { queue: 'other', code: 'lost' }) }))
    const list = (filter: Parameters<Ledger['deadLetters']>[0]) =>
      ledger.deadLetters(filter).map((dead) => dead.message.id)
    assert.deepEqual(list({}), ['o', 'c', 'b', 'a'])
    assert.deepEqual(list({ queue: 'work' }), ['c', 'b', 'a'])
    assert.deepEqual(list({ ids: ['a', 'c', 'nobody', 'a'] }), ['c', 'a'])
    assert.deepEqual(list({ ids: ['a', 'o'], queue: 'other' }), ['o'])
    assert.deepEqual(list({ ids: [] }), [])
    assert.deepEqual(list({ limit: 2 }), ['o', 'c'])
    assert.deepEqual(list({ limit: 2, after: 'c' }), ['b', 'a'])
    assert.deepEqual(list({ queue: 'work', after: 'o', limit: 1 }), ['c'])
    assert.deepEqual(new Map(ledger.deadCounts()), new Map(Object.entries({ work: 3, other: 1 })))
  })

  it('a dropped dead letter is gone, its outcome stays', async (ledger) => {
    const feed = new LedgerFeed().dead('a').dead('b').dead('c')
    await fed(ledger, feed)
    await fed(ledger, feed.drop(['a', 'b', 'nobody']))
    await fed(ledger, feed.drop(['a']))
    assert.deepEqual(
      ledger.deadLetters({}).map((dead) => dead.message.id),
      ['c'],
    )
    assert.deepEqual([...ledger.deadCounts()], [['work', 1]])
    assert.equal(codeOf(ledger, 'a'), 'lost')
    assert.deepEqual(ledger.deadLetters({ after: 'b' }), [])
    await fed(ledger, feed.drop(['c']))
    assert.equal(ledger.deadCounts().size, 0)
  })

  it('a dead letter whose id was answered before is still kept', async (ledger) => {
    await fed(ledger, new LedgerFeed().outcome(outcomeOf('a')).dead('a'))
    assert.equal(codeOf(ledger, 'a'), 'ok')
    assert.equal(ledger.deadLetters({}).length, 1)
  })

  it('a message of which nothing but its outcome was fed is no dead letter', async (ledger) => {
    await fed(ledger, new LedgerFeed().outcome(outcomeOf('a', { code: 'lost' })))
    assert.deepEqual(ledger.deadLetters({}), [])
  })
}

function testRetention(it: It): void {
  const days = (count: number) => t0 + count * 86_400_000
  const week: Retention = { retainMs: 7 * 86_400_000, retainCount: 1e9 }
  const three: Retention = { retainMs: 1e12, retainCount: 3 }

  const aged = () =>
    new LedgerFeed()
      .dead('a', { outcome: outcomeOf('a', { code: 'lost', finishedAtMs: days(0) }) })
      .outcome(outcomeOf('b', { finishedAtMs: days(1) }))
      .outcome(outcomeOf('c', { finishedAtMs: days(2) }))

  it(
    'an outcome older than its retention is forgotten with its dead letter',
    async (ledger) => {
      await fed(ledger, aged())
      assert.equal(await ledger.forget(days(7)), 0)
      assert.equal(await ledger.forget(days(8)), 1)
      assert.deepEqual(ledger.find('a'), { state: 'forgotten' })
      assert.equal(codeOf(ledger, 'b'), 'ok')
      assert.equal(ledger.find('nobody'), undefined)
      assert.equal(ledger.outcomeCount(), 2)
      assert.deepEqual(ids(ledger.outcomes({})), ['c', 'b'])
      assert.deepEqual(ledger.deadLetters({}), [])
      assert.equal(ledger.deadCounts().size, 0)
    },
    week,
  )

  it(
    'what is fed forgets by its own time, without being asked',
    async (ledger) => {
      const feed = aged()
      await fed(ledger, feed)
      await fed(ledger, feed.outcome(outcomeOf('d', { finishedAtMs: days(8.5) })))
      await ledger.forget(days(8.5))
      assert.deepEqual(ids(ledger.outcomes({})), ['d', 'c'])
    },
    week,
  )

  it(
    'more outcomes than the count: the oldest are forgotten',
    async (ledger) => {
      const feed = aged().outcome(outcomeOf('00000000-old', { finishedAtMs: days(-1) }))
      for (const id of [
        '0199c7a5-1111-7abc-8def-0123456789ab',
        '0199C7A5-1111-7ABC-8DEF-0123456789AB',
      ])
        feed.outcome(outcomeOf(id, { finishedAtMs: days(-2) }))
      await fed(ledger, feed)
      await ledger.forget(days(3))
      assert.deepEqual(ids(ledger.outcomes({})), ['c', 'b', 'a'])
      assert.equal(ledger.outcomeCount(), 3)
      assert.deepEqual(ledger.find('00000000-old'), { state: 'forgotten' })
      assert.deepEqual(ledger.find('0199c7a5-1111-7abc-8def-0123456789ab'), { state: 'forgotten' })
      assert.deepEqual(ledger.find('0199C7A5-1111-7ABC-8DEF-0123456789AB'), { state: 'forgotten' })
      assert.equal(ledger.find('0199c7a5-1111-7abc-8def-0123456789ac'), undefined)
      assert.equal(ledger.find('0199c7A5-1111-7ABC-8DEF-0123456789AB'), undefined)
    },
    three,
  )

  it(
    'an outcome that comes again after it was forgotten stays forgotten',
    async (ledger) => {
      const feed = aged()
      const first = feed.take()
      ledger.feed(first)
      await fed(ledger, feed.outcome(outcomeOf('d', { finishedAtMs: days(3) })))
      await ledger.forget(days(3))
      assert.deepEqual(ledger.find('a'), { state: 'forgotten' })
      ledger.feed(first)
      await fed(ledger, feed.dead('a', { outcome: outcomeOf('a', { finishedAtMs: days(9) }) }))
      assert.deepEqual(ledger.find('a'), { state: 'forgotten' })
      assert.deepEqual(ledger.deadLetters({}), [])
      assert.deepEqual(ids(ledger.outcomes({})), ['d', 'c', 'b'])
    },
    three,
  )

  it(
    'a page after a forgotten id is empty, since only older ones could follow',
    async (ledger) => {
      await fed(ledger, aged())
      await ledger.forget(days(100))
      assert.deepEqual(ledger.outcomes({ after: 'b' }), [])
      assert.deepEqual(ledger.deadLetters({ after: 'a' }), [])
      assert.equal(ledger.outcomeCount(), 0)
    },
    week,
  )

  it(
    'thousands are forgotten in one call',
    async (ledger) => {
      const feed = new LedgerFeed()
      for (let n = 0; n < 25_000; n++) feed.outcome(outcomeOf(`n${n}`, { finishedAtMs: days(0) }))
      await fed(ledger, feed)
      assert.equal(await ledger.forget(days(8)), 25_000)
      assert.equal(await ledger.forget(days(8)), 0)
      assert.equal(ledger.outcomeCount(), 0)
      assert.deepEqual(ledger.find('n24999'), { state: 'forgotten' })
    },
    week,
  )
}

function codeOf(ledger: Ledger, id: string): string | undefined {
  const found = ledger.find(id)
  return found?.state === 'final' ? found.outcome.code : undefined
}

/** Bytes as hex, so that a Buffer and a Uint8Array of the same bytes are equal. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}
