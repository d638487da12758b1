import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, Message } from 'amqplib'
import { systemClock } from '../../../clock.ts'
import { Acknowledgements } from './acknowledgements.ts'

/** What a server would get on that channel; it fails once it has ended. */
function wire() {
  const said: string[] = []
  let isOver = false
  const say = (text: string): void => {
    if (isOver) throw new Error('Channel closed')
    said.push(text)
  }
  const channel: Pick<Channel, 'ack' | 'nack'> = {
    ack: ({ fields }: Message, all = false) => say(`${all ? 'up to ' : ''}${fields.deliveryTag}`),
    nack: ({ fields }: Message, _all = false, again = false) =>
      say(`${again ? 'again' : 'drop'} ${fields.deliveryTag}`),
  }
  const soon: (() => void)[] = []
  const clock = { ...systemClock, soon: (run: () => void) => void soon.push(run) }
  const acknowledgements = new Acknowledgements(channel as Channel, clock)
  return {
    acknowledgements,
    end: () => {
      isOver = true
    },
    delivered: (...tags: number[]) => {
      for (const tag of tags) acknowledgements.delivered(tag)
    },
    acknowledge: (...tags: number[]) => {
      for (const tag of tags) acknowledgements.acknowledge(tag)
    },
    /** What is said at the end of the turn. */
    turn: (): string[] => {
      for (const run of soon.splice(0)) run()
      return said.splice(0)
    },
    waiting: () => soon.length,
  }
}

test('acknowledgements of a turn that are done without a gap go out as one', () => {
  const { delivered, acknowledge, turn, waiting } = wire()
  delivered(1, 2, 3, 4)
  acknowledge(2, 1, 3)
  assert.equal(waiting(), 1)
  assert.deepEqual(turn(), ['up to 3'])
  delivered(5)
  acknowledge(5, 4)
  assert.deepEqual(turn(), ['up to 5'])
  assert.deepEqual(turn(), [])
})

test('no acknowledgement covers a message that is still worked on', () => {
  const { delivered, acknowledge, turn } = wire()
  delivered(1, 2, 3, 4, 5, 6)
  acknowledge(1, 2, 4, 6)
  assert.deepEqual(turn(), ['up to 2', '4', '6'])
  acknowledge(5)
  assert.deepEqual(turn(), ['5'])
  acknowledge(3)
  assert.deepEqual(turn(), ['up to 3'])
})

test('a message that goes back at once leaves no gap, and is acknowledged no more', () => {
  const { acknowledgements, delivered, acknowledge, turn } = wire()
  delivered(1, 2, 3)
  acknowledge(1)
  acknowledgements.requeue(2)
  acknowledgements.requeue(1)
  acknowledge(2, 3)
  assert.deepEqual(turn(), ['again 2', 'up to 3'])
})

test('a message is acknowledged once, and one that is not known not at all', () => {
  const { acknowledgements, delivered, acknowledge, turn } = wire()
  delivered(1)
  acknowledge(1, 1, 9)
  acknowledgements.flush()
  acknowledge(1)
  acknowledgements.requeue(1)
  assert.deepEqual(turn(), ['up to 1'])
})

test('acknowledgements to a channel that has ended are let go', () => {
  const { acknowledgements, delivered, acknowledge, end, turn } = wire()
  delivered(1, 2, 3)
  acknowledge(1, 3)
  end()
  assert.deepEqual(turn(), [])
  acknowledgements.requeue(2)
})
