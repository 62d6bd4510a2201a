import t from 'tap'
import { defaultQuota } from '../../src/identity/quota.ts'
import { filled } from '../support/page.ts'
import { rows } from '../support/rows.ts'
import { aServer } from '../support/server.ts'
import type { Visitor } from '../support/visitor.ts'

const server = await aServer(t, { env: { TRUST_PROXY: '127.0.0.1' } })
const app = await server.anApp({ scope: 'openid read' })
const request = { scope: 'openid read' }
const alice = await server.aPerson()

const from = (ip: string, more: Record<string, string> = {}) => ({ headers: { 'x-forwarded-for': ip, ...more } })
const begin = (visitor: Visitor, sending: ReturnType<typeof from>, parameters: Record<string, string> = {}) =>
  visitor.send(server.authorizeUrl(app, { ...request, ...parameters }).url, sending)

t.test('D6 one network leaves a bounded number of interactions open; then 429, and no row', async (t) => {
  const { attempts, windowSeconds } = defaultQuota.network
  const before = await rows(server)
  const flood = async (count: number): Promise<readonly number[]> => {
    const statuses: number[] = []
    while (statuses.length < count) {
      const some = Array.from({ length: 50 }, (_, i) => begin(server.visitor(), from(`2001:db8::${i.toString(16)}`)))
      statuses.push(...(await Promise.all(some)).map(({ status }) => status))
    }
    return statuses
  }
  const statuses = await flood(attempts + 100)
  t.equal(statuses.filter((status) => status === 303).length, attempts)
  t.equal(statuses.filter((status) => status === 429).length, 100)
  t.equal((await rows(server)).interactions - before.interactions, attempts)

  const refused = await begin(server.visitor(), from('2001:db8::ffff'))
  t.equal(refused.status, 429)
  t.equal(refused.headers.get('retry-after'), String(windowSeconds))
  t.match(refused.html, 'id="error-page"')
  t.match(refused.html, 'Too many requests')
  t.notOk(refused.leaves, 'nobody is sent to the app')
  t.equal((await begin(server.visitor(), from('2001:db8:0:1::1'))).status, 303, 'the next network is not concerned')
  server.clock.advance({ seconds: windowSeconds })
  t.equal((await begin(server.visitor(), from('2001:db8::1'))).status, 303)
})

t.test('D6 one browser may begin so often, and its neighbours still log in', async (t) => {
  const { attempts } = defaultQuota.browser
  const visitor = server.visitor()
  await begin(visitor, from('192.0.2.1'))
  for (let i = 0; i < attempts; i++) await begin(visitor, from('192.0.2.1'))
  t.equal((await begin(visitor, from('192.0.2.1'))).status, 429)
  t.equal((await begin(visitor, from('192.0.2.9'))).status, 429, 'wherever it goes')
  t.equal((await begin(server.visitor(), from('192.0.2.1'))).status, 303)
})

t.test('D6 who logs in leaves nothing behind, however often', async (t) => {
  const visitor = server.visitor()
  for (let i = 0; i < defaultQuota.browser.attempts + 5; i++) {
    server.clock.advance({ seconds: 1 })
    const { to } = await server.authorize(alice, app, { ...request, prompt: 'consent' }, visitor)
    t.ok(to.searchParams.has('code'), `${i}`)
  }
})

t.test('D6 S4 what cannot show a page opens no interaction: nobody spends the quota of another', async (t) => {
  const before = await rows(server)
  for (const destination of ['image', 'iframe', 'script', 'empty', 'object']) {
    const page = await begin(server.visitor(), from('192.0.2.1', { 'sec-fetch-dest': destination }))
    t.equal(page.status, 403, destination)
  }
  t.same(await rows(server), before)
  const window = from('192.0.2.1', { 'sec-fetch-dest': 'document' })
  t.equal((await begin(server.visitor(), window)).status, 303)
  const silent = await begin(server.visitor(), from('192.0.2.1', { 'sec-fetch-dest': 'iframe' }), { prompt: 'none' })
  t.equal(silent.leaves?.searchParams.get('error'), 'login_required', 'which is stored nowhere')
})

t.test('D6 choosing the account replaces the interaction, once, and only where it was asked for', async (t) => {
  const visitor = server.visitor()
  await server.authorize(alice, app, request, visitor)
  server.clock.advance({ seconds: 1 })
  await visitor.visit(server.authorizeUrl(app, { ...request, prompt: 'select_account consent' }).url)
  const [offered] = visitor.at().forms
  if (offered?.id !== 'select-account-form') throw new Error('nobody is offered')
  const before = await rows(server)
  const page = await visitor.submit('select-account-form', {}, 'select-continue')
  t.equal(page.forms[0]?.id, 'consent-form')
  t.same(await rows(server), { ...before, interactions: before.interactions + 1 }, 'as many are open as before')

  const choose = (fields: Record<string, string> = {}) =>
    visitor.send('/login', { method: 'POST', body: filled(offered, fields, 'select-continue') })
  t.equal((await choose()).status, 400, 'the one it replaced is done')
  const after = await rows(server)
  const [consent] = page.forms
  for (let i = 0; i < 3; i++) {
    const again = await choose({ interaction: consent?.fields.interaction ?? '' })
    t.equal(again.leaves?.pathname, '/consent', 'nothing to choose')
  }
  t.same(await rows(server), after, 'nor anything to fill the table with')
})
