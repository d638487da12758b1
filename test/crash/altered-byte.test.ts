/*
 * The bytes of a small journal are altered, one a run, while nothing runs. The engine must start, tell
 * of what was harmed, keep everything else, and leave the file as it is (invariant 44).
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check, report, type Violation } from '../simulation/checker.ts'
import { loadSystem } from '../simulation/load-system.ts'
import { SimulatedConsumers } from '../simulation/simulated-consumers.ts'
import type { System } from '../simulation/system.ts'
import { answer, Bench, failure } from './bench.ts'

const system = await loadSystem()
const last = 'the-last-one'

/** Messages in every state: waiting, held, delayed, given back, finished, dead, coming home. */
async function work(bench: Bench): Promise<void> {
  await bench.open()
  const callbacks = [{ name: 'home' }]
  await bench.sendMany(2, 'finished', { meta: { callbacks } })
  await bench.sendMany(2, 'dead')
  await bench.sendMany(2, 'comes back')
  let n = 0
  const consumer = bench.consume('work', 6, (delivery, observed) => {
    const settlements = [answer('a'), answer('b'), answer('no', 'rejected'), answer('x', 'invalid')]
    const settlement = settlements[n++] ?? failure(n > 5 ? 60_000 : 0)
    if (n <= 6) void observed.settle(delivery, settlement)
  })
  await bench.pass(20)
  await bench.leave(consumer)
  await bench.send('waits', { id: 'chosen' })
  await bench.send('later', { availableAtMs: bench.observed.engine.nowMs() + 15_000 })
  await bench.send('last', { id: last })
  await bench.world.probe('quiet')
}

async function alteredAt(
  file: string,
  at: number,
  how: 'cut' | 'close',
  subject: System = system,
): Promise<Bench> {
  const bench = new Bench(subject, 5, { segmentBytes: 65_536, checkpointBytes: 65_536 })
  const { world } = bench
  await work(bench)
  if (how === 'close') await bench.close()
  else await world.cutPower(0)
  world.alterByte(file, at)
  world.calm()
  assert.ok(await world.open(), 'it does not start')
  await world.probe('recovered')
  world.tellProblems()
  return bench
}

/**
 * What must hold whatever record is harmed. A record of deliveries that is gone may cost an attempt
 * and its mark, so rules about those say nothing here.
 */
const always = new Set([1, 2, 4, 5, 20, 22, 24, 44])

/** What is broken, apart from the one message that was harmed. */
function elsewhere(bench: Bench): readonly Violation[] {
  const { events } = bench.world.recorder
  const [before, after] = events.filter((event) => event.kind === 'probed')
  const harmed = [...(before?.probe.answers ?? [])]
    .filter(([id, { state }]) => after?.probe.answers.get(id)?.state !== state)
    .map(([id]) => id)
  // Nothing behind the last commit says that it was durable: its loss looks like a crash before it.
  const silent = (text: string) => text.includes(`harmed ${last}`)
  return check(events, { slackMs: 50 }).filter(
    ({ id, number, text }) => always.has(number) && !harmed.includes(id) && !silent(text),
  )
}

async function finish(bench: Bench): Promise<void> {
  const { world } = bench
  const consumers = new SimulatedConsumers(world.random.fork(), world.plan, world.clock)
  await world.until(consumers.takeOver(world.observed))
  await world.clock.advance(20_000)
  world.tellProblems()
}

const file = 'journal-0000000001.log'

for (const how of ['cut', 'close'] as const) {
  test(`an altered byte in the journal costs one record at most, and is told of, after a ${how}`, async () => {
    const trial = new Bench(system, 5, { segmentBytes: 65_536, checkpointBytes: 65_536 })
    await work(trial)
    const size = trial.world.disk.state.files().get(file)?.length ?? 0
    assert.ok(size > 1_000, `${size} bytes`)
    for (let at = how === 'cut' ? 0 : 2; at < size; at += 5) {
      const bench = await alteredAt(file, at, how)
      await finish(bench)
      const violations = elsewhere(bench)
      const text = report(violations, bench.world.recorder.events)
      assert.equal(violations.length, 0, `byte ${at} of ${size}\n${text}`)
      assert.deepEqual(bench.world.wrong, [])
    }
  })
}

test('invariant 44 catches: damage that nobody is told of', async () => {
  const silent: System = {
    ...system,
    open: async ({ onProblem: _, ...devices }, plan, random16) => {
      const engine = await system.open(devices, plan, random16)
      const answer = engine.answer.bind(engine)
      engine.answer = (id) => answer(id).catch(() => ({ state: 'unknown' }))
      return engine
    },
  }
  for (let at = 0; at < 2_000; at += 50) {
    const bench = await alteredAt(file, at, 'cut', silent)
    if (elsewhere(bench).some(({ number }) => number === 44)) return
  }
  assert.fail('not caught')
})
