import { openEmbedded } from '../../src/embedded/open.ts'
import { engineConformance, withoutConnection } from '../../src/testing/index.ts'
import { recorded } from './recorded.ts'

engineConformance({
  name: 'in memory',
  report: recorded('memory'),
  without: { ...withoutConnection, reopen: 'nothing survives the process' },
  open: async () => {
    const engine = await openEmbedded('memory:')
    return { engine, dispose: () => engine.close() }
  },
})
