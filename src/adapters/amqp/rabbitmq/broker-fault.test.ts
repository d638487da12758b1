import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brokerFault, isAbsent } from './broker-fault.ts'

const notFound = (said: string): Error =>
  Object.assign(new Error(`Channel closed by server: 404 (NOT-FOUND) with message "${said}"`), {
    code: 404,
  })

test('a queue that nobody has made is absent', () => {
  const error = notFound("NOT_FOUND - no queue 'work' in vhost '/'")
  assert.equal(isAbsent(error), true)
  assert.equal(brokerFault(error, 'look for queue "work"').code, 'queue-unknown')
})

test('a queue whose node is away, starts or has failed is there, and worth another try', () => {
  for (const said of [
    "NOT_FOUND - home node 'one@host' of durable queue 'work' in vhost '/' is down or inaccessible",
    "NOT_FOUND - queue 'work' in vhost '/' process is stopped by supervisor",
    "NOT_FOUND - queue 'work' in vhost '/' has crashed and failed to restart",
    "NOT_FOUND - failed to perform operation on queue 'work' in vhost '/' due to timeout",
  ]) {
    const error = notFound(said)
    assert.equal(isAbsent(error), false, said)
    const fault = brokerFault(error, 'declare queue "work"')
    assert.deepEqual([fault.code, fault.retryable], ['unreachable', true])
    assert.match(fault.message, /"work".*its node must come back/)
  }
})
