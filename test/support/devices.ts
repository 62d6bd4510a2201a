import type { Answer, App, Person, TestServer } from './server.ts'
import type { Page, Visitor } from './visitor.ts'

export const deviceGrantName = 'urn:ietf:params:oauth:grant-type:device_code'

/** Public, without a redirect URI, unless the metadata says otherwise. */
export const aDeviceApp = (server: TestServer, metadata: Record<string, unknown> = {}): Promise<App> =>
  server.anApp({
    grant_types: [deviceGrantName, 'refresh_token'],
    redirect_uris: [],
    token_endpoint_auth_method: 'none',
    ...metadata,
  })

export const askForDevice = (
  server: TestServer,
  app: App,
  form: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Answer> =>
  server.post('/oauth2/device_authorization', { scope: 'openid offline_access read', ...form }, app, headers)

/** A device that shows its code, and asks for its token. */
export type Device = {
  readonly deviceCode: string
  readonly userCode: string
  /** The page with the code in its address. */
  readonly complete: string
  poll(more?: Record<string, string>, as?: App): Promise<Answer>
}

export const aDevice = async (
  server: TestServer,
  app: App,
  form?: Record<string, string>,
  headers?: Record<string, string>,
): Promise<Device> => {
  const { status, body } = await askForDevice(server, app, form, headers)
  if (status !== 200) throw new Error(`no device code: ${JSON.stringify(body)}`)
  const deviceCode = String(body.device_code)
  return {
    deviceCode,
    userCode: String(body.user_code),
    complete: String(body.verification_uri_complete),
    poll: (more = {}, as = app) =>
      server.post('/oauth2/token', { grant_type: deviceGrantName, device_code: deviceCode, ...more }, as),
  }
}

export const enterCode = async (visitor: Visitor, code: string): Promise<Page> => {
  await visitor.visit('/device')
  return visitor.submit('device-form', { user_code: code }, 'device-submit')
}

/** Up to the page that asks. */
export const toConsent = async (person: Person, visitor: Visitor, code: string): Promise<Page> => {
  const page = await enterCode(visitor, code)
  if (page.forms[0]?.id !== 'login-form') return page
  const { username, password } = person
  return visitor.submit('login-form', { username, password }, 'login-submit')
}

export const approve = async (person: Person, visitor: Visitor, code: string): Promise<Page> => {
  const page = await toConsent(person, visitor, code)
  if (page.forms[0]?.id !== 'consent-form') throw new Error(`not asked: ${page.status} ${page.html.slice(0, 2000)}`)
  return visitor.submit('consent-form', {}, 'consent-allow')
}
