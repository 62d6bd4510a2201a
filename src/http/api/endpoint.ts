import type { FastifyRequest } from 'fastify'
import Type, { type Static, type TObject, type TSchema } from 'typebox'
import Value from 'typebox/value'
import type { Actor } from '../../identity/ending.ts'
import { invalidRequest } from '../../oauth/errors.ts'
import { isRecord } from '../../record.ts'
import { queryParameters } from '../form-body.ts'

/** One schema each validates what comes in, types it, and describes it in the OpenAPI document. */
type Described<P extends TObject, B extends TSchema, A extends TSchema> = {
  readonly method: 'GET' | 'POST'
  /** Below the API, in OpenAPI's form: `/families/{id}`. */
  readonly path: string
  readonly summary: string
  /** Of the path and of the query. */
  readonly parameters: P
  readonly body: B
  readonly answers: A
  handle(
    asked: { readonly parameters: Static<P>; readonly body: Static<B> },
    by: Actor,
    demandRecentLogin: () => void,
  ): Promise<Static<A>>
}

export type Endpoint = Omit<Described<TObject, TSchema, TSchema>, 'handle'> & {
  /** @param demandRecentLogin throws where a person logged in too long ago for what they ask */
  answer(request: FastifyRequest, by: Actor, demandRecentLogin: () => void): Promise<unknown>
}

/** Keeps what the schemas say of the types inside, so that different endpoints stand in one list. */
const endpoint = <P extends TObject, B extends TSchema, A extends TSchema>(described: Described<P, B, A>): Endpoint => {
  const { handle, ...rest } = described
  return {
    ...rest,
    answer: (request, by, demandRecentLogin) => {
      // A body is taken as it is: JSON has numbers of its own, and a validator that converts walks as deep as it is nested.
      const sent = Value.Default(described.parameters, sentWith(request, described.parameters))
      const parameters = read(described.parameters, sent, 'parameter')
      const body = read(described.body, isNone(described.body) ? undefined : request.body, 'field')
      return handle({ parameters, body }, by, demandRecentLogin)
    },
  }
}

/** Of a request that has none. */
export const none = Type.Undefined()
export const isNone = (body: TSchema): boolean => body === none

type Reading<P extends TObject, A extends TSchema> = Omit<Described<P, typeof none, A>, 'method' | 'body'>
export const reading = <P extends TObject, A extends TSchema>(described: Reading<P, A>): Endpoint =>
  endpoint({ ...described, method: 'GET', body: none })

type Acting<P extends TObject, B extends TSchema, A extends TSchema> = Omit<Described<P, B, A>, 'method'>
export const acting = <P extends TObject, B extends TSchema, A extends TSchema>(described: Acting<P, B, A>): Endpoint =>
  endpoint({ ...described, method: 'POST' })

const sentWith = (request: FastifyRequest, { properties }: TObject): Record<string, unknown> => {
  const query = queryParameters(request)
  const names = [...query.keys()]
  // R7, R8: a repeat is an error, and empty is absent.
  if (new Set(names).size < names.length) throw invalidRequest('A parameter was sent more than once.')
  const given = [...query].filter(([, value]) => value !== '')
  const sent = given.map(([name, value]): [string, unknown] => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
    return [name, schema && 'type' in schema && schema.type === 'integer' ? integerIn(value) : value]
  })
  return { ...Object.fromEntries(sent), ...(isRecord(request.params) ? request.params : {}) }
}
const integerIn = (text: string): number | string => (/^\d{1,9}$/.test(text) ? Number(text) : text)

/** @throws OAuthError that names the field by the schema's own words, never by what was sent (O7: no field is unknown) */
const read = <S extends TSchema>(schema: S, value: unknown, what: Named): Static<S> => {
  if (Value.Check(schema, value)) return value
  throw invalidRequest(mistakeIn(schema, value, what))
}

type Named = 'parameter' | 'field'

const mistakeIn = (schema: TSchema, value: unknown, what: Named): string => {
  if (!Type.IsObject(schema) || !isRecord(value)) return 'The body is no JSON object; openapi.json describes it.'
  const { properties, required = [] } = schema
  const names = Object.keys(properties)
  if (Object.keys(value).some((name) => !names.includes(name)))
    return `A ${what} is not known here. ${names.length === 0 ? 'There is none.' : `Known are: ${names.join(', ')}.`}`
  const absent = required.filter((name) => !Object.hasOwn(value, name))
  if (absent.length > 0)
    return `The ${what} ${absent.join(` and the ${what} `)} ${absent.length === 1 ? 'is' : 'are'} missing.`
  const wrong = names.find((name) => Object.hasOwn(value, name) && !Value.Check(properties[name] ?? {}, value[name]))
  return wrong === undefined
    ? `A ${what} is wrong; openapi.json describes it.`
    : `The ${what} ${wrong} ${whyNot(properties[wrong] ?? {}, value[wrong])}.`
}

/** A regular expression, or one of several shapes, says nothing to whoever reads it: there the description stands. */
const whyNot = (schema: TSchema, value: unknown): string => {
  const [mistake] = Value.Errors(schema, value)
  const isPlain = mistake?.instancePath === '' && ['type', 'minimum', 'maximum', 'maxLength'].includes(mistake.keyword)
  return isPlain || !('description' in schema)
    ? (mistake?.message ?? 'is wrong')
    : `does not have its form. It is: ${schema.description}`
}
