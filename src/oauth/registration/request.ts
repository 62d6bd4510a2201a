import Value from 'typebox/value'
import { isRecord } from '../../record.ts'
import { type Client, ClientMetadata } from '../client.ts'
import { OAuthError } from '../errors.ts'
import { profileDefaults } from '../profile.ts'
import { checkMetadata, InvalidMetadata } from '../registration.ts'
import type { Mistake } from '../registration-rules/rule.ts'
import { unsignable } from '../signing.ts'
import { type RegistrationPolicy, registrable, reservedForOperator } from './policy.ts'
import { mistakesIn, type Said } from './said.ts'

export type RequestContext = {
  readonly policy: RegistrationPolicy
  readonly clientId: string
  /** What is replaced, RFC 7592 §2.2; undefined at a registration. */
  readonly current: Client | undefined
}

/**
 * What a client said of itself, as it may be stored: RFC 7591 §2. What is not understood is ignored, what is understood and
 * not allowed is refused, what was left out is the default, and what an operator set stays.
 * @throws InvalidMetadata with every mistake
 */
export const metadataSaid = (sent: unknown, { policy, clientId, current }: RequestContext): ClientMetadata => {
  if (!isRecord(sent)) throw new InvalidMetadata([{ field: 'metadata', problem: 'must be a JSON object' }])
  // RFC 7591 §3.2.2: nobody's statements are trusted here.
  if (Object.hasOwn(sent, 'software_statement'))
    throw new OAuthError('unapproved_software_statement', 'Software statements are not accepted here.')

  // RFC 7592 §2.2: "Omitted fields MUST be treated as null or empty values by the server".
  const said: Said = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null))
  const operators = ofOperator(current, said, policy)
  // What a client has it may keep.
  const scope = [...new Set([...policy.scope, ...(current?.scope.split(' ') ?? [])])].filter((value) => value !== '')
  const own = Object.fromEntries(
    registrable.filter((name) => Object.hasOwn(said, name)).map((name) => [name, said[name]]),
  )
  const mistakes = [
    ...mistakesIn(said, policy, scope),
    ...reserved(said, [{ ...usual(own, clientId, policy), ...operators }, ...toldBefore(current, policy)]),
  ]
  const checked = check({ ...fallbacks(own, clientId, policy), ...own, ...operators })
  const all = [...mistakes, ...checked.mistakes]
  if (checked.metadata === undefined || all.length > 0) throw new InvalidMetadata(firstOfEach(all))
  return signableIn(checked.metadata, policy)
}

/**
 * RFC 7591 §2: what holds where nothing is said, beside the defaults of client.ts. OIDC Core §9: "The Audience SHOULD be the
 * URL of the Authorization Server's Token Endpoint", and nobody is there to tell such a client that this server knows better.
 */
const fallbacks = (own: Said, clientId: string, policy: RegistrationPolicy): Said => {
  const { grant_types } = own
  const grants: readonly unknown[] = Array.isArray(grant_types) ? grant_types : ['authorization_code']
  return {
    client_name: clientId,
    response_types: grants.includes('authorization_code') ? ['code'] : [],
    scope: policy.scope.filter((value) => value !== 'offline_access' || grants.includes('refresh_token')).join(' '),
    ...(!mustProve(own) && { pkce: policy.pkce }),
    ...(!hasProfile(own) && { assertion_audience: 'issuer_or_endpoint' }),
  }
}

/** RFC 9700 §2.1.1, FAPI 2.0 §5.3.2.2: nobody chooses whether such a client proves that it asked. */
const mustProve = (own: Said): boolean => own.token_endpoint_auth_method === 'none' || hasProfile(own)

const hasProfile = ({ profile = 'none' }: Said): boolean => profile !== 'none'

const defaults: Said = (() => {
  const filled: unknown = Value.Default(ClientMetadata, {})
  return isRecord(filled) ? filled : {}
})()

/** What stands where an operator said nothing. */
const usual = (own: Said, clientId: string, policy: RegistrationPolicy): Said => ({
  ...defaults,
  ...fallbacks(own, clientId, policy),
  ...profileDefaults(own),
})

/** What the client may have kept: what it was told at first, and what stands since an operator changed it. */
const toldBefore = (current: Client | undefined, policy: RegistrationPolicy): readonly Said[] =>
  current ? [usual({ ...current }, current.client_id, policy), { ...current }] : []

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** What an operator changed of a client that had registered itself. */
const ofOperator = (current: Client | undefined, said: Said, policy: RegistrationPolicy): Said => {
  if (!current) return {}
  const values: Said = { ...current }
  const untouched = usual(values, current.client_id, policy)
  return Object.fromEntries(
    reservedForOperator
      .filter((name) => values[name] !== undefined && !same(values[name], untouched[name]))
      // It becomes stricter with the client.
      .filter((name) => name !== 'pkce' || !mustProve(said))
      .map((name) => [name, values[name]]),
  )
}

/** RFC 7592 §2.2: a client sends back what it was told; that is no attempt to change it. */
const reserved = (said: Said, told: readonly Said[]): readonly Mistake[] =>
  reservedForOperator
    .filter((name) => Object.hasOwn(said, name) && !told.some((each) => same(said[name], each[name])))
    .map((field) => ({ field, problem: 'is set by whoever runs this server' }))

type Checked = { readonly metadata: ClientMetadata | undefined; readonly mistakes: readonly Mistake[] }

const check = (input: Said): Checked => {
  try {
    return { metadata: checkMetadata(input), mistakes: [] }
  } catch (error) {
    if (!(error instanceof InvalidMetadata)) throw error
    return { metadata: undefined, mistakes: error.mistakes.map(explained) }
  }
}

/** For those who ask for what OAuth 2.1 left behind. */
const explained = ({ field, problem }: Mistake): Mistake => {
  if (/^response_types\[/.test(field))
    return { field, problem: 'must be code: implicit and hybrid flows are not served (RFC 9700 §2.1.2)' }
  if (/^grant_types\[/.test(field))
    return { field, problem: `${problem}; implicit and password are not served (RFC 9700 §2.1.2, §2.4)` }
  return { field, problem }
}

/** One field, one problem: the narrower rule comes first. */
const firstOfEach = (mistakes: readonly Mistake[]): readonly Mistake[] =>
  mistakes.filter(({ field }, index) => mistakes.findIndex((other) => other.field === field) === index)

/** What a profile chose for the client needs a key as well. */
const signableIn = (metadata: ClientMetadata, { algorithms }: RegistrationPolicy): ClientMetadata => {
  const [missing] = unsignable(metadata, algorithms)
  if (!missing) return metadata
  const problem = `needs ${missing.algorithm}, for which this server has no key`
  throw new InvalidMetadata([{ field: 'profile', problem }])
}
