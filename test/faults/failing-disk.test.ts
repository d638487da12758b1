import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lacking, newDirectory } from './machine.ts'
import { brokenPromises, RunningProcess } from './running-process.ts'

const oneThread = { UV_THREADPOOL_SIZE: '1' }
const quiet = ['strace', '-f', '-qq', '-o', '/dev/null']

/** Nothing is confirmed after the fault, the exit code says why, and what was confirmed is there. */
async function endsWith74(working: RunningProcess, directory: string): Promise<void> {
  const { code } = await working.end()
  assert.equal(code, 74, working.errors)
  assert.match(working.errors, /EIO|EFBIG|i\/o error|file too large/i)
  assert.match(working.errors, /check the disk, then (re)?start/)
  const [confirmed, final] = [working.ids('confirmed'), working.ids('final')]
  assert.ok(confirmed.length > 0, 'nothing was confirmed before the fault')
  assert.deepEqual(await brokenPromises(directory, { confirmed, final }), [])
}

test('a write to the journal that fails ends the process with code 74, and recovery keeps what was confirmed', {
  skip: lacking('strace'),
}, async () => {
  using directory = newDirectory()
  const journal = `${directory.path}/journal-0000000001.log`
  const inject = ['-P', journal, '-e', 'trace=pwrite64', '-e', 'inject=pwrite64:error=EIO:when=30']
  const working = new RunningProcess(directory.path, {
    count: 4_000,
    through: [...quiet, ...inject],
    env: oneThread,
  })
  await endsWith74(working, directory.path)
})

test('a sync of the journal that fails ends the process with code 74, and is not tried again', {
  skip: lacking('strace'),
}, async () => {
  using directory = newDirectory()
  const journal = `${directory.path}/journal-0000000001.log`
  const inject = ['-P', journal, '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=4']
  const working = new RunningProcess(directory.path, {
    count: 4_000,
    engine: { sync: { every: '5ms' } },
    through: [...quiet, ...inject],
    env: oneThread,
  })
  await endsWith74(working, directory.path)
})

test('a limit on the size of files is a failing disk, not a full one', {
  skip: lacking('prlimit'),
}, async () => {
  using directory = newDirectory()
  const working = new RunningProcess(directory.path, {
    count: 4_000,
    engine: { reserveBytes: 0 },
    through: ['prlimit', '--fsize=120000'],
  })
  await endsWith74(working, directory.path)
})

test('a disk that fails while the engine opens is an error that says what to do', {
  skip: lacking('strace'),
}, async () => {
  using directory = newDirectory()
  const first = new RunningProcess(directory.path, { count: 16 })
  await first.until('final', 8)
  await first.close()
  const inject = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=1']
  const working = new RunningProcess(directory.path, {
    through: [...quiet, ...inject],
    env: oneThread,
  })
  const { code } = await working.end()
  assert.notEqual(code, 0)
  assert.match(working.errors, /disk-failed/)
  assert.match(working.errors, /EIO.*check the disk/)
  const [confirmed, final] = [first.ids('confirmed'), first.ids('final')]
  assert.deepEqual(await brokenPromises(directory.path, { confirmed, final }), [])
})

test('when no more files can be opened, work goes on in those that are open', {
  skip: lacking('prlimit'),
}, async () => {
  using directory = newDirectory()
  const working = new RunningProcess(directory.path, {
    count: 3_000,
    // Segments of 8 KiB: the journal asks for a new file all the time.
    engine: { segmentBytes: 8_192, checkpointBytes: 4_000_000, reserveBytes: 0 },
    env: { HOMING_TEST_OUT_OF_FILES_AT: '1200' },
    through: ['prlimit', '--nofile=120'],
  })
  await working.until('confirmed', 3_000)
  await working.until('final', 1_500)
  await working.kill()
  const [confirmed, final] = [working.ids('confirmed'), working.ids('final')]
  assert.deepEqual(await brokenPromises(directory.path, { confirmed, final }), [])
})
