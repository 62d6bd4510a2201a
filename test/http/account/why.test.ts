import t from 'tap'
import { aServer, claims } from '../../support/server.ts'

const server = await aServer(t)
const app = await server.anApp({ client_name: 'Notes' })
const alice = await server.aPerson('alice')

/** Robbed: three pairs, one retry, and the first token once more from somewhere else. */
const robbed = async () => {
  const visitor = server.visitor()
  const first = await server.logIn(alice, app, {}, visitor)
  const second = await server.refresh(app, first.refresh_token)
  await server.refresh(app, first.refresh_token)
  server.clock.advance({ seconds: 300 })
  const third = await server.refresh(app, String(second.body.refresh_token))
  server.clock.advance({ seconds: 300 })
  const thief = await server.post(
    '/oauth2/token',
    { grant_type: 'refresh_token', refresh_token: first.refresh_token },
    app,
    { 'user-agent': 'curl/8.9.1' },
  )
  return { visitor, thief, last: String(third.body.refresh_token) }
}
const pathOf = (uri: unknown) => new URL(String(uri)).pathname

t.test('a refused refresh leads its person to the reason, and to the picture with its red fork', async (t) => {
  const { visitor, thief, last } = await robbed()
  t.match(thief.body, { error: 'invalid_grant' })
  const page = await visitor.visit(pathOf(thief.body.error_uri))
  t.equal(page.status, 200)
  t.match(page.html, /A used key came back/)
  t.match(page.html, /pair 1 again · 127\.0\.0\.1 · curl/)
  t.match(page.html, /class="fork"/)
  t.match(page.html, /↻ 1/, 'the retry that was served')
  t.equal((page.html.match(/class="tile-full"/g) ?? []).length, 3, 'a tile for each pair')

  const owner = await server.refresh(app, last)
  t.equal(pathOf(owner.body.error_uri), pathOf(thief.body.error_uri), 'the owner is led to the same page')
  const notices = await server.database.prisma((prisma) => prisma.notice.findMany({ where: { kind: 'replayed' } }))
  t.equal(notices.length, 1, 'one notice, however many replays arrive')
})

t.test('each device is named in the language of the page', async (t) => {
  const visitor = server.visitor()
  const { access_token, refresh_token } = await server.logIn(alice, app, {}, visitor)
  const userAgent =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36'
  await server.post('/oauth2/token', { grant_type: 'refresh_token', refresh_token }, app, { 'user-agent': userAgent })
  const path = `/why/${String(claims(access_token).jti).split('.')[0]}`
  t.match((await visitor.visit(path)).html, 'Chrome on Windows')
  const korean = await visitor.visit(path, { headers: { 'accept-language': 'ko' } })
  t.match(korean.html, 'Chrome (Windows)')
  t.notMatch(korean.html, 'Chrome on Windows')
})

t.test('a number leads nobody else anywhere, and all numbers look alike', async (t) => {
  const { thief } = await robbed()
  const path = pathOf(thief.body.error_uri)
  await server.aPerson('mallory')
  const stranger = server.visitor()
  const nobody = await stranger.visit(path)
  t.equal(nobody.status, 401)
  const mallory = server.visitor()
  await server.authorize({ id: '', username: 'mallory', password: alice.password }, app, {}, mallory)
  const seen = await mallory.visit(path)
  const none = await mallory.visit('/why/0b2f8f3a-5a0e-4e0f-9d3c-2b1a00000001')
  t.equal(seen.status, 404)
  const without = (html: string) => html.replace(/<code>[^<]*<\/code>/g, '').replace(/nonce="[^"]*"/g, '')
  t.equal(without(seen.html), without(none.html))
  t.equal(without((await mallory.visit('/why/xVb3-request')).html), without(none.html))
  t.match((await mallory.visit('/why/%3Cscript%3E')).html, /<code>–</)
})

t.test('a login that goes on says so, and one that was not used says that', async (t) => {
  const visitor = server.visitor()
  const { access_token } = await server.logIn(alice, app, {}, visitor)
  const { jti } = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())
  const path = `/why/${String(jti).split('.')[0]}`
  t.match((await visitor.visit(path)).html, /This login has not ended/)
  server.clock.advance({ seconds: 15 * 86400 })
  const again = server.visitor()
  await server.logIn(alice, app, {}, again)
  t.match((await again.visit(path)).html, /It was not used for a while/)
})
