import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { OpenRequests, throwIfEnded } from './open-requests.ts'

const ann = { user: 'ann', browserSession: undefined }
const bob = { user: 'bob', browserSession: undefined }
const client = (): AbortSignal => new AbortController().signal

test('no more requests of one user wait than the limit, and those that ended make room', () => {
  const requests = new OpenRequests()
  const open = Array.from({ length: limits.httpWaitsPerUserMax }, () =>
    requests.begin(ann, client()),
  )
  assert.throws(() => requests.begin(ann, client()), { code: 'memory-full' })
  requests.begin(bob, client())
  open[0]?.[Symbol.dispose]()
  open[0]?.[Symbol.dispose]()
  requests.begin(ann, client())
  assert.throws(() => requests.begin(ann, client()), { code: 'memory-full' })
})

test('a client that went away is no error, a server that stops and a lost right are', () => {
  const requests = new OpenRequests()
  const gone = new AbortController()
  const left = requests.begin(ann, gone.signal)
  gone.abort()
  assert.equal(left.signal.aborted, true)
  throwIfEnded(left.signal)
  const lost = requests.begin(ann, client())
  const stays = requests.begin(bob, client())
  requests.closeAllOf('ann')
  assert.throws(() => throwIfEnded(lost.signal), { code: 'access-refused' })
  throwIfEnded(stays.signal)
  requests.close()
  assert.throws(() => throwIfEnded(stays.signal), { code: 'closed' })
  assert.throws(() => throwIfEnded(requests.begin(bob, client()).signal), { code: 'closed' })
})
