/*
 * The dashboard in the browser.
 *
 *   who is logged in? ─▶ nobody ─▶ login
 *                     └▶ a user ─▶ shell with the page that the address names
 */

import { render } from 'preact'
import { useEffect } from 'preact/hooks'
import { Dialogs } from './elements/dialogs.tsx'
import { Toasts } from './elements/toasts.tsx'
import { LoginPage } from './pages/login-page.tsx'
import { Shell } from './pages/shell.tsx'
import { applyPreferences } from './site/preferences.ts'
import { findIdentity, identity, unreachable } from './site/session.ts'
import { t } from './texts/text.ts'

function Dashboard() {
  useEffect(() => {
    void findIdentity()
  }, [])
  const who = identity.value
  if (who === undefined) return unreachable.value ? <Unreachable /> : null
  return (
    <>
      {who === null ? <LoginPage /> : <Shell />}
      <Dialogs />
      <Toasts />
    </>
  )
}

const Unreachable = () => (
  <main class="login">
    <p class="fault" role="alert">
      {t('told.unreachable')}
    </p>
  </main>
)

applyPreferences()
const root = document.getElementById('page')
if (root !== null) render(<Dashboard />, root)
