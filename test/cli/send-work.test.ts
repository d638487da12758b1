import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { HomingFolder } from './homing-command.ts'

const upperCase = ['--', 'tr', 'a-z', 'A-Z']

test('a message is sent, worked on by a command, and its outcome is there by its id', async () => {
  using folder = new HomingFolder()
  const id = (await folder.ok(['send', 'shout', 'hello'])).trim()
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.equal((await folder.run(['outcome', id])).code, 5)
  assert.match(await folder.ok(['work', 'shout', '--until-empty', ...upperCase]), /"HELLO"/)
  const [outcome] = await folder.json(['outcome', id])
  assert.deepEqual(
    { ...outcome, acceptedAt: 0, finishedAt: 0 },
    {
      id,
      queue: 'shout',
      ok: true,
      code: 'ok',
      value: 'HELLO',
      attempts: 1,
      acceptedAt: 0,
      finishedAt: 0,
    },
  )
})

test('JSON passes through a command as it was written, numbers of any length included', async () => {
  using folder = new HomingFolder()
  const body = '{"n": 12345678901234567890,\n "one": 1.0}'
  await folder.ok(['send', 'echo', body, '--id', 'n:1'])
  await folder.ok(['work', 'echo', '--until-empty', '--', 'cat'])
  assert.equal(await folder.ok(['send', 'echo', '0', '--id', 'n:1', '--wait']), `${body}\n`)
  const line = await folder.ok(['outcome', 'n:1', '--json'])
  assert.match(line, /"value":\{"n": 12345678901234567890, "one": 1\.0\}/)
})

test('a body from a pipe is sent byte for byte, and text that is no text only with --binary', async () => {
  using folder = new HomingFolder()
  const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
  const refused = await folder.run(['send', 'bytes', '-'], { stdin: bytes })
  assert.equal(refused.code, 2)
  assert.match(refused.err, /--binary/)
  await folder.ok(['send', 'bytes', '-', '--binary', '--id', 'b'], { stdin: bytes })
  await folder.ok(['work', 'bytes', '--until-empty', '--result', 'binary', '--', 'cat'])
  const [outcome] = await folder.json<{ valueBase64: string }>(['outcome', 'b'])
  assert.equal(outcome?.valueBase64, Buffer.from(bytes).toString('base64'))
})

test('an id that is sent twice is one message', async () => {
  using folder = new HomingFolder()
  await folder.ok(['send', 'q', '1', '--id', 'same'])
  const again = await folder.run(['send', 'q', '2', '--id', 'same'])
  assert.match(again.err, /known already/)
  const [third] = await folder.json(['send', 'q', '2', '--id', 'same'])
  assert.equal(third?.duplicate, true)
  const [queue] = await folder.json(['queues'])
  assert.equal(queue?.ready, 1)
})

test('every line of a file is a message, and sending the file again sends nothing twice', async () => {
  using folder = new HomingFolder()
  const lines = Array.from({ length: 1_200 }, (_, n) => `{"n":${n}}`)
  writeFileSync(join(folder.path, 'rows.ndjson'), `${lines.join('\r\n')}\n\n`)
  const send = ['send', 'rows', '--file', 'rows.ndjson', '--id', 'import']
  assert.match(await folder.ok(send), /^1,200 messages to "rows"/)
  assert.match(await folder.ok(send), /1,200 of them known already/)
  const [queue] = await folder.json(['queues'])
  assert.equal(queue?.ready, 1_200)
  const rows = await folder.json(['export', '--kind', 'pending'])
  assert.deepEqual([rows[1_199]?.id, rows[1_199]?.input], ['import:1200', { n: 1_199 }])
})

test('a line that is not JSON is named, and nothing of the file is sent', async () => {
  using folder = new HomingFolder()
  writeFileSync(join(folder.path, 'rows.ndjson'), '{"n":1}\n{"n":2\n')
  const { code, err } = await folder.run(['send', 'rows', '--file', 'rows.ndjson'])
  assert.equal(code, 2)
  assert.match(err, /line 2 of rows\.ndjson is not JSON: "{\\"n\\":2"/)
  assert.equal((await folder.run(['queues'])).code, 3, 'no data directory was made')
})

test('lines from a pipe are sent as text with --text', async () => {
  using folder = new HomingFolder()
  const stdin = 'first line\n{"second": true}'
  await folder.ok(['send', 'log', '--file', '-', '--text', '--id', 'l'], { stdin })
  const out = await folder.ok(['work', 'log', '--until-empty', '--result', 'text', '--', 'cat'])
  assert.match(out, /l:1 .*first line/)
  assert.match(out, /l:2 .*\{"second": true\}/)
})

