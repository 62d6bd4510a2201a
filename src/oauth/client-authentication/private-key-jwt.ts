import { createHash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { later, numericDate } from '../../clock.ts'
import type { Client } from '../client.ts'
import { type Kind, skew, unverifiedClaims, verifyClientJwt } from '../client-jwt.ts'
import { invalidClient } from '../errors.ts'
import { algorithmsOf } from '../profile.ts'
import type { AuthenticationDependencies, ClientRequest, Method } from './method.ts'

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const assertion: Kind = {
  name: 'assertion',
  types: ['jwt', 'client-authentication+jwt'],
  required: ['sub', 'exp', 'jti'],
  refuse: invalidClient,
}

/** RFC 9101 §10.8: of a request object, which browsers carry about; its type may be left out. */
const ofRequests = ['response_type', 'redirect_uri', 'client_id']

/** RFC 7523 §2.2, §3 and RFC 8725. */
export const privateKeyJwt: Method = {
  name: 'private_key_jwt',

  recognizes: ({ parameters }) =>
    parameters.optional('client_assertion') !== undefined || parameters.optional('client_assertion_type') !== undefined,

  clientIds: ({ parameters }) => {
    if (parameters.required('client_assertion_type') !== assertionType)
      throw invalidClient('client_assertion_type is not jwt-bearer')
    const { sub } = unverifiedClaims(parameters.required('client_assertion'), assertion)
    if (typeof sub !== 'string') throw invalidClient('the assertion has no sub')
    return [sub]
  },

  async authenticate(request, client, deps) {
    if (!client) throw invalidClient('no client of that id may use private_key_jwt')
    const jwt = request.parameters.required('client_assertion')
    const algorithms = algorithmsOf(client, client.token_endpoint_auth_signing_alg)
    const claims = await verifyClientJwt(jwt, client, algorithms, assertion, deps)
    if (claims.sub !== client.client_id) throw invalidClient('the sub of the assertion is not the client')
    if (ofRequests.some((name) => name in claims)) throw invalidClient('the assertion is a request object')
    checkAudience(claims.aud, client, request, deps)
    await spend(claims, client, deps)
  },
}

/** An audience that another server shares lets that server use the assertion here: RFC 7523bis §4, FAPI 2.0 §5.3.2.1. */
const checkAudience = (
  aud: JWTPayload['aud'],
  client: Client,
  { endpoints }: ClientRequest,
  { issuer }: AuthenticationDependencies,
): void => {
  if (client.assertion_audience === 'issuer') {
    if (aud !== issuer) throw invalidClient('the aud of the assertion is not the issuer, as one string')
    return
  }
  if (![aud].flat().some((value) => value !== undefined && [issuer, ...endpoints].includes(value)))
    throw invalidClient('the aud of the assertion is neither the issuer nor this endpoint nor the token endpoint')
}

/** RFC 7523 §3: once. Only after the signature was checked, or anybody could spend the `jti` of another. */
const spend = async (
  { exp, jti }: JWTPayload,
  client: Client,
  { replays, now }: AuthenticationDependencies,
): Promise<void> => {
  if (exp === undefined || typeof jti !== 'string' || jti === '')
    throw invalidClient('the assertion has no exp or no jti')
  const hash = createHash('sha256')
    .update(JSON.stringify([client.client_id, jti]))
    .digest()
  // For as long as it is accepted; and the clocks of two replicas, of which either sweeps, may differ, too.
  const seconds = Math.ceil(exp) - numericDate(now) + 2 * skew
  if (!(await replays.first(hash, later(now, seconds), now))) throw invalidClient('the assertion was used before')
}
