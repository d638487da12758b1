import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Entry, entryStates, messageKind } from '../../src/embedded/queue/entry.ts'
import { Queue } from '../../src/embedded/queue/queue.ts'
import { type ModelEntry, QueueModel } from './queue-model.ts'

/** The queue, and its held, delayed and returned entries by position. */
class Subject {
  readonly queue = new Queue(1, 'work', {})
  readonly held = new Map<number, Entry>()

  entry({ position, priority, deadlineAtMs }: ModelEntry): Entry {
    return new Entry(position, priority, messageKind, position, deadlineAtMs, 1, position, 10)
  }
}

type Command = fc.Command<QueueModel, Subject>

function compare(model: QueueModel, { queue }: Subject): void {
  assert.equal(queue.waiting, model.count('ready'), 'waiting')
  assert.equal(queue.unsettled, model.count('held'), 'unsettled')
  assert.equal(queue.delayed, model.count('delayed'), 'delayed')
  assert.equal(queue.size, model.entries.size, 'size')
  assert.equal(queue.candidate()?.position, model.candidate()?.position, 'candidate')
  assert.ok(queue.dueAtMs <= model.dueAtMs(), 'looks too late at what is due')
}

abstract class Step implements Command {
  check(_model: Readonly<QueueModel>): boolean {
    return true
  }

  run(model: QueueModel, subject: Subject): void {
    this.act(model, subject)
    compare(model, subject)
  }

  protected abstract act(model: QueueModel, subject: Subject): void
  abstract toString(): string
}

class Accept extends Step {
  readonly count: number
  readonly priority: number
  readonly deadlineMs: number

  constructor(count: number, priority: number, deadlineMs: number) {
    super()
    this.count = count
    this.priority = priority
    this.deadlineMs = deadlineMs
  }

  protected act(model: QueueModel, { queue, entry }: Subject): void {
    for (let n = 0; n < this.count; n++) {
      const added = model.add(this.priority, model.nowMs + this.deadlineMs, 'ready')
      queue.nextPosition = model.nextPosition
      queue.push(entry(added))
    }
  }

  toString(): string {
    return `accept(${this.count}, priority ${this.priority}, within ${this.deadlineMs})`
  }
}

class AcceptDelayed extends Step {
  readonly delayMs: number

  constructor(delayMs: number) {
    super()
    this.delayMs = delayMs
  }

  protected act(model: QueueModel, { queue, entry }: Subject): void {
    const availableAtMs = model.nowMs + this.delayMs
    const added = model.add(0, Number.POSITIVE_INFINITY, 'delayed', availableAtMs)
    const delayed = entry(added)
    delayed.state = entryStates.delayed
    delayed.availableAtMs = availableAtMs
    queue.put(delayed)
  }

  toString(): string {
    return `acceptDelayed(${this.delayMs})`
  }
}

class AcceptAtOnce extends Step {
  override check(model: Readonly<QueueModel>): boolean {
    return model.count('ready') === 0
  }

  protected act(model: QueueModel, { queue, entry, held }: Subject): void {
    const added = model.add(0, Number.POSITIVE_INFINITY, 'held')
    const one = entry(added)
    queue.pushHeld(one)
    held.set(added.position, one)
  }

  toString(): string {
    return 'acceptAtOnce()'
  }
}

class Deliver extends Step {
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super()
    this.timeoutMs = timeoutMs
  }

  override check(model: Readonly<QueueModel>): boolean {
    return model.candidate() !== undefined
  }

  protected act(model: QueueModel, { queue, held }: Subject): void {
    const next = model.candidate() as ModelEntry
    const entry = queue.candidate() as Entry
    assert.equal(entry.position, next.position)
    assert.equal(entry.priority, next.priority)
    assert.equal(entry.deadlineAtMs, next.deadlineAtMs)
    queue.take(entry)
    next.state = 'held'
    next.timeoutAtMs = model.nowMs + this.timeoutMs
    entry.timeoutAtMs = next.timeoutAtMs
    queue.watchTimeout(entry)
    held.set(entry.position, entry)
  }

  toString(): string {
    return `deliver(${this.timeoutMs})`
  }
}

abstract class OnHeld extends Step {
  readonly which: number

  constructor(which: number) {
    super()
    this.which = which
  }

  override check(model: Readonly<QueueModel>): boolean {
    return model.count('held') > 0
  }

  protected pick(model: QueueModel, subject: Subject): { entry: Entry; known: ModelEntry } {
    const all = model.inState('held')
    const known = all[this.which % all.length] as ModelEntry
    return { known, entry: subject.held.get(known.position) as Entry }
  }
}

class GiveBack extends OnHeld {
  readonly delayMs: number

  constructor(which: number, delayMs: number) {
    super(which)
    this.delayMs = delayMs
  }

  protected act(model: QueueModel, subject: Subject): void {
    const { entry, known } = this.pick(model, subject)
    const availableAtMs = this.delayMs === 0 ? 0 : model.nowMs + this.delayMs
    model.giveBack(known, availableAtMs)
    subject.queue.giveBack(entry, availableAtMs, model.nowMs)
    subject.held.delete(known.position)
  }

