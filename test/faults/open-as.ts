/*
 * Opens a data directory as another user and says what came of it, as JSON. Modules are loaded
 * before the user is changed: that user may not be allowed to read them.
 */

import { HomingError } from '../../src/errors.ts'
import '../../src/embedded/ledger/sqlite-ledger.ts'
import 'node:sqlite'
import { openEmbedded } from '../../src/embedded/open.ts'

const [user, directory = ''] = process.argv.slice(2)
process.setgroups?.([])
process.setgid?.(Number(user))
process.setuid?.(Number(user))
try {
  const engine = await openEmbedded(directory)
  await engine.close()
  console.log(JSON.stringify({ opened: true }))
} catch (error) {
  const { code, message } = error as HomingError
  console.log(JSON.stringify({ code: error instanceof HomingError ? code : 'other', message }))
}
