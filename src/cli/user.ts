/*
 * `homing user`: who may use the broker, managed in the data directory of one that is stopped.
 */

import type { Command } from 'commander'
import type { Accounts } from '../server.ts'
import { limitsCommand } from './account-limits.ts'
import { done, withAccounts } from './accounts.ts'
import {
  type CommonOptions,
  collected,
  commonOptions,
  type Define,
  examples,
  type Invocation,
} from './command.ts'
import { passwordInput } from './password-input.ts'
import { tableLines } from './table.ts'
import { permissionsCommand } from './user-permissions.ts'

interface AddOptions extends CommonOptions {
  readonly tag?: readonly string[]
  readonly password: boolean
}

const help = examples([
  ['homing user add ada', 'asks for the password'],
  ['homing user add app < password.txt', 'takes it from the first line'],
  ['homing user permissions ada --configure "" --write "^orders$" --read ".*"', 'on names, in /'],
  ['homing user list', 'who there is'],
])

const notes = `
The server of the directory must be stopped. A password is read from the file that HOMING_PASSWORD_FILE
names, from the terminal, or from standard input; never from the arguments. Tags are RabbitMQ's:
administrator, monitoring, policymaker, management, impersonator.
`

export const defineUser: Define = (command, invocation) => {
  command.addHelpText('after', help + notes)
  addCommand(command, invocation)
  inner(command, 'delete', 'delete a user with all permissions')
    .argument('<name>', 'who')
    .action((name: string, options: CommonOptions) =>
      withAccounts(invocation, options, async (accounts) => {
        accounts.deleteUser(name)
        await done(invocation, { deleted: name }, `user ${name} is deleted`)
      }),
    )
  inner(command, 'list', 'list users').action((options: CommonOptions) =>
    withAccounts(invocation, options, (accounts) => list(invocation, accounts)),
  )
  inner(command, 'password', 'give a user another password')
    .argument('<name>', 'who')
    .action((name: string, options: CommonOptions) =>
      withAccounts(invocation, options, async (accounts) => {
        accounts.permissionsOf(name)
        await accounts.setPassword(name, await passwordInput(invocation.terminal, name))
        await done(invocation, { changed: name }, `user ${name} has another password`)
      }),
    )
  inner(command, 'tags', 'give a user these tags in place of the old ones')
    .argument('<name>', 'who')
    .argument('[tag...]', 'none takes all away')
    .action((name: string, tags: readonly string[], options: CommonOptions) =>
      withAccounts(invocation, options, async (accounts) => {
        accounts.setTags(name, tags)
        await done(invocation, { name, tags }, `user ${name} has ${tags.join(', ') || 'no tag'}`)
      }),
    )
  limitsCommand(inner(command, 'limits', 'show or set how much a user may have'), invocation, {
    what: 'user',
    options: {
      connectionsMax: ['connections-max', 'connections at once'],
      channelsMax: ['channels-max', 'channels at once, in all connections'],
    },
    read: (limits, name) => ({ ...limits.ofUser(name) }),
    set: (limits, name, given) => limits.setOfUser(name, given),
  })
  permissionsCommand(inner(command, 'permissions', 'show or set what a user may do'), invocation)
}

function addCommand(command: Command, invocation: Invocation): void {
  inner(command, 'add', 'add a user')
    .argument('<name>', 'who')
    .option('--tag <tag>', 'a tag; may be given several times', collected)
    .option('--no-password', 'logs in by a client certificate only')
    .action((name: string, options: AddOptions) =>
      withAccounts(invocation, options, async (accounts) => {
        const { tag: tags = [] } = options
        const asked = options.password ? await passwordInput(invocation.terminal, name) : undefined
        await accounts.addUser({ name, password: asked, tags })
        await done(invocation, { added: name }, `user ${name} is added, without permissions yet`)
      }),
    )
}

const inner = (command: Command, name: string, description: string): Command =>
  commonOptions(command.command(name))
    .description(description)
    .addHelpText('after', help + notes)

async function list({ terminal }: Invocation, accounts: Accounts): Promise<void> {
  const users = accounts.users().toSorted((a, b) => a.name.localeCompare(b.name))
  if (terminal.json) {
    for (const user of users) await terminal.line(JSON.stringify(user))
    return
  }
  const rows = users.map(({ name, tags, password }) => [
    name,
    tags.join(', '),
    password ? 'password' : 'certificate only',
  ])
  const bold = (text: string): string => terminal.style('bold', text)
  for (const line of tableLines(columns, rows, terminal.width, bold)) await terminal.line(line)
}

const columns = [
  { title: 'USER', widthMin: 12 },
  { title: 'TAGS' },
  { title: 'LOGS IN BY' },
] as const
