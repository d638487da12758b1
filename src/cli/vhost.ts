/*
 * `homing vhost`: the virtual hosts of a server that is stopped.
 */

import type { Command } from 'commander'
import { limitsCommand } from './account-limits.ts'
import { done, withAccounts } from './accounts.ts'
import { type CommonOptions, commonOptions, type Define, examples } from './command.ts'

const help = examples([
  ['homing vhost add shop', 'users need permissions in it, see homing user permissions'],
  ['homing vhost list', 'which there are'],
])

const notes = `
The server of the directory must be stopped. With a virtual host go its permissions and policies, and
when the server starts again its queues and what is in them.
`

export const defineVhost: Define = (command, invocation) => {
  command.addHelpText('after', help + notes)
  const inner = (name: string, description: string): Command =>
    commonOptions(command.command(name))
      .description(description)
      .addHelpText('after', help + notes)
  inner('add', 'add a virtual host')
    .argument('<name>', 'its name')
    .action((name: string, options: CommonOptions) =>
      withAccounts(invocation, options, async (accounts) => {
        accounts.addVirtualHost(name)
        await done(invocation, { added: name }, `virtual host ${name} is added`)
      }),
    )
  inner('delete', 'delete a virtual host with everything in it')
    .argument('<name>', 'its name')
    .action((name: string, options: CommonOptions) =>
      withAccounts(invocation, options, async (accounts) => {
        accounts.deleteVirtualHost(name)
        await done(invocation, { deleted: name }, `virtual host ${name} is deleted`)
      }),
    )
  limitsCommand(inner('limits', 'show or set how much it may have'), invocation, {
    what: 'virtual host',
    options: {
      connectionsMax: ['connections-max', 'connections at once'],
      queuesMax: ['queues-max', 'queues; default 100,000'],
    },
    read: (limits, name) => ({ ...limits.ofVirtualHost(name) }),
    set: (limits, name, given) => limits.setOfVirtualHost(name, given),
  })
  inner('list', 'list virtual hosts').action((options: CommonOptions) =>
    withAccounts(invocation, options, async (accounts) => {
      const { terminal } = invocation
      for (const name of accounts.virtualHosts()) {
        await terminal.line(terminal.json ? JSON.stringify({ name }) : name)
      }
    }),
  )
}
