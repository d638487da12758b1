import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { HomingFolder, type HomingProcess, shows } from './homing-command.ts'

const shout = ['work', 'shout', '--', 'tr', 'a-z', 'A-Z']
const serve = ['serve', '--no-http', '--amqp-port', '0']

async function ended(child: HomingProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}

test('a directory that nobody uses is copied, and the copy is opened like any other', async () => {
  using folder = new HomingFolder()
  await folder.ok(['send', 'shout', 'hello', '--id', 's:1'])
  const to = join(folder.path, 'copies', 'monday')
  const line = await folder.ok(['backup', 'copies/monday'])
  assert.match(line, new RegExp(`^${to}: \\d+ files, .*, with all that was confirmed by .*\n$`))
  assert.match(await folder.ok(['verify', to]), /no damage/)
  assert.match(await folder.ok(['queues', '--data', to]), /^shout +1 /m)
  const [taken] = await folder.json(['backup', 'copies/tuesday'])
  assert.equal(taken?.directory, join(folder.path, 'copies', 'tuesday'))
  assert.equal(taken?.files, readdirSync(join(folder.path, 'copies', 'tuesday')).length)
  assert.ok(Date.parse(String(taken?.finishedAt)) >= Date.parse(String(taken?.startedAt)))
})

test('a directory is copied while a worker or a broker has it open', async () => {
  using folder = new HomingFolder()
  for (const [name, words] of [
    ['worker', shout],
    ['broker', serve],
  ] as const) {
    const child = folder.start(words)
    await (name === 'worker' ? folder.openedBy(child) : shows(child.stdout, /listens on/))
    await folder.ok(['send', 'waits', 'hello', '--id', name])
    await folder.ok(['backup', name])
    await ended(child)
    assert.match(await folder.ok(['verify', name]), /no damage/)
    assert.match(await folder.ok(['queues', '--data', name]), /^waits +[12] /m)
  }
  assert.ok(existsSync(join(folder.path, 'broker', 'definitions.json')))
})

test('a backup that cannot be made says why by its exit code, and leaves nothing behind', async () => {
  using folder = new HomingFolder()
  const refused = async (words: readonly string[], code: number, text: RegExp): Promise<void> => {
    const result = await folder.run(['backup', ...words])
    assert.equal(result.code, code, words.join(' '))
    assert.match(result.err, text)
    assert.equal(result.out, '')
  }
  await refused(['to'], 3, /there is no data directory/)
  assert.deepEqual(readdirSync(folder.path), [])
  mkdirSync(join(folder.path, 'full'))
  writeFileSync(join(folder.path, 'full', 'mine'), 'x')
  await folder.ok(['send', 'shout', 'hello'])
  await refused([], 2, /missing required argument 'dir'/)
  await refused(['data'], 2, /data is there already and not empty/)
  await refused(['full/mine/below'], 10, /give a directory in which this user may make files/)
  const worker = folder.start(shout)
  await folder.openedBy(worker)
  await refused(['full'], 2, /full is there already and not empty/)
  await refused(['full/mine/below'], 10, /give a directory in which this user may make files/)
  await ended(worker)
  assert.deepEqual(readdirSync(folder.path).toSorted(), ['data', 'full'])
  assert.deepEqual(readdirSync(join(folder.path, 'full')), ['mine'])
})
