import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { homing, queue } from '../../src/index.ts'
import { controlStart, finished, HomingFolder, shows } from './homing-command.ts'

async function sent(folder: HomingFolder, count: number): Promise<void> {
  const home = await homing(folder.data)
  await home.sendMany(
    queue('q'),
    Array.from({ length: count }, (_, n) => n),
  )
  await home.close()
}

test('a worker that is asked to stop finishes what runs and gives back the rest', async () => {
  using folder = new HomingFolder()
  await sent(folder, 10)
  const command = ['--', 'sh', '-c', 'sleep 0.5; cat']
  const child = folder.start(['work', 'q', '--concurrency', '2', ...command])
  child.stdin.end()
  const ended = finished(child)
  await shows(child.stdout, /✔/)
  child.kill('SIGINT')
  const { code, out, err } = await ended
  assert.equal(code, 0)
  assert.match(err, /finishing \d running, within 10s, giving back the rest/)
  const home = out.match(/✔/g)?.length ?? 0
  const [left] = await folder.json(['queues'])
  assert.deepEqual([left?.ready, left?.unsettled], [10 - home, 0])
})

test('a second Ctrl-C ends a worker and its commands at once, and their messages are still there', async () => {
  using folder = new HomingFolder()
  await sent(folder, 3)
  const child = folder.start(['work', 'q', '--', 'sh', '-c', 'touch started; exec sleep 600'])
  child.stdin.end()
  const ended = finished(child)
  const stopping = shows(child.stderr, /giving back the rest/)
  const started = join(folder.path, 'started')
  while (!existsSync(started)) await new Promise((resolve) => setTimeout(resolve, 10))
  child.kill('SIGTERM')
  await stopping
  child.kill('SIGTERM')
  assert.equal((await ended).code, 130)
  const [left] = await folder.json(['queues'])
  assert.equal(left?.ready, 3)
})

test('a reader that goes away ends a list quietly, and a worker as Ctrl-C does', async () => {
  using folder = new HomingFolder()
  const home = await homing(folder.data)
  const echo = queue('echo')
  home.consume(echo, ({ input }) => input, { concurrency: 50 })
  await home.callAll(
    echo,
    Array.from({ length: 3_000 }, () => 'x'.repeat(100)),
  )
  await home.sendMany(queue('q'), [1, 2, 3])
  await home.close()
  const list = folder.start(['outcomes', '--json', '--limit', '3000'])
  list.stdin.end()
  await shows(list.stdout, /\n/)
  list.stdout.destroy()
  const errors = await new Response(list.stderr as never).text()
  assert.equal(errors, '')
  const worker = folder.start(['work', 'q', '--json', '--', 'sh', '-c', 'sleep 0.2; cat'])
  worker.stdin.end()
  await shows(worker.stdout, /\n/)
  worker.stdout.destroy()
  const code = await new Promise((resolve) => worker.on('exit', resolve))
  assert.equal(code, 0)
  const [left] = (await folder.json(['queues'])).filter(({ name }) => name === 'q')
  assert.equal(left?.unsettled, 0)
})

test('colours are for terminals, and for those who ask for them', async () => {
  using folder = new HomingFolder()
  await sent(folder, 1)
  assert.ok(!(await folder.ok(['queues'])).includes(controlStart))
  const asked = await folder.ok(['queues'], { env: { FORCE_COLOR: '1' } })
  assert.ok(asked.includes(`${controlStart}[1m`))
  const { err } = await folder.run(['nothing'], { env: { NO_COLOR: '1' } })
  assert.ok(!err.includes(controlStart))
})
