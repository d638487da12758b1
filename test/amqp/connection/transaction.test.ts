import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Trial, type TrialClient, table } from './trial.ts'

const select = { name: 'tx.select' } as const
const commit = { name: 'tx.commit' } as const
const rollback = { name: 'tx.rollback' } as const

/** A channel in a transaction and one that looks on, with a durable queue `q`. */
async function inTransaction(count = 0): Promise<TrialClient> {
  const trial = await Trial.open()
  const client = await trial.connected(2)
  client.declare(1, 'q', { durable: true })
  for (const letter of 'abcdefghij'.slice(0, count)) client.publish(1, 'q', letter)
  client.send(1, select)
  assert.equal((await client.hears()).at(-1), '1 tx.select-ok')
  return client
}

test('what is published in a transaction is there after the commit, and only then', async () => {
  const client = await inTransaction()
  client.publish(1, 'q', 'a', { persistent: true }).publish(1, 'q', 'b')
  client.declare(2, 'q', { passive: true })
  assert.deepEqual(await client.hears(), ['2 queue.declare-ok q 0 0'])
  client.send(1, commit).declare(2, 'q', { passive: true })
  assert.deepEqual(await client.hears(), ['1 tx.commit-ok', '2 queue.declare-ok q 2 0'])
  client.send(1, commit).get(2, 'q', true).get(2, 'q', true)
  assert.deepEqual(await client.hears(), [
    '1 tx.commit-ok',
    '2 basic.get-ok 1 false 1 "a"',
    '2 basic.get-ok 2 false 0 "b"',
  ])
})

test('what is rolled back was never published', async () => {
  const client = await inTransaction()
  client.publish(1, 'q', 'a').send(1, rollback).send(1, commit).get(2, 'q')
  assert.deepEqual(await client.hears(), [
    '1 tx.rollback-ok',
    '1 tx.commit-ok',
    '2 basic.get-empty',
  ])
})

test('a publish that would be refused is refused when it comes', async () => {
  const client = await inTransaction()
  client.publish(1, 'q', 'a', { exchange: 'none' })
  assert.match((await client.hears())[0] ?? '', /^1 channel\.close 404 .* 60 40$/)
})

test('what goes nowhere comes back at the commit', async () => {
  const client = await inTransaction()
  client.publish(1, 'none', 'a', { mandatory: true })
  assert.deepEqual(await client.hears(), [])
  client.send(1, commit)
  assert.deepEqual(await client.hears(), ['1 basic.return 312 NO_ROUTE "a"', '1 tx.commit-ok'])
})

test('settlements take effect at the commit, each of its kind', async () => {
  const client = await inTransaction(4)
  client.get(1, 'q').get(1, 'q').get(1, 'q').ack(1, 1).nack(1, 2).nack(1, 3, false)
  client.declare(2, 'q', { passive: true })
  assert.equal((await client.hears()).at(-1), '2 queue.declare-ok q 1 0')
  client.send(1, commit).get(2, 'q', true).get(2, 'q', true).get(2, 'q', true)
  assert.deepEqual(await client.hears(), [
    '1 tx.commit-ok',
    '2 basic.get-ok 1 true 1 "b"',
    '2 basic.get-ok 2 false 0 "d"',
    '2 basic.get-empty',
  ])
})

test('a rollback makes settlements undone: the tags are held again', async () => {
  const client = await inTransaction(3)
  client.get(1, 'q').get(1, 'q').get(1, 'q').ack(1, 2).nack(1, 1).send(1, rollback)
  await client.hears()
  client.ack(1, 2, true).send(1, commit).nack(1, 3).send(1, commit).get(2, 'q', true)
  assert.deepEqual(await client.hears(), [
    '1 tx.commit-ok',
    '1 tx.commit-ok',
    '2 basic.get-ok 1 true 0 "c"',
  ])
})

test('a tag that a transaction has settled is unknown until a rollback', async () => {
  const client = await inTransaction(1)
  client.get(1, 'q').ack(1, 1).ack(1, 1)
  assert.match((await client.hears()).at(-1) ?? '', /406 .*unknown delivery tag 1 60 80/)
})

test('a channel that closes in a transaction undoes it', async () => {
  const client = await inTransaction(3)
  client.get(1, 'q').get(1, 'q').ack(1, 1).publish(1, 'q', 'x').closeChannel(1)
  for (let n = 0; n < 4; n++) client.get(2, 'q', true)
  assert.deepEqual((await client.hears()).slice(3), [
    '2 basic.get-ok 1 true 2 "a"',
    '2 basic.get-ok 2 true 1 "b"',
    '2 basic.get-ok 3 false 0 "c"',
    '2 basic.get-empty',
  ])
})

test('a commit that a queue refuses in part closes the channel', async () => {
  const client = await inTransaction()
  const args = table({ 'x-max-length': 1, 'x-overflow': 'reject-publish' })
  client.declare(2, 'small', { args }).publish(1, 'small', 'a').publish(1, 'small', 'b')
  client.send(1, commit)
  assert.deepEqual(
    (await client.hears()).at(-1),
    '1 channel.close 406 PRECONDITION_FAILED - partial tx completion 90 20',
  )
})

test('a channel is in a transaction, or confirms, or neither', async () => {
  const trial = await Trial.open()
  const client = await trial.connected(4)
  client.send(1, commit).send(2, rollback).send(3, select).send(3, select)
  client.send(3, { name: 'confirm.select', nowait: false })
  client.send(4, { name: 'confirm.select', nowait: false }).send(4, select)
  assert.deepEqual(await client.hears(), [
    '1 channel.close 406 PRECONDITION_FAILED - channel is not transactional 90 20',
    '2 channel.close 406 PRECONDITION_FAILED - channel is not transactional 90 30',
    '3 tx.select-ok',
    '3 tx.select-ok',
    '3 channel.close 406 PRECONDITION_FAILED - cannot switch from tx to confirm mode 85 10',
    '4 confirm.select-ok',
    '4 channel.close 406 PRECONDITION_FAILED - cannot switch from confirm to tx mode 90 10',
  ])
})
