import { EventEmitter, once } from 'node:events'
import * as argon2 from 'argon2'
import t from 'tap'
import { administratorPath } from '../../src/http/interaction/administrator.ts'
import { newAdministratorLink } from '../../src/identity/administrator.ts'
import { argon2id, type Hasher } from '../../src/identity/password.ts'
import { systemRandom } from '../../src/random.ts'
import { rows } from '../support/rows.ts'
import { aServer } from '../support/server.ts'

/** While the gate is shut whoever hashes stays at it: four at once, and nobody may wait. */
const places = 4
let gate: Promise<unknown> | undefined
const arrivals = new EventEmitter()
const held = async <T>(act: () => Promise<T>): Promise<T> => {
  if (gate) arrivals.emit('arrived')
  await gate
  return act()
}
const hasher: Hasher = {
  hash: (password, salt) => held(() => argon2id.hash(password, salt)),
  verify: (hash, password) => held(() => argon2id.verify(hash, password)),
}
const server = await aServer(t, { hasher, waiting: 0 })
const app = await server.anApp({ scope: 'openid read' })

const atLogin = async () => {
  const visitor = server.visitor()
  await visitor.visit(server.authorizeUrl(app, { scope: 'openid read' }).url)
  return visitor
}

/** Fills every place with a stranger's login, acts, and lets them go on. */
const whileBusy = async (act: () => Promise<void>): Promise<void> => {
  let open = () => {}
  const strangers = await Promise.all(Array.from({ length: places }, atLogin))
  gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const guesses: Promise<unknown>[] = []
  for (const [index, stranger] of strangers.entries()) {
    const arrived = once(arrivals, 'arrived')
    guesses.push(stranger.submit('login-form', { username: `stranger ${index}`, password: 'guess' }, 'login-submit'))
    await arrived
  }
  try {
    await act()
  } finally {
    open()
    gate = undefined
    await Promise.all(guesses)
  }
}

t.test('S9 D1 a login that is not looked at says so, with 503 and Retry-After, and does not count', async (t) => {
  const alice = await server.aPerson()
  const visitor = await atLogin()
  const before = await rows(server)
  await whileBusy(async () => {
    for (let i = 0; i < 10; i++) {
      const page = await visitor.submit('login-form', { username: 'alice', password: alice.password }, 'login-submit')
      t.equal(page.status, 503)
      t.equal(page.headers.get('retry-after'), '2')
      t.match(page.html, 'your password was not looked at')
      t.notMatch(page.html, 'too many attempts')
      t.equal(page.forms[0]?.id, 'login-form', 'the form is there to try again')
    }
  })
  t.equal((await rows(server)).sessions, before.sessions)
  for (let i = 0; i < 4; i++)
    t.equal((await visitor.submit('login-form', { username: 'alice', password: 'x' }, 'login-submit')).status, 401)
  const page = await visitor.submit('login-form', { username: 'alice', password: alice.password }, 'login-submit')
  t.equal(page.forms[0]?.id, 'consent-form', 'the fifth attempt that was looked at')
})

t.test('D1 the first administrator is told to try again, and the link is not spent', async (t) => {
  const link = newAdministratorLink(systemRandom, server.clock.now())
  await server.stores.adminLinks.create(link.hash, link.createdAt, link.expiresAt)
  const fields = { username: 'root', password: 'correct horse', password_again: 'correct horse' }
  const visitor = server.visitor()
  const url = `${server.issuer}${administratorPath}?token=${link.token}`
  await visitor.visit(url)
  await whileBusy(async () => {
    const page = await visitor.submit('administrator-form', fields, 'administrator-submit')
    t.equal(page.status, 503)
    t.equal(page.headers.get('retry-after'), '2')
    t.match(page.html, 'id="error-page"')
    t.match(page.html, 'temporarily_unavailable')
  })
  t.notOk(await server.stores.adminLinks.hasAdministrator())
  await visitor.visit(url)
  t.equal((await visitor.submit('administrator-form', fields, 'administrator-submit')).status, 200)
  t.ok(await server.stores.adminLinks.hasAdministrator())
})

t.test('S12 a login renews a hash of another cost, ends no session, and the new one logs in', async (t) => {
  const { id } = await server.aPerson('bob')
  const old = await argon2.hash('hello there', { memoryCost: 4096, timeCost: 1, parallelism: 1 })
  await server.stores.users.setPassword(id, old, server.clock.now())
  const bob = { id, username: 'bob', password: 'hello there' }
  const stored = async () => (await server.stores.users.find(id))?.passwordHash

  const visitors = [server.visitor(), server.visitor(), server.visitor()]
  await server.authorize(bob, app, { scope: 'openid read' }, visitors[0])
  const fresh = await stored()
  t.match(fresh, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  await server.authorize(bob, app, { scope: 'openid read' }, visitors[1])
  t.equal(await stored(), fresh, 'once is enough')
  for (const visitor of visitors.slice(0, 2)) t.equal((await visitor.visit('/account')).status, 200)
})
