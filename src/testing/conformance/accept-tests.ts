import assert from 'node:assert/strict'
import { limits } from '../../limits.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { answerOf, textOf, texts, withMeta } from './pieces.ts'

export const acceptTests: readonly ConformanceTest[] = [
  {
    title: 'a message arrives byte for byte, with its settings and headers',
    async run(trial) {
      const queue = await trial.queue('work')
      const body = Uint8Array.from({ length: 256 }, (_, n) => n)
      const sent = await trial.send(queue, '', {
        body,
        contentType: 'application/x-odd; v=1',
        timeoutMs: 60_000,
        attemptsMax: 7,
        ...withMeta({ headers: { 'x-ü': 'ÿ€😀', empty: '' }, key: 'k' }),
      })
      const [delivery] = await trial.received(trial.consume(queue), 1)
      assert.ok(delivery)
      assert.deepEqual(Uint8Array.from(delivery.message.body), body)
      assert.deepEqual({ ...delivery.message, body: null }, { ...sent, body: null })
      assert.equal(delivery.queue, queue)
      assert.equal(delivery.attempt, 1)
      assert.equal(delivery.redelivered, false)
    },
  },
  {
    title: 'an empty body and the longest id arrive as they are',
    async run(trial) {
      const queue = await trial.queue('work')
      const id = 'i'.repeat(trial.idBytesMax)
      await trial.send(queue, '', { id })
      const [delivery] = await trial.received(trial.consume(queue), 1)
      assert.equal(delivery?.message.id, id)
      assert.equal(delivery?.message.body.length, 0)
    },
  },
  {
    title: 'minted ids are unique and rise',
    async run(trial) {
      const ids = Array.from({ length: 1_000 }, () => trial.engine.mintId())
      assert.equal(new Set(ids).size, ids.length)
      assert.deepEqual(ids, ids.toSorted())
    },
  },
  {
    title: 'many messages sent in one call are confirmed together and keep their order',
    shows: 'batches',
    async run(trial) {
      const queue = await trial.queue('work')
      const messages = Array.from({ length: 300 }, (_, n) => trial.message(queue, `${n}`))
      const accepted = await trial.during(trial.engine.publishMany(messages))
      assert.deepEqual(
        accepted.map(({ id, duplicate }) => ({ id, duplicate })),
        messages.map(({ id }) => ({ id, duplicate: false })),
      )
      const inbox = trial.consume(queue, 1_000)
      await trial.received(inbox, 300)
      assert.deepEqual(
        texts(inbox.deliveries),
        messages.map((_, n) => `${n}`),
      )
      const good = trial.message(queue, 'good')
      const body = new Uint8Array(limits.bodyBytesMax + 1)
      const bad = trial.message(queue, '', { body })
      await trial.refused(trial.engine.publishMany([good, bad]), 'message-too-large')
      if (!trial.emulates('batches')) assert.equal(await trial.state(good.id), 'unknown')
    },
  },
  {
    title: 'a message for a queue that nobody has declared makes it, waits there and comes home',
    async run(trial) {
      const { id } = await trial.send('declared-by-nobody', 'first')
      assert.equal(await trial.state(id), 'pending')
      const [delivery] = await trial.received(trial.consume('declared-by-nobody'), 1)
      assert.ok(delivery)
      assert.equal(textOf(delivery.message.body), 'first')
      await trial.answer(delivery, 'home')
      const { code, queue } = await trial.outcome(id)
      assert.deepEqual([code, queue], ['ok', 'declared-by-nobody'])
    },
  },
  {
    title: 'a message for an exchange that does not exist is refused and leaves nothing behind',
    async run(trial) {
      const message = trial.message('work', 'x', { exchange: 'nowhere' })
      await assert.rejects(trial.during(trial.engine.publish(message)), (error) =>
        ['exchange-unknown', 'unroutable', 'unsupported'].includes(
          String(Reflect.get(Object(error), 'code')),
        ),
      )
      assert.equal(await trial.state(message.id), 'unknown')
    },
  },
  {
    title: 'a body over the limit is refused, one at the limit is not',
    async run(trial) {
      const queue = await trial.queue('work')
      const body = new Uint8Array(limits.bodyBytesMax + 1)
      await trial.refused(
        trial.engine.publish(trial.message(queue, '', { body })),
        'message-too-large',
      )
      await trial.send(queue, '', { body: body.subarray(1) })
      const [delivery] = await trial.received(trial.consume(queue), 1)
      assert.equal(delivery?.message.body.length, limits.bodyBytesMax)
    },
  },
  {
    title: 'the same chosen id sent twice at once is one message, and both senders are told its id',
    shows: 'deduplication',
    async run(trial) {
      const queue = await trial.queue('work')
      const id = trial.newId()
      const both = await trial.during(
        Promise.all([
          trial.engine.publish(trial.message(queue, 'one', { id })),
          trial.engine.publish(trial.message(queue, 'two', { id })),
        ]),
      )
      assert.deepEqual(
        both.map((one) => one.id),
        [id, id],
      )
      assert.deepEqual(both.map((one) => one.duplicate).sort(), [false, true])
      const inbox = trial.consume(queue)
      await trial.received(inbox, 1)
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 1)
    },
  },
  {
    title: 'an id sent again while worked on, and after its outcome, is the same message',
    shows: 'deduplication',
    async run(trial) {
      const queue = await trial.queue('work')
      const id = trial.newId()
      await trial.send(queue, 'one', { id })
      const inbox = trial.consume(queue)
      const [delivery] = await trial.received(inbox, 1)
      assert.ok(delivery)
      const again = () => trial.during(trial.engine.publish(trial.message(queue, 'two', { id })))
      assert.equal((await again()).duplicate, true)
      await trial.answer(delivery, 'first')
      assert.equal((await again()).duplicate, true)
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 1)
      assert.equal(textOf((await trial.outcome(id)).body), 'first')
    },
  },
  {
    title: 'an id is known after a restart, waiting or finished',
    shows: 'deduplication',
    needs: ['reopen'],
    async run(trial) {
      const queue = await trial.queue('work')
      await trial.send(queue, 'finished', { id: 'finished' })
      const [delivery] = await trial.received(trial.consume(queue), 1)
      assert.ok(delivery)
      await trial.settle(delivery, answerOf('home'))
      await trial.reopen()
      await trial.send(queue, 'waiting', { id: 'waiting' })
      await trial.reopen()
      for (const id of ['waiting', 'finished']) {
        const again = await trial.during(trial.engine.publish(trial.message(queue, 'x', { id })))
        assert.equal(again.duplicate, true, id)
      }
      assert.equal(textOf((await trial.outcome('finished')).body), 'home')
      const inbox = trial.consume(queue)
      await trial.received(inbox, 1)
      await trial.quiet()
      assert.deepEqual(texts(inbox.deliveries), ['waiting'])
    },
  },
  {
    title: 'a full queue refuses, and takes again when there is room',
    shows: 'depth',
    async run(trial) {
      const queue = await trial.queue('small', { depthMax: 2 })
      await trial.sendAll(queue, '1', '2')
      const refused = trial.message(queue, '3')
      await trial.refused(trial.engine.publish(refused), 'queue-full')
      assert.equal(await trial.state(refused.id), 'unknown')
      const inbox = trial.consume(queue, 1)
      const [delivery] = await trial.received(inbox, 1)
      assert.ok(delivery)
      await trial.answer(delivery)
      await trial.received(inbox, 2)
      await trial.send(queue, '4')
    },
  },
  {
    title: 'a full queue that pushes out its oldest gives that one the outcome rejected',
    shows: 'overflow',
    async run(trial) {
      const queue = await trial.queue('small', { depthMax: 2, overflow: 'drop-head' })
      const [oldest] = await trial.sendAll(queue, '1', '2')
      await trial.send(queue, '3')
      assert.ok(oldest)
      assert.equal((await trial.outcome(oldest.id)).code, 'rejected')
      const inbox = trial.consume(queue)
      await trial.received(inbox, 2)
      assert.deepEqual(texts(inbox.deliveries), ['2', '3'])
    },
  },
  {
    title: 'after close() sending is refused as closed',
    async run(trial) {
      const queue = await trial.queue('work')
      const { engine } = trial
      await trial.during(engine.close())
      const message = { ...trial.message(queue, 'x', { id: 'late' }) }
      await trial.refused(engine.publish(message), 'closed')
      await trial.during(engine.close())
    },
  },
]
