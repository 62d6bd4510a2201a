import { readFeed } from '../revocations/feed.ts'
import { createRevocationList } from '../revocations/list.ts'

type Claims = Readonly<Record<string, unknown>>
type Issued = { readonly claims: Claims; readonly kid: string }
type Answer = { readonly status: number; readonly body: Claims }

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const invalidClient: Answer = { status: 401, body: { error: 'invalid_client' } }
const invalidRequest: Answer = { status: 400, body: { error: 'invalid_request' } }

/** RFC 7662, for what was issued here; who asks must name himself, and nobody looks who it is. */
export const createMockIntrospection = (seconds: () => number, revoked: () => Claims) => {
  const issued = new Map<string, Issued>()

  const isRevoked = ({ claims: { jti, sub, client_id, iat, sid }, kid }: Issued): boolean => {
    const present = revoked()
    const list = createRevocationList(seconds, 0)
    list.apply(readFeed(present, { issuer: textOf(present.iss), clockTolerance: 0, seconds }))
    const token = { jti: textOf(jti), sub: textOf(sub), client_id: textOf(client_id), iat: Number(iat) }
    return list.find({ ...token, ...(typeof sid === 'string' && { sid }) }, kid) !== undefined
  }

  return {
    remember(token: string, what: Issued): void {
      issued.set(token, what)
    },
    answer(authorization: string | undefined, form: string): Answer {
      if (!/^Basic ./i.test(authorization ?? '')) return invalidClient
      const token = new URLSearchParams(form).get('token')
      if (token === null) return invalidRequest
      const found = issued.get(token)
      const isActive = found && Number(found.claims.exp) > seconds() && !isRevoked(found)
      // RFC 7662 §2.2: of a token that is not active nothing else is said.
      return { status: 200, body: isActive ? { ...found.claims, active: true } : { active: false } }
    },
  }
}
