import t from 'tap'
import { hashOf } from '../../src/http/browser.ts'
import { userCodeQuota } from '../../src/identity/quota.ts'
import { deviceCodeHash } from '../../src/oauth/device/device-code.ts'
import { aDevice, aDeviceApp, approve, enterCode, toConsent } from '../support/devices.ts'
import { filled, withoutIds } from '../support/page.ts'
import { rows } from '../support/rows.ts'
import { aServer } from '../support/server.ts'
import type { Visitor } from '../support/visitor.ts'

const server = await aServer(t, { env: { TRUST_PROXY: '127.0.0.1' } })
const alice = await server.aPerson()
const app = await aDeviceApp(server, { client_name: 'Television' })
const from = (ip: string) => ({ headers: { 'x-forwarded-for': ip } })
/** Everything that entering or deciding could change. */
const state = async () =>
  JSON.stringify([
    await rows(server),
    await server.database.prisma((prisma) => prisma.deviceCode.findMany({ orderBy: { hash: 'asc' } })),
  ])
/** A form of the browser's own, with its token. */
const post = async (visitor: Visitor, path: string, fields: Record<string, string>, ip = '192.0.2.1') => {
  const { forms } = await visitor.visit('/device')
  const own = { csrf: forms[0]?.fields.csrf ?? '', ...fields }
  return visitor.send(path, { method: 'POST', body: new URLSearchParams(own), ...from(ip) })
}
const pending = { status: 400, body: { error: 'authorization_pending' } }
const denied = { status: 400, body: { error: 'access_denied' } }

t.test('T20 RFC 8628 §3.3.1: a code in the address is only shown, and confirmed by a button', async (t) => {
  const device = await aDevice(server, app)
  const before = await state()
  const visitor = server.visitor()
  const page = await visitor.visit(device.complete)
  t.equal(page.status, 200)
  t.equal(page.forms.length, 1)
  t.match(page.forms[0], { id: 'device-form', method: 'post', fields: { user_code: device.userCode } })
  t.match(page.html, 'id="device-warning"', 'RFC 8628 §5.4: with the notice')
  t.equal(await state(), before, 'nothing has happened')
  for (const junk of ['', 'nonsense', '<script>', 'A'.repeat(5000)])
    t.equal((await visitor.visit(`/device?user_code=${encodeURIComponent(junk)}`)).forms[0]?.fields.user_code, '')
})

t.test('T20 the code is entered in any case, with and without its dash', async (t) => {
  for (const write of [
    (code: string) => code.toLowerCase(),
    (code: string) => ` ${code.replace('-', '')} `,
    (code: string) => [...code].join(' '),
  ]) {
    const { userCode } = await aDevice(server, app)
    t.equal((await enterCode(server.visitor(), write(userCode))).forms[0]?.id, 'login-form', write(userCode))
  }
})

t.test('T20 one answer for a code that is wrong, expired, decided, of a gone app, or of another browser', async (t) => {
  const old = await aDevice(server, app)
  server.clock.advance({ seconds: 600 })
  const [allowed, refused, taken] = [await aDevice(server, app), await aDevice(server, app), await aDevice(server, app)]
  const visitor = server.visitor()
  await approve(alice, visitor, allowed.userCode)
  await toConsent(alice, visitor, refused.userCode)
  t.match((await visitor.submit('consent-form', {}, 'consent-deny')).html, 'The device is not connected')
  await enterCode(visitor, taken.userCode)
  const gone = await aDeviceApp(server)
  const orphan = await aDevice(server, gone)
  await server.stores.clients.disable(gone.client_id, server.clock.now())

  const before = await state()
  const codes = {
    wrong: 'BBBB-BBBB',
    expired: old.userCode,
    allowed: allowed.userCode,
    refused: refused.userCode,
    taken: taken.userCode,
    orphan: orphan.userCode,
    junk: 'no such code',
  }
  const answers = new Set<string>()
  for (const [index, [title, code]] of Object.entries(codes).entries()) {
    const page = await post(server.visitor(), '/device', { user_code: code }, `192.0.2.${index}`)
    t.equal(page.status, 400, title)
    t.match(page.html, 'id="device-error"', title)
    answers.add(withoutIds(page.html).replaceAll(code, 'CODE'))
  }
  t.equal(answers.size, 1)
  t.equal(await state(), before)
})

