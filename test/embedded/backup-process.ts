/*
 * A process that works in a directory and takes backups of it without end, until it is killed.
 * Arguments: the data directory, the directory of the backups.
 */

import { engineOptions } from '../../src/embedded/engine-options.ts'
import { openDirectory } from '../../src/embedded/open.ts'
import { messageOf } from './engine-trial.ts'

const [directory, backups] = process.argv.slice(2)
if (directory === undefined || backups === undefined) throw new Error('give two directories')
const { engine } = await openDirectory(directory, engineOptions({ segmentBytes: 200_000 }))
const body = 'x'.repeat(1_000)
for (let round = 0; ; round++) {
  const ids = Array.from({ length: 200 }, (_, n) => `${process.pid}-${round}-${n}`)
  await engine.publishMany(ids.map((id) => messageOf('work', id, body)))
  process.stdout.write(`${ids.join('\n')}\n`)
  if (round === 3) process.stdout.write('backing up\n')
  if (round >= 3) await engine.backup(`${backups}/${process.pid}-${round}`)
}
