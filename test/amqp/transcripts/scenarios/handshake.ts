import { methodFrame } from '../frame.ts'
import { scenario } from '../scenario.ts'
import { allCapabilities, protocolHeader, type Stage } from '../stage.ts'
import type { ValueTable } from '../typed-value.ts'

const refusedHeader = (name: string, header: string) =>
  scenario(name, async (s) => {
    const peer = await s.socket()
    peer.write(
      Buffer.from(header, 'latin1'),
      `header ${Buffer.from(header, 'latin1').toString('hex')}`,
    )
    await peer.end()
  })

interface StartOk {
  readonly mechanism?: string
  readonly response?: string
  readonly locale?: string
  readonly clientProperties?: ValueTable
}

/** Header, start and this start-ok; what follows is the scenario's. */
async function started(s: Stage, startOk: StartOk) {
  const peer = await s.socket()
  peer.write(protocolHeader)
  peer.unrecorded.add('connection.start')
  await peer.take(0, ['connection.start'])
  peer.send(0, 'connection.start-ok', {
    mechanism: 'PLAIN',
    response: '\0guest\0guest',
    locale: 'en_US',
    clientProperties: { capabilities: allCapabilities },
    ...startOk,
  })
  return peer
}

const badLogin = (name: string, startOk: StartOk) =>
  scenario(name, async (s) => {
    const peer = await started(s, startOk)
    await peer.take(0, ['connection.close', 'connection.tune'], 8000)
    await peer.end(8000)
  })

const goodLogin = (name: string, startOk: StartOk) =>
  scenario(name, async (s) => {
    const peer = await started(s, startOk)
    const tune = await peer.take(0, ['connection.tune'])
    peer.send(0, 'connection.tune-ok', { ...tune?.fields, heartbeat: 0 })
    peer.send(0, 'connection.open', { virtualHost: s.vhost })
    await peer.take(0, ['connection.open-ok'])
  })

/** AMQPLAIN's response is a table without its length. */
const amqplain = (user: string, password: string): string =>
  `\x05LOGINS\0\0\0${String.fromCharCode(user.length)}${user}` +
  `\x08PASSWORDS\0\0\0${String.fromCharCode(password.length)}${password}`

const tuned = (name: string, tuneOk: { channelMax: number; frameMax: number }) =>
  scenario(name, async (s) => {
    const peer = await s.socket()
    peer.unrecorded.add('connection.start').add('connection.tune')
    await s.login(peer)
    peer.send(0, 'connection.tune-ok', { ...tuneOk, heartbeat: 0 })
    peer.send(0, 'connection.open', { virtualHost: s.vhost })
    await peer.take(0, ['connection.open-ok', 'connection.close'])
    if (peer.refused) await peer.end()
  })

const opened = (name: string, options: { vhost: string; user?: string; password?: string }) =>
  scenario(name, async (s) => {
    const peer = await s.connect({ ...options, shown: true })
    await peer.end(8000)
  })

