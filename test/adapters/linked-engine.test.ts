import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LinkedEngine, openLinkedEngine } from '../../src/adapters/linked-engine.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import type { Engine } from '../../src/engine.ts'
import { HomingError } from '../../src/errors.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'
import type { Settlement } from '../../src/message/settlement.ts'
import { CuttableLink, shortWire } from './cuttable-link.ts'

/** An engine in memory, and a linked engine whose way to it the test opens and cuts. */
class Ground implements AsyncDisposable {
  readonly memory: Engine
  readonly told: string[] = []
  link: CuttableLink | undefined
  /** In place of a link. */
  refusal: HomingError | undefined
  opened = 0
  onOpen: (link: CuttableLink) => void = () => undefined
  #engine: LinkedEngine | undefined

  constructor(memory: Engine) {
    this.memory = memory
  }

  static async open(patienceMs = 30_000, clock: Clock = systemClock): Promise<Ground> {
    const ground = new Ground(await openEmbedded('memory:'))
    const tell = (text: string): void => {
      ground.told.push(text)
    }
    ground.#engine = await openLinkedEngine({
      open: async () => {
        if (ground.refusal !== undefined) throw ground.refusal
        ground.opened++
        ground.link = new CuttableLink(ground.memory, shortWire(systemClock))
        ground.onOpen(ground.link)
        return ground.link
      },
      ...{ where: 'there', patienceMs, clock, onProblem: tell, onBack: tell },
    })
    return ground
  }

  get engine(): LinkedEngine {
    return this.#engine as LinkedEngine
  }

  message(changes: Partial<Message> = {}): Message {
    return {
      id: this.engine.mintId(),
      ...{ idChosen: false, exchange: '', routingKey: 'work', contentType: 'text/plain' },
      ...{ body: Buffer.from('x'), priority: 0, deadlineAtMs: Number.POSITIVE_INFINITY },
      ...{ availableAtMs: 0, timeoutMs: 0, attemptsMax: 5, meta: undefined },
      ...changes,
    }
  }

  /** Nobody is there until `back`. */
  away(refusal = new HomingError('unreachable', 'nobody listens')): void {
    this.refusal = refusal
    this.link?.cut()
  }

  back(): void {
    this.refusal = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close()
    await this.memory.close()
  }
}

const turn = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let n = 0; !condition(); n++) {
    assert.ok(n < 2_000, `waited in vain for ${what}`)
    await turn(5)
  }
}

const fails = (code: string, words: RegExp, data?: unknown) => (error: unknown) => {
  assert.ok(error instanceof HomingError, String(error))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, words)
  if (data !== undefined) assert.deepEqual(error.data, data)
  return true
}

const final = (text: string): Settlement => ({
  ...{ kind: 'final', code: 'ok', contentType: 'text/plain', body: Buffer.from(text) },
})

async function held(ground: Ground): Promise<{ delivery: Delivery; revoked: string[] }> {
  const deliveries: Delivery[] = []
  const revoked: string[] = []
  ground.engine.subscribe(
    'work',
    { prefetch: 1 },
    {
      deliver: (delivery) => deliveries.push(delivery),
      revoke: (_, reason) => revoked.push(reason),
    },
  )
  await ground.engine.publish(ground.message())
  await until(() => deliveries.length > 0, 'a delivery')
  return { delivery: deliveries[0] as Delivery, revoked }
}

test('the first link that cannot be opened fails at once, with its reason', async () => {
  const why = new HomingError('login-refused', 'wrong password')
  const open = openLinkedEngine({
    open: () => Promise.reject(why),
    ...{ where: 'there', onProblem: assert.fail, onBack: assert.fail },
  })
  await assert.rejects(open, (error) => error === why)
})

test('a loss is told once, and the return is told once', async () => {
  await using ground = await Ground.open()
  ground.away()
  await turn(300)
  assert.equal(ground.told.length, 1)
  assert.match(ground.told[0] ?? '', /connection to there is lost: cut by the test; trying again/)
  ground.back()
  await until(() => ground.told.length > 1, 'the return')
  assert.match(ground.told[1] ?? '', /connected to there again/)
})

