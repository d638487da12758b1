import type { Bench } from '../bench.ts'
import { builtIndex } from '../built.ts'
import type { OpenResult } from '../client/open-empty.ts'
import { runProgram } from '../load-program.ts'
import { median } from '../statistics.ts'
import { type Findings, type Scenario, target } from './scenario.ts'

const totalMsMax = 100

export const openEmpty: Scenario = {
  name: 'open',
  title: "import 'homing' and open an empty directory",
  run: async (bench): Promise<Findings> => {
    const results = await openRepeatedly(bench)
    const totals = results.map((result) => result.importMs + result.openMs)
    bench.say(`  ${median(totals).toFixed(1)} ms`)
    const spread = { median: median(totals), min: Math.min(...totals), max: Math.max(...totals) }
    return {
      systems: [],
      figures: [
        { label: 'import', value: median(results.map((r) => r.importMs)), unit: 'ms' },
        { label: 'open', value: median(results.map((r) => r.openMs)), unit: 'ms' },
      ],
      targets: [target('import and open', { atMost: totalMsMax }, 'ms', spread)],
      notes: [],
    }
  },
}

async function openRepeatedly(bench: Bench): Promise<OpenResult[]> {
  const results: OpenResult[] = []
  for (let n = 0; n < 2 * bench.options.rounds + 1; n++) {
    results.push(
      await bench.inFreshDirectory('open', (directory) =>
        runProgram<OpenResult>('open-empty', { module: builtIndex, directory }),
      ),
    )
  }
  return results
}
