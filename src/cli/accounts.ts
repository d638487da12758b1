/*
 * The accounts of a stopped server's directory, as commands use them.
 */

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
  using opened = await openAccounts(data)
  const { accounts, adminPasswordFile } = opened
  if (adminPasswordFile !== undefined) {
    terminal.note(`the password of the first administrator is in ${adminPasswordFile}`)
  }
  await run(accounts, opened)
}

/** Says what was done. */
export function done(
  { terminal }: Invocation,
  facts: Readonly<Record<string, unknown>>,
  text: string,
): Promise<void> | void {
  return terminal.json ? terminal.line(JSON.stringify(facts)) : terminal.note(text)
}
