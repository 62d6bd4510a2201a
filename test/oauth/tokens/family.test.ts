import t from 'tap'
import type { Client } from '../../../src/oauth/client.ts'
import type { Family } from '../../../src/oauth/stores.ts'
import { endOf, judge, type Presented, type Verdict } from '../../../src/oauth/tokens/family.ts'
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

type Case = readonly [verdict: Verdict['is'], family: Family | undefined, Presented, Client, seconds: number]

/** The live generation is 5, issued at second 0 for 600 s; a proven presenter's window is 60 s, any other's 30 s. */
const table = (title: string, cases: readonly Case[]) =>
  t.test(title, async (t) => {
    for (const [verdict, family, request, client, seconds] of cases) {
      const said = `${verdict}: generation ${request.generation} by ${request.clientId} after ${seconds} s`
      t.equal(judge(family, request, client, after(seconds)).is, verdict, said)
    }
  })

const confidential = aClient()
const strict = aClient({ pair_binding: 'enforce' })
const pub = aClient({ token_endpoint_auth_method: 'none' })
const bound = aFamily({ jkt: 'key' })
const cookie = aFamily({ cookieBound: true })
const at = (generation: number, more: Partial<Presented> = {}) => presented({ generation, ...more })

table('1 unknown: whoever is not the presenter learns and changes nothing, whatever the token is', [
  ['unknown', undefined, presented(), confidential, 0],
  ['unknown', aFamily({ refreshable: false }), presented(), confidential, 0],
  ...[0, 3, 4, 5, 6].flatMap((generation): Case[] => [
    ['unknown', aFamily(), at(generation, { clientId: 'another' }), confidential, 0],
    ['unknown', aFamily(), at(generation, { cookieBound: true }), confidential, 0],
    ['unknown', cookie, at(generation), confidential, 0],
    ['unknown', bound, at(generation), confidential, 0],
    ['unknown', bound, at(generation, { jkt: 'another' }), confidential, 0],
    ['unknown', aFamily({ revokedAt: issued }), at(generation, { clientId: 'another' }), confidential, 0],
    ['unknown', bound, at(generation, { half: 'missing' }), aClient({ pair_binding: 'enforce' }), 0],
  ]),
  ['live', bound, at(5, { jkt: 'key' }), confidential, 0],
  ['live', cookie, at(5, { cookieBound: true }), confidential, 0],
  // A family that is bound to no key does not mind one.
  ['live', aFamily(), at(5, { jkt: 'key' }), confidential, 0],
])

table('2 revoked, 3 expired: what is over stays what it was', [
  ...[0, 3, 4, 5, 6].flatMap((generation): Case[] => [
    ['revoked', aFamily({ revokedAt: issued }), at(generation), confidential, 0],
    ['revoked', aFamily({ revokedAt: issued, idleExpiresAt: issued }), at(generation), confidential, 1],
    ['expired', aFamily({ idleExpiresAt: after(10) }), at(generation), confidential, 10],
    ['expired', aFamily({ absoluteExpiresAt: after(10) }), at(generation), confidential, 10],
    ['expired', aFamily({ idleExpiresAt: after(10) }), at(generation, { half: 'missing' }), strict, 10],
    ['revoked', aFamily({ revokedAt: issued }), at(generation, { half: 'missing' }), strict, 0],
  ]),
  ['live', aFamily({ idleExpiresAt: after(10) }), at(5), confidential, 9],
  ['live', aFamily({ absoluteExpiresAt: after(10) }), at(5), confidential, 9],
])

table('4 by generation: ahead, live, retried, stale, replayed', [
  ['ahead', aFamily(), at(6), confidential, 0],
  ['ahead', aFamily(), at(7), confidential, 9999],
  ['live', aFamily(), at(5), confidential, 0],
  ['live', aFamily(), at(5), confidential, 9999],
  ['retried', aFamily(), at(4), confidential, 0],
  ['retried', aFamily(), at(4), confidential, 60],
  ['replayed', aFamily(), at(4), confidential, 61],
  ['stale', aFamily(), at(3), confidential, 0],
  ['stale', aFamily(), at(3), confidential, 60],
  ['replayed', aFamily(), at(3), confidential, 61],
  ['replayed', aFamily(), at(2), confidential, 0],
  ['replayed', aFamily(), at(0), confidential, 0],
  ['replayed', aFamily(), at(0), confidential, 9999],
])

