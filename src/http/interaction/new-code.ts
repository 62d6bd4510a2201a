import { later } from '../../clock.ts'
import type { RedirectedRequest } from '../../oauth/authorization/request.ts'
import type { Client } from '../../oauth/client.ts'
import { codeHash } from '../../oauth/grants/authorization-code.ts'
import type { AuthorizationCode, Person } from '../../oauth/stores.ts'
import { type Random, secret } from '../../random.ts'

/** RFC 6749 §4.1.2 allows ten minutes, FAPI 2.0 §5.3.2.1 one. */
const codeLifetime = 60

/** The code as it travels, and what is stored of it: its hash, and what was granted. */
export const newCode = (
  asked: RedirectedRequest,
  client: Client,
  person: Person,
  random: Random,
  now: Date,
): { readonly code: string; readonly row: AuthorizationCode } => {
  const code = secret(random, 'tsc_')
  const { scope, resources, nonce, claims, redirectUri, codeChallenge, dpopJkt } = asked
  const { userId, sessionId, acr, amr, authenticatedAt: authTime } = person
  const row: AuthorizationCode = {
    hash: codeHash(code),
    clientId: client.client_id,
    grant: { userId, sessionId, scope, resources, nonce, authTime, acr, amr, claims, dpopJkt },
    redirectUri,
    codeChallenge,
    createdAt: now,
    expiresAt: later(now, codeLifetime),
    // What is spent is kept as long as the family it bought; of what nobody wants, nothing is left.
    keptUntil: later(now, 2 * codeLifetime),
    spentAt: undefined,
    revokedAt: undefined,
    familyId: undefined,
  }
  return { code, row }
}
