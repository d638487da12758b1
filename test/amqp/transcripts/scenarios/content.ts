import { headerPayload, headerPayloadOf } from '../content-header.ts'
import { frameBody, frameBytes, frameHeader, methodFrame, publishFrames } from '../frame.ts'
import { messageBytesMax } from '../oracle.ts'
import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

const publishMethod = (channel = 1): Buffer =>
  methodFrame(channel, 'basic.publish', { routingKey: 'q' })
const header = (octets: number | bigint, channel = 1): Buffer =>
  frameBytes(frameHeader, channel, headerPayload(octets))
const body = (text: string, channel = 1): Buffer =>
  frameBytes(frameBody, channel, Buffer.from(text))

/** Frames of content in a wrong order: what they do to the connection. */
const assembled = (name: string, ...frames: readonly Buffer[]) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    ch.peer.write(Buffer.concat(frames), 'frames of content')
    await ch.fence()
  })

async function sent(ch: PeerChannel, ...frames: readonly Buffer[]): Promise<void> {
  ch.peer.write(Buffer.concat(frames), 'frames of content')
  await ch.get('q', { noAck: true })
}

export const contentScenarios = [
  assembled('a method where a content header is due', publishMethod(), methodFrame(1, 'basic.qos')),
  assembled('a body where a content header is due', publishMethod(), body('x')),
  assembled('a content header where a body is due', publishMethod(), header(2), header(2)),
  assembled(
    'a method where a body is due',
    publishMethod(),
    header(2),
    methodFrame(1, 'basic.qos'),
  ),
  assembled('a second publish where a body is due', publishMethod(), header(2), publishMethod()),
  assembled('a content header that nobody asked for', header(2)),
  assembled('a body that nobody asked for', body('x')),
  assembled('more body than its header says', publishMethod(), header(2), body('abc')),
  assembled(
    'more body over two frames than its header says',
    publishMethod(),
    header(3),
    body('ab'),
    body('cd'),
  ),
  assembled('a body after a header that says there is none', publishMethod(), header(0), body('x')),
  assembled(
    'a content header of another class',
    publishMethod(),
    frameBytes(frameHeader, 1, Buffer.concat([Buffer.from([0, 50]), headerPayload(0).subarray(2)])),
  ),
  assembled(
    'a content header with a weight',
    publishMethod(),
    frameBytes(
      frameHeader,
      1,
      Buffer.concat([Buffer.from([0, 60, 0, 1]), headerPayload(0).subarray(4)]),
    ),
    methodFrame(1, 'basic.get', { queue: 'missing' }),
  ),
  assembled(
    'a content header that is cut',
    publishMethod(),
    frameBytes(frameHeader, 1, headerPayload(0).subarray(0, 9)),
  ),
  assembled(
    'properties that end too early',
    publishMethod(),
    frameBytes(frameHeader, 1, headerPayloadOf(0, Buffer.from([0x80, 0, 9, 65]))),
  ),
  assembled(
    'properties with octets after their end',
    publishMethod(),
    frameBytes(frameHeader, 1, headerPayloadOf(0, Buffer.from([0, 0, 65, 66]))),
  ),
  assembled(
    'property flags that go on in a second word',
    publishMethod(),
    frameBytes(frameHeader, 1, headerPayloadOf(0, Buffer.from([0, 1, 0, 0]))),
  ),
  assembled(
    'headers that are a broken table',
    publishMethod(),
    frameBytes(frameHeader, 1, headerPayloadOf(0, Buffer.from([0x20, 0, 0, 0, 0, 3, 1, 65, 63]))),
  ),
  assembled(
    'a header that announces more than the largest message',
    publishMethod(),
    header(2n ** 40n),
    body('x'),
    methodFrame(1, 'channel.close', { replyCode: 200 }),
  ),
  scenario('a message larger than the largest is refused', async (s) => {
    const ch = await s.channel()
    ch.publish({
      routingKey: 'q',
      body: Buffer.alloc(messageBytesMax + 1),
      bodyFrameBytes: 131_064,
    })
    await ch.closed()
  }),
  scenario('a message of a million octets is delivered in frames of the limit', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    ch.publish({ routingKey: 'q', body: Buffer.alloc(1_000_000, 'x'), bodyFrameBytes: 131_064 })
    await ch.get('q')
  }),
  scenario('an empty message has no body frame', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    ch.publishTo('q', '')
    await ch.get('q')
  }),
  scenario('a body may be cut anywhere, also into empty frames', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await sent(ch, publishMethod(), header(5), body('h'), body(''), body('ell'), body('o'))
    await sent(ch, publishMethod(), header(2), body('ok'))
  }),
  scenario('an empty body frame after an empty message', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    ch.peer.write(Buffer.concat([publishMethod(), header(0), body('')]), 'frames of content')
    await ch.get('q')
  }),
  scenario('a message is delivered in frames of the limit of who receives it', async (s) => {
    const small = await s.channel(await s.connect({ frameMax: 4096 }))
    const large = await s.channel()
    await large.declare('q')
    large.publish({ routingKey: 'q', body: 'x'.repeat(10_000), bodyFrameBytes: 100_000 })
    await small.consume('q')
    await small.take('basic.deliver')
  }),
  scenario(
    'a message exactly as long as a frame takes one frame, one more takes two',
    async (s) => {
      const ch = await s.channel(await s.connect({ frameMax: 4096 }))
      await ch.declare('q')
      ch.publishTo('q', 'x'.repeat(4088), 'x'.repeat(4089))
      await ch.get('q')
      await ch.get('q')
    },
  ),
  scenario('contents of several channels may be interleaved', async (s) => {
    const one = await s.channel()
    const two = await s.channel(one.peer, 2)
    await one.declare('q')
    const a = publishFrames(1, { routingKey: 'q', body: 'aaaa', bodyFrameBytes: 2 })
    const b = publishFrames(2, { routingKey: 'q', body: 'bbbb', bodyFrameBytes: 1 })
    const mixed = a.flatMap((frame, at) => [frame, b[at] ?? Buffer.alloc(0)])
    one.peer.write(Buffer.concat([...mixed, ...b.slice(a.length)]), 'two publishes, interleaved')
    await two.fence()
    one.peer.unrecorded.add('basic.get-ok')
    const bodies = [await one.get('q', { noAck: true }), await one.get('q', { noAck: true })]
    s.tell(
      bodies
        .map((got) => got?.body.toString())
        .toSorted()
        .join(' '),
    )
  }),
  scenario('frames may arrive octet by octet', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    const frames = Buffer.concat([
      ...publishFrames(1, { routingKey: 'q', body: 'in pieces', properties: { type: 't' } }),
      methodFrame(1, 'basic.get', { queue: 'q' }),
    ])
    for (const octet of frames) {
      ch.peer.write(Buffer.from([octet]))
      await new Promise(setImmediate)
    }
    await ch.take('basic.get-ok')
  }),
  scenario('many publishes in one write arrive in order', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    const all = Array.from({ length: 200 }, (_, n) =>
      publishFrames(1, { routingKey: 'q', body: `${n}` }),
    )
    ch.peer.write(Buffer.concat(all.flat()), '200 publishes')
    ch.peer.unrecorded.add('basic.deliver')
    await ch.consume('q', { noAck: true })
    const bodies = (await ch.take('basic.deliver', 200)).map(({ body: bytes }) => Number(bytes))
    s.tell(bodies.every((n, at) => n === at) ? 'in order' : bodies.join(' '))
  }),
]
