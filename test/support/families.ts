import type { Family } from '../../src/oauth/stores.ts'

type Described = Partial<Omit<Family, 'live'>> & { readonly live?: Partial<Family['live']> }

const start = new Date('2026-01-01T00:00:00Z')

/** A family of which a test names only what it is about. */
export const aFamily = ({ live, ...described }: Described = {}): Family => ({
  id: '0b2f8f3a-5a0e-4e0f-9d3c-2b1a00000001',
  clientId: 'app',
  userId: '0b2f8f3a-5a0e-4e0f-9d3c-2b1a00000002',
  sessionId: '0b2f8f3a-5a0e-4e0f-9d3c-2b1a00000003',
  scope: ['openid', 'read', 'write'],
  resources: ['https://api.example'],
  offline: false,
  refreshable: true,
  jkt: undefined,
  cookieBound: false,
  claims: {},
  authTime: start,
  acr: '1',
  amr: ['pwd'],
  live: {
    generation: 5,
    issuedAt: start,
    expiresAt: new Date('2026-01-01T00:10:00Z'),
    scope: ['openid', 'read', 'write'],
    audience: ['https://api.example'],
    jkt: undefined,
    signingKid: 'kid',
    refreshKeyId: '00000000',
    ...live,
  },
  tokensExpireAt: new Date('2026-01-01T00:10:00Z'),
  retries: 0,
  idleExpiresAt: new Date('2026-01-15T00:00:00Z'),
  absoluteExpiresAt: new Date('2026-04-01T00:00:00Z'),
  createdAt: start,
  lastUsedAt: start,
  ip: undefined,
  userAgent: undefined,
  revokedAt: undefined,
  revokeReason: undefined,
  ...described,
})
