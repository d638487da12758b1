import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queue } from '../contract/queue.ts'
import { HomingError } from '../errors.ts'
import { homing } from '../homing.ts'
import type { Receipt } from './receipt.ts'

const parent = queue('parent', { within: '10s' })
const child = queue('child', { within: '1h' })

test('a message sent inside a handler names its parent and has no later deadline', async () => {
  await using home = await homing('memory:')
  const seen: unknown[] = []
  home.consume(child, ({ parentId, deadline, input }) => {
    seen.push([input, parentId, deadline?.getTime()])
  })
  let deadline: number | undefined
  home.consume(parent, async (delivery) => {
    deadline = delivery.deadline?.getTime()
    await home.call(child, 'attached')
    await home.call(child, 'sooner', { deadline: new Date(Date.now() + 1_000) })
    await home.call(child, 'detached', { detached: true })
  })
  const sent = await home.send(parent, 1, { id: 'p' })
  await sent.result()
  const [attached, sooner, detached] = seen as [string, string | undefined, number][]
  assert.deepEqual(attached, ['attached', 'p', deadline])
  assert.deepEqual(sooner?.slice(0, 2), ['sooner', 'p'])
  assert.ok((sooner?.[2] ?? 0) < (deadline ?? 0))
  assert.equal(detached?.[1], undefined)
  assert.ok((detached?.[2] ?? 0) > (deadline ?? 0))
})

test('children are canceled when the parent is canceled while its handler runs', async () => {
  await using home = await homing('memory:')
  const children = Promise.withResolvers<Receipt<typeof child>[]>()
  home.consume(parent, async ({ signal }) => {
    const kept = await home.send(child, 'detached', { detached: true })
    children.resolve([...(await home.sendMany(child, ['a', 'b'])), kept])
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
  const sent = await home.send(parent, 1, { id: 'p' })
  const [a, b, kept] = await children.promise
  await sent.cancel()
  for (const one of [a, b]) {
    const outcome = await one?.outcome()
    assert.ok(outcome && !outcome.ok && outcome.error.code === 'canceled')
    assert.match(outcome.error.data.reason ?? '', /message "p" that sent it was canceled/)
  }
  assert.deepEqual(await kept?.answer(), { state: 'pending' })
})

test('children of a handler that has returned live on', async () => {
  await using home = await homing('memory:')
  const sentChild = Promise.withResolvers<Receipt<typeof child>>()
  home.consume(parent, async () => sentChild.resolve(await home.send(child, 'a')))
  const sent = await home.send(parent, 1)
  await sent.result()
  assert.equal(await sent.cancel(), false)
  assert.deepEqual(await (await sentChild.promise).answer(), { state: 'pending' })
})

test('a handler whose delivery was taken away sends nothing any more', async () => {
  await using home = await homing('memory:')
  const refused = Promise.withResolvers<unknown>()
  const sentDetached = Promise.withResolvers<unknown>()
  home.consume(parent, async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    await home.send(child, 'late').catch(refused.resolve)
    await home.send(child, 'undo', { detached: true }).then(sentDetached.resolve)
  })
  const sent = await home.send(parent, 1)
  await new Promise((resolve) => setTimeout(resolve, 5))
  await sent.cancel()
  const error = await refused.promise
  assert.ok(error instanceof HomingError && error.code === 'fenced')
  await sentDetached.promise
})

test('what a handler leaves running in the background sends on its own behalf', async () => {
  await using home = await homing('memory:')
  const seen = Promise.withResolvers<unknown>()
  home.consume(child, ({ parentId }) => seen.resolve(parentId))
  const returned = Promise.withResolvers<void>()
  home.consume(parent, () => {
    returned.promise.then(() => home.send(child, 'later')).catch(seen.reject)
  })
  await home.call(parent, 1)
  returned.resolve()
  assert.equal(await seen.promise, undefined)
})
