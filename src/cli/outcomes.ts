import type { Home, OutcomeRow, OutcomesFilter } from '../index.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
  wholeNumberFrom,
} from './command.ts'
import { momentFrom } from './moment.ts'
import { withHome } from './open-home.ts'
import { durationText, failureLine, outcomeJson, timeText, valueLine } from './outcome-text.ts'
import { Refusal } from './refusal.ts'
import { tableLines } from './table.ts'

interface OutcomesOptions extends CommonOptions {
  readonly queue?: string
  readonly state?: string
  readonly code?: string
  readonly since?: string
  readonly before?: string
  readonly limit: number
}

const limitDefault = 50
const pageRows = 1_000

const help = examples([
  ['homing outcomes --state failed --since 2h', 'what failed in the last two hours'],
  ['homing outcomes --queue resize --code thrown', 'where the handler threw on its last attempt'],
  ['homing outcomes --limit 100000 --json > all.ndjson', 'for a program'],
])

export const defineOutcomes: Define = (command, invocation) => {
  commonOptions(command)
    .option('--queue <name>', 'of this queue only')
    .option('--state <state>', 'ok, or failed (everything else)')
    .option('--code <code>', 'an exact code: ok, thrown, lost, expired, a declared error …')
    .option(
      '--since <when>',
      'finished since then: a duration ago (2h) or a time (2026-11-21T08:00)',
    )
    .option('--before <when>', 'finished before then')
    .option('--limit <count>', 'at most so many', wholeNumberFrom(1, 1e12), limitDefault)
    .addHelpText('after', help)
    .action(async (options: OutcomesOptions) => {
      const filter = filterFrom(options)
      await withHome(invocation, { ...options, make: false }, (home) =>
        list(invocation, home, filter, options.limit),
      )
    })
}

function filterFrom({ queue, state, code, since, before }: OutcomesOptions): OutcomesFilter {
  if (state !== undefined && code !== undefined) {
    throw new Refusal('usage', '--state and --code say the same; give one of them')
  }
  if (state !== undefined && state !== 'ok' && state !== 'failed') {
    throw new Refusal(
      'usage',
      `--state is "${state}"; give ok or failed. What has no outcome yet is shown by homing queues`,
    )
  }
  const chosen = state ?? code
  return {
    ...(queue !== undefined && { queue }),
    ...(chosen !== undefined && { code: chosen }),
    ...(since !== undefined && { since: momentFrom(since, '--since') }),
    ...(before !== undefined && { before: momentFrom(before, '--before') }),
  }
}

async function list(
  { terminal, stopping }: Invocation,
  home: Home,
  filter: OutcomesFilter,
  limit: number,
): Promise<void> {
  const shown: OutcomeRow[] = []
  let after: string | undefined
  for (let left = limit; left > 0 && !stopping.signal.aborted; ) {
    const page = Math.min(left, pageRows)
    const rows = await home.outcomes({
      ...filter,
      limit: page,
      ...(after !== undefined && { after }),
    })
    if (terminal.json) for (const row of rows) await terminal.line(outcomeJson(row))
    else shown.push(...rows)
    if (rows.length < page) break
    left -= rows.length
    after = rows.at(-1)?.id
  }
  if (terminal.json) return
  if (shown.length === 0) return terminal.note('no outcomes')
  const columns = [
    { title: 'FINISHED', missable: 2 },
    { title: 'ID', widthMin: 14, whole: true },
    { title: 'QUEUE', widthMin: 8, missable: 1 },
    {
      title: 'OUTCOME',
      widthMin: 8,
      style: (code: string) => terminal.style(code === 'ok' ? 'green' : 'red', code),
    },
    { title: 'TRIES', align: 'right' as const, missable: 3 },
    { title: 'TOOK', align: 'right' as const, missable: 4 },
    { title: 'VALUE', widthMin: 12 },
  ]
  const bold = (text: string): string => terminal.style('bold', text)
  for (const line of tableLines(columns, shown.map(cells), terminal.width, bold)) {
    await terminal.line(line)
  }
  if (shown.length === limit) terminal.note(`the newest ${limit}; --limit shows more`)
}

const cells = (row: OutcomeRow): readonly string[] => [
  timeText(row.finishedAt),
  row.id,
  row.queue,
  row.code,
  String(row.attempts),
  durationText(row.finishedAt.getTime() - row.acceptedAt.getTime()),
  row.code === 'ok' ? valueLine(row.value) : failureLine(row.code, row.value),
]
