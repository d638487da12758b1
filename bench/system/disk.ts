import type { Bench } from '../bench.ts'
import type { LoadResult } from '../client/closed-loop.ts'
import { runProgram } from '../load-program.ts'
import type { System } from './system.ts'

export const diskName = 'disk alone'
export const bareLogName = 'bare log'

/** One write and one fdatasync at a time, on the disk Homing is measured on. */
export function disk(bench: Bench, calls: 'sync' | 'async', bytes: number): System {
  return {
    name: calls === 'sync' ? diskName : `${diskName}, async calls`,
    durability: 'one write and one fdatasync',
    settings: `${bytes} bytes appended, ${calls === 'sync' ? 'blocking calls' : "calls through Node's thread pool"}`,
    run: (load) =>
      bench.inFreshDirectory('disk', (directory) =>
        runProgram<LoadResult>('disk-append', { directory, load, bytes, calls }),
      ),
  }
}

/** The same bytes in a plain file with the same group commit. */
export function bareLog(bench: Bench, bodyBytes: number): System {
  return {
    name: bareLogName,
    durability: 'one write and one fdatasync for all who wait',
    settings: `${bodyBytes} bytes and a checksum a record, no queue behind it`,
    run: (load) =>
      bench.inFreshDirectory('log', (directory) =>
        runProgram<LoadResult>('bare-log', { directory, load, bodyBytes }),
      ),
  }
}
