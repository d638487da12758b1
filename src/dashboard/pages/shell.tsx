/*
 * What is around each page: the menu, the bar with the search, notices.
 */

import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, Link } from '../elements/controls.tsx'
import { Icon, Logo } from '../elements/icon.tsx'
import { Empty, PageHead } from '../elements/page.tsx'
import { liveState } from '../site/live.ts'
import { addressOf, go, place } from '../site/route.ts'
import { has, identity, logOut, readOnly } from '../site/session.ts'
import { shownVhost } from '../site/vhosts.ts'
import { type TextKey, t } from '../texts/text.ts'
import { type PageEntry, pages } from './page-list.ts'
import { ColoursSwitch, VhostChoice } from './preference-controls.tsx'

const chapters: readonly (readonly [PageEntry['chapter'], TextKey])[] = [
  ['messages', 'nav.messages'],
  ['broker', 'nav.broker'],
  ['administration', 'nav.administration'],
]

export function Shell() {
  const [isMenuOpen, setMenuOpen] = useState(false)
  const entry = entryOf(place.value.page)
  const main = useRef<HTMLElement>(null)
  // Another queue or message is another page; other filters of a list are not.
  const { page, query } = place.value
  const isOne = entry?.under !== undefined
  const key = isOne ? addressOf(page, query) : page
  const isFirst = useRef(true)
  const title = entry === undefined ? t('nav.nothing') : t(entry.title)
  useEffect(() => {
    setMenuOpen(false)
    // Those who do not see the page change are told by the focus.
    if (!isFirst.current) main.current?.querySelector('h1')?.focus()
    isFirst.current = false
  }, [key])
  useEffect(() => {
    document.title = `${(isOne && (query.id ?? query.name)) || title} · Homing`
  }, [title, key])
  const View = entry?.view
  return (
    <div class="shell">
      <a class="skip" href="#main">
        {t('nav.skip')}
      </a>
      <Menu isOpen={isMenuOpen} current={entry} close={() => setMenuOpen(false)} />
      {isMenuOpen && (
        <button
          type="button"
          class="veil"
          aria-label={t('act.close')}
          onClick={() => setMenuOpen(false)}
        />
      )}
      <div class="work">
        <Bar openMenu={() => setMenuOpen(true)} />
        {readOnly.value && <p class="notice">{t('nav.readOnly')}</p>}
        <main id="main" tabIndex={-1} ref={main}>
          {View === undefined ? <Nothing /> : <View key={`${key} ${shownVhost()}`} />}
        </main>
      </div>
    </div>
  )
}

/** Those who may not see the overview begin at the queues. */
function entryOf(page: string): PageEntry | undefined {
  const found = pages.find((one) => one.page === page && has(one.access))
  return found ?? (page === '' ? pages.find((one) => one.page === 'queues') : undefined)
}

const Nothing = () => (
  <>
    <PageHead title={t('nav.nothing')} />
    <Empty icon="search" title={place.value.page} text={t('nav.nothingText')}>
      <Link class="button main" to={addressOf('queues')}>
        {t('queues.title')}
      </Link>
    </Empty>
  </>
)

interface MenuProps {
  readonly isOpen: boolean
  readonly current: PageEntry | undefined
  readonly close: () => void
}

function Menu({ isOpen, current, close }: MenuProps) {
  const menu = useRef<HTMLElement>(null)
  useEffect(() => {
    if (isOpen) menu.current?.querySelector('a')?.focus()
  }, [isOpen])
  return (
    <nav
      class="side moves"
      data-open={isOpen}
      aria-label={t('nav.menu')}
      ref={menu}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
      }}
    >
      <Link to="/" class="brand">
        <Logo size={24} /> Homing
      </Link>
      {chapters.map(([chapter, title]) => {
        const own = pages.filter((one) => one.chapter === chapter && has(one.access))
        return (
          own.length > 0 && (
            <div key={chapter}>
              <h2 id={`menu-${chapter}`}>{t(title)}</h2>
              <ul aria-labelledby={`menu-${chapter}`}>
                {own.map(({ page, title: name, icon }) => (
                  <li key={page}>
                    <Link to={addressOf(page)} current={(current?.under ?? current?.page) === page}>
                      {icon !== undefined && <Icon name={icon} />} {t(name)}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          )
        )
      })}
    </nav>
  )
}

const Bar = ({ openMenu }: { readonly openMenu: () => void }) => (
  <header class="bar">
    <Button
      kind="quiet square open-menu"
      icon="menu"
      label={t('nav.openMenu')}
      onClick={openMenu}
    />
    <Find />
    <div class="bar-end">
      {liveState.value !== 'none' && (
        <span class="live" data-state={liveState.value} role="status">
          <span class="words">{t(liveState.value === 'open' ? 'nav.live' : 'nav.lost')}</span>
        </span>
      )}
      <VhostChoice />
      <ColoursSwitch />
      <span class="muted wide">{identity.value?.user}</span>
      <Button kind="quiet square" icon="out" label={t('act.logOut')} onClick={logOut} />
    </div>
  </header>
)

/** A message by its id, from every page; `/` leads here. */
function Find() {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const isTyping = (event.target as Element).closest('input, textarea, select, dialog')
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      field.current?.focus()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
  return (
    <search class="find">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const id = field.current?.value.trim() ?? ''
          if (id !== '') go(addressOf('message', { id, vhost: shownVhost() }))
        }}
      >
        <Icon name="search" />
        <input
          ref={field}
          type="search"
          aria-label={t('nav.find')}
          placeholder={t('nav.findHint')}
          spellcheck={false}
        />
      </form>
    </search>
  )
}
