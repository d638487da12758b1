/*
 * The icons, drawn on 16 × 16 by strokes.
 */

const paths = {
  overview: 'M2 13.5h12M4 11V7m4 4V3m4 8V5.5',
  queue: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  outcome: 'M3 8.5 6.5 12 13 4.5',
  failure: 'M8 2.5 14 13H2L8 2.5Zm0 4v3m0 2v.1',
  dead: 'M3 4.5h10v8.5H3zM2 2.5h12v2H2zM6.5 7.5h3',
  away: 'M2.5 8.5 8 3.5l5.5 5M4.5 7v6h7V7M8 13V9.5',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-9v3.2l2.2 1.3',
  exchange: 'M3 5h9.5m0 0L10 2.5M12.5 5 10 7.5M13 11H3.5m0 0L6 8.5M3.5 11 6 13.5',
  link: 'M6.5 9.5l3-3M7 4.5l1-1a3 3 0 0 1 4.5 4.5l-1 1M9 11.5l-1 1A3 3 0 0 1 3.5 8l1-1',
  user: 'M8 8a2.8 2.8 0 1 0 0-5.5A2.8 2.8 0 0 0 8 8Zm-5.5 5.5c.6-2.4 2.7-3.7 5.5-3.700s4.9 1.3 5.5 3.7',
  policy: 'M8 2 13 4v4c0 3-2 5-5 6-3-1-5-3-5-6V4l5-2Z',
  host: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1',
  audit: 'M4 2h6l2.5 2.500V14H4zM6 7h4.500M6 9.500h4.500M6 12h2.5',
  about: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-6.500V11m0-5.500v-.1',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.400L14 14',
  menu: 'M2.5 4.500h11M2.5 8h11M2.5 11.500h11',
  close: 'M4 4l8 8m0-8-8 8',
  up: 'M8 12.500v-9M4.5 7 8 3.5 11.5 7',
  down: 'M8 3.500v9M4.5 9 8 12.5 11.5 9',
  plus: 'M8 3v10M3 8h10',
  pause: 'M5.5 3.500v9m5-9v9',
  play: 'M5 3.500v9l7.5-4.500L5 3.500Z',
  send: 'M14 2 7 9m7-7L9.5 14 7 9 2 6.5 14 2Z',
  replay: 'M3 8a5 5 0 1 1 1.5 3.600M3 8 1.5 6.200M3 8l2-1.5',
  trash: 'M3 4.500h10M6.5 4.500v-2h3v2M4.5 4.500l.6 9h5.800l.6-9',
  moon: 'M13 9.500A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.500Z',
  sun: 'M8 10.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 1.500v1.500m0 10v1.500M1.5 8H3m10 0h1.500M3.4 3.400l1 1m7.2 7.2 1 1m0-9.2-1 1M4.4 11.600l-1 1',
  copy: 'M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3',
  out: 'M6.5 2.500h-4v11h4M6.5 8H14m0 0-2.7-2.700M14 8l-2.7 2.7',
} as const

export type IconName = keyof typeof paths

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
    <path d={paths[name]} />
  </svg>
)

export const Logo = ({ size }: { readonly size: number }) => (
  <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="#4453c8" />
    <path
      d="M9 15.5 16 9l7 6.500M11.5 14v7.500A1.5 1.5 0 0 0 13 23h6a1.5 1.5 0 0 0 1.5-1.500V17m0 0-2.7 2.400m2.7-2.4 2.7 2.4"
      fill="none"
      stroke="#fff"
      stroke-width="2.2"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>
)
