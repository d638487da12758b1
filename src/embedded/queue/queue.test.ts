import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Entry, entryStates, messageKind } from './entry.ts'
import { blockRowsMax, type IndexBlock } from './index-block.ts'
import { Queue } from './queue.ts'

const nowMs = 1_000

class Trial {
  readonly queue = new Queue(1, 'work', {})

  entry(priority = 0, deadlineAtMs = Number.POSITIVE_INFINITY): Entry {
    const position = this.queue.nextPosition++
    return new Entry(position, priority, messageKind, position, deadlineAtMs, 1, position, 10)
  }

  send(count: number, priority = 0, deadlineAtMs = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < count; n++) this.queue.push(this.entry(priority, deadlineAtMs))
  }

  sendDelayed(availableAtMs: number, deadlineAtMs = Number.POSITIVE_INFINITY): Entry {
    const entry = this.entry(0, deadlineAtMs)
    entry.state = entryStates.delayed
    entry.availableAtMs = availableAtMs
    this.queue.put(entry)
    return entry
  }

  get(): Entry {
    const entry = this.queue.candidate()
    assert.ok(entry, 'nothing can be delivered')
    this.queue.take(entry)
    entry.attempts++
    return entry
  }

  /** Everything left, in the order in which it is delivered, `R` for what was delivered before. */
  drain(): string {
    const seen: string[] = []
    while (this.queue.candidate()) {
      const entry = this.get()
      seen.push(entry.position + (entry.attempts > 1 ? 'R' : ''))
      this.queue.remove(entry)
    }
    return seen.join(' ')
  }
}

test('what is given back returns to its old place: get 1–4, nack 4, nack 1, ack 2, nack 3 drains as 1R 3R 4R 5 6', () => {
  const trial = new Trial()
  trial.send(6)
  const [one, two, three, four] = [trial.get(), trial.get(), trial.get(), trial.get()]
  trial.queue.giveBack(four, 0, nowMs)
  trial.queue.giveBack(one, 0, nowMs)
  trial.queue.remove(two)
  trial.queue.giveBack(three, 0, nowMs)
  assert.equal(trial.drain(), '1R 3R 4R 5 6')
})

test('the highest priority goes first, and within one the oldest', () => {
  const trial = new Trial()
  trial.send(2, 0)
  trial.send(2, 9)
  trial.send(1, 4)
  trial.send(1, 9)
  assert.equal(trial.drain(), '3 4 6 5 1 2')
})

test('what comes back goes before what is younger, but not before a higher priority', () => {
  const trial = new Trial()
  trial.send(3)
  const one = trial.get()
  trial.send(1, 1)
  trial.queue.giveBack(one, 0, nowMs)
  assert.equal(trial.drain(), '4 1R 2 3')
})

test('a delayed message waits for its time and then stands at its old place', () => {
  const trial = new Trial()
  trial.sendDelayed(2_000)
  trial.send(2)
  const { queue } = trial
  assert.equal(queue.delayed, 1)
  assert.equal(queue.candidate()?.position, 2)
  queue.due(1_999)
  assert.equal(queue.candidate()?.position, 2)
  assert.equal(queue.dueAtMs, 2_000)
  queue.due(2_000)
  assert.equal(queue.delayed, 0)
  assert.equal(queue.waiting, 3)
  assert.equal(trial.drain(), '1 2 3')
})

test('what is given back with a delay is held back until then, at its old place', () => {
  const trial = new Trial()
  trial.send(3)
  const one = trial.get()
  trial.queue.giveBack(one, nowMs + 500, nowMs)
  assert.equal(trial.queue.candidate()?.position, 2)
  trial.queue.due(nowMs + 500)
  assert.equal(trial.drain(), '1R 2 3')
})

test('delayed messages become ready in the order of their times', () => {
  const trial = new Trial()
  for (const at of [5_000, 3_000, 4_000]) trial.sendDelayed(at)
  for (const [at, ready] of [
    [3_000, 1],
    [4_000, 2],
    [5_000, 3],
  ] as const) {
    assert.equal(trial.queue.dueAtMs <= at, true)
    trial.queue.due(at)
    assert.equal(trial.queue.waiting, ready)
  }
})

test('a delayed message that was woken before its time and sleeps again is in nobody’s way', () => {
  const trial = new Trial()
  trial.sendDelayed(1_000)
  for (const at of [6_000, 5_000]) trial.sendDelayed(at)
  const { queue } = trial
  const [first] = queue.entries() as [Entry]
  queue.wake(first)
  queue.delay(first, 9_000)
  queue.due(6_000)
  assert.equal(queue.delayed, 1)
  assert.equal(queue.dueAtMs, 9_000)
  queue.due(9_000)
  assert.equal(trial.drain(), '1 2 3')
})

test('a parked message is passed by others, still counts as waiting, and returns to its place', () => {
  const trial = new Trial()
  trial.send(3)
  const { queue } = trial
  const parked = queue.candidate() as Entry
  queue.park(parked)
  assert.equal(queue.waiting, 3)
  assert.equal(trial.get().position, 2)
  queue.unpark(parked)
  assert.equal(trial.drain(), '1 3')
})

