import type { FastifyInstance } from 'fastify'
import { formBody } from '../http/form-body.ts'
import { accessTokenRecognizer } from '../http/oauth/access-token.ts'
import { deviceAuthorization } from '../http/oauth/device-authorization.ts'
import { introspect } from '../http/oauth/introspect.ts'
import { par } from '../http/oauth/par.ts'
import { register } from '../http/oauth/register.ts'
import { revocations } from '../http/oauth/revocations.ts'
import { revocationsStream } from '../http/oauth/revocations-stream.ts'
import { revoke } from '../http/oauth/revoke.ts'
import { token } from '../http/oauth/token.ts'
import { metadata } from '../http/oidc/metadata.ts'
import { userinfo } from '../http/oidc/userinfo.ts'
import { createSectorDocuments } from '../http/outbound/sector-documents.ts'
import type { Client } from '../oauth/client.ts'
import { authenticationMethods } from '../oauth/metadata.ts'
import type { AppDependencies } from './dependencies.ts'
import type { Foundation } from './foundation.ts'

/** For clients: errors are OAuth's JSON. */
export const backChannel =
  (deps: AppDependencies, foundation: Foundation) =>
  async (scope: FastifyInstance): Promise<void> => {
    const { issuer, clock, random, stores, keys, algorithms, claimsOfScope, feed } = deps
    const { door, senders, holderCheck, browser, tokens, keysOf, keySet, hintedSubject, described } = foundation
    const { interactions, pushedRequests, registrations } = stores
    const { grants, issuing } = minting(deps)
    formBody(scope)
    await scope.register(token, {
      door,
      senders,
      clock,
      grants,
      issuing,
      browser,
      interactions,
      algorithms,
      registrations,
    })
    const devices = {
      issuer,
      deviceCodes: stores.deviceCodes,
      key: deps.cookieSecrets[0],
      verificationUri: `${issuer}/device`,
      random,
    }
    await scope.register(deviceAuthorization, { door, clock, devices })
    const pushing = { issuer, keysOf, pushedRequests, hintedSubject, random }
    await scope.register(par, { door, senders, clock, pushing })
    await scope.register(introspect, { door, clock, tokens: { ...tokens, signer: keys.signer }, algorithms })
    await scope.register(revoke, { door, clock, tokens })
    await scope.register(revocations, { feed })
    await scope.register(revocationsStream, { feed })
    await scope.register(userinfo, {
      clock,
      tokens: { ...tokens, claimsOfScope, algorithms, signer: keys.signer },
      holderCheck,
    })
    await scope.register(metadata, { ...described, keySet })
  }

/** What grants stand on, and what mints for them. */
const minting = ({
  issuer,
  random,
  stores,
  keys,
  refreshKeys,
  algorithmFor,
  claimsOfScope,
  subjectOf,
  sidOf,
}: AppDependencies) => ({
  grants: {
    issuer,
    codes: stores.codes,
    families: stores.families,
    deviceCodes: stores.deviceCodes,
    refreshKeys,
    random,
    recognizeAccessToken: accessTokenRecognizer(keys),
    signingKid: (client: Pick<Client, 'access_token_signed_response_alg'>) =>
      keys.signer(client.access_token_signed_response_alg).kid,
  },
  issuing: {
    issuer,
    signer: keys.signer,
    signerOf: keys.signerOf,
    algorithmFor,
    claimsOfScope,
    subjectOf,
    sidOf,
    refreshKeys,
    personClaims: async (userId: string) => (await stores.users.find(userId))?.claims ?? {},
    random,
  },
})

/** RFC 7591, RFC 7592: the one endpoint of the protocol that takes JSON. */
export const registration =
  (deps: AppDependencies, { mutualTls }: Foundation) =>
  async (scope: FastifyInstance): Promise<void> => {
    const { issuer, clock, random, stores, outbound, log, algorithms } = deps
    const policy = {
      ...deps.registration,
      algorithms,
      authenticationMethods: authenticationMethods(mutualTls),
      certificates: mutualTls !== undefined,
    }
    const sectors = createSectorDocuments({ outbound, log })
    const registering = { issuer, policy, registrations: stores.registrations, sectors, random }
    await scope.register(register, { clock, registering })
  }
