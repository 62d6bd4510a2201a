import { later, numericDate } from '../../clock.ts'
import type { Random } from '../../random.ts'
import { accessTokenClaimNames, type ClaimsOfScope, idTokenClaimNames, pick } from '../claims.ts'
import type { Client, SigningAlgorithm } from '../client.ts'
import type { Authorization } from '../grants/grant.ts'
import { formatScope } from '../scope.ts'
import { tokenTypeOf } from '../sender-constraint/confirmation.ts'
import type { SidOf, SubjectOf } from '../subject.ts'
import { type AccessToken, accessTokenClaims } from './access-token.ts'
import { type IdToken, idTokenClaims } from './id-token.ts'
import { mintRefreshToken, type RefreshKey } from './refresh-token.ts'

/** RFC 6749 §5.1, OIDC Core §3.1.3.3; `refresh_token_timeout` and `authorization_expires_in` are seconds. */
export type TokenResponse = {
  readonly access_token: string
  readonly token_type: 'Bearer' | 'DPoP'
  readonly expires_in: number
  readonly scope?: string
  readonly refresh_token?: string
  readonly refresh_token_timeout?: number
  readonly authorization_expires_in?: number
  readonly id_token?: string
}

type Signer = { readonly alg: SigningAlgorithm; sign(typ: string, claims: object): Promise<string> }

export type IssueDependencies = {
  readonly issuer: string
  signer(algorithm: SigningAlgorithm): Signer
  /** Also of a key that has retired since: a retry repeats the very token. */
  signerOf(kid: string): Signer | undefined
  readonly refreshKeys: { find(id: string): RefreshKey | undefined }
  /** What the tokens for this audience are signed with, whoever asks for them. */
  algorithmFor(audience: readonly string[]): SigningAlgorithm | undefined
  readonly claimsOfScope: ClaimsOfScope
  readonly subjectOf: SubjectOf
  readonly sidOf: SidOf
  personClaims(userId: string): Promise<Readonly<Record<string, unknown>>>
  readonly random: Random
  readonly now: Date
}

/** The one place that mints. */
export const issue = (authorization: Authorization, client: Client, deps: IssueDependencies): Promise<TokenResponse> =>
  authorization.by === 'client'
    ? issueToClient(authorization, client, deps)
    : issueToPerson(authorization, client, deps)

type By<T extends Authorization['by']> = Extract<Authorization, { by: T }>

const issueToClient = async (
  { scope, audience, sender }: By<'client'>,
  client: Client,
  deps: IssueDependencies,
): Promise<TokenResponse> => {
  const token: AccessToken = {
    jti: deps.random.bytes(16).toString('base64url'),
    // RFC 9068 §5: a person's subject is a UUID, which no client id may look like.
    subject: client.client_id,
    clientId: client.client_id,
    audience,
    scope,
    // After an act on the client verifiers refuse what was issued before its `not_before`.
    issuedAt: client.notBefore && client.notBefore > deps.now ? client.notBefore : deps.now,
    expiresAt: later(deps.now, client.access_token_lifetime),
    jkt: sender,
    claims: {},
    login: undefined,
  }
  const signer = accessTokenSigner(audience, client, deps)
  const accessToken = await signer.sign('at+jwt', accessTokenClaims(deps.issuer, token))
  return accessMembers(accessToken, token, client.access_token_lifetime)
}

const issueToPerson = async (
  { family, pair, nonce }: By<'person'>,
  client: Client,
  deps: IssueDependencies,
): Promise<TokenResponse> => {
  const names = claimNames({ family, pair }, client, deps)
  // Nobody's row is read for a token that says nothing about its person.
  const isAsked = names.idToken.length > 0 || names.accessToken.length > 0
  const person = isAsked ? await deps.personClaims(family.userId) : {}
  const subject = deps.subjectOf(client, family.userId)
  const sid = deps.sidOf(client, family.sessionId)
  const signer = accessTokenSigner(pair.audience, client, deps, pair.signingKid)
  const accessToken = await signer.sign(
    'at+jwt',
    accessTokenClaims(deps.issuer, {
      ...pair,
      subject,
      clientId: family.clientId,
      claims: pick(person, names.accessToken),
      login: { sid, authTime: family.authTime, acr: family.acr },
    }),
  )
  const left = numericDate(pair.expiresAt) - numericDate(deps.now)
  return {
    ...accessMembers(accessToken, pair, Math.max(0, left)),
    ...(family.refreshable && refreshMembers(family, deps)),
    ...(pair.scope.includes('openid') && {
      id_token: await idToken(
        { accessToken, family, subject, sid, nonce, pair, claims: pick(person, names.idToken) },
        client,
        deps,
      ),
    }),
  }
}

const claimNames = (
  { family, pair }: Pick<By<'person'>, 'family' | 'pair'>,
  client: Client,
  { issuer, claimsOfScope }: IssueDependencies,
) => ({
  idToken: pair.scope.includes('openid') ? idTokenClaimNames(pair.scope, family.claims, client, claimsOfScope) : [],
  // A token for nothing but userinfo is read by nobody else.
  accessToken: pair.audience.some((uri) => uri !== issuer) ? accessTokenClaimNames(pair.scope, claimsOfScope) : [],
})

/** @param kid of the key that signed the pair first: a retry repeats the very token, unless its API wants another algorithm */
const accessTokenSigner = (
  audience: readonly string[],
  client: Client,
  { algorithmFor, signer, signerOf }: IssueDependencies,
  kid?: string,
): Signer => {
  const wanted = algorithmFor(audience)
  const first = kid === undefined ? undefined : signerOf(kid)
  if (first && (wanted === undefined || first.alg === wanted)) return first
  return signer(wanted ?? client.access_token_signed_response_alg)
}

const accessMembers = (accessToken: string, { scope, jkt }: Pick<AccessToken, 'scope' | 'jkt'>, seconds: number) => ({
  access_token: accessToken,
  token_type: tokenTypeOf(jkt),
  expires_in: seconds,
  ...(scope.length > 0 && { scope: formatScope(scope) }),
})

const refreshMembers = (
  { id, live, idleExpiresAt, absoluteExpiresAt }: By<'person'>['family'],
  deps: IssueDependencies,
) => {
  const key = deps.refreshKeys.find(live.refreshKeyId)
  if (!key) throw new Error(`the refresh key ${live.refreshKeyId}, which the database names, is not in KEYS_DIR`)
  const now = numericDate(deps.now)
  return {
    refresh_token: mintRefreshToken(key, { familyId: id, generation: live.generation }),
    refresh_token_timeout: numericDate(idleExpiresAt) - now,
    authorization_expires_in: numericDate(absoluteExpiresAt) - now,
  }
}

const idToken = (
  {
    pair,
    ...said
  }: Pick<IdToken, 'accessToken' | 'family' | 'subject' | 'sid' | 'nonce' | 'claims'> & Pick<By<'person'>, 'pair'>,
  client: Client,
  deps: IssueDependencies,
): Promise<string> => {
  const algorithm = client.id_token_signed_response_alg
  const token = {
    ...said,
    // An access token may be stamped later than the clock, after an act on its person; nothing revokes an ID token.
    issuedAt: pair.issuedAt < deps.now ? pair.issuedAt : deps.now,
    algorithm,
    lifetime: client.id_token_lifetime,
  }
  return deps.signer(algorithm).sign('JWT', idTokenClaims(deps.issuer, token))
}
