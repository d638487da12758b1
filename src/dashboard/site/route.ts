/*
 * Which page is shown, as the address says it: `/queue?vhost=/&name=orders`.
 *
 * Names stand in the query, never in the path: slashes and dots in them survive every proxy there.
 */

import { signal } from '@preact/signals'

export type Query = Readonly<Record<string, string | undefined>>

export interface Place {
  /** First part of the path; '' for the start. */
  readonly page: string
  readonly query: Query
}

const placeOf = ({ pathname, search }: Location): Place => ({
  page: pathname.split('/')[1] ?? '',
  query: Object.fromEntries(new URLSearchParams(search)),
})

export const place = signal<Place>(placeOf(location))

addEventListener('popstate', () => {
  place.value = placeOf(location)
})

/** Address of a page; what is undefined or empty is left out of the query. */
export function addressOf(page: string, query: Query = {}): string {
  const entries = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value]],
  )
  const text = new URLSearchParams(entries).toString()
  return `/${page}${text === '' ? '' : `?${text}`}`
}

export function go(address: string): void {
  history.pushState(null, '', address)
  place.value = placeOf(location)
  scrollTo(0, 0)
}

/** Another query of the same page, as filters have it: going back leaves the page. */
export function filterBy(query: Query): void {
  const { page, query: before } = place.value
  history.replaceState(null, '', addressOf(page, { ...before, ...query }))
  place.value = placeOf(location)
}
