import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, smallSizes } from '../../test/embedded/engine-trial.ts'
import type { GatherRequest } from '../engine.ts'
import type { Delivery } from '../message/delivery.ts'

const request = (id: string, ...memberIds: string[]): GatherRequest => ({
  id,
  memberIds,
  callback: { name: 'done', context: '7' },
})

async function gather(trial: EngineTrial, id: string, ...memberIds: string[]): Promise<void> {
  await trial.until(trial.engine.gather(request(id, ...memberIds)))
}

/** The ids of the gathers that the callback was told of, each acknowledged. */
async function told(trial: EngineTrial): Promise<string[]> {
  const inbox = trial.consume('callback:done')
  await trial.clock.advance(200)
  const ids: string[] = []
  for (const delivery of inbox.deliveries) {
    ids.push(JSON.parse(Buffer.from(delivery.message.body).toString()).gatherId)
    await trial.until(trial.engine.settle(delivery, { kind: 'acknowledge' }))
  }
  await inbox.close()
  return ids
}

test('the callback is told once, when the last member has its outcome', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a', 'b', 'c')
  await gather(trial, 'g', 'a', 'b', 'c')
  await trial.answerOk(...(await trial.take('work', 2)))
  assert.deepEqual(await told(trial), [])
  await trial.answerOk(...(await trial.take('work', 1)))
  assert.deepEqual(await told(trial), ['g'])
  await gather(trial, 'g', 'a', 'b', 'c')
  assert.deepEqual(await told(trial), [])
})

test('members that were final before count, whatever became of them', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a', 'b')
  await trial.answerOk(...(await trial.take('work', 1)))
  await trial.until(trial.engine.cancel('b'))
  await gather(trial, 'g', 'a', 'b')
  assert.deepEqual(await told(trial), ['g'])
})

test('a member that was never sent is refused by its id, and nothing is gathered', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a')
  await assert.rejects(gather(trial, 'g', 'a', 'no'), {
    code: 'unknown',
    id: 'no',
    message: /gather g: no message no was ever accepted/,
  })
  await trial.drain('work')
  assert.deepEqual(await told(trial), [])
})

test('a gather that cannot be kept is refused', async () => {
  const trial = await EngineTrial.open()
  const wrong: [GatherRequest, string][] = [
    [request(''), 'bad-argument'],
    [request('x'.repeat(250)), 'bad-argument'],
    [{ ...request('g'), callback: { name: '' } }, 'bad-name'],
    [{ ...request('g'), callback: { name: 'x'.repeat(250) } }, 'bad-name'],
    [
      { ...request('g'), callback: { name: 'x', context: 'y'.repeat(70_000) } },
      'message-too-large',
    ],
    [{ ...request('g'), memberIds: new Array(1_000_001).fill('a') }, 'bad-argument'],
  ]
  for (const [one, code] of wrong) {
    await assert.rejects(trial.until(trial.engine.gather(one)), { code })
  }
})

test('a gather of nothing is told at once', async () => {
  const trial = await EngineTrial.open()
  await gather(trial, 'empty')
  assert.deepEqual(await told(trial), ['empty'])
})

test('a gather asked for twice at once is durable before either of the two is told so', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a')
  const { engine } = trial
  const first = engine.gather(request('g', 'a'))
  let second = false
  void engine.gather(request('g', 'a')).then(() => {
    second = true
  })
  for (let ms = 0; !second && ms < 100; ms++) await trial.clock.advance(1)
  assert.ok(second)
  await trial.crash('power')
  await trial.drain('work')
  assert.deepEqual(await told(trial), ['g'])
  first.catch(() => undefined)
})

test('a gather goes on after any crash, and is told exactly once', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const trial = await EngineTrial.open(smallSizes, {}, seed)
    await trial.send('work', 'a', 'b', 'c')
    await gather(trial, 'g', 'a', 'b', 'c')
    const times: string[] = []
    for (let n = 0; n < 3; n++) {
      const [delivery] = (await trial.take('work', 1)) as [Delivery]
      const settling = trial.engine.settle(delivery, {
        kind: 'final',
        code: 'ok',
        contentType: '',
        body: new Uint8Array(),
      })
      settling.catch(() => undefined)
      // The crash comes at any moment of it: before, under or after its commit.
      await trial.clock.advance(((seed * (n + 1)) % 8) / 2)
      await trial.crash(seed % 2 === 0 ? 'power' : 'kill')
      times.push(...(await told(trial)))
    }
    await trial.drain('work')
    times.push(...(await told(trial)))
    assert.deepEqual(times, ['g'], `seed ${seed}`)
    await trial.reopen()
    assert.deepEqual(await told(trial), [], `seed ${seed}`)
    assert.deepEqual(trial.problems, [])
  }
})
