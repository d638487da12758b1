/*
 * Builds the package: src/ to JavaScript and declarations in dist/, or in the folder given.
 *
 *   node scripts/build.ts [FOLDER]
 */

import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const target = resolve(process.argv[2] ?? join(root, 'dist'))
const compiler = join(root, 'node_modules/typescript/bin/tsc')

// A file that was renamed in src/ must not live on in the package under its old name.
rmSync(target, { recursive: true, force: true })
const built = spawnSync(
  process.execPath,
  [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', target],
  { stdio: 'inherit' },
)
if (built.status === 0) chmodSync(join(target, 'cli/bin.js'), 0o755)
process.exitCode = built.status ?? 1
