import { randomUUID } from 'node:crypto'
import t from 'tap'
import { later } from '../../src/clock.ts'
import { Unavailable } from '../../src/oauth/errors.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { createStores } from '../../src/storage/stores.ts'
import { aDatabase, withClient } from '../support/database.ts'
import { aHash, aLogin, someMetadata, start } from '../support/records.ts'

const many = 8000

t.test('whoever has thousands of sessions chooses a new password within the time of one request', async (t) => {
  const { url } = await aDatabase(t)
  // One connection, with the patience of the server: what it planned for a single session it would keep for all of them.
  const database = openDatabase({ url, poolSize: 1, statementTimeoutMs: 5000, onError: () => {} })
  t.teardown(() => database.close())
  const stores = createStores(database, { log: { warn: () => {} } })
  const { userId, sessionId } = await aLogin(stores)
  await withClient(url, (client) =>
    client.query(
      `INSERT INTO sessions (id, token_hash, user_id, authenticated_at, amr, acr, created_at, last_used_at, idle_expires_at,
         absolute_expires_at)
       SELECT gen_random_uuid(), decode(md5(n::text), 'hex'), s.user_id, s.authenticated_at, s.amr, s.acr, s.created_at,
         s.last_used_at, s.idle_expires_at, s.absolute_expires_at FROM sessions s, generate_series(1, $2::int) n
       WHERE s.id = $1`,
      [sessionId, many],
    ),
  )
  await stores.sessions.touch(sessionId, later(start, 60), later(start, 600))
  t.equal((await stores.endings.preview({ of: 'user', id: userId }, start)).sessions, many + 1)
  t.equal(await stores.users.setPassword(userId, '$argon2id$new', later(start, 61)), true)
  t.equal((await stores.endings.preview({ of: 'user', id: userId }, start)).sessions, 0)
})

t.test('what may end the logins of a large client is given longer than a request', async (t) => {
  const { url } = await aDatabase(t)
  const database = openDatabase({ url, poolSize: 4, statementTimeoutMs: 3000, onError: () => {} })
  t.teardown(() => database.close())
  const { clients } = createStores(database, { log: { warn: () => {} } })
  const ids = ['disabled', 'enabled', 'changed', 'deleted', 'given a secret']
  for (const id of ids) await clients.create(id, someMetadata(), [], start)
  await clients.disable('enabled', start)
  const pairwise = someMetadata({ subject_type: 'pairwise', redirect_uris: ['https://app.example/cb'] })
  const secret = { id: randomUUID(), hash: aHash(), createdAt: start, expiresAt: undefined }
  const whileLocked = (acts: readonly (() => Promise<unknown>)[]) =>
    withClient(url, async (other) => {
      await other.query('BEGIN')
      await other.query('SELECT FROM clients FOR UPDATE')
      const begun = acts.map((begin) => begin())
      await t.rejects(clients.addSecret('given a secret', secret), Unavailable, 'what ends nothing is not')
      await other.query('COMMIT')
      return Promise.all(begun)
    })
  t.same(await whileLocked([() => clients.disable('disabled', start), () => clients.enable('enabled', start)]), [
    true,
    true,
  ])
  t.same(
    await whileLocked([() => clients.update('changed', pairwise, start), () => clients.delete('deleted', start)]),
    [{ changed: true, ended: true }, true],
  )
})
