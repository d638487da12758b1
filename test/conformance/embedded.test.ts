import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded } from '../../src/embedded/open.ts'
import { engineConformance, withoutConnection } from '../../src/testing/index.ts'

engineConformance({
  name: 'embedded, in a directory',
  without: withoutConnection,
  open: async () => {
    const directory = mkdtempSync(join(tmpdir(), 'homing-conformance-'))
    let engine = await openEmbedded(directory)
    return {
      engine,
      reopen: async () => {
        await engine.close()
        engine = await openEmbedded(directory)
        return engine
      },
      dispose: async () => {
        await engine.close()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  },
})