table('the window: 60 s for whoever is authenticated or bound, 30 s for other public clients, or as registered', [
  ['retried', aFamily(), at(4), pub, 30],
  ['replayed', aFamily(), at(4), pub, 31],
  ['stale', aFamily(), at(3), pub, 30],
  ['replayed', aFamily(), at(3), pub, 31],
  ['retried', bound, at(4, { jkt: 'key' }), pub, 60],
  ['replayed', bound, at(4, { jkt: 'key' }), pub, 61],
  ['retried', cookie, at(4, { cookieBound: true }), pub, 60],
  ['replayed', cookie, at(4, { cookieBound: true }), pub, 61],
  ['retried', aFamily(), at(4), aClient({ retry_window: 5 }), 5],
  ['replayed', aFamily(), at(4), aClient({ retry_window: 5 }), 6],
  ['replayed', bound, at(4, { jkt: 'key' }), aClient({ retry_window: 5 }), 6],
  // Rotated at the end of the second that the pair says.
  ['retried', aFamily(), at(4), confidential, 60.999],
  ['replayed', aFamily(), at(4), confidential, 61],
  ['retried', aFamily(), at(4), aClient({ retry_window: 0 }), 0],
  ['replayed', aFamily(), at(4), aClient({ retry_window: 0 }), 1],
])

table('5 what was asked for: more than is left consumes nothing, and saves no replay', [
  ['exceeds_scope', aFamily(), at(5, { scope: ['admin'] }), confidential, 0],
  ['exceeds_scope', aFamily(), at(4, { scope: ['admin'] }), confidential, 0],
  ['replayed', aFamily(), at(1, { scope: ['admin'] }), confidential, 0],
  ['stale', aFamily(), at(3, { scope: ['admin'] }), confidential, 0],
  ['exceeds_resources', aFamily(), at(5, { resources: ['https://other.example'] }), confidential, 0],
  ['exceeds_resources', aFamily(), at(4, { resources: ['https://other.example'] }), confidential, 0],
  ['exceeds_scope', aFamily(), at(5, { scope: ['write'] }), aClient({ scope: 'openid read' }), 0],
  ['exceeds_scope', aFamily(), at(5), aClient({ scope: 'admin offline_access' }), 0],
  ['exceeds_scope', aFamily({ scope: ['read', 'offline_access'] }), at(5), aClient({ scope: 'offline_access' }), 0],
  ['live', aFamily({ scope: [] }), at(5), aClient({ scope: 'admin' }), 0],
  ['live', aFamily(), at(5), aClient({ scope: 'read' }), 0],
  ['exceeds_resources', aFamily(), at(5), aClient({ resources: ['https://other.example'] }), 0],
  ['exceeds_resources', aFamily({ resources: [] }), at(5), aClient({ scope: 'read' }), 0],
  ['live', aFamily({ resources: [] }), at(5), aClient({ resources: [] }), 0],
  ['replayed', aFamily(), at(1), aClient({ scope: 'admin' }), 0],
  ['live', aFamily(), at(5, { scope: ['read'], resources: ['https://api.example'] }), confidential, 0],
])

const alone = ['missing', 'foreign'] as const
table('pair_binding enforce: a token that travelled alone; its generation comes first, what it asks for later', [
  ...alone.flatMap((half): Case[] => [
    ['pair_mismatch', aFamily(), at(5, { half }), strict, 0],
    ['pair_mismatch', aFamily(), at(4, { half }), strict, 60],
    ['pair_mismatch', aFamily(), at(5, { half, scope: ['admin'] }), strict, 0],
    ['replayed', aFamily(), at(4, { half }), strict, 61],
    ['stale', aFamily(), at(3, { half }), strict, 0],
    ['replayed', aFamily(), at(2, { half }), strict, 0],
    ['ahead', aFamily(), at(6, { half }), strict, 0],
    ['live', aFamily(), at(5, { half }), aClient({ pair_binding: 'observe' }), 0],
    ['retried', aFamily(), at(4, { half }), aClient({ pair_binding: 'observe' }), 0],
    ['pair_mismatch', aFamily(), at(5, { half }), aClient({ pair_binding: 'enforce', rotation: 'reuse' }), 0],
  ]),
  ['live', aFamily(), at(5, { half: 'matched' }), strict, 0],
  ['retried', aFamily(), at(4, { half: 'matched' }), strict, 0],
  ['exceeds_scope', aFamily(), at(5, { half: 'matched', scope: ['admin'] }), strict, 0],
])

