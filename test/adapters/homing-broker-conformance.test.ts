import { after, before } from 'node:test'
import { openAmqpEngine } from '../../src/adapters/amqp/open-amqp-engine.ts'
import type { Engine } from '../../src/engine.ts'
import { engineConformance } from '../../src/testing/index.ts'
import { recorded } from '../conformance/recorded.ts'
import { BrokerMaker, type ServedBroker } from './served-broker.ts'

let maker: BrokerMaker
before(async () => {
  maker = await BrokerMaker.ready()
})
after(() => maker.stop())

const silent = { problem: () => undefined, back: () => undefined }

/** Opens where it must fail; the broker is gone afterwards. */
async function refused(open: (broker: ServedBroker) => Promise<Engine>): Promise<Engine> {
  const broker = await maker.start()
  try {
    return await open(broker)
  } finally {
    await broker.stop()
  }
}

engineConformance({
  name: 'over a Homing broker',
  report: recorded('homing-broker'),
  open: async () => {
    const broker = await maker.start()
    return broker.underTest(broker.url)
  },
  unreachable: () => openAmqpEngine('amqp://127.0.0.1:1', {}, silent),
  loginRefused: {
    password: 'wrong-Pass/word-1',
    open: () => refused((broker) => broker.open(broker.directUrl('wrong-Pass/word-1'))),
  },
  overTls: async () => {
    const broker = await maker.start()
    const { ca } = maker.certificates
    return broker.underTest(broker.securedUrl, { tls: { ca } })
  },
  untrusted: () => refused((broker) => broker.open(broker.securedUrl)),
})
