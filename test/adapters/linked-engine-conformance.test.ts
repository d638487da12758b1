import { openLinkedEngine } from '../../src/adapters/linked-engine.ts'
import { systemClock } from '../../src/clock.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import { withoutConnection } from '../../src/testing/conformance/subject.ts'
import { engineConformance } from '../../src/testing/engine-conformance.ts'
import { CuttableLink, shortWire } from './cuttable-link.ts'

engineConformance({
  name: 'linked, over an engine in memory',
  without: {
    restart: withoutConnection.restart ?? '',
    loginRefused: 'it has no users',
    overTls: 'its link is in the process',
    untrusted: 'its link is in the process',
    unreachable: 'its link is in the process',
  },
  open: async () => {
    const memory = await openEmbedded('memory:')
    let link: CuttableLink | undefined
    const open = () =>
      openLinkedEngine({
        open: async () => {
          link = new CuttableLink(memory, shortWire(systemClock))
          return link
        },
        where: 'the engine in memory',
        onProblem: () => undefined,
        onBack: () => undefined,
      })
    let engine = await open()
    return {
      engine,
      reopen: async () => {
        await engine.close()
        engine = await open()
        return engine
      },
      another: async () => {
        const own = link
        const other = await open()
        link = own
        return other
      },
      cut: async () => link?.cut(),
      dispose: async () => {
        await engine.close()
        await memory.close()
      },
    }
  },
})
