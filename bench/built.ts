/*
 * The load programs and Homing, built: a user of the package runs that. Run from source, Node's type
 * stripping would cost every process some 20 MB and some 50 ms more.
 *
 *   .tmp/bench-built/bench/client/….js   the load programs
 *   .tmp/bench-built/src/                Homing as `npm run build` makes it, in the place of its source
 */

import { spawnSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'

const project = resolve(import.meta.dirname, '..')
// Inside the project, so that the peers' packages are found.
const target = resolve(project, '.tmp/bench-built')

/** A load program of client/, or of another folder of bench/ when the name has one in it. */
export const builtProgram = (name: string): string =>
  place('bench', name.includes('/') ? name : `client/${name}`)
export const builtIndex = resolve(target, 'src/index.js')
/** The command `homing`. */
export const builtCommand = (): string => place('src', 'cli/bin')

let fromSource = false

const place = (folder: string, name: string): string =>
  fromSource ? resolve(project, folder, `${name}.ts`) : resolve(target, folder, `${name}.js`)

/** For work on the bench itself: nothing is built, everything runs as it is written. */
export function useSource(): void {
  fromSource = true
}

/** Throws when the compiler finds a mistake. */
export function build(): void {
  rmSync(target, { recursive: true, force: true })
  const compiler = resolve(project, 'node_modules/typescript/bin/tsc')
  run(compiler, '-p', resolve(import.meta.dirname, 'tsconfig.json'), '--outDir', target)
  run(resolve(project, 'scripts/build.ts'), resolve(target, 'src'))
  copyFileSync(resolve(project, 'package.json'), resolve(target, 'package.json'))
}

function run(...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0)
    throw new Error(`building what is measured failed: ${args[0]} ended with ${status}`)
}
