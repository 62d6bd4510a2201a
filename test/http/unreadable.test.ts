import t from 'tap'
import { texts } from '../../src/pages/language.ts'
import { anAdministrator } from '../support/administrator.ts'
import { aServer } from '../support/server.ts'

const server = await aServer(t)
const { unreadable, request } = texts.en.error.kinds

t.test('who sends what cannot be read is not told of a login, where there was none', async (t) => {
  const { username, password } = await anAdministrator(server)
  const visitor = server.visitor()
  await visitor.visit('/admin/people')
  await visitor.submit('login-form', { username, password }, 'login-submit')
  for (const path of ['/oauth2/logout?state=a&state=b', '/oauth2/logout?state=%00', '/admin/people?after=%00']) {
    const page = await visitor.visit(path)
    t.equal(page.status, 400, path)
    t.match(page.html, `<h1>${unreadable.title}</h1>`)
  }
  const body = new URLSearchParams({ state: 'a'.repeat(50_000) })
  const posted = await visitor.visit('/oauth2/logout', { method: 'POST', body })
  t.equal(posted.status, 400)
  t.match(posted.html, `<h1>${unreadable.title}</h1>`)
})

t.test('an app that asks for a login in a way that cannot be read is the one to blame', async (t) => {
  const app = await server.anApp()
  const { url } = server.authorizeUrl(app)
  const body = new URLSearchParams({ state: 'a'.repeat(9_000) })
  for (const [address, sent] of [
    [`${url}&state=%00`],
    [`${url}&${'x=&'.repeat(1000)}`],
    ['/oauth2/authorize?client_id=%ff'],
    [url, { method: 'POST', body }],
  ] as const) {
    const page = await server.visitor().visit(address, sent)
    t.equal(page.status, 400)
    t.match(page.html, `<h1>${request.title}</h1>`)
  }
})
