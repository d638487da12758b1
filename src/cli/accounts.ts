/*
 * The accounts of a stopped server's directory, as commands use them.
 */

import { userInfo } from 'node:os'
import { argv, getuid } from 'node:process'
import type { OpenedAccounts } from '../server.ts'
import type { CommonOptions, Invocation } from './command.ts'
import { requireOurs } from './open-home.ts'

/** Opens the accounts of the directory, runs, and lets the directory go whatever happens. */
export async function withAccounts(
  { terminal }: Invocation,
  { data }: CommonOptions,
  run: (accounts: OpenedAccounts['accounts'], opened: OpenedAccounts) => Promise<void>,
): Promise<void> {
  requireOurs(data)
  const { openAccounts } = await import('../server.ts')
  const command = ['homing', ...argv.slice(2)].join(' ')
  using opened = await openAccounts(data, { user: systemUser(), command })
  const { accounts, adminPasswordFile } = opened
  if (adminPasswordFile !== undefined) {
    terminal.note(`the password of the first administrator is in ${adminPasswordFile}`)
  }
  await run(accounts, opened)
}

/** A container may run under a number that has no name. */
function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${getuid?.() ?? 'unknown'}`
  }
}

/** Says what was done. */
export function done(
  { terminal }: Invocation,
  facts: Readonly<Record<string, unknown>>,
  text: string,
): Promise<void> | void {
  return terminal.json ? terminal.line(JSON.stringify(facts)) : terminal.note(text)
}
