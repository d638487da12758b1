/*
 * What the pages that are written from the code have in common.
 */

export interface ReferencePage {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

export const page = (title: string, source: string, parts: readonly string[]): string =>
  `${[
    `# ${title}`,
    `<!-- Written by \`npm run docs\` from \`${source}\`; a test holds them equal. -->`,
    ...parts,
  ].join('\n\n')}\n`

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
