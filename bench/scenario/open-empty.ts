import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Bench } from '../bench.ts'
import type { OpenResult } from '../client/open-empty.ts'
import { runProgram } from '../load-program.ts'
import { median } from '../statistics.ts'
import { type Figure, type Findings, type Scenario, type Target, target } from './scenario.ts'

const totalMsMax = 100
const project = resolve(import.meta.dirname, '../..')
/** What `import 'homing'` loads in a user's project. */
const built = resolve(project, 'dist/index.js')
const source = resolve(project, 'src/index.ts')

export const openEmpty: Scenario = {
  name: 'open',
  title: "import 'homing' and open an empty directory",
  run: async (bench): Promise<Findings> => {
    const isBuilt = existsSync(built)
    const figures: Figure[] = []
    const targets: Target[] = []
    for (const [what, module] of [
      ...(isBuilt ? [['built', built] as const] : []),
      ['source', source] as const,
    ]) {
      const results = await openRepeatedly(bench, module)
      const totals = results.map((result) => result.importMs + result.openMs)
      bench.say(`  ${what}: ${median(totals).toFixed(1)} ms`)
      figures.push(
        { label: `${what}: import`, value: median(results.map((r) => r.importMs)), unit: 'ms' },
        { label: `${what}: open`, value: median(results.map((r) => r.openMs)), unit: 'ms' },
      )
      const spread = { median: median(totals), min: Math.min(...totals), max: Math.max(...totals) }
      if (what === 'built' || !isBuilt)
        targets.push(target(`import and open (${what})`, { atMost: totalMsMax }, 'ms', spread))
    }
    const notes = isBuilt ? [] : ['dist/ is not built (npm run build): judged from source']
    return { systems: [], figures, targets, notes }
  },
}

async function openRepeatedly(bench: Bench, module: string): Promise<OpenResult[]> {
  const results: OpenResult[] = []
  for (let n = 0; n < 2 * bench.options.rounds + 1; n++) {
    results.push(
      await bench.inFreshDirectory('open', (directory) =>
        runProgram<OpenResult>('open-empty', { module, directory }),
      ),
    )
  }
  return results
}
