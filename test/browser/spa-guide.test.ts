import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import t from 'tap'
import { aBrowser, aWindow } from '../support/chromium.ts'
import { aServer, claims } from '../support/server.ts'
import { aRefreshToken } from '../support/token-forms.ts'

t.test('the client of docs/browser-apps.md, on another origin of the same site, as it stands there', async (t) => {
  const guide = await readFile('docs/browser-apps.md', 'utf8')
  const server = await aServer(t)
  const alice = await server.aPerson()
  let script = ''
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><link rel="icon" href="data:,"><title>App</title><script>${script}</script>`)
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    site.closeAllConnections()
    site.close()
  })
  const bound = site.address()
  const origin = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`
  const [, scope = ''] = /--scope "([^"]+)"/.exec(guide) ?? []
  const [, resource = ''] = /--resource (\S+)/.exec(guide) ?? []
  const { client_id } = await server.anApp({
    token_endpoint_auth_method: 'none',
    first_party: true,
    redirect_uris: [`${origin}/`],
    scope,
    resources: [resource],
    refresh_token_delivery: 'cookie',
    stale: 'refuse',
    early_refresh: 'allow',
  })
  script = (/```js\n([\s\S]*?)```/.exec(guide)?.[1] ?? '')
    .replace('https://auth.acme.example', server.issuer)
    .replace('my-spa', client_id)

  const { page } = await aWindow(t, await aBrowser(t), {
    origins: [server.issuer, origin],
    refusals: ['/oauth2/token'],
    locale: 'en-US',
  })
  const started = () => page.evaluate<Record<string, unknown> | undefined>('start()')
  await page.goto(`${origin}/`)
  t.equal(await started(), undefined, 'nobody is logged in')
  await page.evaluate('void logIn()')
  await page.waitForSelector('#login-form')
  await page.fill('#username', alice.username)
  await page.fill('#password', alice.password)
  await page.click('#login-submit')
  await page.waitForURL(`${origin}/?*`)
  const first = await started()
  t.match(first, { access_token: /^ey/, expires_in: 600, id_token: /^ey/ })
  t.match(claims(first?.access_token), { scope, aud: resource }, 'what is registered is what is asked for')
  t.equal(page.url(), `${origin}/`)
  await page.reload()
  const second = await started()
  t.match(second, { access_token: /^ey/ })
  t.not(second?.access_token, first?.access_token)
  t.notMatch(JSON.stringify([first, second]), aRefreshToken)

  const revoke = `fetch('${server.issuer}/oauth2/revoke', { method: 'POST', body: new URLSearchParams({
    client_id: '${client_id}', token: '${second?.access_token}' }) }).then(({ status }) => status)`
  t.equal(await page.evaluate(revoke), 200)
  t.equal(await page.evaluate('refresh()'), undefined, 'the access token ended the login')
})
