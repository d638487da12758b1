/*
 * How many columns of a terminal a text takes, and cutting it to fit. Characters of East Asian
 * scripts and emoji take two columns, marks that combine take none.
 */

const segmenter = new Intl.Segmenter()
const wide =
  /^(?:\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u3000-\u303f\uff01-\uff60])/u
const plain = /^[\u0020-\u007e]*$/

export function textWidth(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += segmentWidth(segment)
  return width
}

const segmentWidth = (segment: string): number => (wide.test(segment) ? 2 : 1)

/** The text in at most so many columns; what is cut off shows as `…`. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  let left = width - 1
  for (const { segment } of segmenter.segment(text)) {
    left -= segmentWidth(segment)
    if (left < 0) break
    kept += segment
  }
  return width > 0 ? `${kept}…` : ''
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlsButLayout = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** On one line, with control characters spelled out. */
export const onOneLine = (text: string): string => text.replaceAll(controls, spelledOut)

/** Several lines as they are, with control characters other than tab and line feed spelled out. */
export const harmless = (text: string): string => text.replaceAll(controlsButLayout, spelledOut)

function spelledOut(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\t') return '\\t'
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
