/*
 * `homing export`: everything that is stored, one JSON a line, as bytes stand on disk.
 *
 *   { "kind": "outcome" | "dead" | "pending", "id": …, "queue": …, … }
 *
 * It reads files, without an engine, so that it can also save what is left of a damaged directory.
 */

import { Buffer, isUtf8 } from 'node:buffer'
import { createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { Option } from 'commander'
import type { DeadLetter, Message, PendingMessage, StoredOutcome } from '../maintenance.ts'
import { type Define, dataOption, examples, type Invocation, jsonOption } from './command.ts'
import type { ExitName } from './exit-codes.ts'
import { JsonText, jsonLine } from './json-text.ts'
import { requireOurs } from './open-home.ts'
import { countText } from './outcome-text.ts'
import { ProgressBar } from './progress-bar.ts'
import { Refusal } from './refusal.ts'

interface ExportOptions {
  readonly data: string
  readonly kind: 'all' | 'outcome' | 'dead' | 'pending'
  readonly queue?: string
  readonly output?: string
}

const help = examples([
  ['homing export > all.ndjson', 'outcomes, dead letters and waiting messages'],
  ['homing export --kind pending --queue mail', 'what waits in one queue'],
  ['homing export --kind outcome --output outcomes.ndjson', 'to a file, with a progress bar'],
])

const notes = `
A body is "value" (or "error", "input") when it is JSON or text, otherwise "valueBase64" with its
"contentType". What cannot be read is told and left out; the exit code is 8 then.
`

export const defineExport: Define = (command, invocation) => {
  command
    .addOption(dataOption())
    .addOption(jsonOption().hideHelp())
    .addOption(
      new Option('--kind <kind>', 'what to write out')
        .choices(['all', 'outcome', 'dead', 'pending'])
        .default('all'),
    )
    .option('--queue <name>', 'of this queue only')
    .option('--output <path>', 'to a new file, in place of standard output')
    .addHelpText('after', help + notes)
    .action(async (options: ExportOptions) => {
      requireOurs(options.data)
      invocation.exit = await exportAll(invocation, options)
    })
}

async function exportAll(invocation: Invocation, options: ExportOptions): Promise<ExitName> {
  const { terminal, stopping } = invocation
  const { readDirectory } = await import('../maintenance.ts')
  let problems = 0
  await using reading = await readDirectory(options.data, {
    onProblem: (text) => {
      problems++
      terminal.warn(text)
    },
  })
  const target = await targetOf(invocation, options.output)
  using bar = options.output === undefined ? undefined : new ProgressBar(terminal, 'writing')
  let count = 0
  const write = async (rows: AsyncIterable<string> | Iterable<string>): Promise<void> => {
    for await (const row of rows) {
      if (stopping.signal.aborted) return
      await target.line(row)
      count++
      bar?.show(count, Number.POSITIVE_INFINITY, () => `${countText(count)} lines`)
    }
  }
  const wants = (kind: string): boolean => options.kind === 'all' || options.kind === kind
  if (wants('outcome')) await write(mapped(reading.outcomes(options.queue), outcomeLine))
  if (wants('dead')) await write(mapped(reading.deadLetters(options.queue), deadLine))
  if (wants('pending')) await write(mappedAsync(reading.pending(options.queue), pendingLine))
  await target.end()
  if (stopping.reason === 'signal') return 'interrupted'
  if (options.output !== undefined) terminal.note(`${countText(count)} lines in ${options.output}`)
  return problems > 0 ? 'damaged' : 'ok'
}

interface Target {
  line(text: string): Promise<void>
  end(): Promise<void>
}

async function targetOf({ terminal }: Invocation, path: string | undefined): Promise<Target> {
  if (path === undefined) return { line: (text) => terminal.line(text), end: async () => {} }
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  const ended = finished(file)
  // Awaited at the end; an error before that ends the writing.
  ended.catch(() => undefined)
  await opened(file, path)
  return {
    async line(text) {
      if (file.errored) throw file.errored
      if (!file.write(`${text}\n`)) await Promise.race([drained(file), ended])
    },
    async end() {
      file.end()
      await ended
    },
  }
}

const drained = (file: WriteStream): Promise<void> =>
  new Promise((resolve) => file.once('drain', () => resolve()))

function opened(file: WriteStream, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    file.once('open', () => resolve())
    file.once('error', (error: NodeJS.ErrnoException) => {
      const there = error.code === 'EEXIST'
      reject(
        new Refusal(
          there ? 'usage' : 'notPermitted',
          there ? `${path} is there already; name a new file` : `${path}: ${error.message}`,
        ),
      )
    })
  })
}

function* mapped<Row>(rows: Iterable<Row>, line: (row: Row) => string): Generator<string> {
  for (const row of rows) yield line(row)
}

async function* mappedAsync<Row>(
  rows: AsyncIterable<Row>,
  line: (row: Row) => string,
): AsyncGenerator<string> {
  for await (const row of rows) yield line(row)
}

const outcomeLine = (outcome: StoredOutcome): string =>
  jsonLine({
    kind: 'outcome',
    id: outcome.id,
    queue: outcome.queue,
    code: outcome.code,
    ...bodyFields(outcome.code === 'ok' ? 'value' : 'data', outcome.contentType, outcome.body),
    attempts: outcome.attempts,
    acceptedAt: new Date(outcome.acceptedAtMs),
    finishedAt: new Date(outcome.finishedAtMs),
  })

const deadLine = (dead: DeadLetter): string =>
  jsonLine({
    kind: 'dead',
    id: dead.message.id,
    queue: dead.queue,
    reason: dead.reason,
    ...bodyFields('error', dead.errorContentType, dead.error),
    ...messageFields(dead.message),
    attempts: dead.attempts,
    acceptedAt: new Date(dead.acceptedAtMs),
    diedAt: new Date(dead.diedAtMs),
  })

const pendingLine = ({ message, queue, attempts, ...times }: PendingMessage): string =>
  jsonLine({
    kind: 'pending',
    id: message.id,
    queue,
    ...messageFields(message),
    attempts,
    acceptedAt: new Date(times.acceptedAtMs),
    availableAt: times.availableAtMs > 0 ? new Date(times.availableAtMs) : undefined,
    deadline: Number.isFinite(message.deadlineAtMs) ? new Date(message.deadlineAtMs) : undefined,
  })

const messageFields = ({ contentType, body, priority, meta }: Message) => ({
  ...bodyFields('input', contentType, body),
  priority: priority === 0 ? undefined : priority,
  key: meta?.key,
  headers: meta?.headers,
  callbacks: meta?.callbacks,
})

/** A body as it stands: JSON as JSON, text as text, everything else as base64. */
function bodyFields(name: string, contentType: string, body: Uint8Array) {
  if (contentType === '' && body.length === 0) return {}
  const isJson = /^application\/(?:[\w.+-]+\+)?json\b/.test(contentType)
  if (!(isJson || contentType.startsWith('text/')) || !isUtf8(body)) {
    return { contentType, [`${name}Base64`]: Buffer.from(body).toString('base64') }
  }
  const text = Buffer.from(body).toString('utf8')
  return isJson && isParsable(text) ? { [name]: new JsonText(text) } : { contentType, [name]: text }
}

function isParsable(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
