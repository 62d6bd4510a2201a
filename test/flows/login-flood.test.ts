import t from 'tap'
import { argon2id } from '../../src/identity/password.ts'
import { aServer } from '../support/server.ts'

t.test('D1, D2 a flood of logins: few are hashed at once, and clients get their tokens meanwhile', async (t) => {
  let [running, most, hashed] = [0, 0, 0]
  const hasher = {
    hash: argon2id.hash,
    verify: async (hash: string, password: string) => {
      running += 1
      hashed += 1
      most = Math.max(most, running)
      const matches = await argon2id.verify(hash, password)
      running -= 1
      return matches
    },
  }
  const server = await aServer(t, { hasher })
  const app = await server.anApp()
  const machine = await server.anApp({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    scope: 'read',
    resources: ['https://api.example'],
  })

  const attempt = async (index: number): Promise<number> => {
    const visitor = server.visitor()
    await visitor.visit(server.authorizeUrl(app).url)
    // Nobody has such a name: it costs the same.
    const page = await visitor.submit('login-form', { username: `nobody-${index}`, password: 'wrong' }, 'login-submit')
    return page.status
  }
  const flood = Promise.all(Array.from({ length: 90 }, (_, index) => attempt(index)))
  const tokens = await Promise.all(
    Array.from({ length: 20 }, () => server.post('/oauth2/token', { grant_type: 'client_credentials' }, machine)),
  )
  t.ok(tokens.every(({ status }) => status === 200))
  const statuses = await flood
  t.ok(most <= 4, `${most} at once, of 90`)
  t.equal(statuses.filter((status) => status === 401).length, hashed)
  t.ok(
    statuses.every((status) => status === 401 || status === 503),
    [...new Set(statuses)].join(' '),
  )
})
