import assert from 'node:assert/strict'
import { test } from 'node:test'
import { finished, HomingFolder, jsonLines, shows } from './homing-command.ts'

interface Snapshot {
  readonly notHome: number
  readonly queues: readonly { readonly name: string; readonly ready: number }[]
  readonly machine: { readonly process: number; readonly diskFreeBytes: number }
}

test('top prints one snapshot where nobody looks, of a running server as well; health says that it answers', async () => {
  using folder = new HomingFolder()
  const words = ['serve', '--json', '--no-http', '--amqp-port', '0']
  const child = folder.start(words)
  const ended = finished(child)
  const [told] = jsonLines<{ listening: readonly { port: number }[] }>(
    await shows(child.stdout, /\n/),
  )
  const port = String(told?.listening[0]?.port)
  await folder.ok(['send', 'orders', '1'])
  const [snapshot] = await folder.json<Snapshot>(['top'])
  assert.equal(snapshot?.notHome, 1)
  assert.deepEqual(
    snapshot?.queues.map(({ name, ready }) => [name, ready]),
    [['orders', 1]],
  )
  assert.equal(snapshot?.machine.process, child.pid)
  assert.ok((snapshot?.machine.diskFreeBytes ?? 0) > 0)
  assert.match(await folder.ok(['top']), /not yet home 1 .*\n.*\n\nQUEUE .*\norders /)
  assert.match(await folder.ok(['health', '--amqp-port', port]), /answers/)
  child.kill('SIGTERM')
  assert.equal((await ended).code, 0)
  const gone = await folder.run(['health', '--amqp-port', port])
  assert.deepEqual([gone.code, /does not answer: .*ECONNREFUSED/.test(gone.err)], [1, true])
  assert.equal((await folder.run(['top', '--data', 'nowhere'])).code, 3)
})
