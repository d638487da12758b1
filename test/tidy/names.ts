/*
 * Rules of paths: folders are nouns of the domain, names are kebab-case, doors are few.
 */

import { basename, dirname } from 'node:path/posix'

/** The public doors, and the only files named index.ts. */
export const doors = ['src/index.ts', 'src/testing/index.ts']

const vagueFolders = ['utils', 'util', 'helpers', 'types', 'classes', 'common', 'misc', 'lib']

/** Names that other programs or old custom ask for. */
const customary =
  /^(README|ARCHITECTURE|CHANGELOG|CONTRIBUTING|SECURITY|THREAT_MODEL)\.md$|^(LICENSE|Dockerfile|Cargo\.(toml|lock))$/

export function nameProblems(path: string): readonly string[] {
  const problems: string[] = []
  const name = basename(path)
  const folders = dirname(path).split('/')
  const vague = folders.find((folder) => vagueFolders.includes(folder))
  if (vague !== undefined) problems.push(`${path}: "${vague}" says nothing of the domain`)
  if (name === 'index.ts' && !doors.includes(path)) problems.push(`${path}: is not a public door`)
  const plain = path
    .split('/')
    .every((part) => /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/.test(part) || part === '.')
  if (!plain && !customary.test(name)) problems.push(`${path}: is not kebab-case`)
  return problems
}

/** Tests in src/ that stand beside no file they are named after. */
export function strayTests(paths: readonly string[]): readonly string[] {
  const stems = new Set(
    paths.filter((path) => !path.endsWith('.test.ts')).map((path) => path.replace(/\.tsx?$/, '')),
  )
  return paths.filter((path) => {
    if (!path.startsWith('src/') || !path.endsWith('.test.ts')) return false
    // `queue-expiry.test.ts` tests one side of `queue.ts`.
    for (let stem = path.replace(/\.test\.ts$/, ''); stem.includes('/'); ) {
      if (stems.has(stem)) return false
      const cut = stem.lastIndexOf('-')
      if (cut < stem.lastIndexOf('/')) return true
      stem = stem.slice(0, cut)
    }
    return true
  })
}
