import { Buffer } from 'node:buffer'
import { type Command, Option } from 'commander'
import type { AnyContract, Duration, SendOptions } from '../index.ts'
import { collected, commonOptions, type Define, examples, wholeNumberFrom } from './command.ts'
import type { ExitName } from './exit-codes.ts'
import { allBytes, openInput } from './input-bytes.ts'
import { withHome } from './open-home.ts'
import { Refusal } from './refusal.ts'
import { type Body, bodyFrom } from './send-body.ts'
import { sendFile } from './send-lines.ts'
import { receiptJson, type SendCommandOptions, Sending, type SendRequest } from './sending.ts'
import { awaitOutcome } from './wait.ts'

const help = examples([
  ['homing send resize \'{"url":"a.png"}\' --id photo:42', 'one message; prints its id'],
  ['echo hello | homing send shout -', 'the body from a pipe, here a text'],
  ['homing send rows --file rows.ndjson --id import', 'a message a line, with ids import:1 …'],
  ['homing send mail \'{"to":"a@example.org"}\' --delay 10m', 'delivered in ten minutes'],
  ['homing send resize \'{"url":"a.png"}\' --wait --wait-max 30s', 'prints the result'],
])

const notes = `
A body that is JSON is sent as JSON, as it is written; anything else as text. The id is printed when the
message is on disk. Sending an id twice is sending it once: both get the one outcome.
`

export const defineSend: Define = (command, invocation) => {
  options(command)
    .addHelpText('after', help + notes)
    .action(async (queue: string, body: string | undefined, given: SendCommandOptions) => {
      checkBodies(body, given)
      const send = sendOptions(given)
      const request: SendRequest = { invocation, queue, given, send }
      invocation.exit =
        given.file === undefined
          ? await sendOne(request, body as string)
          : await sendFile(request, given.file)
    })
}

function options(command: Command): Command {
  return commonOptions(command)
    .argument('<queue>', 'name of the queue, made when it is new')
    .argument('[body]', 'the body, or - to read it from standard input')
    .option('--file <path>', 'a message for each line of a file (- for standard input)')
    .option('--id <id>', 'id of the message; with --file its beginning: ID:LINE')
    .option('--delay <duration>', 'deliver after: 250ms, 30s, 5m, 2h, 7d')
    .option('--at <time>', 'deliver at: 2026-11-21T08:00')
    .option('--within <duration>', 'from delivery to outcome; then it is expired (default 1d)')
    .option('--timeout <duration>', 'one attempt; then it goes back into the queue (default 5m)')
    .option('--attempts <count>', 'attempts before it has failed', wholeNumberFrom(1, 10_000))
    .option('--priority <number>', '0 to 255, higher first', wholeNumberFrom(0, 255))
    .option('--key <key>', 'messages of one key share the limits of the queue')
    .option('--header <name=value>', 'a header; may be given several times', collected)
    .option('--text', 'the body is text, even when it looks like JSON')
    .addOption(new Option('--binary', 'the body is bytes').conflicts('text'))
    .option('--wait', 'wait for the outcome and print it')
    .option('--wait-max <duration>', 'wait at most so long (implies --wait)')
}

function checkBodies(body: string | undefined, { file, binary }: SendCommandOptions): void {
  if (body === undefined && file === undefined) {
    throw new Refusal('usage', 'there is no body; give one, or - for standard input, or --file')
  }
  if (body !== undefined && file !== undefined) {
    throw new Refusal('usage', 'there are a body and --file; give one of them')
  }
  if (file !== undefined && binary) {
    throw new Refusal('usage', '--file reads lines, which are text; send bytes one by one with -')
  }
}

function sendOptions(given: SendCommandOptions): SendOptions<AnyContract> {
  const { delay, at, within, timeout, attempts, priority, key, header } = given
  return {
    ...(delay !== undefined && { delay: delay as Duration }),
    ...(at !== undefined && { at: dateFrom(at) }),
    ...(within !== undefined && { within: within as Duration }),
    ...(timeout !== undefined && { timeout: timeout as Duration }),
    ...(attempts !== undefined && { attempts }),
    ...(priority !== undefined && { priority }),
    ...(key !== undefined && { key }),
    ...(header !== undefined && { headers: headersFrom(header) }),
  }
}

function dateFrom(text: string): Date {
  const date = new Date(text)
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && Number.isFinite(date.getTime())) return date
  throw new Refusal('usage', `--at is "${text}"; give a time like 2026-11-21T08:00`)
}

function headersFrom(given: readonly string[]): Readonly<Record<string, string>> {
  const headers = new Map<string, string>()
  for (const one of given) {
    const at = one.indexOf('=')
    if (at < 1) throw new Refusal('usage', `--header is "${one}"; give NAME=VALUE`)
    headers.set(one.slice(0, at), one.slice(at + 1))
  }
  return Object.fromEntries(headers)
}

async function sendOne(request: SendRequest, given: string): Promise<ExitName> {
  const { invocation, given: options } = request
  const bytes =
    given === '-' ? await allBytes(openInput('-').stream, 'standard input') : Buffer.from(given)
  const body = bodyFrom(bytes, options, 'the body')
  return withHome(invocation, { ...options, make: true }, (home) =>
    sendBody(new Sending(request, home), body),
  )
}

async function sendBody(sending: Sending, { kind, value }: Body): Promise<ExitName> {
  const { invocation, given, send } = sending.request
  const { terminal } = invocation
  const { id } = given
  const receipt = await sending.home.send(sending.contract(kind), value, {
    ...send,
    ...(id !== undefined && { id }),
  })
  if (receipt.duplicate) {
    terminal.note(`"${receipt.id}" is known already: nothing was sent, the first message stands`)
  }
  if (sending.waits) {
    return awaitOutcome(invocation, receipt, given.waitMax as Duration | undefined)
  }
  await terminal.line(terminal.json ? receiptJson(receipt) : receipt.id)
  return 'ok'
}
