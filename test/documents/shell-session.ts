/*
 * The blocks of a page that are marked `sh run`: commands in one shell, one after the other, and what they print.
 *
 *   curl …
 *   # {"id":"…","duplicate":false,…}      the output of the commands above; `…` stands for anything
 */

export interface Step {
  readonly commands: string
  /** Undefined when the page does not show it. */
  readonly output: string | undefined
}

export function stepsOf(block: string): readonly Step[] {
  const steps: Step[] = []
  let commands: string[] = []
  let output: string[] = []
  const end = (): void => {
    if (commands.length === 0) return
    const shown = output.length === 0 ? undefined : output.join('\n')
    steps.push({ commands: commands.join('\n'), output: shown })
    commands = []
    output = []
  }
  for (const line of block.trimEnd().split('\n')) {
    const [, printed] = /^# ?(.*)$/.exec(line) ?? []
    if (printed !== undefined && commands.length > 0) output.push(printed)
    else if (printed === undefined) {
      if (output.length > 0) end()
      commands.push(line)
    }
  }
  end()
  return steps
}

/** Whether the output is as the page shows it. */
export function fits(shown: string, output: string): boolean {
  const parts = shown.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^]*?')}\\s*$`).test(output.trimEnd())
}
