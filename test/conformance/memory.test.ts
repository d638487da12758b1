import { openEmbedded } from '../../src/embedded/open.ts'
import { engineConformance } from '../../src/testing/engine-conformance.ts'

engineConformance({
  name: 'memory:',
  survivesClose: false,
  open: async () => {
    const engine = await openEmbedded('memory:')
    return { engine, dispose: () => engine.close() }
  },
})
