import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repositoryFiles } from './source-file.ts'

test('the lock file holds the packages of every platform, so that npm ci takes it everywhere', () => {
  const [lock] = repositoryFiles('package-lock.json')
  assert.ok(lock)
  const { packages } = JSON.parse(lock.text) as {
    readonly packages: Readonly<
      Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
    >
  }
  const paths = Object.keys(packages)
  const missing = Object.values(packages)
    .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    .filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))
  assert.deepEqual(missing, [], 'run: node scripts/complete-lock-file.ts')
})
