/*
 * The dashboard as it is built of the sources of now: built when it is not there or older than they are.
 */

import { existsSync, globSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { buildDashboard } from '../../scripts/build-dashboard.ts'
import { root } from '../tidy/source-file.ts'

export const dashboardFolder = join(root, 'dist/dashboard')

export async function builtDashboard(): Promise<string> {
  const page = join(dashboardFolder, 'index.html')
  const builtMs = existsSync(page) ? statSync(page).mtimeMs : 0
  const sources = globSync('src/dashboard/**/*.{ts,tsx,css,html,svg}', { cwd: root })
  const isNew = sources.every((path) => statSync(join(root, path)).mtimeMs <= builtMs)
  if (isNew) return dashboardFolder
  // Built aside and put in place at once: another test may be doing the same.
  const aside = `${dashboardFolder}-${process.pid}`
  await buildDashboard(aside)
  rmSync(dashboardFolder, { recursive: true, force: true })
  renameSync(aside, dashboardFolder)
  return dashboardFolder
}
