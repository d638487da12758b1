/*
 * `homing policy`: settings given to queues and exchanges by patterns on their names, managed in the
 * data directory of a broker that is stopped.
 */

import { type Command, InvalidArgumentError } from 'commander'
import type { PolicyFacts } from '../server.ts'
import { done, withAccounts } from './accounts.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
} from './command.ts'
import { Refusal } from './refusal.ts'
import { tableLines } from './table.ts'

interface PolicyOptions extends CommonOptions {
  readonly vhost: string
  readonly operator?: true
}

interface SetOptions extends PolicyOptions {
  readonly applyTo: string
  readonly priority: number
}

interface Definition {
  readonly pattern: string
  readonly definition: string
}

const help = examples([
  [
    `homing policy set short '^log\\.' '{"max-length": 1000}'`,
    'queues whose names begin with log.',
  ],
  [
    `homing policy set dlx '' '{"dead-letter-exchange": "dead"}' --apply-to queues`,
    'every queue of the virtual host',
  ],
  [
    `homing policy set cap '' '{"max-length-bytes": 1000000000}' --operator`,
    'the least that users and this one say counts',
  ],
  ['homing policy list', 'which there are'],
])

const notes = `
The server of the directory must be stopped. PATTERN is a regular expression that finds its match
anywhere in a name; DEFINITION is JSON, with RabbitMQ's names without x-. Of several that match, the one
of highest priority applies. Policies are for what clients declared over AMQP.
`

export const definePolicy: Define = (command, invocation) => {
  command.addHelpText('after', help + notes)
  const inner = (name: string, description: string): Command =>
    commonOptions(command.command(name))
      .description(description)
      .addHelpText('after', help + notes)
  ofHost(inner('set', 'add a policy, or put it in place of the one of that name'))
    .argument('<name>', 'its name')
    .argument('<pattern>', "which names it is for; '' for all")
    .argument('<definition>', 'what it sets, as JSON')
    .option('--apply-to <what>', 'all, queues, exchanges, classic_queues, quorum_queues', 'all')
    .option('--priority <number>', 'the highest that matches applies', priorityFrom, 0)
    .action((name: string, pattern: string, definition: string, options: SetOptions) =>
      set(invocation, name, { pattern, definition }, options),
    )
  ofHost(inner('delete', 'delete a policy'))
    .argument('<name>', 'its name')
    .action((name: string, options: PolicyOptions) =>
      withAccounts(invocation, options, async (_, { policies }) => {
        const { vhost, operator = false } = options
        policies.delete({ vhost, name, operator })
        await done(invocation, { deleted: name, vhost, operator }, `policy ${name} is deleted`)
      }),
    )
  inner('list', 'list policies, in the order in which they count')
    .option('--vhost <name>', 'in this virtual host; default: in all')
    .action((options: CommonOptions & { readonly vhost?: string }) =>
      withAccounts(invocation, options, (_, { policies }) =>
        list(invocation, policies.list(options.vhost)),
      ),
    )
}

const ofHost = (command: Command): Command =>
  command
    .option('--vhost <name>', 'in this virtual host', '/')
    .option('--operator', "an operator's: it only makes limits of users tighter")

function set(
  invocation: Invocation,
  name: string,
  { pattern, definition }: Definition,
  options: SetOptions,
): Promise<void> {
  const { vhost, applyTo, priority, operator = false } = options
  const parsed = parsedDefinition(definition)
  return withAccounts(invocation, options, async (_, { policies }) => {
    policies.set({ vhost, name, pattern, definition: parsed, applyTo, priority, operator })
    await done(invocation, { set: name, vhost, operator }, `policy ${name} is set in ${vhost}`)
  })
}

function parsedDefinition(text: string): object {
  try {
    return JSON.parse(text) as object
  } catch (error) {
    throw new Refusal(
      'usage',
      `the definition is no JSON (${(error as Error).message}); give an object such as '{"max-length": 1000}'`,
    )
  }
}

function priorityFrom(text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number.')
}

async function list({ terminal }: Invocation, policies: readonly PolicyFacts[]): Promise<void> {
  if (terminal.json) {
    for (const policy of policies) await terminal.line(JSON.stringify(policy))
    return
  }
  if (policies.length === 0) return terminal.note('there are no policies')
  const rows = policies.map((policy) => [
    policy.vhost,
    policy.name,
    policy.operator ? 'operator' : '',
    policy.pattern,
    policy.applyTo,
    String(policy.priority),
    JSON.stringify(policy.definition),
  ])
  const bold = (text: string): string => terminal.style('bold', text)
  for (const line of tableLines(columns, rows, terminal.width, bold)) await terminal.line(line)
}

const columns = [
  { title: 'VIRTUAL HOST', widthMin: 12 },
  { title: 'NAME', widthMin: 8 },
  { title: 'OF', missable: 2 },
  { title: 'PATTERN', widthMin: 8 },
  { title: 'APPLIES TO', missable: 1 },
  { title: 'PRIORITY', align: 'right' },
  { title: 'DEFINITION', widthMin: 20 },
] as const
