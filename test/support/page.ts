/** What a browser without script makes of a page: its forms. */
export type Form = {
  readonly id: string
  readonly method: string
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  readonly buttons: readonly { readonly id: string; readonly name: string; readonly value: string }[]
}

const unescaped = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

const attribute = (tag: string, name: string): string | undefined => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)
  return found?.[1] === undefined ? undefined : unescaped(found[1])
}

export const formsOf = (html: string): readonly Form[] =>
  [...html.matchAll(/<form\b((?:[^>"]|"[^"]*")*)>([\s\S]*?)<\/form>/g)].map(([, tag = '', inside = '']) => {
    const fields: Record<string, string> = {}
    for (const [input] of inside.matchAll(/<input\b(?:[^>"]|"[^"]*")*>/g)) {
      const name = attribute(input, 'name')
      if (name !== undefined) fields[name] = attribute(input, 'value') ?? ''
    }
    return {
      id: attribute(tag, 'id') ?? '',
      method: attribute(tag, 'method') ?? 'get',
      action: attribute(tag, 'action') ?? '',
      fields,
      buttons: [...inside.matchAll(/<button\b(?:[^>"]|"[^"]*")*>/g)].map(([button]) => ({
        id: attribute(button, 'id') ?? '',
        name: attribute(button, 'name') ?? '',
        value: attribute(button, 'value') ?? '',
      })),
    }
  })

/** What a browser sends when the form is filled and a button is pressed. */
export const filled = (form: Form, fields: Readonly<Record<string, string>> = {}, buttonId?: string) => {
  const body = new URLSearchParams({ ...form.fields, ...fields })
  const button = form.buttons.find(({ id }) => id === buttonId)
  if (buttonId !== undefined && !button) throw new Error(`there is no button ${buttonId} in ${form.id}`)
  if (button?.name) body.set(button.name, button.value)
  return body
}

/** A page without what is new each time: nonce, request id, tokens of the form. */
export const withoutIds = (html: string): string =>
  html
    .replaceAll(/ nonce="[^"]*"/g, '')
    .replaceAll(/(name="(?:csrf|interaction)" value=")[^"]*/g, '$1')
    .replaceAll(/(<dd><code>)[\w-]{16,36}(<\/code><\/dd><\/dl>)/g, '$1$2')
