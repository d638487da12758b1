import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSharedDirectory } from '../../src/joined/open-directory.ts'
import { engineConformance } from '../../src/testing/index.ts'
import { recorded } from './recorded.ts'

const alone = { onProblem: () => undefined }

// The owner of the directory carries the messages; the engine under test has joined it.
engineConformance({
  name: 'joined',
  report: recorded('joined'),
  without: {
    cut: 'its owner is killed in tests of its own',
    unreachable: 'it becomes the owner then',
    loginRefused: 'the socket is open to its user alone',
    overTls: 'the socket does not leave the machine',
    untrusted: 'the socket does not leave the machine',
  },
  open: async () => {
    const directory = mkdtempSync(join(tmpdir(), 'homing-conformance-'))
    let owner = await openSharedDirectory(directory, alone)
    let engine = await openSharedDirectory(directory, alone)
    return {
      engine,
      reopen: async () => {
        await engine.close()
        engine = await openSharedDirectory(directory, alone)
        return engine
      },
      another: () => openSharedDirectory(directory, alone),
      // The engine under test becomes the owner, or stays joined to the one that comes back.
      restart: async (whileAway) => {
        await owner.close()
        await whileAway()
        owner = await openSharedDirectory(directory, alone)
      },
      dispose: async () => {
        await engine.close()
        await owner.close()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  },
})
