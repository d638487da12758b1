import type { DeadLetterChoice, DeadLetterRow, Home } from '../index.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
  wholeNumberFrom,
} from './command.ts'
import type { ExitName } from './exit-codes.ts'
import { jsonLine } from './json-text.ts'
import { withHome } from './open-home.ts'
import { countText, failureLine, timeText, valueFields, valueLine } from './outcome-text.ts'
import { Refusal } from './refusal.ts'
import { tableLines } from './table.ts'

interface ListOptions extends CommonOptions {
  readonly queue?: string
  readonly limit: number
}

interface ChoiceOptions extends CommonOptions {
  readonly queue?: string
  readonly all?: true
}

const limitDefault = 50
const pageRows = 1_000

const help = examples([
  ['homing dead list --queue resize', 'what died, and of what'],
  ['homing dead replay photo:42 photo:43', 'send these two again, under new ids'],
  ['homing dead replay --queue resize', 'send all of a queue again'],
  ['homing dead drop --all', 'keep none; their outcomes stay'],
])

export const defineDead: Define = (command, invocation) => {
  command.addHelpText('after', help)
  commonOptions(command.command('list'))
    .description('list dead letters, newest first')
    .option('--queue <name>', 'of this queue only')
    .option('--limit <count>', 'at most so many', wholeNumberFrom(1, 1e12), limitDefault)
    .addHelpText('after', help)
    .action(async (options: ListOptions) => {
      await withHome(invocation, { ...options, make: false }, (home) =>
        list(invocation, home, options),
      )
    })
  choosing('replay', 'send dead letters again, as new messages with new ids', replay)
  choosing('drop', 'stop keeping dead letters; their outcomes stay', drop)

  function choosing(name: string, description: string, act: typeof replay): void {
    commonOptions(command.command(name))
      .description(description)
      .argument('[id...]', 'ids of dead letters')
      .option('--queue <name>', 'all of this queue')
      .option('--all', 'all there are')
      .addHelpText('after', help)
      .action(async (ids: readonly string[], options: ChoiceOptions) => {
        const choice = choiceFrom(ids, options, name)
        invocation.exit = await withHome(invocation, { ...options, make: false }, (home) =>
          act(invocation, home, choice),
        )
      })
  }
}

function choiceFrom(
  ids: readonly string[],
  { queue, all }: ChoiceOptions,
  name: string,
): DeadLetterChoice {
  const given = [ids.length > 0, queue !== undefined, all === true].filter(Boolean).length
  if (given === 1) {
    return {
      ...(ids.length > 0 && { ids }),
      ...(queue !== undefined && { queue }),
      ...(all && { all }),
    }
  }
  throw new Refusal(
    'usage',
    `homing dead ${name} takes ids, or --queue NAME, or --all: ${given === 0 ? 'give one' : 'give only one'} of the three`,
  )
}

async function replay(
  { terminal }: Invocation,
  home: Home,
  choice: DeadLetterChoice,
): Promise<ExitName> {
  await requireDead(home, choice)
  const ids = await home.deadLetters.replay(choice)
  if (terminal.json) await terminal.line(JSON.stringify({ replayed: ids.length, ids }))
  else {
    for (const id of ids) await terminal.line(id)
    terminal.note(`${countText(ids.length)} sent again under new ids`)
  }
  return 'ok'
}

async function drop(
  { terminal }: Invocation,
  home: Home,
  choice: DeadLetterChoice,
): Promise<ExitName> {
  await requireDead(home, choice)
  const dropped = await home.deadLetters.drop(choice)
  if (terminal.json) await terminal.line(JSON.stringify({ dropped }))
  else await terminal.line(`${countText(dropped)} dropped; their outcomes stay`)
  return 'ok'
}

/** Ids that are given must all be there: a mistyped one is told before anything is done. */
async function requireDead(home: Home, { ids }: DeadLetterChoice): Promise<void> {
  if (ids === undefined) return
  const found = new Set(
    (await home.deadLetters.list({ ids, limit: ids.length })).map(({ id }) => id),
  )
  const missing = ids.filter((id) => !found.has(id))
  if (missing.length === 0) return
  throw new Refusal(
    'notFound',
    `no dead letter has the id ${missing.map((id) => `"${id}"`).join(', ')}; nothing was done, homing dead list shows which there are`,
  )
}

async function list(
  { terminal, stopping }: Invocation,
  home: Home,
  { queue, limit }: ListOptions,
): Promise<void> {
  const shown: DeadLetterRow[] = []
  let after: string | undefined
  for (let left = limit; left > 0 && !stopping.signal.aborted; ) {
    const page = Math.min(left, pageRows)
    const rows = await home.deadLetters.list({
      limit: page,
      ...(queue !== undefined && { queue }),
      ...(after !== undefined && { after }),
    })
    if (terminal.json) for (const row of rows) await terminal.line(deadJson(row))
    else shown.push(...rows)
    if (rows.length < page) break
    left -= rows.length
    after = rows.at(-1)?.id
  }
  if (terminal.json) return
  if (shown.length === 0) return terminal.note('no dead letters')
  const bold = (text: string): string => terminal.style('bold', text)
  for (const line of tableLines(columns, shown.map(cells), terminal.width, bold)) {
    await terminal.line(line)
  }
}

function deadJson(row: DeadLetterRow): string {
  const { id, queue, reason, error, input, headers, attempts, acceptedAt, diedAt } = row
  return jsonLine({
    id,
    queue,
    reason,
    ...valueFields('error', error),
    ...valueFields('input', input),
    headers,
    attempts,
    acceptedAt,
    diedAt,
  })
}

const columns = [
  { title: 'DIED', missable: 2 },
  { title: 'ID', widthMin: 14, whole: true },
  { title: 'QUEUE', widthMin: 8, missable: 1 },
  { title: 'REASON', widthMin: 8 },
  { title: 'TRIES', align: 'right', missable: 4 },
  { title: 'BECAUSE', widthMin: 12 },
  { title: 'INPUT', widthMin: 12, missable: 3 },
] as const

const cells = (row: DeadLetterRow): readonly string[] => [
  timeText(row.diedAt),
  row.id,
  row.queue,
  row.reason,
  String(row.attempts),
  failureLine(row.reason, row.error),
  valueLine(row.input),
]
