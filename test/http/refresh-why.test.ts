import t, { type Test } from 'tap'
import { openDatabase } from '../../src/storage/database.ts'
import { withClient } from '../support/database.ts'
import { aRefreshScene, refused } from '../support/refreshing.ts'
import { type Answer, aServer } from '../support/server.ts'

const server = await aServer(t, { env: { TRUST_PROXY: '127.0.0.1' } })
const scene = await aRefreshScene(server)
const { anApp, logIn, rotate, familyIdOf, familyOf, eventsOf, noticesOf, refreshFrom, standing } = scene
const { confidential, browserApp, visitor, alice } = scene
const members = ['error', 'error_description', 'error_id', 'error_uri']

/** It leads to the family. */
const leadsTo = (t: Test, { status, body }: Answer, id: string, why: string) => {
  t.match({ status, body }, refused, why)
  t.equal(body.error_uri, `${server.issuer}/why/${id}`, why)
  t.same(Object.keys(body), members)
}

/** It leads to nothing but this one answer, whose id the log has. */
const leadsNowhere = (t: Test, answer: Answer, why: string) => {
  const id = String(answer.headers.get('x-request-id'))
  leadsTo(t, answer, id, why)
  t.equal(answer.body.error_id, id)
  t.notMatch(id, /^[0-9a-f]{8}-[0-9a-f]{4}-/)
}

const namesOf = (headers: Headers): readonly string[] => {
  const names: string[] = []
  headers.forEach((_, name) => void names.push(name))
  return names
}

t.test('RFC 6749 §5.2: the right presenter of a token of ours is led to its family', async (t) => {
  const first = await logIn(confidential)
  const id = familyIdOf(first.access_token)
  const second = await rotate(confidential, first.refresh_token)
  await rotate(confidential, String(second.body.refresh_token))
  leadsTo(t, await server.refresh(confidential, first.refresh_token), id, 'stale')
  leadsTo(t, await server.refresh(confidential, first.refresh_token), id, 'revoked')

  const idle = await logIn(confidential, { scope: 'openid offline_access read' })
  server.clock.advance({ seconds: 14 * 86_400 })
  leadsTo(t, await server.refresh(confidential, idle.refresh_token), familyIdOf(idle.access_token), 'expired')

  const ahead = await logIn(confidential)
  const next = await rotate(confidential, ahead.refresh_token)
  const aheadId = familyIdOf(ahead.access_token)
  await withClient(server.databaseUrl, (client) =>
    client.query('UPDATE token_families SET generation = 1 WHERE id = $1', [aheadId]),
  )
  leadsTo(t, await server.refresh(confidential, String(next.body.refresh_token)), aheadId, 'ahead')
})

t.test('RFC 6749 §4.1.2: a code redeemed twice leads to the family that it bought', async (t) => {
  const { to, verifier } = await server.authorize(alice, confidential, {}, visitor)
  const code = to.searchParams.get('code') ?? ''
  const { body } = await server.redeem(confidential, code, verifier)
  const id = familyIdOf(body.access_token)
  leadsTo(t, await server.redeem(confidential, code, verifier), id, 'replayed')
  leadsNowhere(t, await server.redeem(confidential, code, 'x'.repeat(43)), 'a wrong verifier')
  leadsNowhere(t, await server.redeem(await anApp(), code, verifier), 'another client')
  leadsNowhere(t, await server.redeem(confidential, 'junk', verifier), 'junk')
})

t.test('no oracle: a wrong presenter is answered as for junk, whatever the token would be', async (t) => {
  const [dead, live, bound, cookie] = [
    await logIn(confidential),
    await logIn(confidential),
    await logIn(confidential),
    await logIn(confidential),
  ]
  await server.post('/oauth2/revoke', { token: dead.refresh_token }, confidential)
  await withClient(server.databaseUrl, async (client) => {
    await client.query(`UPDATE token_families SET jkt = 'key' WHERE id = $1`, [familyIdOf(bound.access_token)])
    await client.query('UPDATE token_families SET cookie_bound = true WHERE id = $1', [familyIdOf(cookie.access_token)])
  })
  const before = await standing()
  const junk = await server.refresh(browserApp, 'junk')
  leadsNowhere(t, junk, 'junk')
  for (const [why, app, { refresh_token }] of [
    ['another client', browserApp, live],
    ['another client, a dead family', browserApp, dead],
    ['no proof of the key', confidential, bound],
    ['a body for a cookie', confidential, cookie],
  ] as const) {
    const answer = await server.refresh(app, refresh_token)
    leadsNowhere(t, answer, why)
    const { error_id: _id, error_uri: _uri, ...said } = answer.body
    const { error_id: _junkId, error_uri: _junkUri, ...saidOfJunk } = junk.body
    t.same(said, saidOfJunk)
    t.same(namesOf(answer.headers), namesOf(junk.headers))
  }
  t.equal(await standing(), before)
  t.notOk('error_uri' in (await server.refresh(confidential, live.refresh_token, { scope: 'admin' })).body)
})

