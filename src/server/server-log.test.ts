import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { logTo } from './server-log.ts'

function lines(settings: Parameters<typeof logTo>[1]) {
  const written: string[] = []
  return { log: logTo((line) => written.push(line), settings), written }
}

test('a log line is one line, whatever a client put into names and texts', () => {
  const { log, written } = lines({})
  log.warn({ user: 'a\n2026-01-01 info fake', empty: '' }, "no queue 'x\r\n\u001b[2J\u0085\u202ey'")
  assert.equal(written.length, 1)
  assert.match(
    written[0] ?? '',
    /^\S+Z warn {2}no queue 'x\\r\\n\\u001b\[2J\?\?y' user="a\\n2026-01-01 info fake"\n$/,
  )
})

test('a log line as JSON has the facts as fields', () => {
  const { log, written } = lines({ json: true, level: 'debug' })
  log.debug({ count: 3, peer: '127.0.0.1:1', error: new Error('broken') }, 'something')
  const { time, ...rest } = JSON.parse(written[0] ?? '')
  assert.match(time, /^\d{4}-/)
  assert.deepEqual(rest, {
    level: 'debug',
    text: 'something',
    count: 3,
    peer: '127.0.0.1:1',
    error: 'broken',
  })
})

test('bytes are counted and long texts cut; what is below the level is left out', () => {
  const { log, written } = lines({ level: 'warn' })
  log.info({}, 'not this')
  log.warn({ password: Buffer.from('canary'), name: 'x'.repeat(10_000) }, 'this')
  log.error({ list: [{ deep: { deeper: 'x' } }] }, 'and this')
  assert.equal(written.length, 2)
  assert.match(written[0] ?? '', /password="6 bytes"/)
  assert.ok((written[0] ?? '').length < 700)
  assert.ok(!written.join('').includes('canary'))
})
