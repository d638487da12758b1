import { frameBytes, methodFrame } from '../frame.ts'
import type { Fields } from '../method.ts'
import { OctetWriter } from '../octets.ts'
import type { Peer } from '../peer.ts'
import { scenario } from '../scenario.ts'

/** What an open connection with an open channel is sent, and dies of. */
const killed = (name: string, write: (peer: Peer) => void) =>
  scenario(name, async (s) => {
    const { peer } = await s.channel()
    write(peer)
    await peer.end(8000)
  })

/** A method frame with these octets after class and method. */
const rawMethod = (classId: number, methodId: number, rest: readonly number[] = []): Buffer =>
  new OctetWriter().integer(classId, 2).integer(methodId, 2).raw(Buffer.from(rest)).bytes

const methodOnChannel0 = (name: string, method: string, fields: Fields = {}) =>
  killed(name, (peer) => peer.send(0, method, fields))

export const connectionScenarios = [
  killed('a frame with a wrong end octet closes the connection', (peer) => {
    const frame = methodFrame(1, 'basic.qos')
    frame[frame.length - 1] = 0xcd
    peer.write(frame, 'basic.qos with end octet cd')
  }),
  killed('a frame of an unknown type closes the connection', (peer) =>
    peer.write(frameBytes(9, 1, Buffer.from('hello')), 'a frame of type 9'),
  ),
  killed('a frame of type 0 closes the connection', (peer) =>
    peer.write(frameBytes(0, 1, Buffer.from('hello')), 'a frame of type 0'),
  ),
  killed('a heartbeat on a channel closes the connection', (peer) => peer.heartbeat(1)),
  killed('a heartbeat on a channel that is not open closes the connection', (peer) =>
    peer.heartbeat(7),
  ),
  killed('a content header on channel 0 closes the connection', (peer) =>
    peer.write(frameBytes(2, 0, Buffer.alloc(14)), 'a content header'),
  ),
  killed('a content body on channel 0 closes the connection', (peer) =>
    peer.write(frameBytes(3, 0, Buffer.from('body')), 'a content body'),
  ),
  killed('a method of an unknown class closes the connection', (peer) =>
    peer.write(frameBytes(1, 1, rawMethod(99, 10)), 'method 99 10'),
  ),
  killed('an unknown method of a known class closes the connection', (peer) =>
    peer.write(frameBytes(1, 1, rawMethod(50, 99)), 'method 50 99'),
  ),
  killed('an unknown method on channel 0 closes the connection', (peer) =>
    peer.write(frameBytes(1, 0, rawMethod(10, 99)), 'method 10 99'),
  ),
  scenario('an access.request of old AMQP is granted', async (s) => {
    const ch = await s.channel()
    await ch.call('access.request', { realm: '/data', active: true, write: true, read: true })
  }),
  killed('a method that ends too early closes the connection', (peer) =>
    peer.write(frameBytes(1, 1, rawMethod(50, 10, [0, 0, 5, 65])), 'queue.declare, cut'),
  ),
  killed('a method frame of three octets closes the connection', (peer) =>
    peer.write(frameBytes(1, 1, Buffer.from([0, 50, 0])), 'three octets of a method'),
  ),
  killed('octets after the end of a method close the connection', (peer) =>
    peer.write(
      frameBytes(1, 1, rawMethod(60, 10, [0, 0, 0, 0, 0, 1, 0, 99])),
      'basic.qos and more',
    ),
  ),
  killed('a table that is longer than its frame closes the connection', (peer) => {
    const payload = methodFrame(1, 'queue.declare', { queue: 'q' }).subarray(7, -1)
    payload.writeUInt32BE(1000, payload.length - 4)
    peer.write(frameBytes(1, 1, payload), 'queue.declare with a table of 1000 octets')
  }),
  killed('a value of an unknown type in a table closes the connection', (peer) => {
    const table = new OctetWriter().shortString('k').raw(Buffer.from('?')).bytes
    const method = methodFrame(1, 'queue.declare', { queue: 'q' }).subarray(7, -5)
    const payload = new OctetWriter().raw(method).longBytes(table).bytes
    peer.write(frameBytes(1, 1, payload), 'queue.declare with a value of type ?')
  }),
  killed('a frame larger than the limit agreed on closes the connection', (peer) =>
    peer.write(frameBytes(3, 1, Buffer.alloc(131_072 + 1)), 'a frame of 131081 octets'),
  ),
  scenario('a frame may be eight octets larger than the limit', async (s) => {
    const ch = await s.channel(await s.connect({ frameMax: 4096 }))
    await ch.declare('q')
    ch.publish({ routingKey: 'q', body: 'x'.repeat(4096), bodyFrameBytes: 4096 })
    await ch.get('q')
  }),
  scenario('a frame nine octets larger than the limit closes the connection', async (s) => {
    const ch = await s.channel(await s.connect({ frameMax: 4096 }))
    ch.publish({ routingKey: 'q', body: 'x'.repeat(4097), bodyFrameBytes: 4097 })
    await ch.peer.end(8000)
  }),
  methodOnChannel0('a channel method on channel 0 closes the connection', 'channel.open'),
  methodOnChannel0('a queue method on channel 0 closes the connection', 'queue.declare'),
  methodOnChannel0('connection.open on an open connection closes it', 'connection.open', {
    virtualHost: '/',
  }),
  methodOnChannel0('start-ok on an open connection closes it', 'connection.start-ok', {}),
  methodOnChannel0('tune-ok on an open connection closes it', 'connection.tune-ok', {}),
  methodOnChannel0('a method that only a broker sends closes the connection', 'connection.tune'),
  killed('a connection method on a channel closes the connection', (peer) =>
    peer.send(1, 'connection.close', { replyCode: 200 }),
  ),
  killed('a method of content that only a broker sends closes the connection', (peer) => {
    peer.send(1, 'basic.deliver', { consumerTag: 'c' })
    peer.send(1, 'basic.qos')
  }),
  killed('an answer that only a broker sends closes the connection', (peer) =>
    peer.send(1, 'queue.declare-ok', { queue: 'q' }),
  ),
  scenario('connection.close is answered and the socket closed', async (s) => {
    const { peer } = await s.channel()
    peer.send(0, 'connection.close', { replyCode: 200, replyText: 'goodbye' })
    await peer.take(0, ['connection.close-ok'])
  }),
  scenario('what is sent after connection.close is ignored', async (s) => {
    const ch = await s.channel()
    const other = await s.channel()
    ch.peer.send(0, 'connection.close', { replyCode: 200 })
    ch.send('queue.declare', { queue: 'late' })
    await ch.peer.take(0, ['connection.close-ok'])
    await other.passive('late')
  }),
  scenario(
    'a client that closes its socket right after connection.close harms nobody',
    async (s) => {
      const ch = await s.channel()
      await ch.declare('q', {}, { exclusive: true })
      ch.peer.recording = false
      ch.peer.send(0, 'connection.close', { replyCode: 200 })
      ch.peer.drop()
      const other = await s.channel()
      await other.declare('r')
    },
  ),
  scenario(
    'after its connection.close the broker ignores all but close and close-ok',
    async (s) => {
      const ch = await s.channel()
      const other = await s.channel()
      ch.peer.answersClose = false
      ch.peer.send(0, 'channel.open')
      await ch.peer.take(0, ['connection.close'])
      ch.send('queue.declare', { queue: 'late' })
      ch.peer.heartbeat()
      ch.peer.send(0, 'connection.close-ok')
      await ch.peer.end()
      await other.passive('late')
    },
  ),
  scenario('two closes that cross are both answered', async (s) => {
    const { peer } = await s.channel()
    peer.answersClose = false
    peer.send(0, 'channel.open')
    await peer.take(0, ['connection.close'])
    peer.send(0, 'connection.close', { replyCode: 200 })
    await peer.take(0, ['connection.close-ok'])
    peer.send(0, 'connection.close-ok')
    await peer.end()
  }),
  scenario('update-secret is answered', async (s) => {
    const peer = await s.connect()
    peer.send(0, 'connection.update-secret', { newSecret: 'guest', reason: 'rotation' })
    await peer.take(0, ['connection.update-secret-ok', 'connection.close'])
    await s.channel(peer)
  }),
  scenario(
    'update-secret with another password than the user has is answered as well',
    async (s) => {
      const peer = await s.connect()
      peer.send(0, 'connection.update-secret', { newSecret: 'nonsense', reason: 'rotation' })
      await peer.take(0, ['connection.update-secret-ok', 'connection.close'], 8000)
    },
  ),
  scenario('the broker sends heartbeats when the client asks for them', async (s) => {
    const peer = await s.connect({ heartbeat: 1 })
    let beats = 0
    for (let n = 0; n < 3; n++) {
      if ((await peer.take(0, ['heartbeat'], 3000)) !== undefined) beats++
      peer.heartbeat()
    }
    s.tell(`heartbeats: ${beats}`)
  }),
  scenario('a client silent for two heartbeats is dropped', async (s) => {
    const peer = await s.connect({ heartbeat: 1 })
    await peer.end(8000)
  }),
  scenario('any octets are a sign of life', async (s) => {
    const ch = await s.channel(await s.connect({ heartbeat: 1 }))
    for (let n = 0; n < 8; n++) {
      await s.pass(500)
      ch.send('basic.qos')
    }
    await ch.take('basic.qos-ok', 8)
  }),
  scenario('without heartbeats a silent client stays, and gets none', async (s) => {
    const peer = await s.connect({ heartbeat: 0 })
    await s.pass(2500)
    await s.channel(peer)
    const beat = await peer.until(() => (peer.bytesReceived > 100_000 ? true : undefined), 1)
    s.tell(`heartbeats: ${beat ?? 0}`)
  }),
]
