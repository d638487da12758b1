/*
 * What the command's exit code says. docs/cli.md is held equal to this table by a test.
 * Every code of an error belongs to one of them, so that scripts can tell them apart.
 */

import type { ErrorCode } from '../index.ts'

export const exitCodes = {
  ok: { code: 0, meaning: 'Done.' },
  failed: { code: 1, meaning: 'Something unforeseen; the message says what.' },
  usage: { code: 2, meaning: 'The command, an option or a body is wrong; nothing was done.' },
  notFound: {
    code: 3,
    meaning: 'No such message, queue, dead letter, user, file or data directory.',
  },
  outcomeFailed: { code: 4, meaning: 'A message has its outcome, and it is not ok.' },
  pending: { code: 5, meaning: 'No outcome yet, or the wait was over before it came.' },
  forgotten: { code: 6, meaning: 'There was an outcome; retention removed it.' },
  locked: { code: 7, meaning: 'Another process has the data directory, its ledger or the port.' },
  damaged: { code: 8, meaning: 'Stored data is damaged.' },
  full: { code: 9, meaning: 'The queue, the disk or the memory for unwritten messages is full.' },
  notPermitted: { code: 10, meaning: 'The operating system does not let this user.' },
  format: { code: 11, meaning: 'The data was written by a newer or unknown version.' },
  diskFailed: {
    code: 74,
    meaning: 'A write or sync failed: nothing more is confirmed; check the disk.',
  },
  interrupted: { code: 130, meaning: 'Stopped by Ctrl-C or a signal before it was done.' },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>

export type ExitName = keyof typeof exitCodes

const exitOfError: Partial<Record<ErrorCode, ExitName>> = {
  'bad-argument': 'usage',
  'bad-duration': 'usage',
  'bad-name': 'usage',
  'unknown-option': 'usage',
  'message-too-large': 'usage',
  unserialisable: 'usage',
  unsupported: 'usage',
  unknown: 'notFound',
  'queue-unknown': 'notFound',
  'definition-unknown': 'notFound',
  'definition-exists': 'usage',
  'bad-certificate': 'usage',
  'bad-config': 'usage',
  'address-in-use': 'locked',
  'address-refused': 'notPermitted',
  unroutable: 'notFound',
  timeout: 'pending',
  forgotten: 'forgotten',
  locked: 'locked',
  'backup-running': 'locked',
  'ledger-unavailable': 'locked',
  'journal-damaged': 'damaged',
  undecodable: 'damaged',
  'queue-full': 'full',
  'disk-full': 'full',
  'memory-full': 'full',
  'not-permitted': 'notPermitted',
  'format-unknown': 'format',
  'disk-failed': 'diskFailed',
  aborted: 'interrupted',
}

/** The exit that an error's code stands for. */
export function exitFor(errorCode: string): ExitName {
  return Object.hasOwn(exitOfError, errorCode)
    ? (exitOfError[errorCode as ErrorCode] ?? 'failed')
    : 'failed'
}
