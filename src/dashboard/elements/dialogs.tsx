/*
 * Questions and forms before the page: one at a time, answered or left by Escape.
 *
 *   confirm({ … })  ─▶ does it, when the user says so
 *   fillIn({ … })   ─▶ a form; what the server refuses is told in it, and nothing typed is lost
 */

import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { t } from '../texts/text.ts'
import { Field, type FieldOf, type FieldValues } from './fields.tsx'
import { errorText } from './toasts.tsx'

export interface FormRequest {
  readonly title: string
  readonly text?: ComponentChildren
  readonly fields?: readonly FieldOf[]
  /** Of the button. */
  readonly act: string
  readonly isDangerous?: boolean
  /** Fails with what is told in the form. */
  readonly submit: (values: FieldValues) => Promise<unknown>
}

const open = signal<FormRequest | undefined>(undefined)

export function fillIn(request: FormRequest): void {
  open.value = request
}

/** Asks before something is destroyed. */
export function confirm(request: Omit<FormRequest, 'fields' | 'isDangerous'>): void {
  open.value = { ...request, isDangerous: true }
}

export const Dialogs = () =>
  open.value === undefined ? null : <FormDialog key={open.value.title} request={open.value} />

const initial = (request: FormRequest): FieldValues =>
  Object.fromEntries((request.fields ?? []).map(({ name, value }) => [name, value ?? '']))

function FormDialog({ request }: { readonly request: FormRequest }) {
  const [values, setValues] = useState(() => initial(request))
  const [fault, setFault] = useState('')
  const [isBusy, setBusy] = useState(false)
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => box.current?.showModal(), [])
  // Closed by the browser, which gives the focus back to where it was.
  const leave = (): void => box.current?.close()
  const closed = (): void => {
    if (open.value === request) open.value = undefined
  }
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await request.submit(values)
      if (open.value === request) leave()
    } catch (thrown) {
      setFault(errorText(thrown))
      setBusy(false)
    }
  }
  const set = (name: string) => (value: string | boolean) =>
    setValues((before) => ({ ...before, [name]: value }))
  return (
    <dialog ref={box} onClose={closed} aria-labelledby="dialog-title">
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="dialog-title">{request.title}</h2>
        {request.text !== undefined && <div class="muted breakable">{request.text}</div>}
        {request.fields?.map((field) => (
          <Field key={field.name} field={field} value={values[field.name]} set={set(field.name)} />
        ))}
        {fault !== '' && (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <div class="actions">
          <button type="button" class="button" onClick={leave}>
            {t('act.cancel')}
          </button>
          <button
            type="submit"
            class={`button main ${request.isDangerous === true ? 'danger' : ''}`}
            disabled={isBusy}
          >
            {request.act}
          </button>
        </div>
      </form>
    </dialog>
  )
}
