import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AmqpError } from './protocol/amqp-error.ts'
import { checkTuning, frameMaxLeast, type Tuning } from './tune.ts'

const offered: Tuning = { channelMax: 2047, frameMax: 131_072, heartbeat: 60 }

function refusal(chosen: Partial<Tuning>, least = 4_096, by = offered): string {
  try {
    checkTuning({ ...by, ...chosen }, by, least)
  } catch (error) {
    assert.ok(error instanceof AmqpError)
    assert.equal(error.replyCode, 530)
    return error.replyText
  }
  return ''
}

test('a client may choose what was offered, or less', () => {
  assert.equal(refusal({}), '')
  assert.equal(refusal({ channelMax: 1, frameMax: 4_096 }), '')
})

test('a client chooses its heartbeat freely', () => {
  assert.equal(refusal({ heartbeat: 0 }), '')
  assert.equal(refusal({ heartbeat: 65_535 }), '')
})

test('a client that wants no limit is refused where there is one', () => {
  assert.equal(
    refusal({ frameMax: 0 }),
    'NOT_ALLOWED - negotiated frame_max = 0 (no limit) is higher than the maximum allowed value (131072)',
  )
  assert.match(refusal({ channelMax: 0 }), /channel_max = 0 \(no limit\) is higher/)
})

test('a client that wants more than was offered, or too little, is refused', () => {
  assert.match(refusal({ channelMax: 2048 }), /channel_max = 2048 is higher than the maximum/)
  assert.equal(
    refusal({ frameMax: 4_095 }),
    'NOT_ALLOWED - negotiated frame_max = 4095 is lower than the minimum allowed value (4096)',
  )
})

test('a server without limits takes anything', () => {
  const unlimited: Tuning = { channelMax: 0, frameMax: 0, heartbeat: 0 }
  assert.equal(refusal({ channelMax: 0, frameMax: 0 }, 4_096, unlimited), '')
  assert.equal(refusal({ channelMax: 65_535, frameMax: 2 ** 32 - 1 }, 4_096, unlimited), '')
})

test('RabbitMQ 4.3 asks for longer frames', () => {
  assert.equal(frameMaxLeast(undefined), 4_096)
  assert.match(refusal({ frameMax: 8_191 }, frameMaxLeast('rabbitmq-4.3')), /minimum .*8192/)
})
