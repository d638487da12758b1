/*
 * A suite that cannot fail is none: each promise is broken on purpose, and the test that holds it must
 * notice.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openLinkedEngine } from '../../src/adapters/linked-engine.ts'
import { systemClock } from '../../src/clock.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import type { Engine, Feature } from '../../src/engine.ts'
import { HomingError } from '../../src/errors.ts'
import { conformanceTests } from '../../src/testing/conformance/all-tests.ts'
import { refusal } from '../../src/testing/conformance/refusals.ts'
import { Trial } from '../../src/testing/conformance/trial.ts'
import type { EngineUnderTest } from '../../src/testing/index.ts'
import { unsupported } from '../../src/unsupported.ts'
import { CuttableLink } from '../adapters/cuttable-link.ts'
import { consuming, handing, lying, saying, sending } from './lying-engine.ts'

const pace = { patienceMs: 1_500, quietMs: 30, slowness: 1 }

type Lie = (engine: Engine) => Engine

/** What is broken, the title of the test that must fail, and how it is broken. */
const bugs: readonly (readonly [string, RegExp, Lie])[] = [
  [
    'one byte of a body is another one',
    /^a message arrives byte for byte/,
    sending((message) => ({ ...message, body: message.body.map((b, n) => (n === 7 ? b ^ 1 : b)) })),
  ],
  [
    'headers are lost',
    /^a message arrives byte for byte/,
    sending((message) => ({ ...message, meta: undefined })),
  ],
  [
    'many messages are stored in another order',
    /^many messages sent in one call/,
    (engine) =>
      lying(engine, (honest) => ({
        publishMany: async (all) => (await honest.publishMany(all.toReversed())).toReversed(),
      })),
  ],
  [
    'a duplicate is told as new',
    /^an id sent again while worked on/,
    (engine) =>
      lying(engine, (honest) => ({
        publish: async (message) => ({ ...(await honest.publish(message)), duplicate: false }),
      })),
  ],
  [
    'an id that was chosen is not looked up',
    /^the same chosen id sent twice at once/,
    sending((message) => ({ ...message, idChosen: false, id: `${message.id}-${Math.random()}` })),
  ],
  [
    'prefetch is off by one',
    /^a consumer holds no more than its prefetch/,
    consuming(() => ({}), 1),
  ],
  [
    'what comes again is not marked',
    /^what is given back returns to its old place/,
    handing((delivery) => ({ ...delivery, redelivered: false })),
  ],
  [
    'attempts are not counted',
    /^a retry comes back with the next attempt number/,
    handing((delivery) => ({ ...delivery, attempt: 1 })),
  ],
  [
    'priority is ignored',
    /^higher priority is delivered first/,
    sending((message) => ({ ...message, priority: 0 })),
  ],
  [
    'a delay is ignored',
    /^a delayed message is not delivered/,
    sending((message) => ({ ...message, availableAtMs: 0 })),
  ],
  [
    'a deadline is ignored',
    /^a message that nobody works on within its time/,
    sending((message) => ({ ...message, deadlineAtMs: Number.POSITIVE_INFINITY })),
  ],
  [
    'an attempt has no end',
    /^a delivery not settled in time/,
    sending((message) => ({ ...message, timeoutMs: 0 })),
  ],
  [
    'consumers are not told that a message was taken away',
    /^canceling what is being worked on aborts the handler/,
    consuming(() => ({ revoke: () => undefined })),
  ],
  [
    'a late settle is told as accepted',
    /^a second settle is refused/,
    (engine) =>
      lying(engine, (honest) => ({
        settle: async (delivery, settlement) => {
          await honest.settle(delivery, settlement)
          return { accepted: true }
        },
      })),
  ],
  [
    'a waiter is told twice',
    /^an answer comes home to those who waited/,
    (engine) =>
      lying(engine, (honest) => ({
        whenFinal: (id, told) =>
          honest.whenFinal(id, (outcome) => {
            told(outcome)
            told(outcome)
          }),
      })),
  ],
  [
    'callbacks are forgotten',
    /^a callback is told the outcome/,
    sending(({ meta, ...message }) => ({ ...message, meta: meta && { ...meta, callbacks: [] } })),
  ],
  [
    'a gather is told twice',
    /^a gather comes home once/,
    (engine) =>
      lying(engine, (honest) => ({
        gather: async (request) => {
          await honest.gather(request)
          await honest.gather({ ...request, id: `${request.id}-again` })
        },
      })),
  ],
  [
    'progress is dropped',
    /^whoever holds the receipt reads the progress/,
    (engine) => lying(engine, () => ({ reportProgress: () => undefined })),
  ],
  [
    'limits of a queue are ignored',
    /^a concurrency limit holds/,
    (engine) =>
      lying(engine, (honest) => ({ declareQueue: (name) => honest.declareQueue(name, {}) })),
  ],
  [
    'a purge counts one too many',
    /^a purge removes what waits/,
    (engine) =>
      lying(engine, (honest) => ({
        purgeQueue: async (name) => (await honest.purgeQueue(name)) + 1,
      })),
  ],
  [
    'nested sends name no parent',
    /^what a handler sends has no later deadline/,
    sending(({ meta, ...message }) => ({ ...message, meta: meta && { ...meta, parentId: '' } })),
  ],
  [
    'dead letters are listed without their messages',
    /^a poison message ends/,
    (engine) => lying(engine, () => ({ deadLetters: async () => [] })),
  ],
]

describe('the suite notices', { concurrency: 4 }, () => {
  for (const [what, title, lie] of bugs) {
    test(what, async () => {
      const memory = await openEmbedded('memory:')
      const engine = lie(memory)
      await caught(title, { engine, dispose: () => memory.close() })
    })
  }
})

