import type { RequestListener } from 'node:http'
import { build } from 'esbuild'
import type { UserManagerSettings } from 'oidc-client-ts'
import type { Page } from 'playwright-core'
import type { Person } from './server.ts'

/** What the library is told; the addresses are the page's own. */
export type BrowserAppSettings = Pick<UserManagerSettings, 'authority' | 'client_id'> &
  Partial<UserManagerSettings> & { readonly usesDpop?: boolean }

const script = `
import * as oidc from 'oidc-client-ts'
const { usesDpop, ...settings } = JSON.parse(document.getElementById('settings').textContent)
const here = location.origin + location.pathname.replace(/\\/silent$/, '')
const manager = new oidc.UserManager({
  automaticSilentRenew: false,
  ...settings,
  redirect_uri: here,
  silent_redirect_uri: here + '/silent',
  post_logout_redirect_uri: here,
  userStore: new oidc.WebStorageStateStore({ store: localStorage }),
  ...(usesDpop && { dpop: { bind_authorization_code: true, store: new oidc.IndexedDbDPoPStore() } }),
})
const begin = async () => {
  if (location.pathname.endsWith('/silent')) return manager.signinSilentCallback()
  if (/[?&](code|error)=/.test(location.search)) {
    await manager.signinRedirectCallback()
    history.replaceState(null, '', here)
  }
}
Object.assign(window, { manager, oidc, ready: begin() })
`
let bundled: Promise<string> | undefined
/** The library from the registry and the page's own lines, as a developer's bundler would have them. */
const bundle = (): Promise<string> => {
  bundled ??= build({
    stdin: { contents: script, resolveDir: import.meta.dirname, loader: 'js' },
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'error',
  }).then(({ outputFiles: [file] }) => file?.text ?? '')
  return bundled
}

/** A site of apps that have no server: the first part of a path says which. */
export const browserApps =
  (apps: ReadonlyMap<string, BrowserAppSettings>): RequestListener =>
  async (request, response) => {
    const [, name = ''] = new URL(request.url ?? '/', 'https://app').pathname.split('/')
    const settings = apps.get(name)
    if (name === 'script.js') return response.setHeader('content-type', 'text/javascript').end(await bundle())
    response.setHeader('content-type', 'text/html; charset=utf-8')
    const said = JSON.stringify(settings ?? {}).replaceAll('<', '\\u003c')
    response.end(`<!doctype html><html lang="en"><title>An app</title><link rel="icon" href="data:,">
<script type="application/json" id="settings">${said}</script>
${settings ? '<script src="/script.js"></script>' : ''}<h1>The app</h1></html>`)
  }

/** As the page's own script would: `manager` is the library's. @param expression may be a promise */
export const inApp = <Result>(page: Page, expression: string): Promise<Result> =>
  page.evaluate<Result>(`ready.then(async () => ${expression})`)

export const signIn = async (page: Page, url: string, { username, password }: Person): Promise<void> => {
  await page.goto(url)
  const left = page.waitForURL((at) => at.origin !== new URL(url).origin)
  await page.evaluate('void manager.signinRedirect()')
  await left
  await page.waitForSelector('#login-form, #consent-form')
  if (await page.isVisible('#login-form')) {
    await page.fill('#username', username)
    await page.fill('#password', password)
    await page.click('#login-submit')
    await page.waitForSelector('#consent-form')
  }
  await page.click('#consent-allow')
  await page.waitForURL((at) => at.origin === new URL(url).origin)
  await inApp(page, 'undefined')
}
