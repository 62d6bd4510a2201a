import { later } from '../../clock.ts'
import type { AuthorizationRequest, DeviceRequest, RedirectedRequest } from '../../oauth/authorization/request.ts'
import type { Client } from '../../oauth/client.ts'
import { deviceGrantHash } from '../../oauth/device/device-code.ts'
import { codeHash } from '../../oauth/grants/authorization-code.ts'
import type { AuthorizationCode, Grant, Person } from '../../oauth/stores.ts'
import { type Random, secret } from '../../random.ts'

/** RFC 6749 §4.1.2 allows ten minutes, FAPI 2.0 §5.3.2.1 one. */
const codeLifetime = 60

const granted = (asked: AuthorizationRequest, person: Person): Grant => {
  const { scope, resources, nonce, claims } = asked
  const dpopJkt = asked.device ? undefined : asked.dpopJkt
  const { userId, sessionId, acr, amr, authenticatedAt: authTime } = person
  return { userId, sessionId, scope, resources, nonce, authTime, acr, amr, claims, dpopJkt }
}

/** What is spent is kept as long as the family it bought; of what nobody wants, nothing is left. */
const unspent = (expiresAt: Date) => ({
  expiresAt,
  keptUntil: later(expiresAt, codeLifetime),
  spentAt: undefined,
  revokedAt: undefined,
  familyId: undefined,
})

/** The code as it travels, and what is stored of it: its hash, and what was granted. */
export const newCode = (
  asked: RedirectedRequest,
  client: Client,
  person: Person,
  random: Random,
  now: Date,
): { readonly code: string; readonly row: AuthorizationCode } => {
  const code = secret(random, 'tsc_')
  const row: AuthorizationCode = {
    hash: codeHash(code),
    clientId: client.client_id,
    grant: granted(asked, person),
    redirectUri: asked.redirectUri,
    codeChallenge: asked.codeChallenge,
    createdAt: now,
    ...unspent(later(now, codeLifetime)),
  }
  return { code, row }
}

/** What the device redeems that has the device code: nothing travels, so it waits as long as the device asks. */
export const deviceGrant = (asked: DeviceRequest, client: Client, person: Person, now: Date): AuthorizationCode => ({
  hash: deviceGrantHash(Buffer.from(asked.device.codeHash, 'base64url')),
  clientId: client.client_id,
  grant: granted(asked, person),
  redirectUri: '',
  codeChallenge: undefined,
  createdAt: now,
  ...unspent(new Date(asked.device.expiresAt)),
})
