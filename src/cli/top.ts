/*
 * `homing top`: what a server, or whoever owns a data directory, is doing now.
 *
 *   on a terminal      the screen, again and again, until q or Ctrl-C
 *   otherwise          two looks, one snapshot of lines or JSON
 *
 * Rule: the terminal is left as it was found, however it ends. A server that is started again meanwhile
 * is waited for.
 */

import { Buffer } from 'node:buffer'
import { resolve } from 'node:path'
import process from 'node:process'
import { type Home, HomingError } from '../index.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
  wholeNumberFrom,
} from './command.ts'
import { machineFacts } from './machine-facts.ts'
import { withHome } from './open-home.ts'
import { type Look, screenLines, summaryOf } from './top-screen.ts'

interface TopOptions extends CommonOptions {
  readonly interval: number
}

const help = examples([
  ['homing top', 'live, the busiest queues first; q or Ctrl-C ends it'],
  ['homing top --json | jq .notHome', 'one snapshot: what is not yet home'],
])

const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'
const clearLine = '\u001b[K'
const home = '\u001b[H'
const clearBelow = '\u001b[J'

export const defineTop: Define = (command, invocation) => {
  commonOptions(command)
    .option('--interval <seconds>', 'time between two looks', wholeNumberFrom(1, 3_600), 1)
    .addHelpText('after', help)
    .action(async (options: TopOptions) => {
      await withHome(invocation, { ...options, make: false }, async (opened) => {
        const { terminal } = invocation
        const isLive = terminal.isPerson && !terminal.json && process.stdin.isTTY === true
        await (isLive ? live(invocation, opened, options) : snapshot(invocation, opened, options))
      })
    })
}

async function lookAt(opened: Home, data: string): Promise<Look> {
  const queues = await opened.queues()
  return { atMs: performance.now(), queues, machine: machineFacts(resolve(data)) }
}

async function snapshot(
  { terminal, stopping }: Invocation,
  opened: Home,
  { data, interval }: TopOptions,
): Promise<void> {
  const before = await lookAt(opened, data)
  await pause(interval * 1_000, stopping.signal)
  const now = await lookAt(opened, data)
  const summary = summaryOf(before, now)
  if (terminal.json) return terminal.line(JSON.stringify({ ...summary, machine: now.machine }))
  const bold = (text: string): string => text
  const size = { columns: terminal.width, rows: Number.POSITIVE_INFINITY }
  for (const line of screenLines(summary, now.machine, { ...size, where: data, note: '', bold })) {
    await terminal.line(line)
  }
}

async function live(
  { terminal, stopping }: Invocation,
  opened: Home,
  { data, interval }: TopOptions,
): Promise<void> {
  using keys = new Keys()
  using screen = new Screen()
  stopping.atOnce(() => screen[Symbol.dispose]())
  const ended = AbortSignal.any([stopping.signal, keys.quit])
  const bold = (text: string): string => terminal.style('bold', text)
  let before = await lookAt(opened, data)
  let now = before
  let note = ''
  while (!ended.aborted) {
    const { columns = 80, rows = 24 } = process.stdout
    const texts = { where: data, note: note || 'q ends', bold }
    screen.show(screenLines(summaryOf(before, now), now.machine, { columns, rows, ...texts }))
    await pause(interval * 1_000, ended)
    try {
      const next = ended.aborted ? now : await lookAt(opened, data)
      before = now
      now = next
      note = ''
    } catch (error) {
      if (!(error instanceof HomingError && error.retryable)) throw error
      note = `no answer: ${error.message}`
    }
  }
}

/** In raw mode Ctrl-C is a key like others. */
const endingKeys = [...Buffer.from('qQ'), 3, 4]

/** q, Q, Ctrl-C and Ctrl-D end it. */
class Keys implements Disposable {
  readonly #quit = new AbortController()
  readonly #pressed = (keys: Buffer): void => {
    if (keys.some((key) => endingKeys.includes(key))) this.#quit.abort()
  }

  constructor() {
    process.stdin.setRawMode(true)
    process.stdin.on('data', this.#pressed)
  }

  get quit(): AbortSignal {
    return this.#quit.signal
  }

  [Symbol.dispose](): void {
    process.stdin.off('data', this.#pressed)
    process.stdin.setRawMode(false)
    process.stdin.pause()
  }
}

/** A screen of its own; what stood there before comes back. */
class Screen implements Disposable {
  #isOpen = true

  constructor() {
    process.stdout.write(enter)
  }

  show(lines: readonly string[]): void {
    process.stdout.write(
      `${home}${lines.map((line) => line + clearLine).join('\r\n')}${clearBelow}`,
    )
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.stdout.write(leave)
  }
}

/** Ends early when it is no longer waited for. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
