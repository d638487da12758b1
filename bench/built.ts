/*
 * The load programs and Homing, built to plain JavaScript as `npm run build` does it: a user of the
 * package runs that. Run from source, Node's type stripping would cost every process some 20 MB and
 * some 50 ms more.
 */

import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'

const project = resolve(import.meta.dirname, '..')
// Inside the project, so that the peers' packages are found.
const target = resolve(project, '.tmp/bench-built')

export const builtProgram = (name: string): string => resolve(target, 'bench/client', `${name}.js`)
export const builtIndex = resolve(target, 'src/index.js')

/** Throws when the compiler finds a mistake. */
export function build(): void {
  rmSync(target, { recursive: true, force: true })
  const compiler = resolve(project, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(
    process.execPath,
    [compiler, '-p', resolve(import.meta.dirname, 'tsconfig.json'), '--outDir', target],
    { stdio: ['ignore', 2, 2] },
  )
  if (status !== 0) throw new Error(`building what is measured failed (tsc ended with ${status})`)
}
