import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { finished, HomingFolder, type HomingProcess, shows } from './homing-command.ts'

const shout = ['work', 'shout', '--', 'tr', 'a-z', 'A-Z']

async function ended(child: HomingProcess): Promise<number | null> {
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = (await exit) as [number | null]
  return code
}

test('one terminal works, another sends and waits, and nothing else runs', async () => {
  using folder = new HomingFolder()
  const worker = folder.start(shout)
  await folder.openedBy(worker)
  assert.equal(await folder.ok(['send', 'shout', 'hello', '--id', 's:1', '--wait']), '"HELLO"\n')
  const [outcome] = await folder.json(['outcome', 's:1'])
  assert.equal(outcome?.value, 'HELLO')
  assert.match(await folder.ok(['queues']), /^shout +0 /m)
  assert.match(await folder.ok(['outcomes']), /s:1 .*ok/)
  assert.equal(await folder.ok(['dead', 'list', '--json']), '')
  assert.equal(await ended(worker), 0)
})

test('who sends and waits can come first: it is joined, and leaves the directory to the worker', async () => {
  using folder = new HomingFolder()
  const sender = folder.start(['send', 'shout', 'first', '--wait'])
  const sent = finished(sender)
  await folder.openedBy(sender)
  const worker = folder.start(shout)
  const complaints = shows(worker.stderr, /problem|lost/)
  complaints.catch(() => undefined)
  assert.deepEqual(await sent, { code: 0, out: '"FIRST"\n', err: '' })
  await folder.openedBy(worker)
  assert.equal(await folder.ok(['send', 'shout', 'second', '--wait']), '"SECOND"\n')
  assert.equal(await ended(worker), 0)
  await assert.rejects(complaints, /ended without/, 'an owner that goes is no problem')
})

test('while a worker runs verify looks, and export and serve say who has the directory', async () => {
  using folder = new HomingFolder()
  const worker = folder.start(shout)
  await folder.openedBy(worker)
  await folder.ok(['send', 'shout', 'x', '--wait'])
  assert.match(await folder.ok(['verify']), new RegExp(`in use +by process ${worker.pid};`))
  for (const words of [['export'], ['serve', '--no-http', '--amqp-port', '0'], ['user', 'list']]) {
    const { code, err } = await folder.run(words)
    assert.equal(code, 7, words.join(' '))
    assert.match(err, new RegExp(`in use by process ${worker.pid}`))
  }
  assert.equal(await ended(worker), 0)
})

test('commands join a broker on the same directory', async () => {
  using folder = new HomingFolder()
  const broker = folder.start(['serve', '--no-http', '--amqp-port', '0'])
  await shows(broker.stdout, /listens on/)
  const id = (await folder.ok(['send', 'shout', 'hello'])).trim()
  assert.match(
    await folder.ok(['work', 'shout', '--until-empty', '--', 'tr', 'a-z', 'A-Z']),
    /HELLO/,
  )
  assert.match(await folder.ok(['outcome', id]), /HELLO/)
  assert.equal(await ended(broker), 0)
})
