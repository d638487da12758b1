/*
 * Bugs that relatives of this engine shipped, replayed: what they lost must not be lost here.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiskOperation } from '../../src/testing/disk-fault.ts'
import { loadSystem } from '../simulation/load-system.ts'
import { answer, Bench } from './bench.ts'

const system = await loadSystem()

async function opened(): Promise<Bench> {
  const bench = new Bench(system, 3)
  await bench.open()
  return bench
}

async function judged(bench: Bench): Promise<void> {
  const { violations, text } = await bench.judge()
  assert.equal(violations.length, 0, text)
}

const lastSegment = ({ world }: Bench): string =>
  world.disk.state
    .list()
    .filter((name) => name.startsWith('journal-'))
    .filter((name) => (world.disk.state.find(name)?.seenLength ?? 0) > 64)
    .sort()
    .at(-1) as string

async function state({ world }: Bench, id: string): Promise<string | undefined> {
  return (await world.until(world.observed.engine.answer(id)))?.value.state
}

test('what is sent after a crash that left a hole of zeros is there after the second restart', async () => {
  for (const zeros of [1, 511, 512, 4_096, 70_000]) {
    const bench = await opened()
    const before = await bench.send('before')
    await bench.world.cutPower(0)
    bench.world.editFile(lastSegment(bench), (bytes) => {
      const longer = new Uint8Array(bytes.length + zeros)
      longer.set(bytes)
      return longer
    })
    await bench.open()
    const after = await bench.send('after')
    for (let restart = 0; restart < 2; restart++) {
      await bench.world.cutPower(0)
      await bench.open()
      for (const id of [before, after]) {
        assert.equal(await state(bench, id), 'pending', `${zeros} zeros, restart ${restart}`)
      }
    }
    await judged(bench)
  }
})

test('a segment cut off at any byte does not stop the start, and costs only what was cut off', async () => {
  const length = await (async () => {
    const bench = await opened()
    await bench.send('one')
    await bench.send('two')
    return bench.world.disk.state.find(lastSegment(bench))?.seenLength ?? 0
  })()
  for (let kept = 0; kept <= length; kept++) {
    const bench = await opened()
    const one = await bench.send('one')
    const two = await bench.send('two')
    await bench.world.cutPower(0)
    bench.world.editFile(lastSegment(bench), (bytes) => bytes.slice(0, kept))
    assert.ok(await bench.world.open(), `${kept} of ${length} bytes kept: it does not start`)
    const [first, second] = [await state(bench, one), await state(bench, two)]
    assert.ok(first === 'pending' || second === 'unknown', `${kept} bytes: the wrong one is gone`)
    const three = await bench.send('three')
    await bench.world.cutPower(0)
    await bench.open()
    assert.equal(await state(bench, three), 'pending')
  }
})

test('a ledger that is ahead of the journal does not swallow the outcomes that come next', async () => {
  const bench = await opened()
  bench.consume('work', 1, (delivery, observed) => {
    void observed.settle(delivery, answer(`done ${delivery.message.id}`))
  })
  for (let n = 0; n < 5; n++) await bench.send('work')
  await bench.pass(200)
  await bench.world.observed.engine.outcomes({})
  await bench.world.kill()
  // The journal has lost its end, and with it the numbers that the ledger goes by.
  bench.world.editFile(lastSegment(bench), (bytes) => bytes.slice(0, 300))
  await bench.open()
  const id = await bench.send('after')
  bench.consume('work', 10, (delivery, observed) => {
    void observed.settle(delivery, answer(`done ${delivery.message.id}`))
  })
  await bench.pass(200)
  await bench.close()
  await bench.open()
  assert.equal(await state(bench, id), 'final')
  assert.equal(await state(bench, [...bench.observed.numbers.ids][0] as string), 'final')
})

test('a confirm syncs the file of its record, once, and no other', async () => {
  const bench = await opened()
  await bench.pass(100)
  const operations: DiskOperation[] = []
  const { disk } = bench.world
  const faults = disk.faults
  disk.faults = (operation) => {
    operations.push(operation)
    return faults(operation)
  }
  await bench.send('one')
  assert.deepEqual(
    operations.map(({ kind, name }) => `${kind} ${name}`),
    [`write ${lastSegment(bench)}`, `sync ${lastSegment(bench)}`],
  )
})

test('an outcome whose sync failed, read back from the page cache, is not believed until it is on disk', async () => {
  for (let dice = 1; dice <= 30; dice++) {
    const bench = new Bench(system, dice)
    await bench.open()
    await bench.send('work')
    bench.world.strikeIn(4, { kind: 'fail', code: 'EIO' })
    bench.consume('work', 1, (delivery, observed) => {
      void observed.settle(delivery, answer('done'))
    })
    await bench.pass(50)
    // The process ends, the machine goes on: what the next one reads was never synced.
    await bench.world.kill()
    await bench.open()
    await bench.world.probe('recovered')
    await judged(bench)
  }
})
