import { invalidRequest } from './errors.ts'

/**
 * The parameters of one request. RFC 6749 §3.1, §3.2: a parameter without a value counts as omitted, one that is not
 * understood is ignored, and one that is sent twice is an error, wherever the two were (query, body, pushed request).
 * Which is why a repeat is kept as data: an endpoint that reads `redirect_uri` and `state` first can still reply.
 */
export type Parameters = {
  /** @throws invalid_request when it is absent, repeated or unreadable */
  required(name: string): string
  /** @throws invalid_request when it is repeated or unreadable */
  optional(name: string): string | undefined
  /** Of the few that may repeat: `resource` (RFC 8707 §2) and `audience` (RFC 8693 §2.1). */
  list(name: 'resource' | 'audience'): readonly string[]
  /** Of everything that has a value. */
  names(): readonly string[]
  /** What was repeated and must not be. */
  readonly repeats: readonly string[]
  /** @throws invalid_request when anything was repeated, whether it is understood or not */
  refuseRepeats(): void
}

const repeatable: ReadonlySet<string> = new Set(['resource', 'audience'])
const most = 100

/** @throws invalid_request when there are more than 100 */
export const parseParameters = (...sources: readonly (URLSearchParams | undefined)[]): Parameters => {
  const all = new Map<string, string[]>()
  let count = 0
  for (const source of sources) {
    for (const [name, value] of source ?? []) {
      if (++count > most) throw invalidRequest(`A request may have at most ${most} parameters.`)
      const values = all.get(name)
      if (values) values.push(value)
      else all.set(name, [value])
    }
  }
  const repeats = [...all].filter(([name, values]) => values.length > 1 && !repeatable.has(name)).map(([name]) => name)

  const optional = (name: string): string | undefined => {
    const values = all.get(name) ?? []
    if (values.length > 1) throw repeated(name)
    return values[0] ? readable(name, values[0]) : undefined
  }

  return {
    optional,
    required: (name) => {
      const value = optional(name)
      if (value === undefined) throw invalidRequest(`The parameter ${name} is missing.`)
      return value
    },
    list: (name) => (all.get(name) ?? []).filter((value) => value !== '').map((value) => readable(name, value)),
    names: () => [...all].filter(([, values]) => values.some((value) => value !== '')).map(([name]) => name),
    repeats,
    refuseRepeats: () => {
      // The name came from outside unless we know it: only a name of the specification's form is repeated in the text.
      const [first] = repeats
      if (first !== undefined) throw repeated(first)
    },
  }
}

const repeated = (name: string) =>
  invalidRequest(
    `${/^[a-z_]{1,40}$/.test(name) ? `The parameter ${name}` : 'A parameter'} is sent more than once (RFC 6749 §3.1).`,
    `repeated parameter ${JSON.stringify(name.slice(0, 100))}`,
  )

/**
 * RFC 6749 Appendix A knows no parameter with a control character. `state` is no exception: a form post would turn its
 * line breaks into others, and what cannot be given back exactly is refused. `claims` is JSON, which may be indented.
 */
const readable = (name: string, value: string): string => {
  // URLSearchParams puts U+FFFD where bytes were not UTF-8 or a surrogate stood alone.
  if (value.includes('\u{fffd}')) throw invalidRequest(`The parameter ${name} is not UTF-8.`)
  const text = name === 'claims' ? value.replaceAll(/[\t\r\n]/g, ' ') : value
  if (/\p{Cc}/u.test(text)) throw invalidRequest(`The parameter ${name} contains a control character.`)
  return text
}
