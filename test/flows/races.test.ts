import t from 'tap'
import { aServer, claims } from '../support/server.ts'

const one = await aServer(t)
const two = await aServer(t, { beside: one })
const alice = await one.aPerson()
const visitor = one.visitor()
const app = await one.anApp({ first_party: true, resources: ['https://api.example'] })
const servers = [one, two]
const at = (index: number) => servers[index % servers.length] ?? one
const together = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)))
const familyOf = async (token: unknown) => one.stores.families.find(String(claims(token).jti).slice(0, 36))

t.test('T19 two servers, 64 requests, one refresh token: one generation, and one pair for everybody', async (t) => {
  const first = await one.logIn(alice, app, { scope: 'offline_access read' }, visitor)
  let token = first.refresh_token
  for (let round = 1; round <= 10; round++) {
    const answers = await together(64, (index) => at(index).refresh(app, token))
    t.same([...new Set(answers.map(({ status }) => status))], [200], `round ${round}: nobody is logged out`)
    t.equal(new Set(answers.map(({ body }) => body.refresh_token)).size, 1, 'one refresh token')
    t.equal(new Set(answers.map(({ body }) => body.access_token)).size, 1, 'one access token')
    t.equal((await familyOf(first.access_token))?.live.generation, round + 1, 'one new generation')
    token = String(answers[0]?.body.refresh_token)
    one.clock.advance({ seconds: 1 })
  }
  const shown = await one.stores.families.show(String(claims(first.access_token).jti).slice(0, 36))
  t.equal(shown?.pairs.length, 11, 'one row in the ledger for each')
  t.equal(shown?.family.retries, 63 * 10)
  t.equal(shown?.family.revokedAt, undefined)
})

t.test('T19 64 replays through two servers end the family once', async (t) => {
  const first = await one.logIn(alice, app, {}, visitor)
  const second = await one.refresh(app, first.refresh_token)
  one.clock.advance({ seconds: 61 })
  const answers = await together(64, (index) =>
    at(index).refresh(app, index % 4 ? first.refresh_token : String(second.body.refresh_token)),
  )
  for (const { status, body } of answers) if (status !== 200) t.match(body, { error: 'invalid_grant' })
  const events = await one.stores.events.list({ limit: 100 })
  const ends = events.filter(({ kind }) => kind === 'family_revoked')
  t.equal(ends.filter(({ familyId }) => String(claims(first.access_token).jti).startsWith(familyId ?? '-')).length, 1)
  for (const { body } of [second, ...answers.filter(({ status }) => status === 200)]) {
    t.same(await two.introspect(app, String(body.access_token)), { active: false })
    t.match(await two.refresh(app, String(body.refresh_token)), { status: 400, body: { error: 'invalid_grant' } })
  }
})

t.test('P9 fifty parallel redemptions of one code through two servers: exactly one 200', async (t) => {
  for (let round = 0; round < 2; round++) {
    const { to, verifier } = await one.authorize(alice, app, {}, visitor)
    const code = to.searchParams.get('code') ?? ''
    const answers = await together(50, (index) => at(index).redeem(app, code, verifier))
    const winners = answers.filter(({ status }) => status === 200)
    t.equal(winners.length, 1)
    for (const { status, body } of answers)
      if (status !== 200) t.match({ status, body }, { status: 400, body: { error: 'invalid_grant' } })
    const [winner] = winners
    t.same(
      await two.introspect(app, String(winner?.body.access_token)),
      { active: false },
      'P7: what it bought is dead',
    )
    t.equal((await familyOf(winner?.body.access_token))?.revokeReason, 'code_replayed')
  }
})

t.test('T16 a revocation in parallel with refreshes: afterwards nothing is active', async (t) => {
  for (let round = 0; round < 3; round++) {
    const first = await one.logIn(alice, app, {}, visitor)
    const answers = await together(17, async (index) =>
      index === 8
        ? one.post('/oauth2/revoke', { token: first.refresh_token }, app)
        : at(index).refresh(app, first.refresh_token),
    )
    t.equal(answers[8]?.status, 200)
    for (const { body } of [{ body: first }, ...answers.filter(({ body }) => 'access_token' in body)]) {
      t.same(await two.introspect(app, String(body.access_token)), { active: false })
      t.same(await two.introspect(app, String(body.refresh_token)), { active: false })
      t.match(await two.refresh(app, String(body.refresh_token)), { status: 400, body: { error: 'invalid_grant' } })
    }
  }
})

t.test('T16 S22 a logout in parallel with refreshes: afterwards nothing of the session is active', async (t) => {
  const device = one.visitor()
  const first = await one.logIn(alice, app, { scope: 'openid read' }, device)
  await device.visit('/oauth2/logout')
  const answers = await together(17, async (index) =>
    index === 8
      ? device.submit('logout-form', {}, 'logout-confirm').then(() => undefined)
      : at(index).refresh(app, first.refresh_token),
  )
  for (const answer of answers)
    if (answer?.status === 200) {
      t.same(await two.introspect(app, String(answer.body.access_token)), { active: false })
      t.match(await two.refresh(app, String(answer.body.refresh_token)), { status: 400 })
    }
  t.same(await two.introspect(app, first.access_token), { active: false })
})

t.test('S22 codes: a person disabled while the code is redeemed keeps nothing', async (t) => {
  for (let round = 0; round < 4; round++) {
    const bob = await one.aPerson(`bob${round}`)
    const { to, verifier } = await one.authorize(bob, app)
    const [answer] = await Promise.all([
      one.redeem(app, to.searchParams.get('code') ?? '', verifier),
      two.stores.users.disable(bob.id, one.clock.now()),
    ])
    if (answer.status === 200) {
      t.same(await two.introspect(app, String(answer.body.access_token)), { active: false })
      t.match(await two.refresh(app, String(answer.body.refresh_token)), { status: 400 })
    } else t.match(answer, { status: 400, body: { error: 'invalid_grant' } })
    const again = await one.redeem(app, to.searchParams.get('code') ?? '', verifier)
    t.match(again, { status: 400, body: { error: 'invalid_grant' } })
  }
})

t.test('S9 twenty parallel wrong passwords when the limit is five: no more are looked at', async (t) => {
  const victim = await one.aPerson('victim')
  const tabs = await together(20, async (index) => {
    const tab = at(index).visitor()
    await tab.visit(one.authorizeUrl(app).url.replace(one.issuer, ''))
    return tab
  })
  // Both servers are one issuer, behind one address.
  const headers = { origin: one.issuer }
  const guessed = { username: 'victim', password: 'wrong wrong' }
  const pages = await Promise.all(tabs.map((tab) => tab.submit('login-form', guessed, 'login-submit', { headers })))
  const looked = pages.filter(({ status }) => status === 401).length
  t.ok(looked >= 1 && looked <= 5, `${looked} were looked at`)
  t.equal(pages.filter(({ status }) => status === 429).length, 20 - looked)

  const guess = one.visitor()
  await guess.visit(one.authorizeUrl(app).url)
  const right = await guess.submit('login-form', { username: 'victim', password: victim.password }, 'login-submit')
  t.equal(right.status, 429, 'nor is the right one, once the limit is reached')
  t.ok(Number(right.headers.get('retry-after')) > 0)
})
