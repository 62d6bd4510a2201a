import type { ComponentChildren, JSX } from 'preact'

export type Pairs = readonly (readonly [name: string, value: string])[]

export const Hidden = ({ fields }: { readonly fields: Pairs }) => (
  <>
    {fields.map(([name, value]) => (
      <input key={name} type="hidden" name={name} value={value} autocomplete="off" />
    ))}
  </>
)

/** Whom the page named: an answer counts for nobody else, however the browser's session changed meanwhile. */
export const shownTo = ({ userId }: { readonly userId?: string | undefined }): Pairs =>
  userId === undefined ? [] : [['person', userId]]

type FieldProps = Omit<JSX.InputHTMLAttributes<HTMLInputElement>, 'name' | 'id' | 'label'> & {
  readonly name: string
  readonly label: string
  readonly hint?: string | undefined
  /** The id of the message that says what is wrong with it. */
  readonly wrong?: string | undefined
}

export const Field = ({ name, label, hint, wrong, ...rest }: FieldProps) => {
  const described = [wrong, hint && `${name}-hint`].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {hint && (
        <span id={`${name}-hint`} class="muted">
          {hint}
        </span>
      )}
      <input
        {...rest}
        id={name}
        name={name}
        {...(wrong && { 'aria-invalid': 'true' })}
        {...(described && { 'aria-describedby': described })}
      />
    </div>
  )
}

/** For a password manager, and against the keyboard that begins every name with a capital. */
export const Username = (rest: Omit<FieldProps, 'name'>) => (
  <Field
    name="username"
    type="text"
    autocomplete="username"
    autocapitalize="none"
    spellcheck={false}
    required
    {...rest}
  />
)

export const Alert = ({ id, children }: { readonly id: string; readonly children: ComponentChildren }) => (
  <p id={id} role="alert">
    {children}
  </p>
)

/** A value to select or copy as it is. */
export const Copyable = ({
  children,
  copy,
}: {
  readonly children: string
  readonly copy: { readonly copy: string; readonly copied: string }
}) => (
  <pre data-copy={copy.copy} data-copied={copy.copied}>
    <code>{children}</code>
  </pre>
)

/** The person's zone where script is there, UTC where it is not; the exact instant always in the title. */
export const Instant = ({ at }: { readonly at: Date }) => {
  const iso = at.toISOString()
  return (
    <time datetime={iso} title={iso}>
      {`${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`}
    </time>
  )
}