test('a command that fails is tried again, and the end of its stderr comes home', async () => {
  using folder = new HomingFolder()
  await folder.ok([
    'send',
    'q',
    '{}',
    '--id',
    'm',
    '--attempts',
    '2',
    '--key',
    'k',
    '--header',
    'a=b',
  ])
  const script = 'echo "$HOMING_ID $HOMING_ATTEMPT $HOMING_KEY $HOMING_HEADERS" >&2; exit 3'
  const out = await folder.ok([
    ...['work', 'q', '--until-empty', '--backoff', '1ms', '--json'],
    ...['--', 'sh', '-c', script],
  ])
  assert.match(out, /"attempt":1,"failed":true,"code":3/)
  const outcome = await folder.run(['outcome', 'm', '--json'])
  assert.equal(outcome.code, 4)
  const { code, data, attempts } = JSON.parse(outcome.out)
  assert.deepEqual([code, attempts, data.name, data.code], ['thrown', 2, 'CommandFailed', 3])
  assert.match(data.message, /exit code 3: m 2 k \{"a":"b"\}$/)
})

test('exit code 65 refuses a message for good, and so does the last of --attempts', async () => {
  using folder = new HomingFolder()
  await folder.ok(['send', 'q', '1', '--id', 'one'])
  await folder.ok(['work', 'q', '--until-empty', '--', 'sh', '-c', 'echo never >&2; exit 65'])
  await folder.ok(['send', 'q', '2', '--id', 'two'])
  const limited = ['--attempts', '2', '--backoff', '1ms']
  await folder.ok(['work', 'q', '--until-empty', ...limited, '--', 'false'])
  const outcomes = await folder.json(['outcomes', '--code', 'rejected'])
  assert.deepEqual(
    outcomes.map(({ id, attempts }) => [id, attempts]),
    [
      ['two', 2],
      ['one', 1],
    ],
  )
})

test('a command that takes too long is ended, with what it started, and its message tried again', async () => {
  using folder = new HomingFolder()
  await folder.ok(['send', 'q', '1', '--id', 'slow', '--attempts', '2'])
  await folder.ok([
    'work',
    'q',
    '--until-empty',
    '--timeout',
    '300ms',
    '--',
    'sh',
    '-c',
    'sleep 50 | cat',
  ])
  const { out } = await folder.run(['outcome', 'slow', '--json'])
  assert.deepEqual([JSON.parse(out).code, JSON.parse(out).attempts], ['lost', 2])
})

test('a command that is not there is told before any message is touched', async () => {
  using folder = new HomingFolder()
  await folder.ok(['send', 'q', '1'])
  const { code, err } = await folder.run(['work', 'q', '--', 'no-such-command'])
  assert.equal(code, 3)
  assert.match(err, /there is no command "no-such-command"/)
})

test('a command that writes more than a result may hold fails, and one that does not read is fine', async () => {
  using folder = new HomingFolder()
  await folder.ok(['send', 'q', '-', '--id', 'm', '--attempts', '1', '--text'], {
    stdin: 'x'.repeat(3_000_000),
  })
  const endless = ['--', 'sh', '-c', 'yes']
  await folder.ok(['work', 'q', '--until-empty', ...endless])
  const { out } = await folder.run(['outcome', 'm', '--json'])
  assert.match(JSON.parse(out).data.message, /wrote more than 16777216 bytes/)
})

test('waiting for an outcome ends when its time is over, and a delayed message waits its turn', async () => {
  using folder = new HomingFolder()
  const waited = await folder.run(['send', 'q', '1', '--wait-max', '50ms', '--delay', '1h'])
  assert.equal(waited.code, 5)
  assert.match(waited.err, /no outcome after 50 ms/)
  const [queue] = await folder.json(['queues'])
  assert.equal(queue?.delayed, 1)
  const expired = await folder.run(['send', 'q', '1', '--within', '1ms', '--wait'])
  assert.equal(expired.code, 4)
  assert.match(expired.err, /ended as expired/)
})

test('while one command has the data directory, another one asks through it', async () => {
  using folder = new HomingFolder()
  const waiting = folder.start(['send', 'q', '1', '--wait', '--json'])
  waiting.stdin.end()
  try {
    await folder.openedBy(waiting)
    const sent = async (): Promise<boolean> => {
      const [queue] = await folder.json(['queues'])
      return queue?.ready === 1
    }
    while (!(await sent())) assert.equal(waiting.exitCode, null)
  } finally {
    waiting.kill('SIGKILL')
  }
})

test('bad options and bodies are refused with what to do', async () => {
  using folder = new HomingFolder()
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['send', 'q'], /there is no body/],
    [['send', 'q', '1', '--delay', 'soon'], /delay .* is 'soon'; give milliseconds or a text like/],
    [['send', 'q', '1', '--priority', '300'], /whole number from 0 to 255/],
    [['send', '', '1'], /queue name is empty/],
    [['send', 'q', '1', '--header', 'x'], /give NAME=VALUE/],
    [['send', 'q', '"\\ud800"'], /half of a surrogate pair/],
    [['send', 'q', '['.repeat(5_000) + ']'.repeat(5_000)], /nesting deeper than/],
    [['send', 'q', '--file', 'none.ndjson', '1'], /give one of them/],
    [['work', 'q'], /missing required argument 'command'/],
    [['outcomes', '--since', 'yesterday'], /--since is "yesterday"/],
    [['nothing'], /unknown command 'nothing'/],
    [['outcomes', '--lmit', '1'], /Did you mean --limit/],
  ]
  for (const [words, says] of refused) {
    const { code, err } = await folder.run(words)
    assert.equal(code, 2, `${words.join(' ')}: ${err}`)
    assert.match(err, says)
  }
})
