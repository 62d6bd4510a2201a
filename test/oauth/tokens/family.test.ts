import t from 'tap'
import type { Client } from '../../../src/oauth/client.ts'
import { judge, type Presented } from '../../../src/oauth/tokens/family.ts'
import { aClient as anyClient } from '../../support/clients.ts'
import { aFamily } from '../../support/families.ts'

const aClient = (given: Partial<Client> = {}): Client =>
  anyClient({ scope: 'openid read write', resources: ['https://api.example'], ...given })
const issued = new Date('2026-01-01T00:00:00Z')
const home = { ip: '192.0.2.1', userAgent: 'a phone' }
const after = (seconds: number) => new Date(issued.getTime() + seconds * 1000)
const presented = (more: Partial<Presented> = {}): Presented => ({
  generation: 5,
  clientId: 'app',
  jkt: undefined,
  cookieBound: false,
  scope: undefined,
  resources: undefined,
  half: undefined,
  origin: home,
  ...more,
})

/** The live generation is 5, issued at second 0; a confidential client's window is 60 s, a public one's 30 s. */
t.test('the verdict on a refresh token that was not advanced', async (t) => {
  const confidential = aClient()
  const pub = aClient({ token_endpoint_auth_method: 'none' })
  const bound = aFamily({ jkt: 'key' })
  const cases = [
    ['unknown', undefined, presented(), confidential, 0],
    ['unknown', aFamily({ refreshable: false }), presented(), confidential, 0],
    ['unknown', aFamily(), presented({ clientId: 'another' }), confidential, 0],
    ['unknown', aFamily(), presented({ clientId: 'another', generation: 1 }), confidential, 0],
    ['unknown', aFamily(), presented({ cookieBound: true }), confidential, 0],
    ['unknown', aFamily({ cookieBound: true }), presented({ generation: 1 }), confidential, 0],
    ['unknown', bound, presented(), confidential, 0],
    ['unknown', bound, presented({ jkt: 'another', generation: 1 }), confidential, 0],
    ['live', bound, presented({ jkt: 'key' }), confidential, 0],
    ['revoked', aFamily({ revokedAt: issued }), presented(), confidential, 0],
    ['revoked', aFamily({ revokedAt: issued }), presented({ generation: 1 }), confidential, 0],
    ['expired', aFamily({ idleExpiresAt: after(10) }), presented(), confidential, 10],
    ['expired', aFamily({ absoluteExpiresAt: after(10) }), presented({ generation: 1 }), confidential, 10],
    ['live', aFamily({ idleExpiresAt: after(10) }), presented(), confidential, 9],
    ['ahead', aFamily(), presented({ generation: 6 }), confidential, 0],
    ['retried', aFamily(), presented({ generation: 4 }), confidential, 60],
    ['replayed', aFamily(), presented({ generation: 4 }), confidential, 61],
    ['retried', aFamily(), presented({ generation: 4 }), pub, 30],
    ['replayed', aFamily(), presented({ generation: 4 }), pub, 31],
    ['retried', aFamily(), presented({ generation: 4 }), aClient({ retry_window: 5 }), 5],
    ['replayed', aFamily(), presented({ generation: 4 }), aClient({ retry_window: 5 }), 6],
    ['stale', aFamily(), presented({ generation: 3 }), confidential, 60],
    ['replayed', aFamily(), presented({ generation: 3 }), confidential, 61],
    ['replayed', aFamily(), presented({ generation: 2 }), confidential, 0],
    ['replayed', aFamily(), presented({ generation: 0 }), confidential, 0],
    ['exceeds_scope', aFamily(), presented({ scope: ['admin'] }), confidential, 0],
    ['exceeds_scope', aFamily(), presented({ scope: ['admin'], generation: 4 }), confidential, 0],
    ['replayed', aFamily(), presented({ scope: ['admin'], generation: 1 }), confidential, 0],
    ['exceeds_resources', aFamily(), presented({ resources: ['https://other.example'] }), confidential, 0],
    ['exceeds_scope', aFamily(), presented({ scope: ['write'] }), aClient({ scope: 'openid read' }), 0],
    ['exceeds_scope', aFamily(), presented(), aClient({ scope: 'admin offline_access' }), 0],
    [
      'exceeds_scope',
      aFamily({ scope: ['read', 'offline_access'] }),
      presented(),
      aClient({ scope: 'offline_access' }),
      0,
    ],
    ['live', aFamily({ scope: [] }), presented(), aClient({ scope: 'admin' }), 0],
    ['live', aFamily(), presented(), aClient({ scope: 'read' }), 0],
    ['exceeds_resources', aFamily(), presented(), aClient({ resources: ['https://other.example'] }), 0],
    ['exceeds_resources', aFamily({ resources: [] }), presented(), aClient({ scope: 'read' }), 0],
    ['live', aFamily({ resources: [] }), presented(), aClient({ resources: [] }), 0],
    ['replayed', aFamily(), presented({ generation: 1 }), aClient({ scope: 'admin' }), 0],
    ['live', aFamily(), presented({ scope: ['read'], resources: ['https://api.example'] }), confidential, 0],
  ] as const
  for (const [verdict, family, request, client, seconds] of cases) {
    const said = `${verdict}: generation ${request.generation} by ${request.clientId} after ${seconds} s`
    t.equal(judge(family, request, client, after(seconds)).is, verdict, said)
  }
})

t.test('a retry moves no window: it ends a fixed time after the rotation, however often it was used', async (t) => {
  const retried = aFamily({ retries: 50, lastUsedAt: after(59) })
  t.equal(judge(retried, presented({ generation: 4 }), aClient(), after(61)).is, 'replayed')
})
