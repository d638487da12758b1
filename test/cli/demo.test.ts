import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { finished, HomingFolder, shows } from './homing-command.ts'

/** A folder with texts, and things the demo must pass over. */
function filesFor(folder: HomingFolder): void {
  const line = 'the quick brown fox jumps over the lazy dog\n'
  writeFileSync(join(folder.path, 'fox.txt'), line.repeat(4_000))
  for (const inner of ['node_modules', '.git']) {
    mkdirSync(join(folder.path, inner))
    writeFileSync(join(folder.path, inner, 'not-this.txt'), line)
  }
}

test('the demo brings every message home, twice, and shows how to look at one', async () => {
  using folder = new HomingFolder()
  filesFor(folder)
  const first = await folder.ok(['demo'])
  assert.match(first, /every message came home/)
  assert.match(first, /^sent +3,\d{3}$/m)
  assert.match(first, /^failed +33: NotText 30, thrown 3$/m)
  const [, id = ''] = /homing outcome (demo:\w+:\d+)/.exec(first) ?? []
  const [outcome] = await folder.json(['outcome', id])
  assert.equal(outcome?.ok, true)
  const [second] = await folder.json(['demo', '--messages', '300'])
  assert.equal(second?.sent, second?.home)
  assert.notEqual(second?.run, id.split(':')[1])
  const left = await folder.json(['queues'])
  for (const { ready, unsettled, delayed } of left)
    assert.deepEqual([ready, unsettled, delayed], [0, 0, 0])
})

test('a demo killed in the middle is finished by the next one, and nothing confirmed is missing', async () => {
  using folder = new HomingFolder()
  filesFor(folder)
  const killed = folder.start(['demo', '--messages', '60000'])
  killed.stdin.end()
  const [, run] = /Run (\w+) /.exec(await shows(killed.stdout, /go to three consumers/)) ?? []
  // By then some of its messages are home, and some on their way.
  while (journalBytes(folder) < 400_000) await new Promise((resolve) => setTimeout(resolve, 10))
  killed.kill('SIGKILL')
  assert.equal((await finished(killed)).code, null)
  const next = await folder.ok(['demo', '--messages', '30'])
  assert.match(next, new RegExp(`Run ${run} was cut off\\. Of its [\\d,]+ confirmed messages`))
  const outcomes = await folder.json<{ id: string }>(['outcomes', '--limit', '1000000'])
  const numbers = outcomes
    .filter(({ id }) => id.startsWith(`demo:${run}:`))
    .map(({ id }) => Number(id.slice(id.lastIndexOf(':') + 1)))
    .sort((a, b) => a - b)
  assert.ok(numbers.length > 0)
  assert.equal(new Set(numbers).size, numbers.length)
  const queues = await folder.json(['queues'])
  for (const { ready, unsettled, delayed } of queues)
    assert.deepEqual([ready, unsettled, delayed], [0, 0, 0])
  assert.equal((await folder.run(['verify'])).code, 0)
})

test('Ctrl-C in the demo brings home what is out and ends with 130', async () => {
  using folder = new HomingFolder()
  filesFor(folder)
  const child = folder.start(['demo', '--messages', '200000', '--json'])
  child.stdin.end()
  const ended = finished(child)
  await folder.openedBy(child)
  child.kill('SIGINT')
  const { code, out } = await ended
  assert.equal(code, 130)
  const { sent, confirmed, home } = JSON.parse(out)
  assert.deepEqual([confirmed, home], [sent, sent])
  assert.ok(sent < 200_000)
})

function journalBytes({ data }: HomingFolder): number {
  return readdirSync(data)
    .filter((name) => name.startsWith('journal-'))
    .reduce((sum, name) => sum + statSync(join(data, name)).size, 0)
}
