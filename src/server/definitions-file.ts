/*
 * The definitions on disk: DIR/definitions.json, readable by its owner alone.
 *
 *   { "format": "homing definitions", "version": 1, "replySecret": …, "vhosts": […], "users": […],
 *     "permissions": […], "topicPermissions": […], "policies": […], "goneVhosts": […] }
 *
 * Rule: the file is always whole. The next one is written beside it, synced, renamed over it, and the
 * directory synced; after a crash there is the old one or the new one. Passwords are in it as hashes.
 */

import fs from 'node:fs'
import { join } from 'node:path'
import { HomingError } from '../errors.ts'
import { type DefinitionsState, emptyState } from './definitions-state.ts'
import { stateFrom, stateText } from './definitions-text.ts'

export const definitionsFileName = 'definitions.json'

/** Undefined when there is none. Fails with `format-unknown`, `not-permitted`. */
export function readDefinitions(directory: string): DefinitionsState | undefined {
  const path = join(directory, definitionsFileName)
  let text: string
  try {
    text = fs.readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw explained(error, path)
  }
  return stateFrom(text, path)
}

/** Durable when it returns. Fails with `disk-full`, `not-permitted`, `disk-failed`. */
export function writeDefinitions(directory: string, state: DefinitionsState): void {
  writeWhole(directory, definitionsFileName, stateText(state))
}

/** Writes a file that only its owner reads, in place of the one of that name. */
export function writeWhole(directory: string, name: string, text: string): void {
  const path = join(directory, name)
  const next = `${path}.next`
  try {
    // What a crash left there might have been made by somebody else, with other rights.
    fs.rmSync(next, { force: true })
    const fd = fs.openSync(next, 'wx', 0o600)
    try {
      fs.writeFileSync(fd, text)
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
    fs.renameSync(next, path)
    syncDirectory(directory)
  } catch (error) {
    throw explained(error, path)
  }
}

function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** What the operating system said, in our words. */
export function explained(error: unknown, path: string): unknown {
  if (error instanceof HomingError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const details = { cause: error }
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new HomingError(
        'not-permitted',
        `${path} may not be read or written (${code}); change its owner or mode`,
        details,
      )
    case 'ENOSPC':
    case 'EDQUOT':
      return new HomingError(
        'disk-full',
        `${path} cannot be written: the disk is full; free some space`,
        details,
      )
    case undefined:
      return error
    default:
      return new HomingError('disk-failed', `${path}: ${message}; check the disk`, details)
  }
}

/** The state of a directory, empty when there is none yet. */
export const definitionsIn = (directory: string): DefinitionsState =>
  readDefinitions(directory) ?? emptyState
