import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const shown = 30

/** Lines naming the functions that took most of the busy time themselves, for every profile there. */
export function hotFunctions(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.cpuprofile'))
    .flatMap((name) => [name, ...hottest(JSON.parse(readFileSync(join(directory, name), 'utf8')))])
}

function hottest(profile: CpuProfile): string[] {
  const places = new Map(profile.nodes.map((node) => [node.id, placeOf(node.callFrame)]))
  const selfUs = new Map<string, number>()
  let totalUs = 0
  profile.samples.forEach((id, index) => {
    const us = profile.timeDeltas[index] ?? 0
    const place = places.get(id) ?? 'unknown'
    // Waiting for the next event is no work.
    if (place === '(idle)') return
    selfUs.set(place, (selfUs.get(place) ?? 0) + us)
    totalUs += us
  })
  return [...selfUs]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, shown)
    .map(([place, us]) => `  ${((100 * us) / totalUs).toFixed(1).padStart(5)} %  ${place}`)
}

function placeOf(frame: CpuProfile['nodes'][number]['callFrame']): string {
  const name = frame.functionName || '(anonymous)'
  if (frame.url === '') return name
  const file = frame.url.startsWith('file:')
    ? relative(resolve(import.meta.dirname, '../..'), fileURLToPath(frame.url))
    : frame.url
  return `${name}  ${file}:${frame.lineNumber + 1}`
}
