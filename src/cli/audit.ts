/*
 * `homing audit`: who changed what on a broker, who logged in and who was refused.
 */

import type { Command } from 'commander'
import type { AuditRecord, AuditReport } from '../server.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
  wholeNumberFrom,
} from './command.ts'
import { requireOurs } from './open-home.ts'
import { countText, facts } from './outcome-text.ts'
import { tableLines } from './table.ts'

interface ListOptions extends CommonOptions {
  readonly limit: number
}

const help = examples([
  ['homing audit list --limit 20', 'the newest 20 lines'],
  ['homing audit verify', 'whether something was changed, taken out or put in'],
])

const notes = `
Both read only, and need no lock. Each line of the log has the hash of the line before. Note the last hash
that verify prints elsewhere: whoever can write the files can write them anew from some line on, but not so
that it ends in that hash. Exit code of verify: 0 whole, 8 not.
`

const limitDefault = 50
const limitMax = 1_000_000

export const defineAudit: Define = (command, invocation) => {
  command.addHelpText('after', help + notes)
  const inner = (name: string, description: string): Command =>
    commonOptions(command.command(name))
      .description(description)
      .addHelpText('after', help + notes)
  inner('list', 'list what was done, newest first')
    .option('--limit <number>', 'lines, at most', wholeNumberFrom(1, limitMax), limitDefault)
    .action((options: ListOptions) => list(invocation, options))
  inner('verify', 'check that the log is as it was written').action((options: CommonOptions) =>
    verify(invocation, options),
  )
}

async function list({ terminal }: Invocation, { data, limit }: ListOptions): Promise<void> {
  requireOurs(data)
  const { auditRecords } = await import('../server.ts')
  const records = auditRecords(data, limit)
  if (terminal.json) {
    for (const record of records) await terminal.line(JSON.stringify(record))
    return
  }
  if (records.length === 0) return terminal.note('nothing is in the audit log yet')
  const bold = (text: string): string => terminal.style('bold', text)
  const rows = records.map(rowOf)
  for (const line of tableLines(columns, rows, terminal.width, bold)) await terminal.line(line)
}

const rowOf = (record: AuditRecord): readonly string[] => [
  new Date(record.at).toISOString().slice(0, 19).replace('T', ' '),
  record.user,
  record.from,
  record.times === undefined ? record.action : `${record.times} ${record.action}`,
  record.on,
  record.code ?? record.result,
]

const columns = [
  { title: 'WHEN (UTC)', widthMin: 19 },
  { title: 'USER', widthMin: 8 },
  { title: 'FROM', missable: 1 },
  { title: 'DID', widthMin: 12 },
  { title: 'ON', widthMin: 12 },
  { title: 'RESULT', widthMin: 8 },
] as const

async function verify(invocation: Invocation, { data }: CommonOptions): Promise<void> {
  requireOurs(data)
  const { checkAuditLog } = await import('../server.ts')
  const report = checkAuditLog(data)
  await print(invocation, report)
  invocation.exit = report.ok ? 'ok' : 'damaged'
}

async function print({ terminal }: Invocation, report: AuditReport): Promise<void> {
  if (terminal.json) return terminal.line(JSON.stringify(report))
  const { records, firstSequence, lastSequence, lastHash, torn, faults, files } = report
  await facts(terminal, [
    ['records', `${countText(records)}, numbers ${firstSequence} to ${lastSequence}`],
    ['files', countText(files)],
    [
      'torn off',
      torn > 0 ? `${countText(torn)} lines, by crashes; the chain goes on behind them` : undefined,
    ],
    ['last hash', lastHash],
  ])
  await terminal.line()
  for (const { file, line, text } of faults)
    await terminal.line(`${terminal.style('red', 'damage')}  ${file} line ${line}  ${text}`)
  await terminal.line(
    report.ok
      ? terminal.style('green', 'no damage')
      : terminal.style('red', 'not as it was written'),
  )
}
