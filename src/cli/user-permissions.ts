/*
 * `homing user permissions`: shown when nothing is to be set.
 */

import type { Command } from 'commander'
import type { Accounts } from '../server.ts'
import { done, withAccounts } from './accounts.ts'
import type { CommonOptions, Invocation } from './command.ts'
import { Refusal } from './refusal.ts'
import { tableLines } from './table.ts'

interface PermissionOptions extends CommonOptions {
  readonly vhost: string
  readonly configure?: string
  readonly write?: string
  readonly read?: string
  readonly exchange?: string
  readonly clear?: true
}

const vhostDefault = '/'

/** Gives the command its options and action. */
export function permissionsCommand(command: Command, invocation: Invocation): void {
  command
    .argument('<name>', 'who')
    .option('--vhost <name>', 'in this virtual host', vhostDefault)
    .option('--configure <pattern>', 'what the user may declare and delete')
    .option('--write <pattern>', 'where the user may publish')
    .option('--read <pattern>', 'what the user may consume and bind from')
    .option('--exchange <name>', 'the patterns are for the routing keys of this topic exchange')
    .option('--clear', 'take all away')
    .action((name: string, options: PermissionOptions) =>
      withAccounts(invocation, options, async (accounts) => {
        const patterns = [options.configure, options.write, options.read]
        const given = patterns.some((pattern) => pattern !== undefined)
        if (!given && !options.clear) return show(invocation, accounts, name)
        if (given && options.clear) throw new Refusal('usage', 'give patterns or --clear, not both')
        if (options.exchange === undefined) change(accounts, name, options)
        else changeTopic(accounts, name, options.exchange, options)
        await done(
          invocation,
          { name, vhost: options.vhost, changed: true },
          `permissions of ${name} in ${options.vhost} are changed`,
        )
      }),
    )
}

function change(accounts: Accounts, user: string, options: PermissionOptions): void {
  const { vhost, clear } = options
  if (clear) {
    accounts.clearPermission(user, vhost)
    return
  }
  const before = accounts.permissionsOf(user).find((one) => one.vhost === vhost)
  const { configure, write, read } = { configure: '', write: '', read: '', ...before }
  accounts.setPermission({
    user,
    vhost,
    configure: options.configure ?? configure,
    write: options.write ?? write,
    read: options.read ?? read,
  })
}

function changeTopic(
  accounts: Accounts,
  user: string,
  exchange: string,
  options: PermissionOptions,
): void {
  const { vhost, clear, configure } = options
  if (clear) {
    accounts.clearTopicPermission(user, vhost, exchange)
    return
  }
  if (configure !== undefined) {
    throw new Refusal('usage', 'routing keys are written and read; leave --configure out')
  }
  const before = accounts
    .topicPermissionsOf(user)
    .find((one) => one.vhost === vhost && one.exchange === exchange)
  accounts.setTopicPermission({
    user,
    vhost,
    exchange,
    write: options.write ?? before?.write ?? '.*',
    read: options.read ?? before?.read ?? '.*',
  })
}

async function show({ terminal }: Invocation, accounts: Accounts, name: string): Promise<void> {
  const permissions = accounts.permissionsOf(name)
  const topics = accounts.topicPermissionsOf(name)
  if (terminal.json) {
    for (const row of [...permissions, ...topics]) await terminal.line(JSON.stringify(row))
    return
  }
  if (permissions.length === 0) return terminal.note(`user ${name} has no permissions`)
  const rows = [
    ...permissions.map(({ vhost, configure, write, read }) => [vhost, '', configure, write, read]),
    ...topics.map(({ vhost, exchange, write, read }) => [vhost, exchange, '', write, read]),
  ]
  const bold = (text: string): string => terminal.style('bold', text)
  for (const line of tableLines(columns, rows, terminal.width, bold)) await terminal.line(line)
}

const columns = [
  { title: 'VIRTUAL HOST', widthMin: 12 },
  { title: 'TOPIC EXCHANGE', missable: 1 },
  { title: 'CONFIGURE' },
  { title: 'WRITE' },
  { title: 'READ' },
] as const
