/*
 * The program examples/order.ts, several times at once at one place: the programs share the work, and
 * each one's orders come home to it.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../tidy/source-file.ts'
import { runProgram } from './run-program.ts'

const program = join(root, 'examples/order.ts')
const msMax = 50_000

const homecoming = `4 orders are stored
ann: shipped
bob: NotShipped {"failed":"stock","because":"OutOfStock","undone":1}
eve: NotShipped {"failed":"mail","because":"NoSuchAddress","undone":2}
mallory: NotShipped {"failed":"payment","because":"CardDeclined","undone":0}
ann sends again: duplicate is true, ok is true
books: 1 payment, 1 parcel, 1 letter; everything else is as it was
`

/** `place`: what is given to the program, `{}` for its own default. */
export async function orderRuns(
  times: number,
  place: { readonly where?: string; readonly ledger?: string },
): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'homing-order-'))
  const { where, ledger } = place
  const args = [program, ...(where === undefined ? [] : [where])]
  const env = ledger === undefined ? {} : { HOMING_LEDGER: join(cwd, ledger) }
  try {
    const programs = Array.from({ length: times }, () =>
      runProgram(process.execPath, args, { cwd, msMax, env }),
    )
    for (const ran of await Promise.all(programs)) {
      assert.equal(ran.code, 0, ran.output)
      assert.equal(ran.out, homecoming)
    }
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}
