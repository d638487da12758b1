import { countText, durationText, facts } from '../outcome-text.ts'
import type { Terminal } from '../terminal.ts'
import type { Finished } from './demo-finish.ts'
import type { DemoTally } from './demo-tally.ts'

export async function printFinished(
  terminal: Terminal,
  { run, confirmed, now }: Finished,
): Promise<void> {
  const before = confirmed - now
  await terminal.line(
    `Run ${run} was cut off. Of its ${countText(confirmed)} confirmed messages ${countText(before)} had come home; the other ${countText(now)} came home just now.`,
  )
  await terminal.line()
}

export interface Summary {
  readonly run: string
  readonly data: string
  readonly tally: DemoTally
  /** Ctrl-C ended it before everything was sent. */
  readonly stopped: boolean
}

/** What the run came to, and how to look at it. */
export async function printSummary(
  terminal: Terminal,
  { run, data, tally, stopped }: Summary,
): Promise<void> {
  const { sent, confirmed, succeeded, retried, furtherAttempts, failures, roundTrips } = tally
  const title = stopped
    ? `Run ${run}, stopped early: every message that was sent came home.`
    : `Run ${run}: every message came home.`
  await terminal.line(terminal.style('bold', title))
  await terminal.line()
  await facts(terminal, [
    ['sent', countText(sent)],
    ['confirmed', `${countText(confirmed)}, on disk before the sender was told`],
    ['succeeded', countText(succeeded)],
    [
      'retried',
      `${countText(retried)}, ${countText(furtherAttempts)} attempts more than the first`,
    ],
    ['failed', `${countText(failures)}${codes(tally)}`],
    ['round trips', `${countText(Math.round(roundTrips.perSecond))} per second`],
    [
      'p50 / p99',
      `${durationText(roundTrips.quantile(0.5))} / ${durationText(roundTrips.quantile(0.99))}, from send to outcome`,
    ],
  ])
  await terminal.line()
  await printLooking(terminal, data, tally)
}

function codes({ failed }: DemoTally): string {
  const each = [...failed].map(([code, count]) => `${code} ${countText(count)}`)
  return each.length === 0 ? '' : `: ${each.join(', ')}`
}

async function printLooking(terminal: Terminal, data: string, tally: DemoTally): Promise<void> {
  const lines: (readonly [does: string, words: string])[] = []
  for (const [code, does] of [
    ['ok', 'one that succeeded'],
    ['NotText', 'one that a consumer refused'],
    ['thrown', 'one that failed on every attempt'],
  ] as const) {
    const id = tally.examples.get(code)
    if (id !== undefined) lines.push([does, `outcome ${id}`])
  }
  lines.push(['all that failed', 'outcomes --state failed'])
  lines.push(['what is kept to be sent again', 'dead list'])
  const width = Math.max(...lines.map(([does]) => does.length))
  const longest = Math.max(...lines.map(([, words]) => commandLine(words, data).length))
  const between = width + longest + 4 <= terminal.width ? '  ' : '\n      '
  await terminal.line('Look at any of them:')
  for (const [does, words] of lines) {
    const command = terminal.style('cyan', commandLine(words, data))
    await terminal.line(`  ${between === '  ' ? does.padEnd(width) : does}${between}${command}`)
  }
}

/** How the user would call this command, given how it was called now. */
function commandLine(words: string, data: string): string {
  const where = data === './data' ? '' : ` --data ${data}`
  const script = process.env.npm_lifecycle_event
  if (script === 'npx') return `npx homing ${words}${where}`
  return script === undefined ? `homing ${words}${where}` : `npm run -s homing -- ${words}${where}`
}
