/*
 * A folder in which `import … from 'homing'` means the source of this checkout.
 *
 * Node strips types only outside node_modules; a link leads it to the real files, which are outside.
 */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../tidy/source-file.ts'

export interface ProjectFolder extends Disposable {
  readonly path: string
}

/** Removed on disposal. `packages` are those of the checkout that programs in it may import. */
export function projectFolder(packages: readonly string[]): ProjectFolder {
  const path = mkdtempSync(join(tmpdir(), 'homing-documents-'))
  const homing = join(path, 'node_modules/homing')
  mkdirSync(homing, { recursive: true })
  symlinkSync(join(root, 'src'), join(homing, 'src'))
  const exports = { '.': './src/index.ts', './testing': './src/testing/index.ts' }
  writeFileSync(join(homing, 'package.json'), JSON.stringify({ name: 'homing', exports }))
  writeFileSync(join(path, 'package.json'), JSON.stringify({ type: 'module', private: true }))
  for (const name of packages) {
    const link = join(path, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link)
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Packages that a program imports, `homing` aside. */
export const packagesOf = (program: string): readonly string[] =>
  [
    ...new Set(
      [...program.matchAll(/from '((?:@[\w.-]+\/)?[\w.-]+)[^']*'/g)].map(([, name]) => name),
    ),
  ]
    .filter((name) => name !== undefined && !/^(\.|homing$)/.test(name))
    .map(String)
