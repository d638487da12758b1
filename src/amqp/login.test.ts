import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Credentials } from './admission.ts'
import { readCredentials } from './login.ts'
import { AmqpError } from './protocol/amqp-error.ts'
import { encodeTable } from './protocol/field-table.ts'

const offered = ['PLAIN', 'AMQPLAIN', 'EXTERNAL'] as const

const read = (mechanism: string, response: Uint8Array | string): Credentials =>
  readCredentials(mechanism, Buffer.from(response), offered)

function refusedWith(replyCode: number, mechanism: string, response: Uint8Array | string): void {
  assert.throws(
    () => read(mechanism, response),
    (error) => error instanceof AmqpError && error.replyCode === replyCode,
    `${mechanism} ${response}`,
  )
}

const shown = (credentials: Credentials): string =>
  credentials.mechanism === 'EXTERNAL'
    ? 'EXTERNAL'
    : `${credentials.user}:${Buffer.from(credentials.password).toString('latin1')}`

test('PLAIN is a user and a password, each behind a zero', () => {
  assert.equal(shown(read('PLAIN', '\0guest\0secret')), 'guest:secret')
  assert.equal(shown(read('PLAIN', '\0\0')), ':')
})

test('a password is bytes, whatever they are', () => {
  const response = Buffer.from([0, 0x75, 0, 0xff, 0xfe])
  assert.equal(shown(read('PLAIN', response)), 'u:\xff\xfe')
})

test('PLAIN with too little, too much or in another name is refused', () => {
  for (const response of ['', 'guest', '\0guest', 'guest\0secret', 'x\0guest\0secret'])
    refusedWith(502, 'PLAIN', response)
  refusedWith(502, 'PLAIN', '\0guest\0sec\0ret')
})

test('AMQPLAIN is a table with LOGIN and PASSWORD', () => {
  const table = new Map([
    ['LOGIN', 'guest'],
    ['PASSWORD', 'secret'],
  ])
  assert.equal(shown(read('AMQPLAIN', encodeTable(table))), 'guest:secret')
  table.delete('PASSWORD')
  refusedWith(502, 'AMQPLAIN', encodeTable(table))
  refusedWith(501, 'AMQPLAIN', 'guest')
})

test('EXTERNAL says nothing: the certificate does', () => {
  assert.equal(shown(read('EXTERNAL', '')), 'EXTERNAL')
})

test('a mechanism that is not offered, such as ANONYMOUS, is an invalid command', () => {
  for (const mechanism of ['ANONYMOUS', 'plain', 'SCRAM-SHA-256', ''])
    refusedWith(503, mechanism, '')
  assert.throws(() => readCredentials('EXTERNAL', new Uint8Array(0), ['PLAIN']), AmqpError)
})