const rotated = aFamily({ ip: '2001:db8::1', userAgent: 'a phone' })
const from = (ip: string | undefined, userAgent: string | undefined = 'a phone') => ({ origin: { ip, userAgent } })
const settled = aClient({ retry_elsewhere: 'revoke' })
table('retry_elsewhere revoke: another network or device, an IPv6 network being its /64', [
  ['retried', rotated, at(4, from('2001:db8::1')), settled, 0],
  ['retried', rotated, at(4, from('2001:0db8:0:0:ffff::2')), settled, 0],
  ['retry_elsewhere', rotated, at(4, from('2001:db8:0:1::1')), settled, 0],
  ['retry_elsewhere', rotated, at(4, from('192.0.2.1')), settled, 0],
  ['retry_elsewhere', rotated, at(4, from('2001:db8::1', 'a laptop')), settled, 0],
  ['retry_elsewhere', rotated, at(4, from(undefined)), settled, 0],
  [
    'retried',
    aFamily({ ip: '192.0.2.1' }),
    at(4, { origin: { ip: '::ffff:192.0.2.1', userAgent: undefined } }),
    settled,
    0,
  ],
  [
    'retry_elsewhere',
    aFamily({ ip: '192.0.2.1' }),
    at(4, { origin: { ip: '192.0.2.2', userAgent: undefined } }),
    settled,
    0,
  ],
  ['exceeds_scope', rotated, at(4, { ...from('192.0.2.1'), scope: ['admin'] }), settled, 0],
  ['replayed', rotated, at(4, from('192.0.2.1')), settled, 61],
  ['stale', rotated, at(3, from('192.0.2.1')), settled, 0],
  ['live', rotated, at(5, from('192.0.2.1')), settled, 0],
  ['retried', rotated, at(4, from('192.0.2.1')), confidential, 0],
])

const patient = aClient({ early_refresh: 'revoke' })
const both = ['https://api.example', 'https://files.example']
const twoApis = aFamily({ resources: both })
const patientWithTwo = aClient({ early_refresh: 'revoke', resources: both })
table('early_refresh revoke: more than half of the access token is left', [
  ['early_refresh', aFamily(), at(5), patient, 0],
  ['early_refresh', aFamily(), at(5), patient, 299],
  ['live', aFamily(), at(5), patient, 300],
  ['live', aFamily(), at(5), patient, 9999],
  ['early_refresh', aFamily(), at(5, { scope: ['read'] }), patient, 0],
  ['early_refresh', aFamily({ resources: [], live: { audience: ['https://issuer.example'] } }), at(5), patient, 0],
  ['early_refresh', twoApis, at(5), patientWithTwo, 0],
  ['early_refresh', twoApis, at(5, { resources: ['https://api.example'] }), patientWithTwo, 0],
  ['live', twoApis, at(5, { resources: ['https://files.example'] }), patientWithTwo, 0],
  ['live', twoApis, at(5, { resources: both }), patientWithTwo, 0],
  ['exceeds_scope', aFamily(), at(5, { scope: ['admin'] }), patient, 0],
  // Neither a retry nor a replay is early, and under reuse nothing is.
  ['retried', aFamily(), at(4), patient, 0],
  ['replayed', aFamily(), at(2), patient, 0],
  ['live', aFamily(), at(5), aClient({ early_refresh: 'revoke', rotation: 'reuse' }), 0],
  ['live', aFamily(), at(5), aClient({ early_refresh: 'observe' }), 0],
  ['live', aFamily(), at(5), aClient({ early_refresh: 'allow' }), 0],
])

t.test(
  'which verdicts end the family: stale is only refused where the client says so and tokens are bound',
  async (t) => {
    const refusing = aClient({ stale: 'refuse' })
    const ends = ['replayed', 'pair_mismatch', 'retry_elsewhere', 'early_refresh'] as const
    for (const is of ends)
      for (const family of [aFamily(), bound])
        for (const client of [confidential, refusing]) t.equal(endOf({ is }, family, client), is)
    for (const is of [
      'unknown',
      'revoked',
      'expired',
      'exceeds_scope',
      'exceeds_resources',
      'live',
      'retried',
      'ahead',
    ] as const)
      t.equal(endOf({ is }, aFamily(), confidential), undefined, is)
    t.equal(endOf({ is: 'stale' }, aFamily(), confidential), 'stale')
    t.equal(endOf({ is: 'stale' }, bound, confidential), 'stale')
    t.equal(endOf({ is: 'stale' }, aFamily(), refusing), 'stale', 'nothing is bound, so a thief would be spared')
    t.equal(endOf({ is: 'stale' }, bound, refusing), undefined)
    t.equal(endOf({ is: 'stale' }, cookie, refusing), undefined)
  },
)

t.test('a retry moves no window: it ends a fixed time after the rotation, however often it was used', async (t) => {
  const retried = aFamily({ retries: 50, lastUsedAt: after(59) })
  t.equal(judge(retried, presented({ generation: 4 }), aClient(), after(61)).is, 'replayed')
})
