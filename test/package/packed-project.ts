/*
 * The package as users get it, in a project of their own:
 *
 *   src/ ── build ──▶ stage/dist ── npm pack ──▶ homing-x.tgz ── npm install --ignore-scripts ──▶ project/
 *
 * Built and packed outside the checkout, so that nobody's dist/ changes under a running test.
 */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programs } from '../documents/document.ts'
import { packagesOf } from '../documents/project-folder.ts'
import { type Ran, runProgram } from '../documents/run-program.ts'
import { root } from '../tidy/source-file.ts'

const msMax = 120_000

export interface PackedProject extends Disposable {
  readonly tarball: string
  /** Paths in the package. */
  readonly files: readonly string[]
  /** The folder into which the package was installed. */
  readonly path: string
  /** The runnable programs of the README, as files in {@link path}. */
  readonly programs: readonly string[]
}

/** Thrown when the package registry cannot be reached, which is no fault of the package. */
export class RegistryUnreachable extends Error {}

export async function packedProject(): Promise<PackedProject> {
  const folder = mkdtempSync(join(tmpdir(), 'homing-package-'))
  try {
    const packed = await pack(join(folder, 'stage'))
    const path = join(folder, 'project')
    const texts = programs({
      path: 'README.md',
      text: readFileSync(join(root, 'README.md'), 'utf8'),
    })
    mkdirSync(path)
    writeFileSync(join(path, 'package.json'), JSON.stringify({ type: 'module', private: true }))
    await install(path, [packed.tarball, ...texts.flatMap(packagesOf).map(asDeveloped)])
    const names = texts.map((text, index) => {
      writeFileSync(join(path, `readme-${index + 1}.ts`), text)
      return `readme-${index + 1}.ts`
    })
    const remove = (): void => rmSync(folder, { recursive: true, force: true })
    return { ...packed, path, programs: names, [Symbol.dispose]: remove }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** `npm install --ignore-scripts` in a project; throws with npm's words when it fails. */
export async function install(project: string, packages: readonly string[]): Promise<void> {
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--no-save']
  const ran = await runProgram('npm', ['install', ...flags, ...packages], { cwd: project, msMax })
  if (ran.code === 0) return
  const text = `npm install ${packages.join(' ')}\n${ran.output}`
  throw /ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|ENETUNREACH/.test(ran.output)
    ? new RegistryUnreachable(text)
    : new Error(text)
}

/** The binary of another Node, from the package that carries nothing else; kept in .tmp/. */
export async function otherNode(version: string): Promise<string> {
  const [platform, prefix] =
    process.platform === 'darwin' && process.arch === 'arm64'
      ? ['darwin', 'node-bin']
      : [process.platform === 'win32' ? 'win' : process.platform, 'node']
  const name = `${prefix}-${platform}-${process.arch}`
  const kept = join(root, '.tmp', `${name}-${version}`)
  const binary = join(kept, 'node_modules', name, 'bin/node')
  if (existsSync(binary)) return binary
  mkdirSync(join(root, '.tmp'), { recursive: true })
  const fresh = mkdtempSync(join(root, '.tmp/node-'))
  writeFileSync(join(fresh, 'package.json'), JSON.stringify({ private: true }))
  await install(fresh, [`${name}@${version}`])
  // Whole or not at all, whoever else fetches it at the same time.
  if (existsSync(kept)) rmSync(fresh, { recursive: true, force: true })
  else renameSync(fresh, kept)
  return binary
}

/** A command of the checkout's own dependencies. */
export const tool = (name: string, args: readonly string[], cwd: string = root): Promise<Ran> =>
  runProgram(join(root, 'node_modules/.bin', name), args, { cwd, msMax })

async function pack(stage: string): Promise<{ tarball: string; files: readonly string[] }> {
  mkdirSync(stage)
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'])
    copyFileSync(join(root, name), join(stage, name))
  const build = [join(root, 'scripts/build.ts'), join(stage, 'dist')]
  await mustRun(process.execPath, build, root)
  const [report] = JSON.parse(
    await mustRun('npm', ['pack', '--ignore-scripts', '--json'], stage),
  ) as readonly [{ filename: string; files: readonly { path: string }[] }]
  return { tarball: join(stage, report.filename), files: report.files.map((file) => file.path) }
}

async function mustRun(command: string, args: readonly string[], cwd: string): Promise<string> {
  const ran = await runProgram(command, args, { cwd, msMax })
  if (ran.code !== 0) throw new Error(`${command} ${args.join(' ')}\n${ran.output}`)
  return ran.out
}

/** In the version this checkout is developed with. */
function asDeveloped(name: string): string {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>
  }
  return `${name}@${devDependencies[name] ?? 'latest'}`
}
