/*
 * One setting as somebody gave it, before it is known whether it is right.
 */

export type Source = 'default' | 'file' | 'environment' | 'flag'

export interface Given {
  /** As it was written; perhaps no setting at all. */
  readonly key: string
  readonly value: unknown
  /** Environment and flags know texts only. */
  readonly isText: boolean
  readonly source: Exclude<Source, 'default'>
  /** `homing.toml:3:8`, `HOMING_AMQP_PORT`, `--amqp-port`. */
  readonly place: string
  /** Relative paths are relative to it. */
  readonly folder: string
  /** The value is the name of a file that holds the value. */
  readonly inFile?: true
}

/** What is wrong, and where. */
export interface Fault {
  readonly place: string
  readonly text: string
}

export const faultText = ({ place, text }: Fault): string => `${place}: ${text}`
