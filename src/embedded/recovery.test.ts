import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EngineTrial, messageOf, ok } from '../../test/embedded/engine-trial.ts'
import { recoveredFrom } from '../../test/embedded/state-picture.ts'
import type { Delivery } from '../message/delivery.ts'

const withoutCheckpoints = (files: ReadonlyMap<string, Uint8Array>) =>
  [...files].filter(([name]) => name.startsWith('journal-'))

test('everything comes back at its place after a crash, with what was delivered marked so', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', '1', '2', '3', '4', '5')
  const [one, two] = (await trial.take('work', 3)) as Delivery[]
  await trial.answerOk(two as Delivery)
  await trial.until(trial.engine.settle(one as Delivery, { kind: 'return' }))
  await trial.crash()
  assert.deepEqual(await trial.drain('work'), ['1R', '3R', '4', '5'])
  assert.equal(await trial.state('2'), 'ok')
  assert.deepEqual(trial.problems, [])
})

test('attempts go on counting after a crash, and what was excused stays excused', async () => {
  const trial = await EngineTrial.open()
  await trial.publish(messageOf('work', 'a', 'a', { attemptsMax: 3 }))
  for (const attempt of [1, 2]) {
    const [delivery] = (await trial.take('work', 1)) as [Delivery]
    assert.equal(delivery.attempt, attempt)
    await trial.until(trial.engine.settle(delivery, { kind: 'return' }))
    await trial.crash()
  }
  for (const attempt of [3, 4, 5]) {
    const [delivery] = (await trial.take('work', 1)) as [Delivery]
    assert.equal(delivery.attempt, attempt)
    await trial.crash()
  }
  assert.deepEqual(await trial.take('work', 1), [])
  assert.equal(await trial.state('a'), 'lost')
})

test('recovering twice gives the same state, and changes no file of the journal', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', '1', '2', '3')
  await trial.take('work', 2)
  const files = trial.disk.state.files()
  const first = await recoveredFrom(files, trial.ledger, trial.clock)
  const second = await recoveredFrom(files, trial.ledger, trial.clock)
  assert.deepEqual(first.picture, second.picture)
  assert.deepEqual([first.recovered.lastLsn, first.problems], [second.recovered.lastLsn, []])
})

const queueName = fc.constantFrom('a', 'b')
const step = fc.oneof(
  fc.record({
    kind: fc.constant('send' as const),
    queue: queueName,
    count: fc.integer({ min: 1, max: 12 }),
    priority: fc.constantFrom(0, 0, 0, 5),
    delayMs: fc.constantFrom(0, 0, 0, 300, 60_000),
    ttlMs: fc.constantFrom(undefined, undefined, 400, 600_000),
    callback: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('take' as const),
    queue: queueName,
    count: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({
    kind: fc.constant('settle' as const),
    which: fc.nat(50),
    how: fc.constantFrom('ok', 'return', 'retry', 'retry later', 'acknowledge', 'rejected'),
  }),
  fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(200) }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.nat(500) }),
  fc.record({
    kind: fc.constant('crash' as const),
    how: fc.constantFrom('kill' as const, 'power' as const),
  }),
  fc.record({ kind: fc.constant('reopen' as const) }),
)

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Does random work; what was sent and is held is known. */
class Work {
  readonly trial: EngineTrial
  readonly ids: string[] = []
  held: Delivery[] = []
  #kept = 0

  constructor(trial: EngineTrial) {
    this.trial = trial
  }

  /** A message that nobody takes: no segment is removed while there is one in it. */
  async keepSegment(): Promise<void> {
    await this.trial.send('kept', `kept${this.#kept++}`)
  }

  async do(one: Step): Promise<void> {
    const { trial } = this
    switch (one.kind) {
      case 'send':
        return this.#send(one)
      case 'take':
        this.held.push(...(await trial.take(one.queue, one.count)))
        return
      case 'settle':
        return this.#settle(one.which, one.how)
      case 'cancel': {
        const id = this.ids[one.which % Math.max(1, this.ids.length)]
        if (id) await trial.until(trial.engine.cancel(id))
        return
      }
      case 'time':
        return trial.clock.advance(one.ms)
      case 'crash':
        this.held = []
        return trial.crash(one.how)
      case 'reopen':
        this.held = []
        return trial.reopen()
      default:
        one satisfies never
    }
  }

