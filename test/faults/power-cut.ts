/*
 * A power cut, really: an ext4 file system in a file, on a loop device, shut down under a working
 * process without writing anything more.
 *
 *   mkfs, mount ─▶ a process works in it ─▶ shut down (ioctl) ─▶ kill, unmount, mount ─▶ what was promised?
 *
 * Nothing that the file system had not yet handed to its device is there afterwards, as when the plug
 * is pulled. Under libeatmydata, which makes every sync a lie, promises must break: a check that
 * cannot fail shows nothing.
 */

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { EmbeddedOptions } from '../../src/embedded/engine-options.ts'
import { eatMyData, newDirectory } from './machine.ts'
import { brokenPromises, RunningProcess } from './running-process.ts'

/** `EXT4_IOC_SHUTDOWN`, and its flag for not even flushing the journal of the file system. */
const shutDown =
  'open(D, "<", $ARGV[0]) or die $!; my $flag = pack("L", 2); ioctl(D, 0x8004587d, $flag) or die $!'

export interface PowerCutOptions {
  /** Outcomes that the process is told of before the cut. */
  readonly finals: number
  readonly engine?: EmbeddedOptions
  /** Every sync is a lie. */
  readonly eatMyData?: boolean
}

export interface PowerCutResult {
  readonly confirmed: number
  readonly final: number
  readonly broken: readonly string[]
}

export class PowerCutDisk implements Disposable {
  readonly #directory = newDirectory()
  readonly #image = join(this.#directory.path, 'disk.img')
  readonly #mount = join(this.#directory.path, 'mnt')
  readonly #device: string
  readonly #promised = { confirmed: [] as string[], final: [] as string[] }
  #rounds = 0

  constructor() {
    execFileSync('truncate', ['-s', '192m', this.#image])
    execFileSync('mkfs.ext4', ['-q', '-F', this.#image])
    const device = execFileSync('losetup', ['-f', '--show', this.#image], { encoding: 'utf8' })
    this.#device = device.trim()
    mkdirSync(this.#mount)
    execFileSync('mount', [this.#device, this.#mount])
  }

  /** Works, cuts the power, and looks for everything promised so far. */
  async round(options: PowerCutOptions): Promise<PowerCutResult> {
    const { confirmed, final } = this.#promised
    const { data } = this
    const env = options.eatMyData ? { LD_PRELOAD: eatMyData as string } : {}
    const working = new RunningProcess(data, {
      count: 1_000_000,
      engine: options.engine ?? {},
      prefix: `${this.#rounds++}-`,
      env,
    })
    try {
      await working.until('final', options.finals)
      // What is said after the cut has begun does not count: a machine without power says nothing, and
      // a sync that was under way when ext4 is shut down may return as if it had succeeded.
      confirmed.push(...working.ids('confirmed'))
      final.push(...working.ids('final'))
      this.cut()
    } finally {
      await working.kill()
    }
    this.comeBack()
    const broken = await brokenPromises(data, this.#promised).catch((error) => [String(error)])
    return { confirmed: confirmed.length, final: final.length, broken }
  }

  /** The directory to work in. */
  get data(): string {
    return join(this.#mount, 'data')
  }

  /** Nothing more reaches the device, whatever is written or synced. */
  cut(): void {
    execFileSync('perl', ['-e', shutDown, this.#mount])
  }

  /** Mounts what is left. Nobody may have a file open any more. */
  comeBack(): void {
    execFileSync('umount', [this.#mount])
    execFileSync('mount', [this.#device, this.#mount])
  }

  [Symbol.dispose](): void {
    spawnSync('umount', [this.#mount])
    execFileSync('losetup', ['-d', this.#device])
    this.#directory[Symbol.dispose]()
  }
}

/** The same with syncs that do nothing: whether any promise broke within so many rounds. */
export async function brokenWithoutSyncs(rounds: number, finals: number): Promise<boolean> {
  for (let n = 0; n < rounds; n++) {
    using disk = new PowerCutDisk()
    const { confirmed, broken } = await disk.round({ finals, eatMyData: true })
    assert.ok(confirmed > 0)
    if (broken.length > 0) return true
  }
  return false
}
