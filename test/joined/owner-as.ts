/*
 * A process of another user that has a data directory open until it is ended. Modules are loaded before the
 * user is changed: that user may not be allowed to read them.
 */

import { engineOptions } from '../../src/embedded/engine-options.ts'
import '../../src/embedded/ledger/sqlite-ledger.ts'
import 'node:sqlite'
import { openAsOwner } from '../../src/joined/owner.ts'
import '../../src/server/joiner-server.ts'

const [user, directory = ''] = process.argv.slice(2)
process.setgroups?.([])
process.setgid?.(Number(user))
process.setuid?.(Number(user))
const engine = await openAsOwner(directory, engineOptions())
await engine.declareQueue('work', {})
console.log('open')
setInterval(() => undefined, 2 ** 30)
