/*
 * The way in.
 */

import { useEffect, useRef, useState } from 'preact/hooks'
import { Logo } from '../elements/icon.tsx'
import { errorText } from '../elements/toasts.tsx'
import { logIn } from '../site/session.ts'
import { t } from '../texts/text.ts'
import { LanguageChoice } from './preference-controls.tsx'

export function LoginPage() {
  const user = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  const [fault, setFault] = useState('')
  const [isBusy, setBusy] = useState(false)
  useEffect(() => {
    document.title = `${t('login.title')} · Homing`
    user.current?.focus()
  }, [])
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await logIn(user.current?.value ?? '', password.current?.value ?? '')
    } catch (thrown) {
      setFault(errorText(thrown))
      setBusy(false)
      password.current?.select()
    }
  }
  return (
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1 class="brand">
          <Logo size={32} /> Homing
        </h1>
        <div class="field">
          <label for="user">{t('login.user')}</label>
          <input id="user" ref={user} autocomplete="username" required spellcheck={false} />
        </div>
        <div class="field">
          <label for="password">{t('login.password')}</label>
          <input
            id="password"
            ref={password}
            type="password"
            autocomplete="current-password"
            required
          />
        </div>
        {fault !== '' && (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <button class="button main" type="submit" disabled={isBusy}>
          {t('login.act')}
        </button>
        <p class="help">{t('login.help')}</p>
        <LanguageChoice />
      </form>
    </main>
  )
}
