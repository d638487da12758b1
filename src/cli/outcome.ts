import { type Answered, type Home, HomingError, type OutcomeRow } from '../index.ts'
import { baseName, scopedName } from '../maintenance.ts'
import { cliContract } from './cli-contract.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
} from './command.ts'
import type { ExitName } from './exit-codes.ts'
import { jsonLine } from './json-text.ts'
import { withHome } from './open-home.ts'
import {
  codeStyled,
  durationText,
  facts,
  failureLine,
  outcomeJson,
  timeText,
  valueText,
} from './outcome-text.ts'

const help = examples([
  ['homing outcome photo:42', 'what became of it'],
  ['homing outcome photo:42 --json | jq .value', 'only the result, for a program'],
])

const exits = `
Exit codes: 0 ok, 3 no such message, 4 it failed, 5 no outcome yet, 6 forgotten.
`

export const defineOutcome: Define = (command, invocation) => {
  commonOptions(command)
    .argument('<id>', 'id of the message')
    .option('--vhost <name>', 'virtual host of a broker that the id is of', '/')
    .addHelpText('after', help + exits)
    .action(async (given: string, options: CommonOptions & { readonly vhost: string }) => {
      const id = scopedName(options.vhost, given)
      invocation.exit = await withHome(invocation, { ...options, make: false }, (home) =>
        showOutcome(invocation, home, id),
      )
    })
}

async function showOutcome(invocation: Invocation, home: Home, id: string): Promise<ExitName> {
  const answer = await home.answer(id)
  if (answer.state !== 'final') return showState(invocation, id, answer.state)
  await printOutcome(invocation, answer.outcome, await exactValue(home, answer.outcome))
  return answer.outcome.code === 'ok' ? 'ok' : 'outcomeFailed'
}

/** The result as it was written: numbers of any length stay what they were. */
async function exactValue(home: Home, row: OutcomeRow): Promise<unknown> {
  if (row.code !== 'ok') return row.value
  const answer = await home.receipt(cliContract(baseName(row.queue), 'json'), row.id).answer()
  return answer.state === 'final' && answer.outcome.ok ? answer.outcome.value : row.value
}

async function printOutcome(
  { terminal }: Invocation,
  row: OutcomeRow,
  value: unknown,
): Promise<void> {
  if (terminal.json) return terminal.line(outcomeJson(row, value))
  const { code, attempts, acceptedAt, finishedAt } = row
  const took = finishedAt.getTime() - acceptedAt.getTime()
  const ok = code === 'ok'
  const stack = (row.value as { stack?: unknown } | undefined)?.stack
  await facts(terminal, [
    ['id', row.id],
    ['queue', row.queue],
    ['outcome', ok ? 'ok' : code],
    ['attempts', String(attempts)],
    ['accepted', timeText(acceptedAt)],
    ['finished', `${timeText(finishedAt)}, ${durationText(took)} later`],
    ['value', ok && value !== undefined ? valueText(value) : undefined],
    ['because', ok ? undefined : failureLine(code, row.value)],
    ['stack', code === 'thrown' && typeof stack === 'string' ? stack : undefined],
  ])
}

async function showState(
  { terminal }: Invocation,
  id: string,
  state: Exclude<Answered['state'], 'final'>,
): Promise<ExitName> {
  switch (state) {
    case 'pending':
      await terminal.line(
        terminal.json
          ? jsonLine({ id, state })
          : `${codeStyled(terminal, 'pending')}: no outcome yet`,
      )
      return 'pending'
    case 'unknown':
      throw new HomingError(
        'unknown',
        `no message with the id "${id}" was ever accepted here; check the id and the data directory`,
        { id },
      )
    case 'forgotten':
      throw new HomingError(
        'forgotten',
        `the message "${id}" had its outcome; retention has removed it`,
        { id },
      )
    default:
      return state satisfies never
  }
}
