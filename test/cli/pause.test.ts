import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { HomingFolder } from './homing-command.ts'

const shout = ['work', 'shout', '--', 'tr', 'a-z', 'A-Z']

test('a queue that is paused is delivered to nobody until it is resumed, over restarts', async () => {
  using folder = new HomingFolder()
  await folder.ok(['send', 'shout', 'first', '--id', 's:1'])
  assert.match(
    await folder.ok(['pause', 'shout']),
    /^shout is paused; what is sent to it waits until homing resume shout\n$/,
  )
  const worker = folder.start(shout)
  await folder.openedBy(worker)
  await folder.ok(['send', 'shout', 'second', '--id', 's:2'])
  assert.match(await folder.ok(['queues']), /PAUSED\nshout +2 .*paused$/m)
  assert.deepEqual(await folder.json(['resume', 'shout']), [{ queue: 'shout', paused: false }])
  assert.equal(await folder.ok(['send', 'shout', 'third', '--wait']), '"THIRD"\n')
  assert.doesNotMatch(await folder.ok(['queues']), /PAUSED/)
  assert.deepEqual(await folder.json(['pause', 'shout']), [{ queue: 'shout', paused: true }])
  const exit = once(worker, 'exit')
  worker.kill('SIGTERM')
  await exit
  const [after] = await folder.json(['queues'])
  assert.equal(after?.paused, true)
})

test('a queue there is not cannot be paused or resumed, and is not made by it', async () => {
  using folder = new HomingFolder()
  assert.equal((await folder.run(['pause', 'shout'])).code, 3)
  await folder.ok(['send', 'shout', 'x'])
  for (const act of ['pause', 'resume']) {
    const { code, err } = await folder.run([act, 'shuot'])
    assert.equal(code, 3)
    assert.match(err, /there is no queue "shuot"/)
  }
  assert.equal((await folder.run(['pause'])).code, 2)
  assert.equal((await folder.json(['queues'])).length, 1)
})
