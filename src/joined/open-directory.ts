/*
 * A data directory, opened by any number of processes. The first works in it directly and is its owner;
 * the others work through the owner, until one of them becomes it. See ADR 11.
 */

import { resolve } from 'node:path'
import {
  type EmbeddedOptions,
  engineOptionNames,
  engineOptions,
} from '../embedded/engine-options.ts'
import { openDirectory } from '../embedded/open.ts'
import type { Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { isLocked, openAsOwner } from './owner.ts'

export interface DirectoryOptions extends EmbeddedOptions {
  /**
   * Whether this process joins another one that has the directory open, and lets others join it. False: it
   * works alone, and fails with `locked` when the directory is taken. Default true.
   */
  readonly join?: boolean
}

const known = new Set([...engineOptionNames, 'join'])

/**
 * Opens a directory, which is made when it is not there. Fails with `locked` when its owner cannot be joined,
 * and with `not-permitted`, `format-unknown`, `disk-full`, `unknown-option`.
 */
export async function openSharedDirectory(
  where: string,
  all: DirectoryOptions = {},
): Promise<Engine> {
  checkOptions(all, known, 'homing()')
  const { join = true, ...given } = all
  if (typeof join !== 'boolean') {
    throw new HomingError('bad-argument', `join is ${typeof join}; give true or false`)
  }
  const options = engineOptions(given)
  const directory = resolve(where)
  if (!join) return (await openDirectory(directory, options)).engine
  try {
    return await openAsOwner(directory, options)
  } catch (error) {
    if (!isLocked(error)) throw error
  }
  const { joinDirectory } = await import('./joined-engine.ts')
  return joinDirectory(directory, options)
}
