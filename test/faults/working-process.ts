/*
 * A process that works in a data directory and says, line by line, what it was promised:
 *
 *   open · confirmed ID · final ID · refused ID CODE · problem TEXT · closed
 *
 * Started by tests with the directory, how many messages to send, and the engine's options as JSON.
 * It sends in small windows; a consumer answers the even ones and fails the odd ones for an hour.
 * What is in its stdin is not read; when it ends, the process closes. With HOMING_TEST_OUT_OF_FILES_AT
 * it takes all files that may be opened once so many messages were sent.
 */

import { openSync } from 'node:fs'
import { openEmbedded } from '../../src/embedded/open.ts'
import type { Engine } from '../../src/engine.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'

const [directory = '', count = '0', options = '{}', prefix = 'm'] = process.argv.slice(2)
const window = 8

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

function message(id: string): Message {
  return {
    id,
    idChosen: true,
    exchange: '',
    routingKey: 'work',
    contentType: 'text/plain; charset=utf-8',
    body: Buffer.from(id.repeat(1 + (id.length % 7) * 20)),
    priority: 0,
    deadlineAtMs: Number.POSITIVE_INFINITY,
    availableAtMs: 0,
    timeoutMs: 0,
    attemptsMax: 100,
    meta: undefined,
  }
}

async function send(engine: Engine, id: string): Promise<void> {
  try {
    await engine.publish(message(id))
    say(`confirmed ${id}`)
  } catch (error) {
    say(`refused ${id} ${(error as { code?: string }).code}`)
  }
}

async function answer(engine: Engine, delivery: Delivery): Promise<void> {
  const { id } = delivery.message
  const isEven = Number(id.slice(prefix.length)) % 2 === 0
  const body = Buffer.from('{}')
  const settled = await engine.settle(
    delivery,
    isEven
      ? { kind: 'final', code: 'ok', contentType: 'application/json', body }
      : { kind: 'retry', delayMs: 3_600_000, code: 'thrown', body },
  )
  if (settled.accepted && isEven) say(`final ${id}`)
}

/** Opens files until no more can be opened. */
function takeAllFiles(): void {
  try {
    for (;;) openSync('/dev/null', 'r')
  } catch {}
}

const engine = await openEmbedded(directory, {
  onProblem: (text) => say(`problem ${text}`),
  ...JSON.parse(options),
})
say('open')
engine.subscribe(
  'work',
  { prefetch: 20 },
  {
    deliver: (delivery) => {
      answer(engine, delivery).catch(() => undefined)
    },
    revoke: () => undefined,
  },
)
const filesFromCount = Number(process.env.HOMING_TEST_OUT_OF_FILES_AT ?? Number.POSITIVE_INFINITY)
for (let n = 0; n < Number(count); n += window) {
  if (n >= filesFromCount) takeAllFiles()
  await Promise.all(Array.from({ length: window }, (_, i) => send(engine, `${prefix}${n + i}`)))
}
process.stdin.resume()
process.stdin.on('end', async () => {
  await engine.close()
  say('closed')
})