t.test('T20 five guesses a minute for a browser and for a network; the right code is no guess', async (t) => {
  const { attempts, windowSeconds } = userCodeQuota.browser
  const guess = (visitor: Visitor, ip: string, user_code = 'BBBB-BBBB') => post(visitor, '/device', { user_code }, ip)
  const visitor = server.visitor()
  for (let right = 0; right <= attempts; right++)
    t.equal((await guess(visitor, '198.51.100.1', (await aDevice(server, app)).userCode)).status, 303)
  const { userCode } = await aDevice(server, app)
  const guesses = await Promise.all(Array.from({ length: 2 * attempts }, () => guess(visitor, '198.51.100.1')))
  t.equal(guesses.filter(({ status }) => status === 400).length, attempts, 'at once, too')
  t.equal(guesses.filter(({ status }) => status === 429).length, attempts)
  const refused = await guess(visitor, '198.51.100.1', userCode)
  t.equal(refused.status, 429, 'nor is the right one looked at')
  t.equal(refused.headers.get('retry-after'), String(windowSeconds))
  t.equal((await guess(visitor, '198.51.100.2', userCode)).status, 429, 'the browser elsewhere')
  t.equal((await guess(server.visitor(), '198.51.100.1', userCode)).status, 429, 'another browser in that network')
  t.equal((await guess(server.visitor(), '198.51.100.3')).status, 400, 'somebody else is not concerned')
  server.clock.advance({ seconds: windowSeconds })
  t.equal((await guess(visitor, '198.51.100.1', userCode)).status, 303)
})

t.test('T20 D6 the networks of one IPv6 site guess as one', async (t) => {
  const { site } = userCodeQuota
  const statuses: number[] = []
  for (let at = 0; at <= site.attempts; at++) {
    const guess = { user_code: 'BBBB-BBBB' }
    statuses.push((await post(server.visitor(), '/device', guess, `2001:db8:1:${at.toString(16)}::1`)).status)
  }
  t.same(new Set(statuses.slice(0, -1)), new Set([400]))
  t.equal(statuses.at(-1), 429)
})

t.test('S3 T20 a form without its token, of another browser or another site: 403, and nothing is bound', async (t) => {
  const { userCode: user_code } = await aDevice(server, app)
  const visitor = server.visitor()
  const csrf = (await visitor.visit('/device')).forms[0]?.fields.csrf ?? ''
  const others = (await server.visitor().visit('/device')).forms[0]?.fields.csrf ?? ''
  const before = await state()
  const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    visitor.send('/device', { method: 'POST', body: new URLSearchParams({ user_code, ...fields }), headers })
  t.equal((await send({})).status, 403)
  t.equal((await send({ csrf: others })).status, 403)
  t.equal((await send({ csrf }, { origin: 'https://evil.example' })).status, 403)
  t.equal((await send({ csrf }, { 'sec-fetch-site': 'cross-site' })).status, 403)
  t.equal(await state(), before)
  t.equal((await send({ csrf })).status, 303)
})

t.test('T20 who entered the code may enter it again; for anybody else it is gone', async (t) => {
  const device = await aDevice(server, app)
  const [mine, others] = [server.visitor(), server.visitor()]
  await server.authorize(await server.aPerson('mallory'), await server.anApp(), {}, others)
  t.equal((await enterCode(mine, device.userCode)).forms[0]?.id, 'login-form')
  t.equal((await enterCode(others, device.userCode)).status, 400, 'logged in as it may be')
  t.match((await approve(alice, mine, device.userCode)).html, 'Your device is connected')
  t.equal((await device.poll()).status, 200)
})

t.test('T20 two browsers at once: one alone has the code', async (t) => {
  const { userCode: user_code } = await aDevice(server, app)
  const visitors = Array.from({ length: 8 }, (_, index) => ({ visitor: server.visitor(), ip: `203.0.113.${index}` }))
  const pages = await Promise.all(visitors.map(({ visitor, ip }) => post(visitor, '/device', { user_code }, ip)))
  t.equal(pages.filter(({ status }) => status === 303).length, 1)
  t.equal(pages.filter(({ status }) => status === 400).length, 7)
})

t.test('T20 approving and denying by a browser that did not enter the code is refused (CVE-2026-45337)', async (t) => {
  const device = await aDevice(server, app)
  const owner = server.visitor()
  const asked = await toConsent(alice, owner, device.userCode)
  const consent = asked.forms[0]
  if (consent?.id !== 'consent-form') throw new Error('nobody is asked')
  // Logged in as the same person, and with an interaction of a device of her own.
  const thief = server.visitor()
  const own = await toConsent(alice, thief, (await aDevice(server, app)).userCode)
  const before = await state()
  for (const button of ['consent-allow', 'consent-deny']) {
    const fields = { csrf: own.forms[0]?.fields.csrf ?? '' }
    const page = await thief.send('/consent', { method: 'POST', body: filled(consent, fields, button) })
    t.equal(page.status, 403, button)
    t.match(page.html, 'id="error-page"')
  }
  t.equal(await state(), before)
  t.match(await device.poll(), pending)

  const polled = await state()
  // Nor does the store take it, with an interaction of her own that is open, for the same app.
  const hash = deviceCodeHash(device.deviceCode)
  const idHash = hashOf(own.forms[0]?.fields.interaction ?? '')
  t.equal(await server.stores.deviceCodes.decide(idHash, hash, undefined, server.clock.now()), false)
  t.equal(await state(), polled)
  t.match(
    (await thief.submit('consent-form', {}, 'consent-deny')).html,
    'The device is not connected',
    'her own she may',
  )
  t.match((await owner.submit('consent-form', {}, 'consent-allow')).html, 'Your device is connected')
})

