import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { queue } from '../contract/queue.ts'
import { HomingError } from '../errors.ts'
import { homing } from '../homing.ts'

const withCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof HomingError && error.code === code && words.test(error.message)

const report = queue('report')

test('a schedule sends at each of its times, under an id that names the time', async () => {
  await using home = await homing('memory:')
  const seen: [string, unknown][] = []
  const twice = Promise.withResolvers<void>()
  home.consume(report, ({ id, input }) => {
    seen.push([id, input])
    if (seen.length === 2) twice.resolve()
  })
  const askedAtMs = Date.now()
  const schedule = await home.schedule('tick', '* * * * * *', report, { of: 'second' })
  assert.ok((schedule.next?.getTime() ?? 0) > askedAtMs - 1_000)
  await twice.promise
  const [first, second] = seen.map(([id]) => Date.parse(id.slice('schedule:tick:'.length)))
  // Times that pass while the machine stands still are left out.
  const apartMs = (second ?? 0) - (first ?? 0)
  assert.ok(apartMs >= 1_000 && apartMs % 1_000 === 0, `${apartMs} ms apart`)
  assert.deepEqual(seen[0]?.[1], { of: 'second' })
})

test('the next occurrence waits in the queue, and unscheduling cancels it', async () => {
  await using home = await homing('memory:')
  const { next } = await home.schedule('nightly', '0 3 * * *', report, 1, {
    timezone: 'Europe/Vienna',
  })
  const id = `schedule:nightly:${next?.toISOString()}`
  assert.equal((await home.answer(id)).state, 'pending')
  assert.equal(await home.unschedule('nightly'), true)
  assert.equal((await home.answer(id)).state, 'final')
  assert.equal(await home.unschedule('nightly'), false)
})

test('the same schedule again sends nothing twice; unscheduled and scheduled again it runs', async () => {
  await using home = await homing('memory:')
  const delayed = async () => (await home.queues())[0]?.delayed
  await home.schedule('nightly', '0 3 * * *', report, 1)
  await home.schedule('nightly', '0 3 * * *', report, 1)
  assert.equal(await delayed(), 1)
  await home.unschedule('nightly')
  assert.equal(await delayed(), 0)
  await home.schedule('nightly', '0 3 * * *', report, 1)
  assert.equal(await delayed(), 1)
})

test('a restart keeps the occurrence in the queue, once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'homing-'))
  try {
    for (let start = 0; start < 3; start++) {
      await using home = await homing(directory)
      await home.schedule('nightly', '0 3 * * *', report, 1)
      assert.equal((await home.queues())[0]?.delayed, 1)
    }
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('an expression, time zone or name that cannot be read is refused', async () => {
  await using home = await homing('memory:')
  await assert.rejects(home.schedule('s', 'daily', report, 1), withCode('bad-argument', /"daily"/))
  await assert.rejects(
    home.schedule('s', 5 as never, report, 1),
    withCode('bad-argument', /number/),
  )
  const timezone = 'Europe/Atlantis'
  await assert.rejects(
    home.schedule('s', '0 3 * * *', report, 1, { timezone }),
    withCode('bad-argument', /Atlantis/),
  )
  await assert.rejects(home.schedule('', '0 3 * * *', report, 1), withCode('bad-name'))
  await assert.rejects(home.schedule('x'.repeat(240), '0 3 * * *', report, 1), withCode('bad-name'))
  const delay = { delay: '1s' } as object
  await assert.rejects(
    home.schedule('s', '0 3 * * *', report, 1, delay),
    withCode('unknown-option'),
  )
  await assert.rejects(home.schedule('s', '0 3 * * *', report, 5n), withCode('unserialisable'))
  assert.equal(await home.unschedule('s'), false)
})

test('a schedule is not lost to a successor that cannot be read', async () => {
  await using home = await homing('memory:')
  await home.schedule('s', '0 3 * * *', report, 1)
  await assert.rejects(home.schedule('s', 'nonsense', report, 1), withCode('bad-argument'))
  assert.equal(await home.unschedule('s'), true)
})

test('one name asked for twice at once is one schedule', async () => {
  await using home = await homing('memory:')
  await Promise.all([
    home.schedule('s', '0 3 * * *', report, 1),
    home.schedule('s', '0 4 * * *', report, 1),
  ])
  assert.equal((await home.queues())[0]?.delayed, 1)
  assert.equal(await home.unschedule('s'), true)
  assert.equal((await home.queues())[0]?.delayed, 0)
})

test('a time that never comes is no error: there is no next one', async () => {
  await using home = await homing('memory:')
  const { next } = await home.schedule('never', '0 0 30 2 *', report, 1)
  assert.equal(next, undefined)
})
