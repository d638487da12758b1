/*
 * A message for each line of a file.
 *
 *   a file        read once to check every line, then again to send: a bad line sends nothing
 *   a pipe        checked as it is read: a bad line ends it, and what was sent before is told
 *
 * Lines are sent in batches with one confirm each. With --id the ids are ID:LINE, so a file that was
 * sent halfway is sent again from its beginning and no line goes out twice.
 */

import type { AnyContract, Duration, Outcome, Receipt } from '../index.ts'
import type { BodyKind } from './cli-contract.ts'
import type { ExitName } from './exit-codes.ts'
import { type Line, linesOf, openInput } from './input-bytes.ts'
import { withHome } from './open-home.ts'
import { countText } from './outcome-text.ts'
import { ProgressBar } from './progress-bar.ts'
import { Refusal } from './refusal.ts'
import { type Body, bodyFrom } from './send-body.ts'
import { receiptJson, type SendCommandOptions, Sending, type SendRequest } from './sending.ts'
import { waitedJson } from './wait.ts'

const batchLines = 1_000
const batchBytes = 4 * 1024 * 1024

interface Batch {
  readonly kind: BodyKind
  readonly bodies: Body[]
  readonly lines: Line[]
  bytes: number
}

export async function sendFile(request: SendRequest, path: string): Promise<ExitName> {
  const { invocation, given } = request
  if (path !== '-') await checkLines(request, path)
  return withHome(invocation, { ...given, make: true }, (home) =>
    sendLines(new Sending(request, home), path),
  )
}

async function sendLines(sending: Sending, path: string): Promise<ExitName> {
  const { terminal, stopping } = sending.request.invocation
  const sent = new SentLines(sending)
  try {
    await sendBatches(sending, path, sent)
  } catch (error) {
    if (sent.count > 0) {
      terminal.warn(
        `${countText(sent.count)} messages were sent before this; with --id, sending again sends only the others`,
      )
    }
    throw error
  }
  if (stopping.signal.aborted) {
    terminal.warn(`stopped after ${countText(sent.count)} messages`)
    return 'interrupted'
  }
  return sent.finish()
}

async function checkLines({ invocation, given }: SendRequest, path: string): Promise<void> {
  using bar = new ProgressBar(invocation.terminal, 'checking')
  const { stream, bytes } = openInput(path)
  for await (const line of linesOf(stream, path)) {
    bodyOf(line, given, path)
    bar.show(line.end, bytes, () => `line ${countText(line.number)}`)
    if (invocation.stopping.signal.aborted) return
  }
}

/** Lines are JSON unless --text says otherwise: a broken line is a mistake, not a text. */
function bodyOf(line: Line, given: SendCommandOptions, path: string): Body {
  const what = `line ${line.number} of ${path === '-' ? 'standard input' : path}`
  const body = bodyFrom(line.bytes, given, what)
  if (body.kind === 'json' || given.text) return body
  const shown = String(body.value).slice(0, 60)
  throw new Refusal(
    'usage',
    `${what} is not JSON: ${JSON.stringify(shown)}; mend it, or send lines as text with --text`,
  )
}

async function sendBatches(sending: Sending, path: string, sent: SentLines): Promise<void> {
  const { invocation, given } = sending.request
  using bar = new ProgressBar(invocation.terminal, 'sending')
  const { stream, bytes } = openInput(path)
  let batch: Batch | undefined
  for await (const line of linesOf(stream, path)) {
    const body = bodyOf(line, given, path)
    batch ??= { kind: body.kind, bodies: [], lines: [], bytes: 0 }
    batch.bodies.push(body)
    batch.lines.push(line)
    batch.bytes += line.bytes.length
    if (batch.lines.length >= batchLines || batch.bytes >= batchBytes) {
      await sent.send(batch)
      batch = undefined
      bar.show(line.end, bytes || line.end, () => `${countText(sent.count)} messages`)
    }
    if (invocation.stopping.signal.aborted) return
  }
  if (batch) await sent.send(batch)
}

class SentLines {
  count = 0
  #duplicates = 0
  readonly #sending: Sending
  readonly #startedAtMs = performance.now()
  readonly #outcomes: Promise<Outcome<AnyContract>>[] = []

  constructor(sending: Sending) {
    this.#sending = sending
  }

  async send({ kind, bodies, lines }: Batch): Promise<void> {
    const { home, request } = this.#sending
    const { given, send, invocation } = request
    const { id } = given
    const values = bodies.map(({ value }) => value)
    const receipts = await home.sendMany(this.#sending.contract(kind), values, {
      ...send,
      ...(id !== undefined && { ids: lines.map(({ number }) => `${id}:${number}`) }),
    })
    this.count += receipts.length
    this.#duplicates += receipts.filter(({ duplicate }) => duplicate).length
    if (this.#sending.waits)
      for (const receipt of receipts) this.#outcomes.push(this.#outcome(receipt))
    else if (invocation.terminal.json) {
      for (const receipt of receipts) await invocation.terminal.line(receiptJson(receipt))
    }
  }

  #outcome(receipt: Receipt<AnyContract>): Promise<Outcome<AnyContract>> {
    const { given, invocation } = this.#sending.request
    const timeout = given.waitMax as Duration | undefined
    const { signal } = invocation.stopping
    const outcome = receipt.outcome({ signal, ...(timeout !== undefined && { timeout }) })
    // Awaited in order later; until then its failure is nobody's surprise.
    outcome.catch(() => undefined)
    return outcome
  }

  async finish(): Promise<ExitName> {
    const { invocation, queue } = this.#sending.request
    const { terminal } = invocation
    const ms = Math.round(performance.now() - this.#startedAtMs)
    const known =
      this.#duplicates > 0 ? `, ${countText(this.#duplicates)} of them known already` : ''
    const text = `${countText(this.count)} messages to "${queue}"${known}, all on disk after ${ms} ms`
    if (this.#sending.waits) {
      terminal.note(text)
      return this.#printOutcomes()
    }
    if (!terminal.json) await terminal.line(text)
    return 'ok'
  }

  async #printOutcomes(): Promise<ExitName> {
    const { terminal } = this.#sending.request.invocation
    using bar = new ProgressBar(terminal, 'waiting')
    let exit: ExitName = 'ok'
    for (const [n, outcome] of this.#outcomes.entries()) {
      const { ok } = await outcome.then(async (come) => {
        await terminal.line(waitedJson(come))
        return come
      })
      if (!ok) exit = 'outcomeFailed'
      bar.show(n + 1, this.#outcomes.length, () => `${countText(n + 1)} home`)
    }
    return exit
  }
}
