import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { type BrowserSession, BrowserSessions } from './browser-sessions.ts'
import { OpenRequests, throwIfEnded } from './open-requests.ts'
import { Streams } from './streams.ts'

const { browserSessionIdleMsMax: idleMs, browserSessionMsMax: ageMs } = limits

function site() {
  const clock = new SimulatedClock()
  const sessions = new BrowserSessions(clock)
  const streams = new Streams()
  const found = (token: string): BrowserSession => {
    const session = sessions.find(token)
    assert.ok(session)
    return session
  }
  const open = (token: string) => {
    const browserSession = found(token)
    return streams.open({ user: browserSession.user, browserSession }, new AbortController().signal)
  }
  return { clock, sessions, streams, found, open }
}

test('a session that nobody uses is over after its idle time, and use begins that anew', async () => {
  const { clock, sessions } = site()
  const token = sessions.open('ann')
  await clock.advance(idleMs)
  assert.equal(sessions.find(token)?.user, 'ann')
  await clock.advance(idleMs)
  assert.equal(sessions.find(token)?.user, 'ann')
  await clock.advance(idleMs + 1)
  assert.equal(sessions.find(token), undefined)
  assert.equal(sessions.count, 0)
})

test('a session is in use while a stream is open by it, and its idle time begins when that ends', async () => {
  const { clock, sessions, open } = site()
  const token = sessions.open('ann')
  const stream = open(token)
  await clock.advance(2 * idleMs)
  assert.ok(sessions.find(token))
  await clock.advance(2 * idleMs)
  assert.equal(stream.over.aborted, false)
  stream.close()
  await clock.advance(idleMs)
  assert.ok(sessions.find(token))
  await clock.advance(idleMs + 1)
  assert.equal(sessions.find(token), undefined)
})

test('the streams of a session end with its age, though nobody asks for anything', async () => {
  const { clock, sessions, streams, open } = site()
  const token = sessions.open('ann')
  await clock.advance(idleMs)
  const [first, second] = [open(token), open(token)]
  first.close()
  await clock.advance(ageMs - idleMs - 1)
  assert.equal(second.over.aborted, false)
  await clock.advance(1)
  assert.equal(second.over.aborted, true)
  assert.deepEqual([streams.count, sessions.count], [0, 0])
})

test('a session that is closed ends its own streams and waits, and no others', () => {
  const { sessions, streams, found, open } = site()
  const requests = new OpenRequests()
  const client = new AbortController().signal
  const [token, other] = [sessions.open('ann'), sessions.open('ann')]
  const [stream, stays] = [open(token), open(other)]
  const byPassword = streams.open({ user: 'ann', browserSession: undefined }, client)
  const waiting = requests.begin({ user: 'ann', browserSession: found(token) }, client)
  sessions.close(token)
  assert.equal(stream.over.aborted, true)
  assert.throws(() => throwIfEnded(waiting.signal), { code: 'login-refused' })
  assert.deepEqual([stays.over.aborted, byPassword.over.aborted], [false, false])
})

test('what is begun by a session that has just ended is over at once', () => {
  const { sessions, streams, found } = site()
  const token = sessions.open('ann')
  const browserSession = found(token)
  sessions.close(token)
  const client = new AbortController().signal
  const caller = { user: 'ann', browserSession }
  assert.equal(streams.open(caller, client).over.aborted, true)
  assert.equal(streams.count, 0)
  const { signal } = new OpenRequests().begin(caller, client)
  assert.throws(() => throwIfEnded(signal), { code: 'login-refused' })
})

test('the session that must make room for newer ones of its user ends with its streams', () => {
  const { sessions, open } = site()
  const stream = open(sessions.open('ann'))
  for (let n = 1; n < limits.browserSessionsPerUserMax; n++) sessions.open('ann')
  assert.equal(stream.over.aborted, false)
  sessions.open('ann')
  assert.equal(stream.over.aborted, true)
  assert.equal(sessions.count, limits.browserSessionsPerUserMax)
})
