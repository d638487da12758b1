/*
 * Fields of forms, each with its label and a word of help.
 */

export type FieldValues = Readonly<Record<string, string | boolean>>

export interface FieldOf {
  readonly name: string
  readonly label: string
  /** Default `text`. */
  readonly kind?: 'text' | 'password' | 'number' | 'area' | 'check' | 'select'
  readonly value?: string | boolean
  readonly help?: string
  readonly required?: boolean
  readonly placeholder?: string
  readonly options?: readonly (readonly [string, string])[]
}

interface FieldProps {
  readonly field: FieldOf
  readonly value: string | boolean | undefined
  readonly set: (value: string | boolean) => void
}

export function Field({ field, value, set }: FieldProps) {
  const id = `field-${field.name}`
  const isCheck = field.kind === 'check'
  return (
    <div class={`field ${isCheck ? 'check' : ''}`}>
      {isCheck && <Input field={field} id={id} value={value} set={set} />}
      <label for={id}>{field.label}</label>
      {!isCheck && <Input field={field} id={id} value={value} set={set} />}
      {field.help !== undefined && (
        <span class="help" id={`${id}-help`}>
          {field.help}
        </span>
      )}
    </div>
  )
}

function Input({ field, id, value, set }: FieldProps & { readonly id: string }) {
  const { kind = 'text', required, placeholder, help } = field
  const common = {
    id,
    required: required === true,
    'aria-describedby': help === undefined ? undefined : `${id}-help`,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) =>
      set(event.currentTarget.value),
  }
  const text = String(value ?? '')
  if (kind === 'area') {
    return <textarea {...common} value={text} placeholder={placeholder} spellcheck={false} />
  }
  if (kind === 'select') {
    return (
      <select {...common} value={text}>
        {field.options?.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    )
  }
  if (kind === 'check') {
    return (
      <input
        id={id}
        type="checkbox"
        checked={value === true}
        onChange={(event) => set(event.currentTarget.checked)}
      />
    )
  }
  return (
    <input
      {...common}
      type={kind as 'text'}
      value={text}
      placeholder={placeholder}
      autocomplete={kind === 'password' ? 'new-password' : 'off'}
      spellcheck={false}
    />
  )
}