  async #send(one: Step & { kind: 'send' }): Promise<void> {
    const { engine } = this.trial
    for (let n = 0; n < one.count; n++) {
      const id = `${one.queue}${this.ids.length}`
      const meta = {
        ...(one.ttlMs === undefined ? {} : { ttlMs: one.ttlMs }),
        ...(one.callback ? { callbacks: [{ name: 'told' }] } : {}),
      }
      this.ids.push(id)
      const availableAtMs = one.delayMs === 0 ? 0 : engine.nowMs() + one.delayMs
      const more = { priority: one.priority, availableAtMs, meta }
      await this.trial.publish(messageOf(one.queue, id, id.repeat(60), more))
    }
  }

  async #settle(which: number, how: string): Promise<void> {
    const [delivery] = this.held.splice(which % Math.max(1, this.held.length), 1)
    if (!delivery) return
    const { engine } = this.trial
    const body = Buffer.from('{}')
    const retry = { kind: 'retry', code: 'thrown', body } as const
    const settlement =
      how === 'return' || how === 'acknowledge'
        ? ({ kind: how } as const)
        : how === 'retry'
          ? { ...retry, delayMs: 0 }
          : how === 'retry later'
            ? { ...retry, delayMs: 250 }
            : { ...ok(), code: how }
    await this.trial.until(engine.settle(delivery, settlement))
  }
}

test('a checkpoint and the journal behind it give the same state as the journal alone', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 25 }),
    fc.nat(),
    async (steps, seed) => {
      // One segment for all, so that nothing of the journal is ever removed; checkpoints come often.
      const sizes = {
        segmentBytes: 2 ** 24,
        checkpointBytes: 4_096,
        reserveBytes: 0,
        indexBytes: 0,
      }
      const trial = await EngineTrial.open(sizes, {}, seed)
      const work = new Work(trial)
      await work.keepSegment()
      for (const one of steps) {
        await work.do(one)
        if (one.kind === 'crash' || one.kind === 'reopen') await work.keepSegment()
      }
      await trial.clock.advance(30)
      const files = trial.disk.state.files()
      const { ledger, clock } = trial
      const whole = await recoveredFrom(files, ledger, clock)
      const journalOnly = await recoveredFrom(withoutCheckpoints(files), ledger, clock)
      assert.deepEqual(whole.picture, journalOnly.picture)
      assert.equal(whole.recovered.lastLsn, journalOnly.recovered.lastLsn)
      assert.deepEqual([...whole.problems, ...journalOnly.problems, ...trial.problems], [])
    },
  )
  await fc.assert(property, { numRuns: 60 })
})

test('after any work and any crashes, each message is delivered or final, never both, never neither', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 20 }),
    fc.nat(),
    async (steps, seed) => {
      const sizes = { segmentBytes: 4_096, checkpointBytes: 8_192, reserveBytes: 0, indexBytes: 0 }
      const trial = await EngineTrial.open(sizes, {}, seed)
      const work = new Work(trial)
      for (const one of steps.filter((one) => one.kind !== 'settle' || one.how !== 'acknowledge'))
        await work.do(one)
      await trial.crash('power')
      await trial.clock.advance(60_000)
      const finals = new Set((await trial.outcomes()).map(({ id }) => id))
      const live = new Set(
        [...(await trial.drain('a')), ...(await trial.drain('b'))].map((id) => id.replace('R', '')),
      )
      for (const id of work.ids) {
        assert.equal(
          live.has(id) !== finals.has(id),
          true,
          `${id} is live ${live.has(id)}, final ${finals.has(id)}`,
        )
      }
      assert.deepEqual(trial.problems, [])
    },
  )
  await fc.assert(property, { numRuns: 40 })
})
