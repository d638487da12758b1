import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DiskFault, type FaultPlan, nthOperation } from './disk-fault.ts'
import { randomSource } from './random.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SimulatedDisk } from './simulated-disk.ts'

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value)

async function read(disk: SimulatedDisk, name: string): Promise<Uint8Array> {
  const file = await disk.open(name)
  const into = new Uint8Array(await file.size())
  assert.equal(await file.read(into, 0), into.length)
  return into
}

/** What a file may look like after power cuts, over many dice. */
async function afterCuts(disk: SimulatedDisk, name: string): Promise<(Uint8Array | undefined)[]> {
  const found: (Uint8Array | undefined)[] = []
  for (let seed = 0; seed < 300; seed++) {
    const next = disk.afterPowerCut(randomSource(seed), {})
    found.push((await next.list()).includes(name) ? await read(next, name) : undefined)
  }
  return found
}

async function diskWith(name: string, content: Uint8Array): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk()
  const file = await disk.create(name)
  await file.write(content, 0)
  await file.sync()
  await disk.syncDirectory()
  return disk
}

test('what was synced survives every power cut', async () => {
  const disk = await diskWith('a', bytes(2000, 7))
  for (const content of await afterCuts(disk, 'a')) assert.deepEqual(content, bytes(2000, 7))
})

test('of what was not synced, a power cut keeps all, nothing, the beginning or any sectors', async () => {
  const disk = await diskWith('a', bytes(100, 1))
  await (await disk.open('a')).write(bytes(3000, 2), 100)
  const contents = (await afterCuts(disk, 'a')) as Uint8Array[]
  const lengths = new Set(contents.map((content) => content.length))
  assert.ok(lengths.has(100) && lengths.has(3100) && lengths.size > 10)
  for (const content of contents) assert.deepEqual(content.slice(0, 100), bytes(100, 1))
  const hole = contents.some((content) => content.length === 3100 && content[600] === 0)
  assert.ok(hole, 'no image has a hole of zeros')
})

test('a name that was not synced may be gone; a rename is never half done', async () => {
  const disk = await diskWith('old', bytes(10, 1))
  await disk.rename('old', 'new')
  const seen = new Set<string>()
  for (let seed = 0; seed < 100; seed++) {
    seen.add((await disk.afterPowerCut(randomSource(seed), {}).list()).join())
  }
  assert.deepEqual([...seen].sort(), ['new', 'old'])
})

test('a file whose name was never synced is lost though its data was synced', async () => {
  const disk = new SimulatedDisk()
  const file = await disk.create('a')
  await file.write(bytes(10, 1), 0)
  await file.sync()
  const found = await afterCuts(disk, 'a')
  assert.ok(found.includes(undefined))
  assert.ok(found.some((content) => content?.length === 10))
})

test('after a failed sync the data can be read, and a second sync does not save it', async () => {
  const survived = new Set<number | undefined>()
  for (let seed = 0; seed < 40; seed++) {
    const disk = new SimulatedDisk({ random: randomSource(seed) })
    const file = await disk.create('a')
    await disk.syncDirectory()
    await file.write(bytes(100, 2), 0)
    disk.faults = nthOperation(disk.operations + 1, { kind: 'fail', code: 'EIO' })
    await assert.rejects(file.sync(), { code: 'EIO' })
    await file.sync()
    assert.deepEqual(await read(disk, 'a'), bytes(100, 2))
    survived.add((await read(disk.afterPowerCut(randomSource(1), {}), 'a')).length)
  }
  assert.ok(survived.has(0) && survived.has(100))
})

test('writes made while a sync runs are not covered by it', async () => {
  const clock = new SimulatedClock()
  const disk = new SimulatedDisk({ clock, latencyMs: ({ kind }) => (kind === 'sync' ? 10 : 1) })
  const file = await clock.until(disk.create('a'))
  await clock.until(disk.syncDirectory())
  const sync = file.sync()
  await clock.until(file.write(bytes(10, 1), 0))
  await clock.until(sync)
  const lengths = new Set<number>()
  for (let seed = 0; seed < 100; seed++) {
    const state = disk.state.afterPowerCut(randomSource(seed))
    lengths.add(state.files().get('a')?.length ?? -1)
  }
  assert.ok(lengths.has(0))
})

test('a killed process leaves its writes to the next one, still not synced', async () => {
  const disk = await diskWith('a', bytes(100, 1))
  await (await disk.open('a')).write(bytes(100, 2), 100)
  const next = disk.afterKill(randomSource(1), {})
  assert.equal((await read(next, 'a')).length, 200)
  const lengths = new Set((await afterCuts(next, 'a')).map((content) => content?.length))
  assert.ok(lengths.has(100))
})

test('a full disk takes what fits and rejects; removing a file makes room again', async () => {
  const disk = new SimulatedDisk({ capacityBytes: 1000 })
  const file = await disk.create('a')
  await file.write(bytes(900, 1), 0)
  const other = await disk.create('b')
  await assert.rejects(other.write(bytes(200, 2), 0), { code: 'ENOSPC' })
  assert.equal(await other.size(), 100)
  assert.equal(await disk.freeBytes(), 0)
  await file.write(bytes(900, 3), 0)
  await disk.remove('a')
  await other.write(bytes(200, 2), 0)
  assert.equal(await disk.freeBytes(), 800)
})

test('each operation can fail, be shortened, be cut or be lost, by its number', async () => {
  const faults: DiskFault[] = [
    { kind: 'fail', code: 'EIO' },
    { kind: 'shorten' },
    { kind: 'cut' },
    { kind: 'lose', when: 'before' },
    { kind: 'lose', when: 'after' },
  ]
  for (const fault of faults) {
    for (let number = 1; number <= 4; number++) {
      const disk = new SimulatedDisk({ faults: nthOperation(number, fault) })
      let went: 'through' | 'rejected' | 'off' = 'off'
      disk.onPowerCut = () => {
        went = 'off'
      }
      const work = async () => {
        const file = await disk.create('a')
        await file.write(bytes(50, 1), 0)
        await file.sync()
        await disk.syncDirectory()
      }
      const clock = new SimulatedClock()
      work().then(
        () => {
          went = 'through'
        },
        () => {
          went = 'rejected'
        },
      )
      await clock.settle()
      const rejects = fault.kind === 'fail' || fault.kind === 'shorten'
      assert.equal(went, rejects ? 'rejected' : 'off', `${fault.kind} ${number}`)
    }
  }
})

test('the same seed gives the same disk after a cut', async () => {
  const disk = await diskWith('a', bytes(100, 1))
  await (await disk.open('a')).write(bytes(5000, 2), 100)
  const image = (seed: number) => disk.state.afterPowerCut(randomSource(seed)).files().get('a')
  assert.deepEqual(image(5), image(5))
})

test('opening what is not there and creating what is there are refused as an operating system does', async () => {
  const disk = await diskWith('a', bytes(1, 1))
  await assert.rejects(disk.open('b'), { code: 'ENOENT' })
  await assert.rejects(disk.remove('b'), { code: 'ENOENT' })
  await assert.rejects(disk.create('a'), { code: 'EEXIST' })
  const file = await disk.open('a')
  await file.close()
  await assert.rejects(file.sync(), { code: 'EBADF' })
  const none: FaultPlan = () => undefined
  disk.faults = none
  assert.equal(disk.counts.open, 2)
})
