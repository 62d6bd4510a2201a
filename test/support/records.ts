import { randomBytes, randomUUID } from 'node:crypto'
import Value from 'typebox/value'
import { later } from '../../src/clock.ts'
import type { NewUser, Session } from '../../src/identity/stores.ts'
import { ClientMetadata } from '../../src/oauth/client.ts'
import type { Advance, AuthorizationCode, Family } from '../../src/oauth/stores.ts'
import type { Stores } from '../../src/storage/stores.ts'

/** Rows for the contract tests of storage: each says only what its test is about. */
export const start = new Date('2026-11-21T12:00:00.250Z')
export const nowhere = { ip: '192.0.2.1', userAgent: 'test' }
export const aHash = () => randomBytes(32)

export const aUser = (given: Partial<NewUser> = {}): NewUser => {
  const id = randomUUID()
  return {
    id,
    username: `u-${id}`,
    usernameKey: `u-${id}`,
    passwordHash: 'hash',
    claims: { name: 'Ann', list: [1, 2] },
    admin: false,
    createdAt: start,
    ...given,
  }
}

export const aSession = (userId: string, given: Partial<Session> = {}): Session => ({
  id: randomUUID(),
  userId,
  authenticatedAt: start,
  amr: ['pwd'],
  acr: '1',
  createdAt: start,
  lastUsedAt: start,
  idleExpiresAt: later(start, 3600),
  absoluteExpiresAt: later(start, 86400),
  ip: '192.0.2.1',
  userAgent: undefined,
  ...given,
})

export const someMetadata = (given: Partial<ClientMetadata> = {}): ClientMetadata =>
  Value.Parse(ClientMetadata, Value.Default(ClientMetadata, { client_name: 'App', ...given }))

type Login = { readonly userId: string; readonly sessionId: string; readonly clientId: string }

export const aCode = (
  { userId, sessionId, clientId }: Login,
  given: Partial<AuthorizationCode> = {},
): AuthorizationCode => ({
  hash: aHash(),
  clientId,
  grant: {
    userId,
    sessionId,
    scope: ['openid', 'read'],
    resources: ['https://api.example'],
    nonce: undefined,
    authTime: start,
    acr: '1',
    amr: ['pwd'],
    claims: { id_token: { email: null } },
    dpopJkt: undefined,
  },
  redirectUri: 'https://app.example/cb',
  codeChallenge: 'challenge',
  createdAt: start,
  expiresAt: later(start, 60),
  keptUntil: later(start, 600),
  spentAt: undefined,
  revokedAt: undefined,
  familyId: undefined,
  ...given,
})

export const aFamily = ({ userId, sessionId, clientId }: Login, given: Partial<Family> = {}): Family => ({
  id: randomUUID(),
  clientId,
  userId,
  sessionId,
  scope: ['openid', 'read'],
  resources: ['https://api.example', 'https://other.example'],
  offline: false,
  refreshable: true,
  jkt: undefined,
  cookieBound: false,
  claims: {},
  authTime: start,
  acr: '1',
  amr: ['pwd'],
  live: {
    generation: 0,
    issuedAt: start,
    expiresAt: later(start, 600),
    scope: ['openid', 'read'],
    audience: ['https://api.example'],
    jkt: undefined,
    signingKid: 'kid',
    refreshKeyId: '00000001',
  },
  tokensExpireAt: later(start, 600),
  retries: 0,
  idleExpiresAt: later(start, 3000),
  absoluteExpiresAt: later(start, 90000),
  createdAt: start,
  lastUsedAt: start,
  ip: undefined,
  userAgent: undefined,
  revokedAt: undefined,
  revokeReason: undefined,
  ...given,
})

export const anAdvance = (family: Family, given: Partial<Advance> = {}): Advance => {
  const now = given.now ?? later(start, 10)
  const generation = given.generation ?? family.live.generation
  return {
    familyId: family.id,
    clientId: family.clientId,
    generation,
    next: {
      generation: generation + 1,
      issuedAt: now,
      expiresAt: later(now, 600),
      jkt: undefined,
      signingKid: 'kid2',
      refreshKeyId: '00000002',
    },
    jkt: undefined,
    cookieBound: false,
    scope: undefined,
    resources: undefined,
    registered: { scope: [...family.scope, 'offline_access'], resources: family.resources },
    issuer: 'https://issuer.example',
    earlyRefresh: 'allow',
    observed: [],
    idleLifetime: 3000,
    now,
    origin: nowhere,
    ...given,
  }
}

/** A person with a session, and a client. */
export const aLogin = async (
  stores: Stores,
  clientId = `c-${randomUUID()}`,
): Promise<Login & { readonly cookie: Buffer }> => {
  const user = await stores.users.create(aUser())
  const session = aSession(user.id)
  const cookie = aHash()
  await stores.sessions.create(session, cookie, [])
  await stores.clients.create(
    clientId,
    someMetadata({ scope: 'openid read offline_access', resources: ['https://api.example', 'https://other.example'] }),
    [],
    start,
  )
  return { userId: user.id, sessionId: session.id, clientId, cookie }
}

/** A login, and the family that its code bought. */
export const aBoughtFamily = async (stores: Stores, given: Partial<Family> = {}) => {
  const login = await aLogin(stores)
  const code = aCode(login)
  await stores.codes.issue(code)
  const family = aFamily(login, given)
  if (!(await stores.codes.spend(code.hash, family, start, nowhere))) throw new Error('the code was not spent')
  return { login, code, family }
}