test('a parked message that is removed is gone', () => {
  const trial = new Trial()
  trial.send(2)
  const parked = trial.queue.candidate() as Entry
  trial.queue.park(parked)
  trial.queue.remove(parked)
  assert.equal(trial.queue.waiting, 1)
  assert.equal(trial.drain(), '2')
})

test('deadlines end what waits, what is held, what is delayed and what is parked', () => {
  const trial = new Trial()
  const { queue } = trial
  trial.send(1, 0, 5_000)
  const held = trial.get()
  trial.send(1, 0, 5_000)
  queue.park(queue.candidate() as Entry)
  trial.send(1, 0, 5_000)
  trial.sendDelayed(9_000, 5_000)
  trial.send(1)
  assert.equal(queue.dueAtMs, 5_000)
  assert.deepEqual(queue.due(4_999).expired, [])
  const { expired, timedOut } = queue.due(5_000)
  assert.deepEqual(expired.map(({ position }) => position).sort(), [1, 2, 3, 4])
  assert.equal(expired.includes(held), true)
  assert.deepEqual(timedOut, [])
})

test('an attempt that takes too long is told once it does', () => {
  const trial = new Trial()
  trial.send(1)
  const held = trial.get()
  held.timeoutAtMs = 3_000
  trial.queue.watchTimeout(held)
  assert.equal(trial.queue.dueAtMs, 3_000)
  assert.deepEqual(trial.queue.due(2_999).timedOut, [])
  assert.deepEqual(trial.queue.due(3_000).timedOut, [held])
  trial.queue.giveBack(held, 0, 3_000)
  assert.deepEqual(trial.queue.due(9_000).timedOut, [])
})

test('a message that is accepted and delivered in one turn never waits', () => {
  const trial = new Trial()
  const entry = trial.entry()
  trial.queue.pushHeld(entry)
  assert.deepEqual(
    [trial.queue.waiting, trial.queue.unsettled, trial.queue.candidate()],
    [0, 1, undefined],
  )
  trial.queue.giveBack(entry, 0, nowMs)
  assert.equal(trial.queue.candidate(), entry)
})

test('a block that is put away stops the queue, is named, and goes on when it is back', () => {
  const trial = new Trial()
  trial.send(2 * blockRowsMax)
  const { queue } = trial
  const [fifo] = queue.fifos
  const block = fifo?.blocks[0] as IndexBlock
  const page = block.copyOut()
  block.columns = undefined
  assert.equal(queue.candidate(), undefined)
  assert.equal(queue.neededBlock(), block)
  block.bringBack(page)
  assert.equal(queue.candidate()?.position, 1)
  assert.equal(trial.drain().split(' ').length, 2 * blockRowsMax)
})

test('a higher priority is delivered though the block of a lower one is put away', () => {
  const trial = new Trial()
  trial.send(blockRowsMax)
  const block = trial.queue.fifos[0]?.blocks[0] as IndexBlock
  block.columns = undefined
  trial.send(1, 3)
  assert.equal(trial.get().position, blockRowsMax + 1)
  assert.equal(trial.queue.candidate(), undefined)
  assert.equal(trial.queue.neededBlock(), block)
})

test('deadlines in a block that is put away are told as a block to bring back', () => {
  const trial = new Trial()
  trial.send(blockRowsMax, 0, 5_000)
  const block = trial.queue.fifos[0]?.blocks[0] as IndexBlock
  const page = block.copyOut()
  block.columns = undefined
  assert.deepEqual(trial.queue.due(4_999).needed, [])
  const { needed, expired } = trial.queue.due(5_000)
  assert.deepEqual([needed, expired], [[block], []])
  block.bringBack(page)
  assert.equal(trial.queue.due(5_000).expired.length, blockRowsMax)
})

test('a position is found among priorities that interleave, put away or not', () => {
  const trial = new Trial()
  for (let n = 0; n < 10; n++) trial.send(1, n % 2)
  const { queue } = trial
  for (let position = 1; position <= 10; position++) {
    const place = queue.locate(position)
    assert.equal(place?.fifo.priority, (position + 1) % 2)
  }
  assert.equal(queue.locate(11), undefined)
  assert.equal(queue.locate(0), undefined)
})

test('the books agree after every step', () => {
  const trial = new Trial()
  const { queue } = trial
  const books = () => [queue.waiting, queue.unsettled, queue.delayed, queue.size]
  trial.send(3)
  trial.sendDelayed(9_000)
  assert.deepEqual(books(), [3, 0, 1, 4])
  const held = trial.get()
  assert.deepEqual(books(), [2, 1, 1, 4])
  queue.giveBack(held, 8_000, nowMs)
  assert.deepEqual(books(), [2, 0, 2, 4])
  queue.remove(held)
  assert.deepEqual(books(), [2, 0, 1, 3])
  const place = queue.locate(3)
  assert.ok(place)
  queue.removeRow(place.fifo, place.block, place.block.rowOf(3))
  assert.deepEqual(books(), [1, 0, 1, 2])
  queue.due(9_000)
  assert.deepEqual(books(), [2, 0, 0, 2])
  assert.equal(trial.drain(), '2 4')
  assert.deepEqual(books(), [0, 0, 0, 0])
})
