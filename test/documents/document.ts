/*
 * A Markdown document as the tests see it: its links, the paths it names, its headings, its code.
 */

import { dirname, join } from 'node:path/posix'
import { repositoryFiles, type SourceFile } from '../tidy/source-file.ts'

export const documents = (): readonly SourceFile[] => repositoryFiles('**/*.md')

export interface CodeBlock {
  /** What stands behind the fence: `ts run`. */
  readonly info: string
  readonly code: string
}

const fence = /^```([^\n]*)\n(.*?)^```$/gms

export const codeBlocks = ({ text }: SourceFile): readonly CodeBlock[] =>
  [...text.matchAll(fence)].map(([, info = '', code = '']) => ({ info: info.trim(), code }))

/** Blocks that are whole programs. */
export const programs = (document: SourceFile): readonly string[] =>
  codeBlocks(document).flatMap(({ info, code }) => (info === 'ts run' ? [code] : []))

export interface Link {
  /** From the root of the repository. */
  readonly path: string
  readonly anchor: string
}

/** Links into the repository: `[text](target)`, images, and targets of reference links. */
export function links(document: SourceFile): readonly Link[] {
  const prose = document.text.replaceAll(fence, '')
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const reference = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)]
  const html = [...prose.matchAll(/\b(?:src|href)="([^"]+)"/g)]
  return [...inline, ...reference, ...html]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      return {
        path: path === '' ? document.path : join(dirname(document.path), path),
        anchor,
      }
    })
}

const ourFolders = 'src|test|docs|bench|examples|scripts|\\.ci'

/** Paths named in code spans, from the root of the repository; may hold `*`. */
export function namedPaths(document: SourceFile): readonly string[] {
  const prose = document.text.replaceAll(fence, '')
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].flatMap(([, span = '']) => span.split(' '))
  const path = new RegExp(`^(?:\\./)?(?:${ourFolders})/[\\w./*-]*$`)
  return spans.filter((span) => path.test(span))
}

/** Anchors of the headings, as code forges make them. */
export const anchors = ({ text }: SourceFile): readonly string[] =>
  [...text.replaceAll(fence, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  )
