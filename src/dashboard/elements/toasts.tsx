/*
 * What was done, and what failed: told in a corner, and to screen readers.
 */

import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Problem } from '../site/api.ts'
import { t } from '../texts/text.ts'
import { Icon } from './icon.tsx'

interface Toast {
  readonly id: number
  readonly text: string
  readonly isBad: boolean
}

const toasts = signal<readonly Toast[]>([])
const shownMs = 6_000
const toastsMax = 4
let lastId = 0

export function tell(text: string, isBad = false): void {
  lastId++
  toasts.value = [...toasts.value, { id: lastId, text, isBad }].slice(-toastsMax)
}

export function tellError(thrown: unknown): void {
  tell(errorText(thrown), true)
}

export function errorText(thrown: unknown): string {
  if (thrown instanceof Problem && thrown.status === 0) return t('told.unreachable')
  return thrown instanceof Error ? thrown.message : String(thrown)
}

const drop = (id: number): void => {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}

export const Toasts = () => (
  <div class="toasts" role="status" aria-live="polite">
    {toasts.value.map((toast) => (
      <ToastBox key={toast.id} toast={toast} />
    ))}
  </div>
)

function ToastBox({ toast }: { readonly toast: Toast }) {
  useEffect(() => {
    // What failed stays until it is read.
    const timer = toast.isBad ? undefined : setTimeout(() => drop(toast.id), shownMs)
    return () => clearTimeout(timer)
  }, [toast])
  return (
    <div class={`toast ${toast.isBad ? 'bad' : ''}`}>
      <Icon name={toast.isBad ? 'failure' : 'outcome'} />
      <p class="words">{toast.text}</p>
      <button
        type="button"
        class="button quiet short"
        aria-label={t('act.close')}
        onClick={() => drop(toast.id)}
      >
        <Icon name="close" />
      </button>
    </div>
  )
}