t.test('RFC 8628 §5.4: the page says who asks, from where, and shows the code and the notice', async (t) => {
  const agent =
    'Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/4.0 TV Safari/537.36'
  const device = await aDevice(server, app, {}, { 'x-forwarded-for': '203.0.113.77', 'user-agent': agent })
  const { html } = await toConsent(alice, server.visitor(), device.userCode)
  for (const said of [
    'Allow Television?',
    `<code>${device.userCode}</code>`,
    '203.0.113.77',
    'Samsung',
    server.clock.now().toISOString(),
    'Only go on if you started this yourself',
  ])
    t.match(html, said)
})

t.test('T20 a person is always asked: of an own app, after a consent, and after one in another tab', async (t) => {
  const own = await aDeviceApp(server, {
    first_party: true,
    grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    redirect_uris: ['https://app.example/cb'],
  })
  const visitor = server.visitor()
  for (const round of [1, 2]) {
    const device = await aDevice(server, own)
    t.equal((await toConsent(alice, visitor, device.userCode)).forms[0]?.id, 'consent-form', `${round}`)
    const { url } = visitor.at()
    server.clock.advance({ seconds: 1 })
    const { to } = await server.authorize(alice, own, { prompt: 'consent' }, visitor)
    t.ok(to.searchParams.has('code'))
    t.equal((await visitor.visit(url)).forms[0]?.id, 'consent-form', 'a consent to something else is none to this')
    t.match(await device.poll(), pending)
    await visitor.submit('consent-form', {}, 'consent-allow')
    server.clock.advance({ seconds: 5 })
    t.equal((await device.poll()).status, 200)
  }
})

t.test('T20 denying and cancelling: access_denied, for good, and what was decided stays decided', async (t) => {
  const visitor = server.visitor()
  const cancelled = await aDevice(server, app)
  await enterCode(visitor, cancelled.userCode)
  t.match((await visitor.submit('login-form', {}, 'login-cancel')).html, 'id="device-denied"')
  t.match(await cancelled.poll(), denied)

  const device = await aDevice(server, app)
  const asked = await toConsent(alice, visitor, device.userCode)
  await visitor.submit('consent-form', {}, 'consent-deny')
  const before = await state()
  for (const button of ['consent-allow', 'consent-deny']) {
    const [form] = asked.forms
    if (!form) throw new Error('no form')
    t.match(await visitor.send('/consent', { method: 'POST', body: filled(form, {}, button) }), { status: 400 }, button)
  }
  t.equal(await state(), before)
  t.match(await device.poll(), denied)
  t.match(await device.poll(), denied, 'however often')
})

t.test('T20 entered twice in one browser: of two answers the first alone counts', async (t) => {
  const device = await aDevice(server, app)
  const visitor = server.visitor()
  const one = (await toConsent(alice, visitor, device.userCode)).forms[0]
  const other = (await enterCode(visitor, device.userCode)).forms[0]
  if (!one || !other) throw new Error('no form')
  const decide = (form: typeof one, button: string) =>
    visitor.send('/consent', { method: 'POST', body: filled(form, {}, button) })
  const answers = await Promise.all([decide(one, 'consent-allow'), decide(other, 'consent-deny')])
  t.same(answers.map(({ status }) => status).sort(), [200, 400])
  const wasAllowed = answers[0]?.status === 200
  t.equal((await device.poll()).status === 200, wasAllowed)
})

t.test('T20 who decides too late is told so, and the device hears expired_token', async (t) => {
  const device = await aDevice(server, app)
  server.clock.advance({ seconds: 590 })
  const visitor = server.visitor()
  await toConsent(alice, visitor, device.userCode)
  server.clock.advance({ seconds: 10 })
  const before = await rows(server)
  t.match(await visitor.submit('consent-form', {}, 'consent-allow'), { status: 400 })
  t.match(visitor.at().html, 'This page has expired')
  t.same(await rows(server), before)
  t.match(await device.poll(), { status: 400, body: { error: 'expired_token' } })
})

t.test('T20 a user code is found while the secret that keyed it is accepted, and no longer', async (t) => {
  const [old, fresh] = ['o'.repeat(32), 'f'.repeat(32)]
  const before = await aServer(t, { env: { COOKIE_SECRETS: old } })
  const both = await aServer(t, { beside: before, env: { COOKIE_SECRETS: `${fresh},${old}` } })
  const later = await aServer(t, { beside: before, env: { COOKIE_SECRETS: fresh } })
  const { userCode } = await aDevice(before, await aDeviceApp(before))
  const enterAt = async (there: typeof before) => {
    const visitor = there.visitor()
    await visitor.visit('/device')
    const headers = { origin: new URL(before.issuer).origin }
    const { csrf = '' } = visitor.at().forms[0]?.fields ?? {}
    return visitor.send('/device', {
      method: 'POST',
      body: new URLSearchParams({ csrf, user_code: userCode }),
      headers,
    })
  }
  t.equal((await enterAt(later)).status, 400)
  t.equal((await enterAt(both)).status, 303)
})
