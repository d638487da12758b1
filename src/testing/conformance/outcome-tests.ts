import assert from 'node:assert/strict'
import type { Delivery } from '../../message/delivery.ts'
import { decodeGathered, decodeHomecoming, type Homecoming } from '../../message/homecoming.ts'
import { callbackQueue } from '../../message/message.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { failure, textOf, texts, withMeta } from './pieces.ts'
import type { Trial } from './trial.ts'

export const outcomeTests: readonly ConformanceTest[] = [
  {
    title: 'an answer comes home to those who waited before, those who ask after, and the list',
    shows: 'ledger',
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'x')
      assert.equal(await trial.state(id), 'pending')
      let told = 0
      trial.engine.whenFinal(id, () => told++)
      const stop = trial.engine.whenFinal(id, () => assert.fail('stopped waiting'))
      stop()
      const settled = await trial.answer(await trial.heldBy(queue), 'home')
      assert.deepEqual(settled, { accepted: true })
      await trial.until(() => told === 1, 'the waiter')
      const answer = await trial.during(trial.engine.answer(id))
      assert.equal(answer.state, 'final')
      const outcome = await trial.outcome(id)
      assert.equal(outcome.code, 'ok')
      assert.equal(outcome.queue, queue)
      assert.equal(outcome.attempts, 1)
      assert.equal(textOf(outcome.body), 'home')
      assert.ok(outcome.finishedAtMs >= outcome.acceptedAtMs)
      const listed = await trial.during(trial.engine.outcomes({ queue }))
      assert.deepEqual(
        listed.map((one) => one.id),
        [id],
      )
      assert.equal(told, 1)
    },
  },
  {
    title: 'an id that was never sent is unknown',
    async run(trial) {
      assert.equal(await trial.state('never-sent'), 'unknown')
    },
  },
  {
    title: 'a second settle is refused, says so, and changes nothing',
    shows: 'fencing',
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'x')
      const delivery = await trial.heldBy(queue)
      const [first, second] = await trial.during(
        Promise.all([trial.answer(delivery, 'first'), trial.answer(delivery, 'second')]),
      )
      assert.deepEqual(first, { accepted: true })
      assert.deepEqual(second, { accepted: false, by: 'settled' })
      assert.equal(textOf((await trial.outcome(id)).body), 'first')
    },
  },
  {
    title: 'a declared error is final and is not tried again',
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'x')
      const inbox = trial.consume(queue)
      await trial.received(inbox, 1)
      await trial.answer(inbox.deliveries[0] as Delivery, '{"mime":"text"}', 'NotAnImage')
      assert.equal((await trial.outcome(id)).code, 'NotAnImage')
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 1)
    },
  },
  {
    title: 'when the attempts are used up the last failure is the outcome',
    shows: 'reinsertion',
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'x', { attemptsMax: 3 })
      const inbox = trial.consume(queue, 1, (delivery) => {
        void trial.engine.settle(delivery, failure())
      })
      const outcome = await trial.outcome(id)
      assert.equal(outcome.code, 'thrown')
      assert.equal(outcome.attempts, 3)
      assert.equal(inbox.deliveries.length, 3)
    },
  },
  {
    title: 'what is given back untouched does not count against the attempts',
    shows: 'reinsertion',
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'x', { attemptsMax: 1 })
      let returns = 0
      trial.consume(queue, 1, (delivery) => {
        const settlement = returns++ < 3 ? ({ kind: 'return' } as const) : failure()
        void trial.engine.settle(delivery, settlement)
      })
      assert.equal((await trial.outcome(id)).code, 'thrown')
      assert.equal(returns, 4)
    },
  },
  {
    title: 'a consumer that runs out of time on every attempt leaves the outcome lost',
    shows: 'reinsertion',
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'x', { timeoutMs: trial.ms(40), attemptsMax: 2 })
      const inbox = trial.consume(queue, 1)
      assert.equal((await trial.outcome(id)).code, 'lost')
      assert.equal(inbox.deliveries.length, 2)
      assert.deepEqual(
        inbox.revoked.map(({ reason }) => reason),
        ['timeout', 'timeout'],
      )
    },
  },
  {
    title: 'a message whose consumer goes away on every attempt is lost, and stays with nobody',
    shows: 'reinsertion',
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'poison', { attemptsMax: 2 })
      for (const attempt of [1, 2]) {
        const inbox = trial.consume(queue, 1)
        const [delivery] = await trial.received(inbox, 1)
        assert.equal(delivery?.attempt, attempt)
        await trial.during(inbox.subscription.close())
      }
      const inbox = trial.consume(queue, 1)
      const next = await trial.send(queue, 'next')
      assert.equal((await trial.outcome(id)).code, 'lost')
      const [delivery] = await trial.received(inbox, 1)
      assert.equal(delivery?.message.id, next.id)
    },
  },
  {
    title: 'a message whose deadline passes expires, waiting or held',
    shows: 'expiry',
    async run(trial) {
      const queue = await trial.queue('work')
      const inbox = trial.consume(queue, 1)
      const deadlineAtMs = trial.engine.nowMs() + trial.ms(500)
      const held = await trial.send(queue, 'held', { deadlineAtMs })
      await trial.received(inbox, 1)
      const waiting = await trial.send(queue, 'waiting', { deadlineAtMs })
      for (const { id } of [held, waiting]) {
        const outcome = await trial.outcome(id)
        assert.equal(outcome.code, 'expired')
        assert.ok(outcome.finishedAtMs >= deadlineAtMs - 1)
      }
      assert.deepEqual(
        inbox.revoked.map(({ reason }) => reason),
        ['expired'],
      )
      const late = await trial.answer(inbox.deliveries[0] as Delivery)
      assert.deepEqual(late, { accepted: false, by: 'expired' })
      assert.deepEqual(texts(inbox.deliveries), ['held'])
    },
  },
  {
    title: 'a time to live ends the wait of a message, not the work on it',
    shows: 'expiry',
    async run(trial) {
      const queue = await trial.queue('brief', { messageTtlMs: trial.ms(400) })
      const inbox = trial.consume(queue, 1)
      const worked = await trial.send(queue, 'worked on')
      const [delivery] = await trial.received(inbox, 1)
      const waiting = await trial.send(queue, 'waits')
      assert.equal((await trial.outcome(waiting.id)).code, 'expired')
      await trial.pass(trial.ms(420))
      assert.deepEqual(await trial.answer(delivery as Delivery), { accepted: true })
      assert.equal((await trial.outcome(worked.id)).code, 'ok')
    },
  },
  {
    title: 'canceling ends a message that waits or is held, and says when it came too late',
    shows: 'cancel',
    async run(trial) {
      const queue = await trial.queue('work')
      const held = await trial.send(queue, 'held')
      const inbox = trial.consume(queue, 1)
      const [delivery] = await trial.received(inbox, 1)
      inbox.subscription.stop()
      const waiting = await trial.send(queue, 'waiting')
      for (const { id } of [held, waiting]) {
        assert.equal(await trial.during(trial.engine.cancel(id, 'changed my mind')), true)
        assert.equal((await trial.outcome(id)).code, 'canceled')
        assert.equal(await trial.during(trial.engine.cancel(id)), false)
      }
      assert.deepEqual(
        inbox.revoked.map(({ reason }) => reason),
        ['canceled'],
      )
      const late = await trial.answer(delivery as Delivery)
      assert.deepEqual(late, { accepted: false, by: 'canceled' })
    },
  },
  {
    title: 'a purge removes what waits, each with the outcome canceled, and counts exactly',
    shows: 'cancel',
    async run(trial) {
      const queue = await trial.queue('work')
      const messages = await trial.sendAll(queue, '1', '2', '3')
      const inbox = trial.consume(queue, 1)
      await trial.received(inbox, 1)
      assert.equal(await trial.during(trial.engine.purgeQueue(queue)), 2)
      for (const { id } of messages.slice(1)) {
        assert.equal((await trial.outcome(id)).code, 'canceled')
      }
      assert.equal(await trial.state(messages[0]?.id ?? ''), 'pending')
    },
  },
  {
    title: 'dead letters are kept with their reason; they can be replayed and dropped',
    shows: 'deadLetters',
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'x', withMeta({ headers: { a: 'b' } }))
      const inbox = trial.consume(queue)
      const [delivery] = await trial.received(inbox, 1)
      await trial.answer(delivery as Delivery, 'not for me', 'rejected')
      const [dead] = await trial.during(trial.engine.deadLetters({ queue }))
      assert.equal(dead?.message.id, id)
      assert.equal(dead?.reason, 'rejected')
      assert.equal(textOf(dead?.error ?? new Uint8Array()), 'not for me')
      const [newId] = await trial.during(trial.engine.replayDeadLetters({ ids: [id] }))
      assert.ok(newId && newId !== id)
      const replay = (await trial.received(inbox, 2))[1]
      assert.equal(replay?.message.id, newId)
      assert.equal(replay?.message.meta?.replayOf, id)
      assert.deepEqual(replay?.message.meta?.headers, { a: 'b' })
      assert.deepEqual(await trial.during(trial.engine.deadLetters({ queue })), [])
      await trial.answer(replay as Delivery, 'again', 'rejected')
      assert.equal(await trial.during(trial.engine.dropDeadLetters({ ids: [newId] })), 1)
      assert.equal(await trial.during(trial.engine.dropDeadLetters({ ids: [newId] })), 0)
      assert.equal((await trial.outcome(newId)).code, 'rejected')
    },
  },
  {
    title:
      'an outcome is brought to its callback until it is acknowledged, with the same id and bytes',
    shows: 'callbacks',
    async run(trial) {
      const queue = await trial.queue('work')
      const callbacks = [{ name: 'done', context: '{"n":42}' }]
      const { id } = await trial.send(queue, 'input', withMeta({ callbacks }))
      await trial.answer(await trial.heldBy(queue), 'home')
      const name = await trial.queue(callbackQueue('done'))
      const inbox = trial.consume(name, 1)
      const [first] = await trial.received(inbox, 1)
      await trial.settle(first as Delivery, failure())
      const [, second] = await trial.received(inbox, 2)
      assert.equal(second?.message.id, first?.message.id)
      assert.deepEqual([...(second?.message.body ?? [])], [...(first?.message.body ?? [])])
      const home: Homecoming = decodeHomecoming((second as Delivery).message.body)
      assert.equal(home.outcome.id, id)
      assert.equal(textOf(home.outcome.body), 'home')
      assert.equal(home.context, '{"n":42}')
      assert.equal(textOf(home.input?.body ?? new Uint8Array()), 'input')
      await trial.settle(second as Delivery, { kind: 'acknowledge' })
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 2)
    },
  },
  {
    title: 'a gather comes home once, when its last member has its outcome',
    shows: 'gather',
    async run(trial) {
      const queue = await trial.queue('work')
      const name = await trial.queue(callbackQueue('all'))
      const inbox = trial.consume(name)
      const messages = await trial.sendAll(queue, '1', '2')
      const memberIds = messages.map(({ id }) => id)
      const request = { id: 'g', memberIds, callback: { name: 'all', context: '1' } }
      await trial.during(trial.engine.gather(request))
      await trial.during(trial.engine.gather(request))
      const work = trial.consume(queue)
      const [one, two] = await trial.received(work, 2)
      await trial.answer(one as Delivery)
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 0)
      await trial.answer(two as Delivery)
      const [gathered] = await trial.received(inbox, 1)
      const {
        gatherId,
        memberIds: came,
        context,
      } = decodeGathered((gathered as Delivery).message.body)
      assert.deepEqual(
        { gatherId, came, context },
        { gatherId: 'g', came: memberIds, context: '1' },
      )
      await trial.settle(gathered as Delivery, { kind: 'acknowledge' })
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 1)
    },
  },
  {
    title: 'outcomes, dead letters and homecomings are there after a restart',
    shows: 'durability',
    uses: ['ledger', 'deadLetters', 'callbacks'],
    needs: ['reopen'],
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'x', withMeta({ callbacks: [{ name: 'done' }] }))
      await trial.answer(await trial.heldBy(queue), 'no', 'rejected')
      const before = await trial.outcome(id)
      await trial.reopen()
      assert.deepEqual(plain(await trial.outcome(id)), plain(before))
      const [dead] = await trial.during(trial.engine.deadLetters({}))
      assert.equal(dead?.message.id, id)
      const [home] = await trial.received(trial.consume(callbackQueue('done')), 1)
      assert.equal(decodeHomecoming((home as Delivery).message.body).outcome.id, id)
    },
  },
  {
    title: 'outcomes are listed newest first, by queue, by code, page by page',
    shows: 'ledger',
    async run(trial) {
      const queue = await trial.queue('work')
      const inbox = trial.consume(queue)
      for (const [n, code] of ['ok', 'NotAnImage', 'ok', 'ok'].entries()) {
        await trial.send(queue, code)
        await trial.received(inbox, n + 1)
        await trial.answer(inbox.deliveries.at(-1) as Delivery, code, code)
        await trial.pass(2)
      }
      const list = async (filter: Parameters<Trial['engine']['outcomes']>[0]) =>
        (await trial.during(trial.engine.outcomes(filter))).map(({ id }) => id)
      const newestFirst = inbox.deliveries.map(({ message }) => message.id).reverse()
      assert.deepEqual(await list({}), newestFirst)
      assert.deepEqual(await list({ queue: 'other' }), [])
      assert.deepEqual(await list({ code: 'failed' }), [newestFirst[2]])
      assert.deepEqual(await list({ limit: 2 }), newestFirst.slice(0, 2))
      assert.deepEqual(
        await list({ limit: 2, after: newestFirst[1] as string }),
        newestFirst.slice(2),
      )
    },
  },
]

const plain = (outcome: object) => ({
  ...outcome,
  body: textOf(Reflect.get(outcome, 'body') as Uint8Array),
})
