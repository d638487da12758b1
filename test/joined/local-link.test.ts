import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/embedded/broker.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import { LocalLink } from '../../src/joined/local-link.ts'
import type { Message } from '../../src/message/message.ts'

const message = (id: string, idChosen: boolean): Message => ({
  ...{ id, idChosen, exchange: '', routingKey: 'work', contentType: 'text/plain', priority: 0 },
  ...{ deadlineAtMs: Number.POSITIVE_INFINITY, availableAtMs: 0, timeoutMs: 0, attemptsMax: 3 },
  ...{ body: Buffer.from(id), meta: undefined },
})

async function trial() {
  const engine = (await openEmbedded('memory:')) as Broker
  const link = new LocalLink(engine)
  const waiting = async (): Promise<number> => (await engine.queues())[0]?.ready ?? 0
  const publish = async (again: boolean, ...messages: Message[]) =>
    (await link.publish(messages, again)).map(({ id, duplicate }) => [id, duplicate])
  return { link, waiting, publish }
}

test('what was sent to an owner that died is sent again, and is one message, whoever made its id', async () => {
  const { link, waiting, publish } = await trial()
  const made = message('made', false)
  const chosen = message('chosen', true)
  assert.deepEqual(await publish(false, made), [['made', false]])
  assert.deepEqual(await publish(false, chosen), [['chosen', false]])
  assert.deepEqual(await publish(true, made), [['made', false]])
  assert.deepEqual(await publish(true, chosen), [['chosen', true]])
  assert.deepEqual(await publish(true, made, chosen, message('new', false)), [
    ['made', false],
    ['chosen', true],
    ['new', false],
  ])
  assert.equal(await waiting(), 3)
  await link.close()
})

test('a link to an engine of this process is lost by being closed, and says so', async () => {
  const { link } = await trial()
  await link.close()
  assert.equal((await link.lost).code, 'closed')
  await assert.rejects(link.answer('x'), { code: 'closed' })
})
