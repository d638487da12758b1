/*
 * What the conformance suite is given to try.
 *
 * Every engine is asked the same. What cannot be asked of one (a restart of what lives in this
 * process, a connection it does not have) is named in `without`, with the reason; nothing is passed
 * over in silence.
 */

import type { Engine } from '../../engine.ts'

/** One engine under test. What is absent here has its reason in the suite's option `without`. */
export interface EngineUnderTest {
  readonly engine: Engine
  /** Closes it and opens it again on the same data. */
  reopen?(): Promise<Engine>
  /** Opens one more on the same carrier, as another process would. The suite closes it. */
  another?(): Promise<Engine>
  /** Cuts the connection of `engine`, without a word to it. It comes back by itself. */
  cut?(): Promise<void>
  /** Stops what carries the messages, runs `whileAway`, and starts it again on the same data. */
  restart?(whileAway: () => Promise<void>): Promise<void>
  /** Lets time pass, for engines on a simulated clock. Absent for real time. */
  pass?(ms: number): Promise<void>
  /** Closes it and removes what it stored. */
  dispose(): Promise<void>
}

/** What can be done to an engine under test. */
export type Ability = 'reopen' | 'another' | 'cut' | 'restart'

/** Ways to open the engine that the suite asks for besides. */
export interface Openings {
  /** Opens where nobody listens. */
  unreachable?(): Promise<Engine>
  /** Opens with a password that is wrong. */
  readonly loginRefused?: { readonly password: string; open(): Promise<Engine> }
  /** Opens over TLS, with a login that is right. */
  overTls?(): Promise<EngineUnderTest>
  /** Opens over TLS where the certificate is by nobody whom this machine trusts. */
  untrusted?(): Promise<Engine>
}

export type Opening = keyof Openings

/** Why something cannot be asked of an engine: a sentence for people. */
export type Without = { readonly [K in Ability | Opening]?: string }

/** For engines that live in the process: there is no connection to cut, and nobody else to ask. */
export const withoutConnection: Without = {
  another: 'one process holds it',
  cut: 'it has no connection',
  restart: 'it ends and begins with its process',
  unreachable: 'it is in the process',
  loginRefused: 'it has no users',
  overTls: 'it has no connection',
  untrusted: 'it has no connection',
}