test('an engine may say how long it waits for the next link at most, however often links are lost', async () => {
  const memory = await openEmbedded('memory:')
  const waitsMs: number[] = []
  const clock: Clock = {
    ...systemClock,
    after: (ms, run) => {
      waitsMs.push(ms)
      return systemClock.after(0, run)
    },
  }
  let link: CuttableLink | undefined
  const quiet = (): void => undefined
  await using engine = await openLinkedEngine({
    ...{ where: 'there', waitMsMax: 100, clock, random: () => 0, onProblem: quiet, onBack: quiet },
    open: async () => {
      link = new CuttableLink(memory, shortWire(systemClock))
      return link
    },
  })
  for (let n = 0; n < 12; n++) {
    const before = link
    before?.cut()
    await until(() => link !== before, 'the next link')
    await engine.queues()
  }
  assert.equal(Math.max(...waitsMs), 100)
  await memory.close()
})

test('who waits for a link longer than the patience is told, and whether it may have arrived', async () => {
  await using ground = await Ground.open(150)
  const sent = ground.engine.publish(ground.message())
  ground.away()
  await turn()
  const unsent = ground.engine.publish(ground.message({ id: 'unsent' }))
  const asked = ground.engine.queues()
  await Promise.all([
    assert.rejects(sent, fails('unreachable', /was sent, and whether it arrived/, { sent: true })),
    assert.rejects(
      unsent,
      fails('unreachable', /no connection to there .*message "unsent" was not/, { sent: false }),
    ),
    assert.rejects(asked, fails('unreachable', /question for the queues/, { sent: false })),
  ])
})

test('a server that refuses us later fails the calls at once, and is asked again all the same', async () => {
  await using ground = await Ground.open(600_000)
  ground.away(new HomingError('login-refused', 'wrong password'))
  await until(() => ground.told.length === 1, 'the loss')
  await turn(50)
  await assert.rejects(
    ground.engine.publish(ground.message()),
    fails('unreachable', /wrong password/, { sent: false }),
  )
  // It is away again, and may come back: now waiting helps.
  ground.refusal = new HomingError('unreachable', 'nobody listens')
  await turn(600)
  const waiting = ground.engine.publish(ground.message())
  ground.back()
  await waiting
  await until(() => ground.told.length === 2, 'the return')
  await ground.engine.publish(ground.message())
})

test('a call that takes every link down with it is given up, the others go on', async () => {
  const hurried: Clock = {
    ...systemClock,
    after: (delayMs, run) => systemClock.after(delayMs / 100, run),
  }
  await using ground = await Ground.open(30_000, hurried)
  const message = ground.message({ id: 'deadly' })
  ground.onOpen = (link) => {
    const publish = link.publish.bind(link)
    link.publish = (messages, again) => {
      const answer = publish(messages, again)
      if (messages.some(({ id }) => id === 'deadly')) link.cut('too much for it')
      return answer
    }
  }
  ground.link?.cut()
  await turn(20)
  const deadly = ground.engine.publish(message)
  await assert.rejects(deadly, fails('connection-lost', /"deadly" was sent 10 times.*too much/))
  await ground.engine.publish(ground.message())
})

test('what must not be repeated fails with its link, what may be is asked again', async () => {
  await using ground = await Ground.open()
  await ground.engine.declareQueue('work', { depthMax: 7 })
  const calls = [
    ground.engine.replayDeadLetters({}),
    ground.engine.dropDeadLetters({}),
    ground.engine.purgeQueue('work'),
    ground.engine.backup('/nowhere'),
  ]
  const asked = [
    ...[ground.engine.queues(), ground.engine.outcomes({}), ground.engine.answer('x')],
    ...[ground.engine.pauseQueue('work'), ground.engine.resumeQueue('work')],
  ]
  ground.link?.cut()
  for (const call of calls) {
    await assert.rejects(call, fails('connection-lost', /look before you repeat it/))
  }
  await Promise.all(asked)
})

test('what carries the messages and cannot pause or copy is named, and nothing is lost by asking', async () => {
  await using ground = await Ground.open()
  await ground.engine.declareQueue('work', {})
  Object.assign(ground.link ?? {}, {
    ...{ pauseQueue: undefined, resumeQueue: undefined, backup: undefined },
  })
  const { engine } = ground
  for (const call of [engine.pauseQueue('work'), engine.resumeQueue('work')]) {
    await assert.rejects(call, fails('unsupported', /refuses pauses of queues/))
  }
  await assert.rejects(engine.backup('/nowhere'), fails('unsupported', /refuses backups/))
  await engine.publish(ground.message())
  assert.deepEqual(ground.told, [])
})

