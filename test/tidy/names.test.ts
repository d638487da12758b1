import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameProblems, strayTests } from './names.ts'
import { repositoryFiles } from './source-file.ts'

const paths = repositoryFiles('**/*', '.ci/*').map((file) => file.path)

test('folders are nouns of the domain, names are kebab-case, index.ts stands only at public doors', () => {
  assert.deepEqual(paths.flatMap(nameProblems), [])
})

test('unit tests stand beside the file they test', () => {
  assert.deepEqual(strayTests(paths), [])
})

test('each kind of wrong name is found', () => {
  for (const path of [
    'src/utils/time.ts',
    'src/client/helpers/x.ts',
    'src/client/index.ts',
    'src/client/pendingOutcomes.ts',
    'src/client/Producer.ts',
    'docs/Some_page.md',
  ])
    assert.equal(nameProblems(path).length, 1, path)
  for (const path of [
    'src/index.ts',
    'README.md',
    'docs/adr/0001-journal.md',
    '.ci/run',
    'x.test.ts',
  ])
    assert.deepEqual(nameProblems(path), [], path)
})

test('a test without its file is found', () => {
  const files = ['src/a/queue.ts', 'src/a/queue.test.ts', 'src/a/queue-expiry.test.ts']
  assert.deepEqual(strayTests([...files, 'test/crash/kill.test.ts']), [])
  assert.deepEqual(strayTests([...files, 'src/a/gone.test.ts']), ['src/a/gone.test.ts'])
})
