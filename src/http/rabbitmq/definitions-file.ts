/*
 * Definitions that stand in a file, taken in before the ports are open.
 */

import { readFile } from 'node:fs/promises'
import { HomingError } from '../../errors.ts'
import { fitted } from '../fitted.ts'
import { type ImportedInto, importDefinitions } from './definitions-import.ts'
import { definitionsShape } from './definitions-shape.ts'

/** Fails with `bad-config`, which names the file, and then nothing of the users in it is taken in. */
export async function takeDefinitions(path: string, into: ImportedInto): Promise<void> {
  try {
    const given: unknown = JSON.parse(await readFile(path, 'utf8'))
    const definitions = fitted(definitionsShape, given, 'what stands in it')
    await importDefinitions(definitions, { site: into, user: 'definitions' })
  } catch (cause) {
    throw new HomingError(
      'bad-config',
      `the definitions of ${path} cannot be taken in: ${(cause as Error).message}`,
      { cause },
    )
  }
}