t.test('T23 a browser app may read where its refusal leads', async (t) => {
  const { refresh_token, access_token } = await logIn(browserApp)
  await server.post('/oauth2/revoke', { token: refresh_token }, browserApp)
  const form = { grant_type: 'refresh_token', refresh_token }
  const answer = await server.post('/oauth2/token', form, browserApp, { origin: 'https://app.example' })
  t.equal(answer.headers.get('access-control-allow-origin'), 'https://app.example')
  leadsTo(t, answer, familyIdOf(access_token), 'revoked')
})

t.test('T19 one event and one notice, however many replays: what was presented, and by whom', async (t) => {
  const first = await logIn(confidential)
  const second = await rotate(confidential, first.refresh_token)
  server.clock.advance({ seconds: 61 })
  const third = await rotate(confidential, String(second.body.refresh_token))
  server.clock.advance({ seconds: 61 })
  await rotate(confidential, String(third.body.refresh_token))
  server.clock.advance({ seconds: 61 })
  const thief = { ip: '2001:db8::bad', userAgent: 'curl/8' }
  const tokens = Array.from({ length: 32 }, () => String(second.body.refresh_token))
  const answers = await Promise.all(tokens.map((token) => refreshFrom(thief, confidential, token)))
  for (const answer of answers) t.match(answer, refused)
  await refreshFrom({ ip: '192.0.2.9', userAgent: 'late' }, confidential, first.refresh_token)

  const ends = (await eventsOf(first.access_token)).filter(({ kind }) => kind === 'family_revoked')
  t.match(ends, [{ ...thief, userId: alice.id, clientId: confidential.client_id }])
  t.same(
    ends.map(({ detail }) => detail),
    [{ reason: 'replayed', presented: 2, generation: 4 }],
  )
  t.same(await noticesOf(first.access_token), ['replayed'])
})

t.test(
  'T19 unavailable: a slow database is 503 with Retry-After, never invalid_grant, and nobody is out',
  async (t) => {
    const database = openDatabase({ url: server.databaseUrl, poolSize: 5, statementTimeoutMs: 3000, onError: () => {} })
    t.teardown(() => database.close())
    const hurried = await aServer(t, { beside: server, on: { url: server.databaseUrl, database } })
    const first = await logIn(confidential)
    const replayed = await logIn(confidential)
    const second = await rotate(confidential, first.refresh_token)
    await rotate(confidential, replayed.refresh_token)
    const stale = String((await logIn(confidential)).refresh_token)
    server.clock.advance({ seconds: 30 })
    await rotate(confidential, stale)

    const before = await standing()
    await withClient(server.databaseUrl, async (holder) => {
      await holder.query('BEGIN')
      await holder.query('SELECT FROM token_families FOR UPDATE')
      const asked = [second.body.refresh_token, first.refresh_token, stale].map((token) =>
        hurried.refresh(confidential, String(token)),
      )
      for (const { status, headers, body } of await Promise.all(asked)) {
        t.match({ status, body }, { status: 503, body: { error: 'temporarily_unavailable' } })
        t.ok(Number(headers.get('retry-after')) > 0)
        t.notOk('error_uri' in body)
      }
      server.clock.advance({ seconds: 31 })
      const replay = await hurried.refresh(confidential, replayed.refresh_token)
      t.match(
        replay,
        { status: 503, body: { error: 'temporarily_unavailable' } },
        'nor is a replay, while it cannot be ended',
      )
      await holder.query('ROLLBACK')
    })
    t.equal(await standing(), before, 'nothing was changed')
    await rotate(confidential, String(second.body.refresh_token))
    t.match(await server.refresh(confidential, replayed.refresh_token), refused)
    t.equal((await familyOf(replayed.access_token)).revokeReason, 'replayed')
  },
)
