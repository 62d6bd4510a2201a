import { createPublicKey } from 'node:crypto'
import { numericDate } from '../clock.ts'
import type { Config } from '../config.ts'
import { statusAt } from '../keys/schedule.ts'
import { verifyOwn } from '../keys/verification.ts'
import { familyOf } from '../oauth/tokens/access-token.ts'
import { isRecord } from '../record.ts'
import type { Opened } from './context.ts'
import { endInWords } from './family-end.ts'
import type { Inspection } from './inspection.ts'
import { isUuid } from './person.ts'

type Deps = { readonly stores: Opened['stores']; readonly config: Config; readonly now: Date }
type Claims = Readonly<Record<string, unknown>>

/** RFC 9068 §2.1 and what we sign ID tokens with. */
const kinds = { 'at+jwt': 'access_token', JWT: 'id_token' } as const
const isOurType = (typ: unknown): typ is keyof typeof kinds => typeof typ === 'string' && Object.hasOwn(kinds, typ)

const decoded = (part: string | undefined): Claims | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    // Whatever is not JSON is no JWT: the caller says so.
    return undefined
  }
}

export const inspectSigned = async (token: string, deps: Deps): Promise<Inspection> => {
  const parts = token.split('.')
  const header = decoded(parts[0])
  const claims = decoded(parts[1])
  if (parts.length !== 3 || !header || !claims)
    return {
      kind: 'unknown',
      problems: ['It is neither a JWT nor a refresh token of this server.'],
      header: undefined,
      claims: {},
    }
  const { typ } = header
  if (!isOurType(typ))
    return { kind: 'unknown', problems: ['Its type (`typ`) is none that this server issues.'], header, claims }
  const forged = await signatureProblem(token, typ, header, claims, deps)
  const kind = kinds[typ]
  if (forged !== undefined) return { kind, problems: [forged], header, claims }
  const problems = [...expired(claims, deps.now), ...(kind === 'access_token' ? await revoked(claims, deps) : [])]
  return { kind, problems, header, claims }
}

const signatureProblem = async (
  token: string,
  typ: string,
  { kid }: Claims,
  { iss }: Claims,
  { stores, config, now }: Deps,
): Promise<string | undefined> => {
  const keys = await stores.signingKeys.list()
  const key = keys.find((each) => each.kid === kid)
  if (!key)
    return 'It was signed with a key that this server does not have: it comes from another server, or is forged.'
  if (iss !== config.issuer) return `Its issuer is another than this server's, which is ${config.issuer}.`
  const verified = await verifyOwn(
    token,
    config.issuer,
    (named) =>
      named === key.kid
        ? { alg: key.alg, publicKey: createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' }) }
        : undefined,
    { typ, now, requireUnexpired: false },
  )
  if (verified.is === 'invalid')
    return verified.reason.includes('signature')
      ? 'Its signature does not fit: it was changed after it was signed, or is forged.'
      : `It is not a token as this server signs them: ${verified.reason}.`
  return statusAt(key, now) === 'gone'
    ? `The key that signed it was withdrawn at ${key.goneAt?.toISOString()}: nobody can verify it any more.`
    : undefined
}

const expired = ({ exp }: Claims, now: Date): readonly string[] =>
  typeof exp === 'number' && exp * 1000 <= now.getTime() ? [`It expired ${numericDate(now) - exp} seconds ago.`] : []

/** What only the server knows: an API that verifies offline does not see it before the token expires. */
const revoked = async (claims: Claims, { stores }: Deps): Promise<readonly string[]> => {
  const { client_id: clientId, jti, iat } = claims
  if (typeof clientId !== 'string' || typeof jti !== 'string' || typeof iat !== 'number')
    return ['It lacks what every access token of this server has: client_id, jti and iat.']
  const isBefore = (notBefore: Date | undefined) => notBefore !== undefined && iat * 1000 < notBefore.getTime()
  const problems: string[] = []
  const client = await stores.clients.find(clientId)
  if (!client) problems.push('Its client was deleted.')
  else if (client.disabledAt) problems.push(`Its client is disabled since ${client.disabledAt.toISOString()}.`)
  else if (isBefore(client.notBefore)) problems.push('It was issued before its client was disabled.')

  const familyId = familyOf(jti)
  if (familyId === undefined || !isUuid(familyId)) {
    if (await stores.tokens.isRevoked(jti)) problems.push('It was revoked.')
    return problems
  }
  const standing = await stores.tokens.standing(familyId, jti)
  if (!standing) return [...problems, 'Its family is unknown: the person was deleted, or it ended long ago.']
  const { family, tokenRevoked, userDisabled, sessionEnded } = standing
  if (tokenRevoked) problems.push('It was revoked.')
  if (family.revokedAt)
    problems.push(`Its family ended at ${family.revokedAt.toISOString()}: ${endInWords(family.revokeReason)}.`)
  if (userDisabled) problems.push('Its person is disabled.')
  if (sessionEnded && !family.offline) problems.push('Its session has ended.')
  return problems
}
