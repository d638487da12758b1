/*
 * What is clicked: links to pages, buttons, choices of one of a few.
 */

import type { ComponentChildren } from 'preact'
import { createContext } from 'preact'
import { useContext, useState } from 'preact/hooks'
import { go } from '../site/route.ts'
import { t } from '../texts/text.ts'
import { Icon, type IconName } from './icon.tsx'
import { tell, tellError } from './toasts.tsx'

/** Within a table only the row in focus has its controls in the order of Tab. */
export const InTabOrder = createContext(true)

interface LinkProps {
  readonly to: string
  readonly children: ComponentChildren
  readonly class?: string
  readonly current?: boolean
}

export function Link({ to, children, class: name, current }: LinkProps) {
  const inOrder = useContext(InTabOrder)
  return (
    <a
      href={to}
      class={name}
      tabIndex={inOrder ? undefined : -1}
      aria-current={current === true ? 'page' : undefined}
      onClick={(event) => {
        const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey
        if (!isPlain) return
        event.preventDefault()
        go(to)
      }}
    >
      {children}
    </a>
  )
}

export interface ButtonProps {
  readonly onClick?: () => unknown
  readonly children?: ComponentChildren
  readonly icon?: IconName
  /** Said to those who do not see the icon. */
  readonly label?: string
  readonly kind?: string
  readonly disabled?: boolean
  readonly type?: 'button' | 'submit'
}

/** While what it started is under way it cannot be pressed again; what fails is told. */
export function Button({ onClick, children, icon, label, kind = '', disabled, type }: ButtonProps) {
  const [isBusy, setBusy] = useState(false)
  const inOrder = useContext(InTabOrder)
  const press = async (): Promise<void> => {
    setBusy(true)
    try {
      await onClick?.()
    } catch (thrown) {
      tellError(thrown)
    } finally {
      setBusy(false)
    }
  }
  return (
    <button
      type={type ?? 'button'}
      class={`button moves ${kind}`}
      aria-label={label}
      title={label}
      disabled={disabled === true || isBusy}
      tabIndex={inOrder ? undefined : -1}
      onClick={onClick && (() => void press())}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  )
}

interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly (readonly [Value, string])[]
  readonly onChoose: (value: Value) => void
}

/** One of a few, all of them seen. */
export const Choice = <Value extends string>(props: ChoiceProps<Value>) => (
  <fieldset class="choices" aria-label={props.label}>
    {props.options.map(([value, text]) => (
      <button
        key={value}
        type="button"
        aria-pressed={value === props.value}
        onClick={() => props.onChoose(value)}
      >
        {text}
      </button>
    ))}
  </fieldset>
)

/** One of many. */
export const Select = <Value extends string>(props: ChoiceProps<Value>) => (
  <select
    aria-label={props.label}
    value={props.value}
    onChange={(event) => props.onChoose(event.currentTarget.value as Value)}
  >
    {props.options.map(([value, text]) => (
      <option key={value} value={value}>
        {text}
      </option>
    ))}
  </select>
)

export const CopyButton = ({ text }: { readonly text: string }) => (
  <Button
    icon="copy"
    kind="quiet short square"
    label={t('act.copy')}
    onClick={async () => {
      await navigator.clipboard.writeText(text)
      tell(t('told.copied'))
    }}
  />
)
