/*
 * Checking passwords without letting those who guess take the machine.
 *
 *   login ─▶ right a moment ago? ─yes─▶ in, at the price of one HMAC
 *                 │ no
 *                 ▼
 *          line of its address and user ─▶ one of few scrypts at a time ─▶ right: remembered
 *            (lines take turns)                                        └▶ wrong: the address pauses
 *
 * Rules: a user that there is not, one without a password and one with a wrong password cost the same
 * work. What is remembered is a keyed digest, for as long as the stored hash stays the same. What
 * waits is bounded; what is beyond is refused without a check, as a wrong password is.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { limits } from '../limits.ts'
import { isCheap, pretendToVerify, verifyPassword } from './password.ts'

export interface PasswordCheck {
  readonly user: string
  /** Undefined when there is no such user, or none who logs in by a password. */
  readonly stored: string | undefined
  readonly password: Uint8Array
  /** Address of the peer: those who guess slow down only their own neighbours. */
  readonly address: string
  /** Whether nobody waits for the answer any more: then it is not worked on. */
  readonly isGone?: () => boolean
}

interface Waiting {
  readonly check: PasswordCheck
  readonly resolve: (right: boolean) => void
  readonly reject: (error: unknown) => void
}

interface Asked {
  readonly answer: Promise<boolean>
  readonly askers: PasswordCheck[]
}

interface Line {
  readonly address: string
  readonly waiting: Waiting[]
}

interface Remembered {
  readonly stored: string
  readonly digest: Buffer
}

export class PasswordChecks {
  readonly #clock: Clock
  readonly #key = randomBytes(32)
  readonly #remembered = new Map<string, Remembered>()
  /** The same question asked again while it is being answered. */
  readonly #asked = new Map<string, Asked>()
  /** Lines that have somebody waiting, the next in turn first. */
  readonly #lines = new Map<string, Line>()
  readonly #waitingOf = new Map<string, number>()
  /** Monotonic ms until which an address pauses. */
  readonly #pausedUntilMs = new Map<string, number>()
  #running = 0
  #wakeAtMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether that is the password. */
  check(check: PasswordCheck): Promise<boolean> {
    const digest = this.#digestOf(check)
    if (this.#isRemembered(check, digest)) return Promise.resolve(true)
    const question = `${check.address}\0${digest.toString('base64')}`
    const asked = this.#asked.get(question)
    if (asked !== undefined) {
      asked.askers.push(check)
      return asked.answer
    }
    const askers = [check]
    const isGone = (): boolean => askers.every((one) => one.isGone?.() === true)
    const answer = this.#enqueue({ ...check, isGone }).then((right) => {
      if (right) this.#remember(check, digest)
      return right
    })
    const forget = (): boolean => this.#asked.delete(question)
    answer.then(forget, forget)
    this.#asked.set(question, { answer, askers })
    return answer
  }

  #digestOf({ user, password }: PasswordCheck): Buffer {
    const named = Buffer.from(user, 'utf8')
    const hmac = createHmac('sha256', this.#key).update(`${named.length}:`)
    return hmac.update(named).update(password).digest()
  }

  #isRemembered({ user, stored }: PasswordCheck, digest: Buffer): boolean {
    const known = this.#remembered.get(user)
    return known !== undefined && known.stored === stored && timingSafeEqual(known.digest, digest)
  }

  #remember({ user, stored }: PasswordCheck, digest: Buffer): void {
    if (stored === undefined) return
    this.#remembered.delete(user)
    this.#remembered.set(user, { stored, digest })
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > limits.passwordsRememberedMax && oldest !== undefined) {
      this.#remembered.delete(oldest)
    }
  }

  #enqueue(check: PasswordCheck): Promise<boolean> {
    const { address, user } = check
    const waiting = this.#waitingOf.get(address) ?? 0
    if (waiting >= limits.passwordChecksWaitingMax) return Promise.resolve(false)
    return new Promise((resolve, reject) => {
      const name = `${address}\0${user}`
      const line = this.#lines.get(name) ?? { address, waiting: [] }
      line.waiting.push({ check, resolve, reject })
      this.#lines.set(name, line)
      this.#waitingOf.set(address, waiting + 1)
      this.#next()
    })
  }

  #next(): void {
    while (this.#running < limits.passwordChecksAtOnceMax) {
      const waiting = this.#takeTurn()
      if (waiting === undefined) return
      void this.#run(waiting)
    }
  }

  /** The first of the next line whose address does not pause; the line goes to the end. */
  #takeTurn(): Waiting | undefined {
    const nowMs = this.#clock.monotonicMs()
    let readyAtMs = Number.POSITIVE_INFINITY
    for (const [name, line] of this.#lines) {
      const untilMs = this.#pausedUntilMs.get(line.address) ?? 0
      if (untilMs > nowMs) {
        readyAtMs = Math.min(readyAtMs, untilMs)
        continue
      }
      this.#lines.delete(name)
      const first = line.waiting.shift()
      if (line.waiting.length > 0) this.#lines.set(name, line)
      this.#countOut(line.address)
      if (first?.check.isGone?.() !== true) return first
      first.resolve(false)
      return this.#takeTurn()
    }
    if (readyAtMs !== Number.POSITIVE_INFINITY) this.#wake(readyAtMs, nowMs)
    return undefined
  }

  #countOut(address: string): void {
    const left = (this.#waitingOf.get(address) ?? 1) - 1
    if (left > 0) this.#waitingOf.set(address, left)
    else this.#waitingOf.delete(address)
  }

  #wake(atMs: number, nowMs: number): void {
    if (atMs >= this.#wakeAtMs) return
    this.#wakeAtMs = atMs
    this.#clock.after(atMs - nowMs, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY
      this.#next()
    })
  }

  async #run({ check, resolve, reject }: Waiting): Promise<void> {
    this.#running++
    try {
      const right = await answerTo(check)
      if (!right) this.#pause(check.address)
      resolve(right)
    } catch (error) {
      reject(error)
    }
    this.#running--
    this.#next()
  }

  #pause(address: string): void {
    const nowMs = this.#clock.monotonicMs()
    this.#pausedUntilMs.set(address, nowMs + limits.loginPauseMs)
    for (const [one, untilMs] of this.#pausedUntilMs) {
      if (untilMs <= nowMs) this.#pausedUntilMs.delete(one)
    }
  }
}

/** Wrong costs the full price, whoever was meant. */
async function answerTo({ stored, password }: PasswordCheck): Promise<boolean> {
  if (stored === undefined) {
    await pretendToVerify(password)
    return false
  }
  if (await verifyPassword(password, stored)) return true
  if (isCheap(stored)) await pretendToVerify(password)
  return false
}
