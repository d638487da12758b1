import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded } from '../../src/embedded/open.ts'
import { engineConformance, withoutConnection } from '../../src/testing/index.ts'
import { recorded } from './recorded.ts'

engineConformance({
  name: 'embedded',
  report: recorded('embedded'),
  without: { ...withoutConnection, another: 'other processes join this one: the column joined' },
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
