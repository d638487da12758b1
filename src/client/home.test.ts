import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { queue } from '../contract/queue.ts'
import type { Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { homing } from '../homing.ts'
import { Home } from './home.ts'

const withCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof HomingError && error.code === code && words.test(error.message)

const job = queue('job')

test('closing lets running handlers finish and gives the rest back', async () => {
  await using home = await homing('memory:')
  const begun = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const consumer = home.consume(job, async () => {
    begun.resolve()
    await release.promise
    return 'finished'
  })
  const [first, second] = await home.sendMany(job, [1, 2])
  await begun.promise
  const closing = consumer.close()
  release.resolve()
  await closing
  assert.equal(await first?.result(), 'finished')
  assert.deepEqual(await second?.answer(), { state: 'pending' })
  const [stats] = await home.queues()
  assert.deepEqual([stats?.ready, stats?.unsettled, stats?.consumers], [1, 0, 0])
})

test('what outlives the grace time is aborted and its message given back, not lost', async () => {
  await using home = await homing('memory:')
  const aborted = Promise.withResolvers<string>()
  const consumer = home.consume(job, ({ signal }) => {
    signal.addEventListener('abort', () => aborted.resolve((signal.reason as Error).message))
    return new Promise(() => {})
  })
  const receipt = await home.send(job, 1, { attempts: 1 })
  await new Promise((resolve) => setTimeout(resolve, 5))
  await consumer.close({ grace: '10ms' })
  assert.match(await aborted.promise, /grace time is over/)
  home.consume(job, ({ redelivered }) => ({ redelivered }))
  assert.deepEqual(await receipt.result(), { redelivered: true })
})

test('a closed home refuses everything, and ends who waits', async () => {
  const home = await homing('memory:')
  const receipt = await home.send(job, 1)
  const waits = assert.rejects(receipt.outcome(), withCode('closed', /home\.receipt/))
  const calls = assert.rejects(home.call(job, 2), withCode('closed'))
  await home.close()
  await Promise.all([waits, calls, home.close()])
  await assert.rejects(home.send(job, 1), withCode('closed'))
  await assert.rejects(home.sendMany(job, [1]), withCode('closed'))
  await assert.rejects(home.call(job, 1), withCode('closed'))
  await assert.rejects(home.answer('x'), withCode('closed'))
  await assert.rejects(home.cancel('x'), withCode('closed'))
  await assert.rejects(home.outcomes(), withCode('closed'))
  await assert.rejects(home.queues(), withCode('closed'))
  await assert.rejects(home.purge('job'), withCode('closed'))
  await assert.rejects(home.pause('job'), withCode('closed'))
  await assert.rejects(home.resume('job'), withCode('closed'))
  await assert.rejects(home.backup('/b'), withCode('closed'))
  await assert.rejects(home.schedule('s', '* * * * *', job, 1), withCode('closed'))
  await assert.rejects(receipt.outcome(), withCode('closed'))
  await assert.rejects(home.deadLetters.list(), withCode('closed'))
  assert.throws(() => home.consume(job, () => 1), withCode('closed'))
  assert.throws(() => home.callback('x', job, () => 1), withCode('closed'))
})

test('while a home closes, its handlers may still send; nobody else may', async () => {
  const home = await homing('memory:')
  const begun = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const next = queue('next')
  const sent = Promise.withResolvers<string>()
  home.consume(job, async () => {
    begun.resolve()
    await release.promise
    sent.resolve((await home.send(next, 1)).id)
  })
  await home.send(job, 1)
  await begun.promise
  const closing = home.close()
  await assert.rejects(home.send(next, 1), withCode('closed'))
  release.resolve()
  assert.match(await sent.promise, /-/)
  await closing
})

test('two contracts may not consume from one queue in one home', async () => {
  await using home = await homing('memory:')
  const consumer = home.consume(job, () => 1)
  const other = queue('job', { input: z.string() })
  assert.throws(() => home.consume(other, () => 2), withCode('contract-conflict', /"job"/))
  home.consume(job, () => 1)
  await consumer.close()
  assert.throws(() => home.consumeMany(other, () => []), withCode('contract-conflict'))
  home.callback('c', job, () => {})
  assert.throws(() => home.callback('c', other, () => {}), withCode('contract-conflict'))
})

test('a bare contract leaves the settings of a queue as they are', async () => {
  await using home = await homing('memory:')
  await home.send(queue('small', { depthMax: 2 }), 1)
  const bare = queue('small')
  await home.send(bare, 2)
  await assert.rejects(home.send(bare, 3), withCode('queue-full'))
  await home.send(queue('small', { retry: { attempts: 1 } }), 3)
})

test('outcomes are listed for people, newest first, of any contract', async () => {
  await using home = await homing('memory:')
  home.consume(job, ({ input, reject }) => {
    if (input === 'bad') throw reject('no')
    return { seen: input }
  })
  await home.callAll(job, ['a', 'bad', 'b'], { ids: ['1', '2', '3'] })
  const rows = await home.outcomes({ queue: job })
  assert.deepEqual(
    rows.map(({ id, code }) => [id, code]),
    [
      ['3', 'ok'],
      ['2', 'rejected'],
      ['1', 'ok'],
    ],
  )
  assert.deepEqual(rows[0]?.value, { seen: 'b' })
  assert.deepEqual(rows[1]?.value, { by: 'consumer', reason: 'no' })
  assert.ok(rows[0]?.finishedAt instanceof Date)
  assert.equal((await home.outcomes({ code: 'failed' })).length, 1)
  assert.equal((await home.outcomes({ queue: 'nobody' })).length, 0)
  assert.equal((await home.outcomes({ limit: 2 })).length, 2)
  assert.equal((await home.outcomes({ since: new Date(Date.now() + 60_000) })).length, 0)
  await assert.rejects(home.outcomes({ qeue: 'x' } as object), withCode('unknown-option'))
  await assert.rejects(home.outcomes({ limit: -1 }), withCode('bad-argument'))
  await assert.rejects(home.outcomes({ since: 'now' as never }), withCode('bad-argument'))
})

test('an id of any contract is answered: pending, final, unknown', async () => {
  await using home = await homing('memory:')
  await home.send(job, 1, { id: 'x' })
  assert.deepEqual(await home.answer('x'), { state: 'pending' })
  assert.deepEqual(await home.answer('never'), { state: 'unknown' })
  assert.equal(await home.cancel('x', 'gone'), true)
  const answer = await home.answer('x')
  assert.ok(answer.state === 'final')
  assert.deepEqual([answer.outcome.code, answer.outcome.value], ['canceled', { reason: 'gone' }])
  await assert.rejects(home.answer(''), withCode('bad-argument'))
})

test('dead letters are listed, replayed as new messages, and dropped', async () => {
  await using home = await homing('memory:')
  let broken = true
  home.consume(job, ({ input, headers }) => {
    if (broken) throw new Error(`no ${input}`)
    return [input, headers]
  })
  const options = { attempts: 1, headers: { trace: 't' } }
  await home.callAll(job, ['a', 'b', 'c'], { ...options, ids: ['1', '2', '3'] })
  const list = await home.deadLetters.list({ queue: job })
  assert.equal(list.length, 3)
  const [newest] = list
  assert.deepEqual([newest?.id, newest?.reason, newest?.attempts], ['3', 'thrown', 1])
  assert.deepEqual([newest?.input, newest?.headers], ['c', { trace: 't' }])
  assert.equal((newest as { error: Error }).error.message, 'no c')
  broken = false
  const [replayed = ''] = await home.deadLetters.replay({ ids: ['1'] })
  assert.deepEqual(await home.receipt(job, replayed).result(), ['a', { trace: 't' }])
  assert.equal(await home.deadLetters.drop({ queue: 'job' }), 2)
  assert.deepEqual(await home.deadLetters.list(), [])
  await assert.rejects(home.deadLetters.drop({} as never), withCode('bad-argument', /all: true/))
  await assert.rejects(home.deadLetters.replay({ id: 'x' } as never), withCode('unknown-option'))
})

test('a queue that is paused takes what is sent and delivers nothing, until it is resumed', async () => {
  await using home = await homing('memory:')
  const worked: unknown[] = []
  home.consume(job, ({ input }) => void worked.push(input))
  await home.call(job, 'before')
  await home.pause(job)
  await home.pause('job')
  const receipt = await home.send(job, 'waits')
  const [stats] = await home.queues()
  assert.deepEqual([stats?.ready, stats?.paused], [1, true])
  assert.deepEqual(worked, ['before'])
  await home.resume(job)
  await receipt.result()
  assert.deepEqual(worked, ['before', 'waits'])
  await assert.rejects(home.pause('none'), withCode('queue-unknown', /"none"/))
  await assert.rejects(home.resume('none'), withCode('queue-unknown', /"none"/))
  await assert.rejects(home.pause(''), withCode('bad-name'))
})

test('what an engine cannot do is refused by its name', async () => {
  const { openEmbedded } = await import('../embedded/open.ts')
  const engine = await openEmbedded('memory:', {})
  await using whole = new Home(engine)
  await assert.rejects(whole.backup('/b'), withCode('unsupported', /everything in memory/))
  await assert.rejects(whole.backup(''), withCode('bad-argument', /an empty path/))
  await assert.rejects(whole.backup(7 as never), withCode('bad-argument', /number/))
  const less: Engine = engine
  Object.assign(less, { pauseQueue: undefined, resumeQueue: undefined, backup: undefined })
  await assert.rejects(whole.pause('job'), withCode('unsupported', /"memory" refuses pauses/))
  await assert.rejects(whole.resume('job'), withCode('unsupported', /"memory" refuses pauses/))
  await assert.rejects(whole.backup('/b'), withCode('unsupported', /"memory" refuses backups/))
})

test('a purge ends what waits as canceled and counts it', async () => {
  await using home = await homing('memory:')
  const [one] = await home.sendMany(job, [1, 2, 3])
  assert.equal(await home.purge(job), 3)
  const outcome = await one?.outcome()
  assert.equal(outcome && !outcome.ok && outcome.error.code, 'canceled')
})

test('a consumer whose codec cannot be loaded says so, and does not stand in the way', async () => {
  await using home = await homing('memory:')
  const codec = {
    contentType: 'x/missing',
    encode: () => new Uint8Array(),
    decode: () => 1,
    load: () => Promise.reject(new HomingError('module-missing', 'run: npm install x')),
  }
  const missing = queue('job', { codec })
  const consumer = home.consume(missing, () => 1)
  await assert.rejects(consumer.ready, withCode('module-missing'))
  await assert.rejects(home.send(missing, 1), withCode('module-missing'))
  home.consume(job, () => 'works')
  assert.equal(await home.call(job, 1), 'works')
})