test('a cancellation that arrived before its link was lost says that it did', async () => {
  await using ground = await Ground.open()
  const message = ground.message()
  await ground.engine.publish(message)
  const canceled = ground.engine.cancel(message.id)
  await ground.memory.cancel(message.id)
  ground.link?.cut()
  assert.equal(await canceled, true)
})

test('settings of queues are declared again on the next link', async () => {
  await using ground = await Ground.open()
  await ground.engine.declareQueue('work', { depthMax: 1 })
  await ground.memory.declareQueue('work', {})
  ground.link?.cut()
  await until(() => ground.told.length === 2, 'the return')
  await ground.engine.publish(ground.message())
  await assert.rejects(ground.engine.publish(ground.message()), fails('queue-full', /"work"/))
})

test('what is held when the link is lost is revoked, and settling it comes too late', async () => {
  await using ground = await Ground.open()
  const { delivery, revoked } = await held(ground)
  ground.link?.cut()
  await until(() => revoked.length > 0, 'the revocation')
  assert.deepEqual(revoked, ['closed'])
  const late = await ground.engine.settle(delivery, final('late'))
  assert.deepEqual(late, { accepted: false, by: 'closed' })
})

test('a settle whose link is lost is told by the outcome that stands', async () => {
  for (const [stands, expected] of [
    ['mine', { accepted: true }],
    ['another', { accepted: false, by: 'settled' }],
    [undefined, { accepted: false, by: 'closed' }],
  ] as const) {
    await using ground = await Ground.open()
    const { delivery, revoked } = await held(ground)
    const settled = ground.engine.settle(delivery, final('mine'))
    const second = ground.engine.settle(delivery, final('second'))
    ground.refusal = new HomingError('unreachable', 'nobody listens')
    ground.link?.cut()
    if (stands !== undefined) {
      ground.memory.subscribe(
        'work',
        { prefetch: 1 },
        {
          deliver: (again) => void ground.memory.settle(again, final(stands)),
          revoke: () => undefined,
        },
      )
      await until(() => ground.told.length > 0, 'the loss')
      await turn(50)
    }
    ground.back()
    assert.deepEqual(await settled, expected)
    assert.equal((await second).accepted, false)
    assert.deepEqual(revoked, [])
  }
})

test('a settle waits a third of the patience for the next link', async () => {
  const hurry = 100
  const hurried: Clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() * hurry,
    after: (delayMs, run) => systemClock.after(delayMs / hurry, run),
  }
  for (const [patienceMs, settlingMs] of [
    [90_000, 30_000],
    [24_000, 10_000],
    [4_000, 4_000],
  ] as const) {
    await using ground = await Ground.open(patienceMs, hurried)
    const { delivery } = await held(ground)
    const settled = ground.engine.settle(delivery, final('mine'))
    const beganMs = hurried.monotonicMs()
    ground.away()
    const asked = ground.engine.queues().catch(() => 'a question')
    const first = await Promise.race([settled.catch(() => 'the settle'), asked])
    if (settlingMs < patienceMs) assert.equal(first, 'the settle')
    await assert.rejects(settled, fails('unreachable', /the settlement of message/))
    const waitedMs = hurried.monotonicMs() - beganMs
    assert.ok(waitedMs >= settlingMs, `${waitedMs} of ${settlingMs} ms`)
    await asked
  }
})

test('closing ends everything that waits, also while there is no link', async () => {
  for (const away of [false, true]) {
    const ground = await Ground.open(600_000)
    const { revoked } = await held(ground)
    if (away) ground.away()
    const sending = ground.engine.publish(ground.message()).then(
      () => 'confirmed',
      (error: HomingError) => error.code,
    )
    await turn(away ? 100 : 0)
    await Promise.all([ground.engine.close(), ground.engine.close()])
    assert.equal(await sending, away ? 'closed' : 'confirmed')
    assert.deepEqual(revoked, ['closed'])
    await assert.rejects(ground.engine.publish(ground.message()), fails('closed', /was not sent/))
    await assert.rejects(ground.engine.queues(), fails('closed', /closed/))
    assert.throws(
      () => ground.engine.subscribe('work', { prefetch: 1 }, {} as never),
      fails('closed', /consumer/),
    )
    const { opened } = ground
    ground.back()
    await turn(300)
    assert.equal(ground.opened, opened, 'no link is opened any more')
    await ground.memory.close()
  }
})

test('a delivery of another engine is refused', async () => {
  await using ground = await Ground.open()
  assert.throws(
    () => ground.engine.settle({} as Delivery, final('x')),
    fails('bad-argument', /not made by this engine/),
  )
})