  toString(): string {
    return `giveBack(${this.which}, ${this.delayMs})`
  }
}

class Finish extends OnHeld {
  protected act(model: QueueModel, subject: Subject): void {
    const { entry, known } = this.pick(model, subject)
    model.entries.delete(known.position)
    subject.queue.remove(entry)
    subject.held.delete(known.position)
  }

  toString(): string {
    return `finish(${this.which})`
  }
}

/** A message that waits leaves: canceled, expired, purged. */
function removeWaiting(queue: Queue, position: number): void {
  const entry = queue.entry(position)
  if (entry !== undefined) {
    queue.remove(entry)
    return
  }
  const place = queue.locate(position)
  assert.ok(place, `position ${position} is not found`)
  queue.removeRow(place.fifo, place.block, place.block.rowOf(position))
}

class Cancel extends Step {
  readonly which: number

  constructor(which: number) {
    super()
    this.which = which
  }

  override check(model: Readonly<QueueModel>): boolean {
    return model.count('ready') + model.count('delayed') > 0
  }

  protected act(model: QueueModel, { queue }: Subject): void {
    const all = [...model.inState('ready'), ...model.inState('delayed')]
    const known = all[this.which % all.length] as ModelEntry
    model.entries.delete(known.position)
    removeWaiting(queue, known.position)
  }

  toString(): string {
    return `cancel(${this.which})`
  }
}

class TimePasses extends Step {
  readonly ms: number

  constructor(ms: number) {
    super()
    this.ms = ms
  }

  protected act(model: QueueModel, { queue, held }: Subject): void {
    model.nowMs += this.ms
    const expected = model.due()
    const due = queue.due(model.nowMs)
    assert.deepEqual(due.needed, [])
    assert.deepEqual(
      positions(due.expired),
      expected.expired.toSorted((a, b) => a - b),
    )
    assert.deepEqual(
      positions(due.timedOut),
      expected.timedOut.toSorted((a, b) => a - b),
    )
    for (const position of expected.expired) {
      model.entries.delete(position)
      removeWaiting(queue, position)
      held.delete(position)
    }
    for (const position of expected.timedOut) {
      model.giveBack(model.entries.get(position) as ModelEntry, 0)
      queue.giveBack(held.get(position) as Entry, 0, model.nowMs)
      held.delete(position)
    }
    if (expected.expired.length + expected.timedOut.length > 0) queue.due(model.nowMs)
  }

  toString(): string {
    return `timePasses(${this.ms})`
  }
}

const positions = (entries: readonly Entry[]): number[] =>
  entries.map((entry) => entry.position).sort((a, b) => a - b)

const which = fc.nat(50)
const withinMs = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 500 }))
const priority = fc.constantFrom(0, 0, 0, 1, 9, 255)

const steps = [
  fc.tuple(fc.integer({ min: 1, max: 3 }), priority, withinMs).map((one) => new Accept(...one)),
  fc.integer({ min: 1, max: 400 }).map((ms) => new AcceptDelayed(ms)),
  fc.constant(new AcceptAtOnce()),
  withinMs.map((ms) => new Deliver(ms)),
  withinMs.map((ms) => new Deliver(ms)),
  fc.tuple(which, fc.constantFrom(0, 0, 10, 300)).map((one) => new GiveBack(...one)),
  which.map((n) => new Finish(n)),
  which.map((n) => new Cancel(n)),
  fc.integer({ min: 0, max: 300 }).map((ms) => new TimePasses(ms)),
]

const fresh = () => ({ model: new QueueModel(), real: new Subject() })

test('a queue does what its model does, whatever is done to it in whatever order', () => {
  fc.assert(
    fc.property(fc.commands(steps, { maxCommands: 60, size: 'max' }), (commands) => {
      fc.modelRun(fresh, commands)
    }),
    { numRuns: 2_000, seed: 20260101 },
  )
})

test('a queue does what its model does across the blocks of its index', () => {
  const bulk = fc.tuple(fc.integer({ min: 2_000, max: 5_000 }), priority, withinMs)
  const drain = fc.constant(new DeliverMany())
  fc.assert(
    fc.property(
      fc.commands([bulk.map((one) => new Accept(...one)), drain, ...steps], {
        maxCommands: 25,
        size: 'max',
      }),
      (commands) => {
        fc.modelRun(fresh, commands)
      },
    ),
    { numRuns: 12, seed: 20260102 },
  )
})

class DeliverMany extends Step {
  protected act(model: QueueModel, { queue }: Subject): void {
    const waiting = model
      .inState('ready')
      .sort((a, b) => b.priority - a.priority || a.position - b.position)
    for (const next of waiting.slice(0, 3_000)) {
      const entry = queue.candidate() as Entry
      assert.equal(entry.position, next.position)
      queue.take(entry)
      queue.remove(entry)
      model.entries.delete(next.position)
    }
  }

  toString(): string {
    return 'deliverMany()'
  }
}
