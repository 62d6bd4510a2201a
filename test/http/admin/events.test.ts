import t from 'tap'
import { eventsPage } from '../../../src/pages/admin/events.tsx'
import { languages } from '../../../src/pages/language.ts'
import { anAdministrator } from '../../support/administrator.ts'
import { aServer } from '../../support/server.ts'

const server = await aServer(t, { env: { MAX_SESSIONS: '1' } })
const root = await anAdministrator(server)
const alice = await server.aPerson('alice')
const app = await server.anApp({ client_name: 'Notes' })
const admin = server.visitor()
await admin.visit(`${server.base}/admin/events`)
await admin.submit('login-form', { username: root.username, password: root.password }, 'login-submit')
const events = (language: string) =>
  admin.visit(`${server.base}/admin/events`, { headers: { 'accept-language': language } })

t.test('a code used twice is told in words', async (t) => {
  const { to, verifier } = await server.authorize(alice, app)
  const code = to.searchParams.get('code') ?? ''
  for (const status of [200, 400]) t.match(await server.redeem(app, code, verifier), { status })
  const english = await events('en')
  t.match(english.html, 'A login code was used twice')
  t.notMatch(english.html, 'code_replayed')
  const korean = await events('ko')
  t.match(korean.html, '로그인 코드가 두 번 쓰였어요')
  t.notMatch(korean.html, 'code_replayed')
})

t.test('a login that had to make room says so, and does not say that nothing ended', async (t) => {
  for (let count = 0; count < 2; count++) await server.authorize(alice, app)
  const { html } = await events('en')
  t.match(html, 'Too many devices')
  t.notMatch(html, 'nothing that was alive')
})

t.test('every reason has words in both languages', async (t) => {
  const csrf = 'c'
  const frame = { base: '', csrf, person: { userId: root.id, username: root.username } }
  const event = { id: '1', at: server.clock.now(), kind: 'family_revoked', device: undefined, network: undefined }
  const reasons = [
    ...['logged_out', 'replaced', 'revoked_by_client', 'revoked_by_user', 'revoked_by_admin', 'user_disabled'],
    ...['client_disabled', 'client_changed', 'password_changed', 'consent_withdrawn', 'session_evicted', 'not_me'],
    ...['replayed', 'stale', 'code_replayed', 'early_refresh', 'pair_mismatch', 'retry_elsewhere'],
  ]
  for (const language of languages)
    for (const reason of reasons) {
      const data = { frame, events: [{ ...event, reason }], next: undefined, first: undefined }
      t.notMatch(eventsPage(data, { language, base: '' }), reason, `${language} ${reason}`)
    }
})
