import t from 'tap'
import { later } from '../../src/clock.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aDatabase, withClient } from '../support/database.ts'
import { aBoughtFamily, aHash, aLogin, start } from '../support/records.ts'

const { database, url } = await aDatabase(t)
const stores = createStores(database, { log: { warn: () => {} } })
const { users, sessions, endings, families } = stores
const nobody = { userId: undefined, ip: undefined, userAgent: undefined }
const proved = { passwordHash: 'the old hash', mustChoosePassword: false }

const aPerson = async () => {
  const login = await aLogin(stores)
  await users.setPassword(login.userId, 'the old hash', start, { spare: login.sessionId })
  return login
}

t.test('S22 a password that was being changed overtakes no end, and no other password', async (t) => {
  for (const [what, overtake] of [
    ['“that was not me”', (id: string) => endings.end({ of: 'user', id }, 'not_me', nobody, start)],
    ['a newer password', (id: string) => users.setPassword(id, 'newer', start)],
    ['a closed account', (id: string) => users.disable(id, start)],
  ] as const) {
    const { userId, sessionId } = await aPerson()
    await overtake(userId)
    const before = await users.find(userId)
    t.equal(await users.setPassword(userId, 'the thief’s', start, { spare: sessionId, proved }), false, what)
    t.same(await users.find(userId), before, 'nothing happened')
  }
  const { userId, sessionId } = await aPerson()
  await sessions.end(sessionId, 'revoked_by_admin', start)
  t.equal(
    await users.setPassword(userId, 'new', start, { spare: sessionId, proved }),
    false,
    'its session was ended meanwhile',
  )
  const standing = await aPerson()
  t.equal(await users.setPassword(standing.userId, 'new', start, { spare: standing.sessionId, proved }), true)
})

t.test('S1 a renewal whose password was overtaken renews nothing', async (t) => {
  const { userId, sessionId } = await aPerson()
  await users.setPassword(userId, 'newer', later(start, 2), { spare: sessionId })
  const renewal = { amr: ['pwd'], acr: '1', idleExpiresAt: later(start, 3600) }
  t.equal(await sessions.renew(sessionId, aHash(), { ...renewal, authenticatedAt: later(start, 1) }, []), false)
  t.equal(await sessions.renew(sessionId, aHash(), { ...renewal, authenticatedAt: later(start, 2) }, []), true)
})

t.test('D4 of a family that was refreshed without end no more is read than anybody sees', async (t) => {
  const { family } = await aBoughtFamily(stores)
  await withClient(url, async (client) => {
    await client.query(
      `INSERT INTO token_pairs (family_id, generation, jti, issued_at, expires_at, verdict)
       SELECT $1::uuid, n, $1 || '.' || n, $2::timestamptz + n * interval '1 s', $2, 'rotated' FROM generate_series(1, 20000) n`,
      [family.id, start],
    )
    await client.query('UPDATE token_families SET generation = 20000 WHERE id = $1', [family.id])
  })
  await families.revoke(family.id, 'replayed', start, { ip: undefined, userAgent: undefined }, { presented: 777 })
  const generations = (await families.show(family.id))?.pairs.map(({ generation }) => generation) ?? []
  t.ok(generations.length < 210, `${generations.length} pairs`)
  t.ok([1, 777, 19_801, 20_000].every((generation) => generations.includes(generation)))
})
