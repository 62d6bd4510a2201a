import Value from 'typebox/value'
import { isRecord } from '../record.ts'
import { administratorScope } from './administrator-scope.ts'
import { ClientMetadata } from './client.ts'
import { OAuthError } from './errors.ts'
import { profileDefaults } from './profile.ts'
import { contradictions, type Mistake } from './registration-rules.ts'

export type { Mistake } from './registration-rules.ts'

/** RFC 7591 §3.2.2, with every mistake at once: nobody should have to try ten times. */
export class InvalidMetadata extends OAuthError {
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    const code = mistakes.some(({ field }) => field.startsWith('redirect_uris'))
      ? 'invalid_redirect_uri'
      : 'invalid_client_metadata'
    super(code, mistakes.map(({ field, problem }) => `${field} ${problem}`).join('; '))
    this.mistakes = mistakes
  }
}

/**
 * What may be registered: RFC 7591 §2 with the defaults of client.ts, and the rules between its fields.
 * @param input from outside; it is not changed
 * @param by whoever asks for it: only the operator, at the command line, makes a client that administers this server
 * @throws InvalidMetadata
 */
export const checkMetadata = (input: unknown, by: 'anybody' | 'operator' = 'anybody'): ClientMetadata => {
  if (!isRecord(input)) throw new InvalidMetadata([{ field: 'metadata', problem: 'must be a JSON object' }])

  const unknown = Object.keys(input).filter((name) => !Object.hasOwn(ClientMetadata.properties, name))
  const mistakes = [
    ...unknown.map((name) => ({ field: printable(name), problem: 'is not a known field' })),
    ...misshapen(input),
    ...(by === 'anybody' ? reserved(input) : []),
  ]
  // Rules between fields are asked of what has the right shape, so that one mistake never hides another.
  const broken = new Set(mistakes.map(({ field }) => field.split(/[.[]/, 1)[0]))
  const sound = Object.fromEntries(
    Object.entries(input).filter(([name]) => !unknown.includes(name) && !broken.has(name)),
  )
  const candidate: unknown = Value.Default(ClientMetadata, {
    client_name: 'unnamed',
    ...profileDefaults(sound),
    ...Value.Clone(sound),
  })
  if (!Value.Check(ClientMetadata, candidate)) throw new InvalidMetadata(mistakes)
  const all = [...mistakes, ...contradictions(candidate).filter(({ needs }) => !needs.some((name) => broken.has(name)))]
  if (all.length > 0) throw new InvalidMetadata(all.map(({ field, problem }) => ({ field, problem })))
  return candidate
}

/** Each field by itself: the validator stops counting after a few mistakes of one value. */
const misshapen = (input: Readonly<Record<string, unknown>>): readonly Mistake[] =>
  Object.entries(ClientMetadata.properties).flatMap(([name, schema]) => {
    const value = Object.hasOwn(input, name) ? input[name] : undefined
    if (value === undefined)
      return ClientMetadata.required.some((each) => each === name && !('default' in schema))
        ? [{ field: name, problem: 'is missing' }]
        : []
    return Value.Errors(schema, value).map(({ instancePath, message, params }) => ({
      field: name + instancePath.replaceAll(/\/(\d+)/g, '[$1]').replaceAll('/', '.'),
      problem: 'allowedValues' in params ? `must be one of ${params.allowedValues.join(', ')}` : message,
    }))
  })

/** O1: no metadata that was sent in opens the administrators' API. */
const reserved = ({ scope }: Readonly<Record<string, unknown>>): readonly Mistake[] =>
  typeof scope === 'string' && scope.split(' ').includes(administratorScope)
    ? [{ field: 'scope', problem: `has ${administratorScope}, which is not for registering` }]
    : []

/** The name of a field came from outside too. */
const printable = (name: string): string => (/^\w{1,64}$/.test(name) ? name : '(unprintable name)')
