/*
 * Plants a bug in a copy of the sources, for as long as it is looked for.
 */

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownSources } from './load-system.ts'
import type { Mutation } from './mutations.ts'

/** `look` is given the folder of the copy. */
export async function withPlanted(
  { file, find, replace }: Mutation,
  look: (sources: string) => Promise<void>,
): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'homing-mutation-'))
  try {
    cpSync(ownSources, copy, { recursive: true })
    writeFileSync(join(copy, 'package.json'), '{ "type": "module" }')
    const path = join(copy, file)
    const text = readFileSync(path, 'utf8')
    const times = text.split(find).length - 1
    assert.equal(times, 1, `"${find}" stands ${times} times in ${file}: plant the bug anew`)
    writeFileSync(
      path,
      text.replace(find, () => replace),
    )
    await look(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
