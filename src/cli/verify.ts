import type { Finding, VerifyReport } from '../maintenance.ts'
import { type Define, dataOption, examples, type Invocation, jsonOption } from './command.ts'
import { requireOurs } from './open-home.ts'
import { bytesText, countText, facts } from './outcome-text.ts'
import { ProgressBar } from './progress-bar.ts'
import { onOneLine } from './text-width.ts'

interface VerifyOptions {
  readonly data: string
}

const help = examples([
  ['homing verify', 'checks ./data'],
  ['homing verify /backup/data --json', 'checks a copy, for a program'],
])

const notes = `
Reads every record of the journal, every checkpoint and index page and the ledger, compares them, and
changes nothing; no lock is needed. What a crash cut off before any confirm is a note, not damage.
Exit codes: 0 no damage, 8 damage, 3 no data directory, 11 written by another version.
`

export const defineVerify: Define = (command, invocation) => {
  command
    .argument('[dir]', 'data directory, in place of --data')
    .addOption(dataOption())
    .addOption(jsonOption())
    .addHelpText('after', help + notes)
    .action(async (dir: string | undefined, options: VerifyOptions) => {
      const report = await read(invocation, dir ?? options.data)
      await print(invocation, report)
      invocation.exit = report.ok ? 'ok' : 'damaged'
    })
}

async function read({ terminal, stopping }: Invocation, directory: string): Promise<VerifyReport> {
  requireOurs(directory)
  const { verify } = await import('../maintenance.ts')
  using bar = new ProgressBar(terminal, 'verifying')
  return await verify(directory, {
    signal: stopping.signal,
    onProgress: (done, total) =>
      bar.show(done, total, () => `${bytesText(done)} of ${bytesText(total)} of journal`),
  })
}

async function print({ terminal }: Invocation, report: VerifyReport): Promise<void> {
  if (terminal.json) return terminal.line(JSON.stringify(report))
  const { records, bytes, segments, checkpoints, pages, outcomes, deadLetters } = report
  await facts(terminal, [
    ['directory', report.directory],
    ['in use', report.inUseBy && `by process ${report.inUseBy}; read as it was when this began`],
    [
      'journal',
      `${countText(records)} records, ${bytesText(bytes)}, in ${countText(segments)} segments`,
    ],
    ['checkpoints', `${checkpoints}, with ${countText(pages)} index pages`],
    ['ledger', `${countText(outcomes)} outcomes, ${countText(deadLetters)} dead letters`],
    ['pending', `${countText(report.pending)} messages have no outcome yet`],
  ])
  await terminal.line()
  for (const finding of report.findings) {
    const colour = finding.severity === 'damage' ? 'red' : 'yellow'
    const mark = terminal.style(colour, finding.severity)
    await terminal.line(`${mark}  ${placeOf(finding)}  ${onOneLine(finding.text)}`)
  }
  const damaged = report.findings.filter(({ severity }) => severity === 'damage').length
  await terminal.line(
    report.ok
      ? terminal.style('green', 'no damage')
      : terminal.style(
          'red',
          `${countText(damaged)} ${damaged === 1 ? 'place is' : 'places are'} damaged`,
        ),
  )
}

function placeOf({ file, from }: Finding): string {
  return from === undefined ? file : `${file} at byte ${from}`
}
