import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ConfirmFate, Confirms, type ConfirmWriter } from './confirms.ts'

class Told implements ConfirmWriter {
  frames: string[] = []

  ack(number: number, multiple: boolean): void {
    this.frames.push(`ack ${number}${multiple ? ' multiple' : ''}`)
  }

  nack(number: number, multiple: boolean): void {
    this.frames.push(`nack ${number}${multiple ? ' multiple' : ''}`)
  }
}

function told(confirms: Confirms): readonly string[] {
  const writer = new Told()
  confirms.tell(writer)
  return writer.frames
}

function published(...fates: readonly ConfirmFate[]): Confirms {
  const confirms = new Confirms()
  for (const fate of fates) confirms.add(fate)
  return confirms
}

test('one publish is confirmed by its number, a run of them by one frame', () => {
  assert.deepEqual(told(published('ack')), ['ack 1'])
  assert.deepEqual(told(published('ack', 'ack', 'ack')), ['ack 3 multiple'])
})

test('numbers go on counting from one turn to the next', () => {
  const confirms = published('ack', 'ack')
  assert.deepEqual(told(confirms), ['ack 2 multiple'])
  confirms.add('ack')
  assert.deepEqual(told(confirms), ['ack 3'])
  assert.deepEqual(told(confirms), [])
})

test('a refused publish gets a negative confirm, and those around it do not', () => {
  const confirms = published('ack', 'ack', 'nack', 'ack', 'nack', 'nack')
  assert.deepEqual(told(confirms), ['ack 2 multiple', 'nack 3', 'ack 4', 'nack 6 multiple'])
})

test('what waits for the disk is confirmed when it is there, a turn with one frame', () => {
  const confirms = published('waiting', 'waiting')
  assert.equal(confirms.ask(), 2)
  assert.equal(confirms.ask(), undefined)
  confirms.add('waiting')
  assert.equal(confirms.ask(), 3)
  assert.deepEqual(told(confirms), [])
  confirms.answered(2, true)
  assert.deepEqual(told(confirms), ['ack 2 multiple'])
  confirms.answered(3, true)
  assert.deepEqual(told(confirms), ['ack 3'])
  assert.equal(confirms.count, 0)
})

test('two turns that become durable together are one frame', () => {
  const confirms = published('waiting')
  const first = confirms.ask()
  confirms.add('waiting')
  const second = confirms.ask()
  confirms.answered(first as number, true)
  confirms.answered(second as number, true)
  assert.deepEqual(told(confirms), ['ack 2 multiple'])
})

test('what need not wait is confirmed singly while an earlier one waits', () => {
  const confirms = published('waiting', 'ack', 'ack', 'nack')
  const upTo = confirms.ask() as number
  assert.deepEqual(told(confirms), ['ack 2', 'ack 3', 'nack 4'])
  assert.deepEqual(told(confirms), [])
  confirms.answered(upTo, true)
  assert.deepEqual(told(confirms), ['ack 1'])
})

test('what never becomes durable gets a negative confirm', () => {
  const confirms = published('waiting', 'waiting')
  confirms.answered(confirms.ask() as number, false)
  assert.deepEqual(told(confirms), ['nack 2 multiple'])
})

test('a publish that came after the question is not confirmed by its answer', () => {
  const confirms = published('waiting')
  const upTo = confirms.ask() as number
  confirms.add('waiting')
  confirms.answered(upTo, true)
  assert.deepEqual(told(confirms), ['ack 1'])
  assert.equal(confirms.count, 1)
})

/** Numbers a client would take as told, by its own books. */
function heard(open: Map<number, string>, frames: readonly string[]): void {
  for (const frame of frames) {
    const [kind, number, multiple] = frame.split(' ')
    const last = Number(number)
    const meant = [...open.keys()].filter((n) => (multiple ? n <= last : n === last))
    assert.ok(meant.length > 0, `${frame} tells nothing`)
    for (const n of meant) {
      assert.equal(kind, open.get(n), `${frame} for ${n}`)
      open.delete(n)
    }
  }
}

test('every publish is told exactly once, rightly, and never before it is durable', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('publish' as const),
      fate: fc.constantFrom<ConfirmFate>('ack', 'nack', 'waiting'),
    }),
    fc.record({ kind: fc.constant('turn' as const) }),
    fc.record({ kind: fc.constant('answer' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const confirms = new Confirms()
      const open = new Map<number, string>()
      const asked: number[] = []
      let last = 0
      const answer = (): void => {
        const upTo = asked.shift()
        if (upTo === undefined) return
        for (const [n, kind] of open) if (n <= upTo && kind === 'waiting') open.set(n, 'ack')
        confirms.answered(upTo, true)
      }
      const turn = (): void => {
        const upTo = confirms.ask()
        if (upTo !== undefined) asked.push(upTo)
        heard(open, told(confirms))
      }
      for (const one of steps) {
        if (one.kind === 'turn') turn()
        else if (one.kind === 'answer') answer()
        else if (one.kind === 'publish') {
          open.set(++last, one.fate)
          confirms.add(one.fate)
        }
      }
      turn()
      while (asked.length > 0) answer()
      turn()
      assert.equal(open.size, 0)
      assert.equal(confirms.count, 0)
    }),
  )
})
