import type { BackupTaken } from '../index.ts'
import { type CommonOptions, commonOptions, type Define, examples } from './command.ts'
import { jsonLine } from './json-text.ts'
import { withHome } from './open-home.ts'
import { bytesText, countText, timeText } from './outcome-text.ts'

const help = examples([
  ['homing backup /backups/monday', 'copies ./data, whoever works in it meanwhile'],
  ['homing verify /backups/monday', 'checks the copy'],
  ['homing queues --data /backups/monday', 'a copy is opened like any data directory'],
])

const notes = `
Everything that was confirmed before is in the copy. It is made by the process that has the data directory
open, so that one must see DIR as well: one in a container has other files in view. DIR gets its name when
all of it is on disk; until then it is DIR.partial, which the next backup to DIR removes.
`

export const defineBackup: Define = (command, invocation) => {
  const { terminal } = invocation
  commonOptions(command)
    .argument('<dir>', 'directory that is to be made, or is empty')
    .addHelpText('after', help + notes)
    .action(async (to: string, options: CommonOptions) => {
      const taken = await withHome(invocation, { ...options, make: false }, (home) =>
        home.backup(to),
      )
      await terminal.line(terminal.json ? jsonLine({ ...taken }) : takenLine(taken))
    })
}

const takenLine = ({ directory, files, bytes, startedAt }: BackupTaken): string =>
  `${directory}: ${countText(files)} files, ${bytesText(bytes)}, with all that was confirmed by ${timeText(startedAt)}`