test('the suite notices that an engine which says it refuses a feature has it', async () => {
  const lie = saying({ limits: { refused: 'it cannot' } })
  await notRefused('limits', lie, /did not refuse limits/)
})

test('the suite notices that an engine refuses with another error, or names neither itself nor the feature', async () => {
  const refuse =
    (error: () => Error): Lie =>
    (engine) =>
      lying(engine, () => ({ outcomes: () => Promise.reject(error()) }))
  await notRefused(
    'ledger',
    refuse(() => new Error('no')),
    /did not refuse ledger/,
  )
  await notRefused(
    'ledger',
    refuse(() => new HomingError('closed', 'memory')),
    /memory/,
  )
  await notRefused(
    'ledger',
    refuse(() => new HomingError('unsupported', 'no')),
    /names engine/,
  )
  await notRefused(
    'ledger',
    refuse(() => unsupported('memory', 'delay', 'no')),
    /names engine/,
  )
})

test('the suite notices that an engine refuses what no engine can', async () => {
  await notRefused('order', (engine) => engine, /refuses order, which every engine/)
})

test('the suite notices nothing about an engine that refuses as it says', async () => {
  const memory = await openEmbedded('memory:')
  const engine = lying(memory, () => ({
    outcomes: () => Promise.reject(unsupported('memory', 'ledger', 'it keeps none')),
  }))
  assert.match(
    await refusal(new Trial({ engine, dispose: () => memory.close() }, pace), 'ledger'),
    /keeps none/,
  )
  await memory.close()
})

test('the suite notices that messages are sent again over the next connection as new ones', async () => {
  const subject = await linked((engine) =>
    lying(engine, (honest) => ({
      publishMany: (all) => honest.publishMany(all.map((one) => ({ ...one, idChosen: false }))),
    })),
  )
  await caught(/^messages on their way when the connection is cut/, subject)
})

test('the suite notices that what was held when the connection was cut is not taken away', async () => {
  const subject = await linked((engine) => engine)
  const engine = consuming(() => ({ revoke: () => undefined }))(subject.engine)
  await caught(/^what a consumer held when its connection was cut/, { ...subject, engine })
})

test('the suite notices that a settle on its way when the connection is cut is told as accepted', async () => {
  // Far longer than the suite takes to see that the moment of the cut has come: answers are on their way then.
  const subject = await linked((engine) => engine, 50)
  const engine = lying(subject.engine, (honest) => ({
    settle: async (delivery, settlement) => {
      await honest.settle(delivery, settlement)
      return { accepted: true }
    },
  }))
  await caught(/^answers on their way when the connection is cut/, { ...subject, engine })
})

test('the suite notices that a waiter is forgotten when the connection is cut', async () => {
  const subject = await linked((engine) => engine)
  let cuts = 0
  const engine = lying(subject.engine, (honest) => ({
    whenFinal: (id, told) => {
      const asked = cuts
      return honest.whenFinal(id, (outcome) => asked === cuts && told(outcome))
    },
  }))
  const cut = async (): Promise<void> => {
    cuts++
    await subject.cut?.()
  }
  await caught(/^who waits is told of an outcome that came while/, { ...subject, engine, cut })
})

test('the suite notices that a broker forgets when it restarts', async () => {
  const subject = await linked((engine) => engine)
  await caught(/^what was confirmed before the broker restarts/, subject)
  const again = await linked((engine) => engine)
  await caught(/^delays and callbacks go through a restart/, again)
})

/** The test fails, by an assertion of its own. */
async function caught(title: RegExp, subject: EngineUnderTest): Promise<void> {
  const found = conformanceTests.filter((one) => title.test(one.title))
  assert.equal(found.length, 1, `one test is titled ${title}`)
  const trial = new Trial(subject, pace)
  try {
    const failure = await found[0]?.run(trial).then(
      () => undefined,
      (error: unknown) => error,
    )
    assert.ok(failure instanceof assert.AssertionError, `${title} passed, or broke: ${failure}`)
  } finally {
    await trial.close().catch(() => undefined)
    await subject.dispose()
  }
}

async function notRefused(feature: Feature, lie: Lie, says: RegExp): Promise<void> {
  const memory = await openEmbedded('memory:')
  const trial = new Trial({ engine: lie(memory), dispose: () => memory.close() }, pace)
  await assert.rejects(refusal(trial, feature), (error: Error) => {
    assert.ok(error instanceof assert.AssertionError)
    assert.match(error.message, says)
    return true
  })
  await memory.close()
}

/** An engine over a connection; its broker lies, and knows nothing any more after a restart. */
async function linked(lie: Lie, delayMs = 1): Promise<EngineUnderTest> {
  let memory = await openEmbedded('memory:')
  let link: CuttableLink | undefined
  const wire = {
    clock: systemClock,
    delayMs: () => delayMs,
    arriving: (count: number) => count >> 1,
    noticedAfterMs: () => 0,
  }
  const open = () =>
    openLinkedEngine({
      open: async () => {
        link = new CuttableLink(lie(memory), wire)
        return link
      },
      where: 'the engine in memory',
      onProblem: () => undefined,
      onBack: () => undefined,
    })
  const engine = await open()
  return {
    engine,
    another: async () => {
      const own = link
      const other = await open()
      link = own
      return other
    },
    cut: async () => link?.cut(),
    restart: async (whileAway) => {
      const old = memory
      memory = await openEmbedded('memory:')
      link?.cut()
      await old.close()
      await whileAway()
    },
    dispose: async () => {
      await engine.close()
      await memory.close()
    },
  }
}