export const handshakeScenarios = [
  refusedHeader('a protocol header of another version is answered with ours', 'AMQP\0\0\x08\0'),
  refusedHeader('the protocol header of AMQP 1.0 is answered with ours', 'AMQP\0\x01\0\0'),
  refusedHeader('the SASL header of AMQP 1.0 is answered with ours', 'AMQP\x03\x01\0\0'),
  refusedHeader(
    'eight octets of HTTP are answered with our protocol header',
    'GET / HTTP/1.1\r\n\r\n',
  ),
  refusedHeader(
    'TLS spoken to the plain port is answered with our protocol header',
    '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
  ),
  scenario('the old header AMQP 1 1 0 9 is greeted as 0-9-1 or refused', async (s) => {
    const peer = await s.socket()
    peer.write(Buffer.from('AMQP\x01\x01\0\x09', 'latin1'))
    await peer.until(() => peer.bytesReceived >= 8 || peer.ended || undefined)
    s.tell(peer.ended ? 'refused' : 'greeted')
  }),
  scenario('a client that hangs up before its header harms nobody', async (s) => {
    const peer = await s.socket()
    peer.write(Buffer.from('AMQ', 'latin1'))
    peer.endWriting()
    await peer.end()
    await s.channel()
  }),
  scenario('the handshake of a usual client', async (s) => {
    await s.connect({ shown: true, heartbeat: 60 })
  }),
  scenario('a protocol header that comes octet by octet is understood', async (s) => {
    const peer = await s.socket()
    for (const octet of protocolHeader) peer.write(Buffer.from([octet]))
    await peer.take(0, ['connection.start'])
  }),
  scenario('start-ok, tune-ok, open and channel.open may be sent without waiting', async (s) => {
    const peer = await s.socket()
    peer.write(
      Buffer.concat([
        protocolHeader,
        methodFrame(0, 'connection.start-ok', {
          mechanism: 'PLAIN',
          response: '\0guest\0guest',
          locale: 'en_US',
        }),
        methodFrame(0, 'connection.tune-ok', { channelMax: 10, frameMax: 8192, heartbeat: 0 }),
        methodFrame(0, 'connection.open', { virtualHost: s.vhost }),
        methodFrame(1, 'channel.open'),
      ]),
    )
    await peer.take(0, ['connection.open-ok'])
    await peer.take(1, ['channel.open-ok'])
  }),

  badLogin('an unknown mechanism is refused', { mechanism: 'CRAM-MD5' }),
  badLogin('an empty mechanism is refused', { mechanism: '' }),
  badLogin('EXTERNAL without TLS is refused', { mechanism: 'EXTERNAL', response: '' }),
  badLogin('a wrong password closes the connection with 403', { response: '\0guest\0wrong' }),
  badLogin('an unknown user closes the connection with 403', { response: '\0nobody\0guest' }),
  badLogin('an empty password closes the connection with 403', { response: '\0guest\0' }),
  badLogin('an empty user name closes the connection with 403', { response: '\0\0guest' }),
  badLogin('a PLAIN response without octets of zero is refused', { response: 'guest' }),
  badLogin('an empty PLAIN response is refused', { response: '' }),
  badLogin('a wrong password of a client that cannot read a close ends the socket', {
    response: '\0guest\0wrong',
    clientProperties: {},
  }),
  badLogin('a wrong password of a client whose capability says false ends the socket', {
    response: '\0guest\0wrong',
    clientProperties: { capabilities: { authentication_failure_close: false } },
  }),
  badLogin('AMQPLAIN with a wrong password is refused', {
    mechanism: 'AMQPLAIN',
    response: amqplain('guest', 'wrong'),
  }),
  badLogin('AMQPLAIN without a password is refused', {
    mechanism: 'AMQPLAIN',
    response: '\x05LOGINS\0\0\0\x05guest',
  }),
  badLogin('AMQPLAIN with octets that are no table is refused', {
    mechanism: 'AMQPLAIN',
    response: '\xffnonsense',
  }),
  goodLogin('AMQPLAIN logs in', { mechanism: 'AMQPLAIN', response: amqplain('guest', 'guest') }),
  goodLogin('PLAIN with an authorization identity logs in the authentication identity', {
    response: 'limited\0guest\0guest',
  }),
  goodLogin('a client without properties logs in', { clientProperties: {} }),
  goodLogin('a locale that nobody speaks is accepted', { locale: 'tlh_QO' }),
  goodLogin('long client properties are accepted', {
    clientProperties: { connection_name: 'n'.repeat(3000), nested: { list: [1, 'two', null, {}] } },
  }),

  tuned('tune-ok may ask for less', { channelMax: 1, frameMax: 4096 }),
  tuned('channel_max above the one offered is refused', { channelMax: 2048, frameMax: 131072 }),
  tuned('no limit of channels is refused where there is one', { channelMax: 0, frameMax: 131072 }),
  tuned('frame_max above the one offered is refused', { channelMax: 2047, frameMax: 131073 }),
  tuned('no limit of frames is refused where there is one', { channelMax: 2047, frameMax: 0 }),
  tuned('frame_max below 4096 is refused', { channelMax: 2047, frameMax: 4095 }),

  opened('a virtual host that does not exist is refused', { vhost: 'nowhere' }),
  opened('a virtual host without permission is refused', {
    vhost: 'closed',
    user: 'limited',
    password: 'secret',
  }),
  opened('a virtual host with no connection left is refused', { vhost: 'full' }),
  opened('an empty name of a virtual host is refused', { vhost: '' }),
  scenario('a user with no connection left is refused', async (s) => {
    const login = { user: 'narrow', password: 'secret' }
    const first = await s.connect(login)
    await s.channel(first)
    await s.full(login)
    const second = await s.connect({ ...login, shown: true })
    await second.end(8000)
  }),
  scenario('tune-ok before start-ok is refused', async (s) => {
    const peer = await s.socket()
    peer.unrecorded.add('connection.start')
    peer.write(protocolHeader)
    await peer.take(0, ['connection.start'])
    peer.send(0, 'connection.tune-ok', { channelMax: 0, frameMax: 131072 })
    await peer.end(8000)
  }),
  scenario('open before tune-ok is refused', async (s) => {
    const peer = await s.socket()
    peer.unrecorded.add('connection.start').add('connection.tune')
    await s.login(peer)
    peer.send(0, 'connection.open', { virtualHost: s.vhost })
    await peer.end(8000)
  }),
  scenario('a channel before the connection is open is refused', async (s) => {
    const peer = await s.socket()
    peer.unrecorded.add('connection.start').add('connection.tune')
    await s.login(peer)
    peer.send(1, 'channel.open')
    await peer.end(8000)
  }),
  scenario('a client may close the connection instead of opening it', async (s) => {
    const peer = await s.socket()
    peer.unrecorded.add('connection.start').add('connection.tune')
    const tune = await s.login(peer)
    peer.send(0, 'connection.tune-ok', { ...tune?.fields, heartbeat: 0 })
    peer.send(0, 'connection.close', { replyCode: 200 })
    await peer.take(0, ['connection.close-ok'])
    await peer.end()
  }),
  scenario('octets that are no frame, sent before the login, end the connection', async (s) => {
    const peer = await s.socket()
    peer.unrecorded.add('connection.start')
    peer.write(protocolHeader)
    await peer.take(0, ['connection.start'])
    peer.write(Buffer.from('this is no frame at all, and long enough to look like one'))
    await peer.end(8000)
  }),
]
