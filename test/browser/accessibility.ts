/*
 * What keeps people out who do not see, do not use a mouse, or use both in another way: looked for in the
 * page as it stands, by the rules of WCAG 2.2 that a program can judge.
 */

import type { Page } from 'playwright-core'

/** Each problem as a sentence; none is what is wanted. */
export const accessibilityProblems = (page: Page): Promise<string[]> =>
  page.evaluate(problemsInPage)

/** Runs in the browser: it sees nothing of this file but itself. */
function problemsInPage(): string[] {
  const problems: string[] = []
  const all = (selector: string): HTMLElement[] => [
    ...document.querySelectorAll<HTMLElement>(selector),
  ]
  const shown = (element: HTMLElement): boolean =>
    element.checkVisibility({ visibilityProperty: true })
  const told = (element: Element): string => element.outerHTML.slice(0, 120)
  const nameOf = (element: HTMLElement): string => {
    const labels = 'labels' in element ? [...(element.labels as NodeListOf<HTMLElement>)] : []
    const ids = element.getAttribute('aria-labelledby')?.split(' ') ?? []
    const texts = [
      element.getAttribute('aria-label') ?? '',
      ...ids.map((id) => document.getElementById(id)?.textContent ?? ''),
      ...labels.map(({ textContent }) => textContent ?? ''),
      element.matches('input, select, textarea') ? '' : (element.textContent ?? ''),
    ]
    return texts.join('').trim()
  }
  const need = (isThere: boolean, text: string): void => {
    if (!isThere) problems.push(text)
  }
  need(document.documentElement.lang !== '', 'the document has no language')
  need(document.title !== '', 'the document has no title')
  need(all('h1').filter(shown).length === 1, `there are ${all('h1').length} main headings`)
  need(all('main').length === 1, 'there is no main landmark')
  for (const element of all('a[href], button, input, select, textarea, [role=button]')) {
    if (shown(element)) need(nameOf(element) !== '', `has no name: ${told(element)}`)
  }
  for (const element of all('table, dialog, nav, fieldset, figure, aside')) {
    need(nameOf(element) !== '', `has no name: ${told(element)}`)
  }
  for (const element of all('img')) need(element.hasAttribute('alt'), `no alt: ${told(element)}`)
  for (const element of all('th')) need(nameOf(element) !== '', `empty head: ${told(element)}`)
  for (const element of all('[tabindex]')) {
    need(element.tabIndex <= 0, `jumps the order of focus: ${told(element)}`)
  }
  for (const element of all('button, input, a.button').filter(shown)) {
    const { width, height } = element.getBoundingClientRect()
    const isSmall = width < 16 || height < 16
    need(!isSmall, `is ${width} × ${height}, too small to hit: ${told(element)}`)
  }
  const ids = all('[id]').map(({ id }) => id)
  for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at))) {
    problems.push(`the id ${id} is there twice`)
  }
  const { scrollWidth, clientWidth } = document.documentElement
  need(scrollWidth <= clientWidth, `the page is ${scrollWidth} wide in a window of ${clientWidth}`)
  return problems
}
